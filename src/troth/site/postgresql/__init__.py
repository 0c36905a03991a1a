"""PostgreSQL as Troth reads it: many rows in binary."""
