"""The staff's pages. No tables, no rules: they ask the rooms, and show what comes back."""
