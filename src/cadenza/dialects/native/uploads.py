"""The JSON forms of POST /v1/uploads; the multipart form is the web layer's."""

from __future__ import annotations

from dataclasses import dataclass

from cadenza.dialects.fields import Field, Table, read
from cadenza.dialects.kinds import Text, Url

URL = Field("url", Url(), "Where the recording is fetched from.")
DATA_BASE64 = Field("data_base64", Text(2**31), "The recording as base64, bare or as a data URL.")
FILE_NAME = Field("file_name", Text(255), "What the recording is called.")
UPLOAD: Table = (URL, DATA_BASE64, FILE_NAME)
MULTIPART_FILE_FIELD = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder:
    """A recording to be kept: exactly one of ``url`` and ``data_base64`` is there."""

    url: str | None
    data_base64: str | None
    file_name: str


def decode_upload(body: object) -> UploadOrder:
    """Decode POST /v1/uploads. Raises ``Malformed`` with every fault."""
    reading = read(UPLOAD, body)
    if reading.has(URL) == reading.has(DATA_BASE64):
        reading.fault(URL, "or data_base64 is required, and only one of them")
    name = reading.text(FILE_NAME).strip()
    if not name.isprintable() or "/" in name or "\\" in name or name == "..":
        reading.fault(FILE_NAME, "must not hold slashes or control characters")
    reading.settle()
    return UploadOrder(url=reading.get(URL), data_base64=reading.get(DATA_BASE64), file_name=name)
