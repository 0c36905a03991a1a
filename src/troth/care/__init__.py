"""Care: who of us helps, and the cases without which nobody of us sees anything (R39, R77, R78)."""
