"""Every error Cadenza raises on purpose, ordered by who can put it right.

::

    CadenzaError
    ├── Refused                      the caller must change something; nothing was charged
    │   ├── Unauthenticated          no key, a wrong key, an expired or a revoked key
    │   ├── Forbidden(action)        the key is good but may not do this
    │   ├── Malformed(faults)        one or more fields are wrong
    │   ├── TooLarge(limit, value)   the body itself is over a limit
    │   ├── NotFound(kind)           no such thing, or not yours
    │   ├── Conflict(reason)         the thing is not in a state for this
    │   ├── Gone(kind)               it was there, and its time is over
    │   ├── Unsupported(reason)      the chosen engine cannot do this
    │   ├── KeyReused                this Idempotency-Key came with another request before
    │   ├── InsufficientCredits(needed, available)
    │   ├── SpendCapReached(needed, available)
    │   ├── StorageFull(limit, actual)
    │   └── RateLimited(retry_after_s)
    ├── SourceUnusable               the source audio cannot be continued; the hold is released
    ├── GenerationFailed             the engine gave up; the hold is released
    ├── Stopped                      the caller cancelled; the hold is released
    ├── Damaged(kind)                what was stored is not what it was; trying again mends nothing
    └── Unavailable                  nobody's fault; try again

Messages never repeat what the caller sent: they name the field, the limit and the measured value.
"""

from __future__ import annotations

from dataclasses import dataclass


class CadenzaError(Exception):
    """Base of everything raised on purpose."""


class Refused(CadenzaError):
    """The caller must change something; nothing was charged."""


class Unauthenticated(Refused):
    """No key, a wrong key, an expired or a revoked key."""

    def __init__(self, reason: str = "The API key is missing or not valid.") -> None:
        super().__init__(reason)


class Forbidden(Refused):
    """The key is valid but may not do this."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one field, told in the words of the wire.

    ``field`` is the wire name as the caller wrote it ("input.tags"), ``reason`` a sentence
    without the offending value, ``limit`` and ``actual`` numbers where there are any.
    """

    field: str
    reason: str
    limit: float | None = None
    actual: float | None = None

    def __str__(self) -> str:
        """Return "field: reason"."""
        return f"{self.field}: {self.reason}"


class Malformed(Refused):
    """One or more fields are wrong. All of them are told at once."""

    def __init__(self, *faults: Fault) -> None:
        assert faults, "a Malformed names at least one fault"
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class TooLarge(Refused):
    """The body or one text is larger than the limit."""

    def __init__(self, what: str, *, limit: int, actual: int | None = None) -> None:
        told = f", got {actual}" if actual is not None else ""
        super().__init__(f"{what} is too large: the limit is {limit}{told}.")
        self.what, self.limit, self.actual = what, limit, actual


class NotFound(Refused):
    """No such thing, or it belongs to someone else: the two look the same."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"No such {kind}.")
        self.kind = kind


class Conflict(Refused):
    """The thing exists but is not in a state for this."""


class Gone(Refused):
    """It was there, and its owner deleted it or its retention time is over."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This {kind} was deleted by its owner or at the end of its retention time.")
        self.kind = kind


class Unsupported(Refused):
    """The chosen engine cannot do this."""


class KeyReused(Refused):
    """The Idempotency-Key came with another request before."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came with another request before. Take a new one for a new task."
        )


class InsufficientCredits(Refused):
    """The account cannot pay for this."""

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"This costs {needed} credits and the account has {available}.")
        self.needed, self.available = needed, available


class SpendCapReached(Refused):
    """The key may not spend this much any more, whatever the account has."""

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"This costs {needed} credits and the key may spend {available} more.")
        self.needed, self.available = needed, available


class StorageFull(Refused):
    """The account may not keep more files; ``actual`` is what it would have, in bytes."""

    def __init__(self, *, limit: int, actual: int) -> None:
        super().__init__(
            f"The account may keep {limit} bytes and would have {actual}: "
            "delete files, or wait until the time of some is over."
        )
        self.limit, self.actual = limit, actual


class RateLimited(Refused):
    """Too many at once; the same request may come again after ``retry_after_s``."""

    def __init__(self, reason: str = "Too many requests.", *, retry_after_s: int) -> None:
        super().__init__(f"{reason} Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class SourceUnusable(CadenzaError):
    """The source audio cannot be fetched, decoded or continued; the hold is released."""


class GenerationFailed(CadenzaError):
    """The engine gave up; the hold is released."""


class Stopped(CadenzaError):
    """The caller cancelled the task; the hold is released."""


class Damaged(CadenzaError):
    """What lies in the storage is not what was put there; nothing mends it but another copy."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This {kind} is damaged in the storage of this server.")
        self.kind = kind


class Unavailable(CadenzaError):
    """A part we depend on is not there now; the same request may succeed later."""

    def __init__(self, reason: str, *, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
