"""Which bucket an operator means: the setting CADENZA_STORAGE_URL, read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cadenza.settings import Settings, SettingsError

_DEFAULT_REGION: Final = "us-east-1"
# The library is not asked what it thinks of other forms: some of them end its process.
_PLACE: Final = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{2,62})((?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)/?")
_ENDPOINT: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_REGION: Final = re.compile(r"[A-Za-z0-9-]{0,63}")
_FORM: Final = (
    "s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION (prefix, endpoint and region may be absent)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket, who speaks for us there, and the start of all our names in it ('' or ``some/where``).

    ``endpoint`` is empty for the store of the company that invented the protocol. Without ``key_id`` the
    library looks for the role of this machine.
    """

    name: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    session_token: str = field(repr=False)


def bucket_of(settings: Settings) -> Bucket:
    """Return the bucket that the settings name. Raises ``SettingsError``."""
    place, _, query = settings.storage_url.partition("?")
    named = _PLACE.fullmatch(place)
    told = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    endpoint, region = told.pop("endpoint", ""), told.pop("region", "") or settings.aws_region
    if not named or told or not _REGION.fullmatch(region) or not _is_endpoint(endpoint):
        raise SettingsError(f"CADENZA_STORAGE_URL takes {_FORM}; keys are AWS_ACCESS_KEY_ID and its kin.")
    return Bucket(
        name=named[1],
        prefix=named[2].strip("/"),
        endpoint=endpoint.rstrip("/"),
        region=region or _DEFAULT_REGION,
        key_id=settings.aws_access_key_id,
        secret=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
    )


def _is_endpoint(text: str) -> bool:
    """Answer whether a text is empty or names a host by HTTP, with a port that there can be."""
    try:
        return not text or bool(_ENDPOINT.fullmatch(text) and urlsplit(text).port != 0)
    except ValueError:
        return False
