"""What the desk cannot use."""


class Unusable(Exception):
    """Something was sent that cannot be used. Says what to send instead, never what it was."""
