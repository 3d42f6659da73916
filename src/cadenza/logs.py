"""Logs are events with names and fields, one JSON object a line on standard error. No secret is a field.

The words of foreign exceptions are not written: a database tells the row that it refused, a parser the text
that it could not read, and lyrics, tokens and keys would stand in the log. What is written is where it
happened and of which kind it was; our own errors and the system's have words that repeat nothing.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Final

import structlog

from cadenza.domain.errors import CadenzaError

# Libraries that write in a form of their own unless they find that somebody was there before them.
_WITH_OWN_HANDLERS: Final = ("dbos",)


def set_up(level: str) -> None:
    """Write events of this level and above to standard error, and the warnings of libraries beside them."""
    structlog.configure(
        processors=[*_BEFORE, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _WITH_OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
    sys.excepthook = _crashed
    threading.excepthook = lambda told: _crashed(told.exc_type, told.exc_value, told.exc_traceback)


def told(error: BaseException) -> str:
    """Return what may be told of an exception: its kind, and its words where they repeat nothing."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, CadenzaError):
        return f"{kind}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind


def _without_foreign_words(_logger: object, _method: str, event: structlog.typing.EventDict) -> Any:
    """Turn ``exc_info`` into where it happened and what may be told of it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = _lines(error)
    return event


def _lines(error: BaseException) -> list[str]:
    """Return one line for each frame and each exception, the first cause first."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return [*(_lines(earlier) if earlier is not None else ()), *places, told(error)]


def _crashed(kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None, /) -> None:
    """Tell of an exception that nobody caught; the usual way prints its words."""
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    structlog.get_logger().critical("crashed", exc_info=error)


class _LibraryLine(logging.Formatter):
    """A library's warning in the same form as our own events."""

    def format(self, record: logging.LogRecord) -> str:
        event: Any = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for step in _BEFORE:
            event = step(None, record.levelname.lower(), event)
        return str(structlog.processors.JSONRenderer()(None, "", event))


_BEFORE: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _without_foreign_words,
]
