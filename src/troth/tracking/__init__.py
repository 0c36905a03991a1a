"""Cookies, visits and interests: what a browser is asked, what it answered, and what is written down only then."""
