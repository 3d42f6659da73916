"""What a receiver does with our signatures: the check that ``cadenza listen`` makes."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

TOLERANCE = timedelta(minutes=5)
_NEEDED = ("webhook-id", "webhook-timestamp", "webhook-signature")


def why_not_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return "" where the callback is genuine by Standard Webhooks, else a few words that say why not.

    ``headers`` have lower-case names, ``body`` is the bytes as they arrived, ``secret`` is one that
    ``check_secret`` has seen.
    """
    if missing := [name for name in _NEEDED if not headers.get(name)]:
        return f"no {missing[0]} header"
    told = headers["webhook-timestamp"]
    if not (told.isascii() and told.isdigit() and len(told) <= 10):
        return "webhook-timestamp is not a time in Unix seconds"
    signed_at = datetime.fromtimestamp(int(told), tz=UTC)
    if abs(now - signed_at) > TOLERANCE:
        return "webhook-timestamp is more than 5 minutes off this clock"
    try:
        expected = Webhook(secret).sign(headers["webhook-id"], signed_at, body.decode())
    except UnicodeDecodeError:
        return "the body is not UTF-8"
    given = headers["webhook-signature"].split(" ")
    if any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
        return ""
    return "no signature fits this secret and body"
