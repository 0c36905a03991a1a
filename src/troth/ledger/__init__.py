"""What was done: append-only entries, sealed into a Merkle log that nobody can quietly edit."""
