"""Companies that work for us, as the code speaks to them: one protocol a kind, and an adapter for each company.

No tables, no rules and no people: what is handed over was decided and recorded by `disclose` before it comes here.
"""
