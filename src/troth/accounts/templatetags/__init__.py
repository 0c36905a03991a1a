"""Words for the pages of an account."""
