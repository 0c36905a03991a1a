"""SQLite as Troth needs it: durable, and fair to every thread that wants to write."""
