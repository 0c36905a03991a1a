"""What a log line may say. Messages of others quote addresses and values, so only their kind and place is kept."""

import logging
import traceback
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class Plain(logging.Formatter):
    """One line an event; a mishap as its class and the places it passed through, without what it said."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith("troth")
        said = record.getMessage() if ours else record.name
        where = f" {_places(record.exc_info[1])}" if record.exc_info and record.exc_info[1] else ""
        return f"{self.formatTime(record)} {record.levelname.lower()} {request_id.get()} {said}{where}"


def _places(mishap: BaseException) -> str:
    frames = traceback.extract_tb(mishap.__traceback__)
    return f"{type(mishap).__name__} at " + " > ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in frames)
