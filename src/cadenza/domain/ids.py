"""Where ids come from: 128 random bits, no time part, so that none can be guessed."""

from __future__ import annotations

import secrets
import uuid


def new_task_id() -> str:
    """Return a task id: 32 lower-case hex digits, the spelling that all dialects show."""
    return secrets.token_hex(16)


def new_take_id() -> str:
    """Return a take id: a UUID in its usual spelling, as programs of the sunoapi family expect."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 32 hex digits, for things no dialect has a spelling for."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_seed() -> int:
    """Return a seed for an order that did not bring one: 0 to 2**31 - 1."""
    return secrets.randbelow(2**31)
