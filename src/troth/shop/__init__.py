"""The shops: what they sell, and their public pages. Accounts and orders stand beside, in files of their own."""
