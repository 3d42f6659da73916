"""What comes back from outside, and the few words in which a failure is told.

A reason names a class of failure and nothing else: no address, no body, no difference between a
closed and a filtered port, so that nobody can map a network by asking us to look at it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime


class Reason(enum.Enum):
    """Why a request to another host failed; ``text`` is a sentence for the caller."""

    URL_REFUSED = "url_refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    STATUS = "status"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
    COMPRESSED = "compressed"
    EMPTY = "empty"

    @property
    def text(self) -> str:
        """The sentence that callers read."""
        return _TEXTS[self]


_TEXTS = {
    Reason.URL_REFUSED: "The URL is not one that may be requested.",
    Reason.UNREACHABLE: "The host could not be reached: it does not exist, does not answer or is not public.",
    Reason.TLS: "The host's certificate could not be verified for its name.",
    Reason.TIMEOUT: "The host did not finish its answer in time.",
    Reason.BROKEN: "The connection broke, or the answer was not valid HTTP.",
    Reason.STATUS: "The host did not answer with success.",
    Reason.REDIRECT: "The URL redirects too often, or to a place that may not be requested.",
    Reason.TOO_LARGE: "The file behind the URL is larger than the limit.",
    Reason.COMPRESSED: "The host sent a compressed answer although it was asked not to.",
    Reason.EMPTY: "The file behind the URL is empty.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that came from outside.

    ``media_type`` is what the host called it ("application/octet-stream" where it said nothing
    readable); ``final_name`` a harmless file name from the last URL, never a path, possibly empty.
    Both are hints: the bytes decide.
    """

    size_bytes: int
    media_type: str
    final_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver said: its HTTP status, and the wish of its Retry-After header in seconds.

    ``told_at`` is the moment in its Date header, to compare clocks by.
    """

    status: int
    retry_after_s: float | None = None
    told_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """There was no answer."""

    reason: Reason


class Stop(Exception):
    """Ends an exchange from any depth. Stays inside this package."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
