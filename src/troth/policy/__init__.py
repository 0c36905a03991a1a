"""The policy engine: reads a privacy policy, lints it, compiles it and decides. Plain Python, no clock, no database.

>>> from troth.policy import Act
>>> Act("contact", "news", "tarn", channel="email", topic="offers").verb
'contact'
"""

from .acts import Act, Decision, Reason, Standing
from .engine import Compiled
from .errors import PolicyError, Problem, TrothError
from .load import PolicyFile, load, loads

__all__ = [
    "Act",
    "Compiled",
    "Decision",
    "PolicyError",
    "PolicyFile",
    "Problem",
    "Reason",
    "Standing",
    "TrothError",
    "load",
    "loads",
]
