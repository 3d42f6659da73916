"""Signatures of callbacks: Standard Webhooks for everybody, kie's two headers for the sunoapi family.

Standard Webhooks (https://www.standardwebhooks.com) signs ``id.timestamp.body`` with HMAC-SHA256 under
the bytes behind ``whsec_`` and lists one ``v1,`` signature for each secret that is valid now. kie signs
``taskId.timestamp`` only, in one header, under the secret's text; its receivers know no second one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from cadenza.domain.errors import Fault, Malformed

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public mark of such a secret, not one
_SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64


def new_secret() -> str:
    """Return a fresh signing secret: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def check_secret(secret: str, *, field: str = "secret") -> str:
    """Return ``secret`` where it is one; raises ``Malformed`` otherwise."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise Malformed(Fault(field, "must be whsec_ and 24 to 64 bytes in base64"))
    return secret


def standard_headers(event_id: str, body: bytes, at: datetime, valid: Sequence[str]) -> dict[str, str]:
    """Return the three Standard Webhooks headers.

    ``valid`` are the account's secrets that receivers may know now, newest first; during a rotation
    there are two and either verifies. ``at`` is the moment of this attempt, aware.
    """
    assert valid, "every callback is signed"
    assert at.tzinfo is not None, "a naive moment has no timestamp"
    signed = [Webhook(secret).sign(event_id, at, body.decode()) for secret in valid]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(_unix_s(at)),
        "webhook-signature": " ".join(signed),
    }


def kie_headers(task_id: str, at: datetime, valid: Sequence[str]) -> dict[str, str]:
    """Return kie's two headers: base64(HMAC-SHA256(key, taskId + "." + timestamp)).

    The key is the secret's whole text, as a kie user copies it from the settings page. With two valid
    secrets the older one signs, so that a receiver has the whole overlap to learn the new one.
    """
    timestamp = str(_unix_s(at))
    digest = hmac.digest(valid[-1].encode(), f"{task_id}.{timestamp}".encode(), "sha256")
    return {"x-webhook-timestamp": timestamp, "x-webhook-signature": base64.b64encode(digest).decode()}


def _unix_s(at: datetime) -> int:
    return int(at.timestamp())
