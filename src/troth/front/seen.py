"""What the running site was last seen to keep: sentences that stand on the policy's page only while it does.

`troth site check` notes it, in a file beside the databases; the pages read it. A note that is older than two days, or
that cannot be read, shows nothing: what is not known to be true is not said (R85).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

FILE: Final = "seen.json"
LASTS: Final = timedelta(days=2)  # it is looked at every day; one day may be missed


def note(folder: Path, phrase: str, problems: Sequence[str], at: datetime) -> None:
    """Write down how a check went: it holds if there were no problems. The file is there whole, or as it was."""
    told = _read(folder) | {phrase: {"at": at.isoformat(), "problems": list(problems)}}
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    draft.replace(folder / FILE)


def seen(folder: Path, at: datetime) -> frozenset[str]:
    """Return the checks that held when they were last made, not long ago."""
    try:
        return frozenset(
            phrase
            for phrase, told in _read(folder).items()
            if told["problems"] == [] and timedelta() <= at - datetime.fromisoformat(told["at"]) <= LASTS
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return frozenset()


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
