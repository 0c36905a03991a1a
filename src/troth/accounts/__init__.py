"""Accounts: one more thing a person may have. Opened, signed in to, kept safe; and a parent's word for a child."""
