"""What each person said: append-only events, folded into a standing."""
