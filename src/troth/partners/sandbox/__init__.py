"""Pennyfold Payments: a payment partner for rehearsals, as a process of its own, on its own origin.

It stands for a company we do not own, so it shares nothing with the house: no Django, no settings, no database. It
moves no money and takes test cards only. `python -m troth.partners.sandbox --help` starts it.
"""
