"""Which bucket an operator means: the setting CADENZA_STORAGE_URL, read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cadenza.settings import Settings, SettingsError

_DEFAULT_REGION: Final = "us-east-1"
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
    url = urlsplit(settings.storage_url)
    asked = parse_qs(url.query, keep_blank_values=True)
    told = {name: values[-1] for name, values in asked.items()}
    endpoint = told.pop("endpoint", "").rstrip("/")
    region = told.pop("region", "")
    if (
        url.scheme != "s3"
        or told
        or not url.hostname
        or url.netloc != url.hostname
        or (endpoint and not endpoint.startswith(("https://", "http://")))
    ):
        raise SettingsError(f"CADENZA_STORAGE_URL takes {_FORM}; keys are AWS_ACCESS_KEY_ID and its kin.")
    return Bucket(
        name=url.hostname,
        prefix=url.path.strip("/"),
        endpoint=endpoint,
        region=region or settings.aws_region or _DEFAULT_REGION,
        key_id=settings.aws_access_key_id,
        secret=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
    )
