"""The JSON forms of the three file-upload routes. The bytes themselves are the web layer's."""

from __future__ import annotations

from dataclasses import dataclass

from cadenza.dialects.fields import Field, Reading, Table, read
from cadenza.dialects.sunoapi.tables import (
    BASE64_DATA,
    BASE64_UPLOAD,
    FILE_NAME,
    FILE_URL,
    STREAM_UPLOAD,
    UPLOAD_PATH,
    URL_UPLOAD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """A file to be kept: where it comes from and how the caller calls it.

    ``content`` is base64 (bare or a data URL), a URL, or empty for the streamed form. ``folder``
    and ``name`` are labels to show again, never a path on a disk; both may be empty.
    """

    content: str
    folder: str
    name: str


def decode_base64_upload(body: object) -> FileOrder:
    """Decode POST /api/file-base64-upload. Raises ``Malformed`` with every fault."""
    return _order(BASE64_UPLOAD, body, BASE64_DATA)


def decode_url_upload(body: object) -> FileOrder:
    """Decode POST /api/file-url-upload. Raises ``Malformed`` with every fault."""
    return _order(URL_UPLOAD, body, FILE_URL)


def decode_stream_upload(texts: object) -> FileOrder:
    """Decode the text parts of POST /api/file-stream-upload; the file part is ``file``."""
    return _order(STREAM_UPLOAD, texts, None)


def _order(table: Table, body: object, content: Field[str] | None) -> FileOrder:
    reading = read(table, body)
    _label_rules(reading)
    reading.settle()
    return FileOrder(
        content=reading.text(content) if content is not None else "",
        folder=reading.text(UPLOAD_PATH).strip("/"),
        name=reading.text(FILE_NAME).strip(),
    )


def _label_rules(reading: Reading) -> None:
    """Refuse labels that a careless reader could take for a path out of a folder."""
    for field in (UPLOAD_PATH, FILE_NAME):
        label = reading.text(field)
        if not label.isprintable() or ".." in label.replace("\\", "/").split("/"):
            reading.fault(field, "must not hold control characters or '..' as a part")
    if "/" in reading.text(FILE_NAME) or "\\" in reading.text(FILE_NAME):
        reading.fault(FILE_NAME, "must not hold a slash")
