"""Mobile services: what an app may tell us once its owner has asked for the service, and what is near (R15, R46)."""
