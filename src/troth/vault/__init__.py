"""Who someone is and what we hold of them: people, identifiers, keys, held rows. Only the doors open anything here."""
