"""What no JSON value may hold, known field or not: it could not be stored or sent on unchanged."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from cadenza.dialects.kinds import LARGEST_INTEGER

DEEPEST = 32  # levels of nesting below a field; no document needs more than two
_SHOWABLE_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
UNSHOWABLE = "(a field)"


def unsoundness(value: object) -> str | None:
    """Return what is wrong with a value or anything in it, or None for a sound one.

    Wrong are: NUL and lone surrogates in texts and names, NaN and infinities, integers beyond
    63 bits, nesting deeper than ``DEEPEST``, and things JSON has no word for.
    """
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            return f"must not be nested deeper than {DEEPEST} levels"
        if isinstance(part, Mapping):
            waiting.extend((inner, depth + 1) for pair in part.items() for inner in pair)
        elif isinstance(part, list | tuple):
            waiting.extend((inner, depth + 1) for inner in part)
        elif (reason := _unsound_leaf(part)) is not None:
            return reason
    return None


def _unsound_leaf(value: object) -> str | None:
    if isinstance(value, str):
        return _unsound_text(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "must be a finite number"
    if isinstance(value, int):
        return None if abs(value) <= LARGEST_INTEGER else "must be a number of at most 63 bits"
    return None if value is None else "must be a JSON value"


def _unsound_text(text: str) -> str | None:
    if "\0" in text:
        return "must not hold a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must not hold a lone surrogate"
    return None


def showable(name: str) -> str:
    """Return a caller's field name if it is harmless to show, else a stand-in."""
    return name if _SHOWABLE_NAME.fullmatch(name) else UNSHOWABLE
