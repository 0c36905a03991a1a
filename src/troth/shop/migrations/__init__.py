"""How this room got its tables."""
