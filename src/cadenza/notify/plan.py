"""What follows an attempt to deliver a callback. Pure: no clock, no network, no database.

The plan is the one of Standard Webhooks, with a quick first step for a receiver that is restarting:
eleven attempts, the last one at least 75 hours and 35 minutes after the first. Each delay grows by a
share of itself (jitter, up to 20 %, never shorter) that is drawn from the event's id, so that the plan
of one event is the same whoever computes it while a thousand events do not return together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cadenza.outbound.answers import Answer, Failed, Reason

_MINUTE_S, _HOUR_S = 60.0, 3600.0

# The delay after attempt 1, 2, ... in seconds.
DELAYS_S = (
    5.0,
    30.0,
    5 * _MINUTE_S,
    30 * _MINUTE_S,
    2 * _HOUR_S,
    5 * _HOUR_S,
    10 * _HOUR_S,
    14 * _HOUR_S,
    20 * _HOUR_S,
    24 * _HOUR_S,
)
MOST_ATTEMPTS = len(DELAYS_S) + 1
LARGEST_JITTER = 0.2
LARGEST_STRETCH = 2.0  # how many times its planned delay a Retry-After may ask for

_GONE = 410


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver answered 2xx."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again, not before ``at``."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GaveUp:
    """No further attempt will be made; the event can be delivered again by hand."""


@dataclass(frozen=True, slots=True)
class Disabled:
    """The receiver answered 410: this endpoint wants nothing any more, now or later."""


Decision = Delivered | RetryAt | GaveUp | Disabled
Outcome = Answer | Failed


def after_attempt(attempt: int, outcome: Outcome, now: datetime, *, event_id: str) -> Decision:
    """Return what follows attempt number ``attempt`` (1 for the first), which ended at ``now``.

    2xx is success and nothing else is: a redirect is a failure, since following it would post to a
    place nobody named. A URL that may not be requested at all cannot get better, so it ends at once;
    a name that does not resolve may.
    """
    assert attempt >= 1, "attempts are counted from 1"
    if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
        return Delivered()
    if isinstance(outcome, Answer) and outcome.status == _GONE:
        return Disabled()
    if attempt >= MOST_ATTEMPTS or outcome == Failed(Reason.URL_REFUSED):
        return GaveUp()
    asked_s = outcome.retry_after_s if isinstance(outcome, Answer) else None
    return RetryAt(now + timedelta(seconds=delay_s(attempt, event_id=event_id, asked_s=asked_s)))


def delay_s(attempt: int, *, event_id: str, asked_s: float | None = None) -> float:
    """Return the seconds between attempt ``attempt`` and the next.

    ``asked_s`` is the receiver's Retry-After. It is honoured between one and two times the planned
    delay: nobody can hold an event for days, and nobody is called back sooner than planned.
    """
    planned_s = DELAYS_S[attempt - 1] * (1 + LARGEST_JITTER * _share(event_id, attempt))
    if asked_s is None:
        return planned_s
    return min(max(asked_s, planned_s), LARGEST_STRETCH * planned_s)


def _share(event_id: str, attempt: int) -> float:
    """Return a number in [0, 1) that looks random and is the same each time."""
    digest = hashlib.sha256(f"{event_id}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
