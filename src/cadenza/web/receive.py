"""Keeping a file that a caller brings: streamed, as base64, or behind a URL."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from cadenza.audio.decode import Shape, measure
from cadenza.audio.sniff import Container
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Fault, Malformed, SourceUnusable, TooLarge
from cadenza.domain.ids import new_id
from cadenza.domain.tiers import TIERS
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Upload
from cadenza.web.body import guarded
from cadenza.web.endpoint import Call

# A recording that no model takes is not kept either.
_LONGEST_S = max(tier.longest_source_s for tier in TIERS.values())
# A file takes longer than a JSON body.
_UPLOAD_PATIENCE = 10
_FORM_OVERHEAD_BYTES = 65_536
# JSON is held in memory whole, more than once; larger files come as multipart, which is not.
_LARGEST_BASE64_BYTES = 12_000_000
_COPY_BYTES = 1 << 20
_SERVED_AS = {
    Container.WAV: ("audio/wav", ".wav"),
    Container.AIFF: ("audio/aiff", ".aiff"),
    Container.FLAC: ("audio/flac", ".flac"),
    Container.MP3: ("audio/mpeg", ".mp3"),
    Container.OGG: ("audio/ogg", ".ogg"),
    Container.OPUS: ("audio/ogg", ".opus"),
    Container.MP4: ("audio/mp4", ".m4a"),
    Container.AAC: ("audio/aac", ".aac"),
    Container.WEBM: ("audio/webm", ".webm"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """How the caller calls a file: shown again, never a path of ours. Both may be empty."""

    folder: str
    name: str


async def keep_multipart(call: Call, label: Callable[[dict[str, str]], Label]) -> Upload:
    """Keep the part named ``file``; parts may come in any order.

    Raises ``TooLarge``, and ``Malformed`` where it is no recording that can be continued.
    """
    settings = call.services.settings
    request = guarded(
        call.request,
        limit_bytes=settings.upload_limit_bytes + _FORM_OVERHEAD_BYTES,
        deadline_s=settings.body_deadline_s * _UPLOAD_PATIENCE,
    )
    try:
        async with request.form(max_files=1, max_fields=8, max_part_size=_FORM_OVERHEAD_BYTES) as form:
            texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Malformed(Fault("file", "is required, as a file part of multipart/form-data"))
            named = label(texts)
            chosen = Label(named.folder, named.name or _base_name(file.filename or ""))
            return await _in_turn(call, lambda: _keep(call, chosen, lambda path: _copy(file, path)))
    except HTTPException:  # how Starlette tells a form that it cannot read
        raise Malformed(Fault("body", "is not valid multipart/form-data")) from None
    except ClientDisconnect:
        raise Malformed(Fault("body", "ended early")) from None


async def json_with_file(call: Call) -> Any:
    """Return a JSON body that may carry a file as base64. Raises ``Malformed``, ``TooLarge``."""
    largest_bytes = min(call.services.settings.upload_limit_bytes, _LARGEST_BASE64_BYTES)
    return await call.json(limit_bytes=largest_bytes * 4 // 3 + 4096)  # four characters carry three bytes


async def keep_base64(call: Call, text: str, label: Label) -> Upload:
    """Keep bytes that came as base64, bare or as a data URL. Raises ``Malformed``, ``TooLarge``."""
    return await _in_turn(call, lambda: _keep(call, label, lambda path: path.write_bytes(_from_base64(text))))


async def keep_url(call: Call, url: str, label: Label) -> Upload:
    """Fetch a file and keep it. Raises ``Malformed`` where it cannot be fetched, with the class of reason."""
    services = call.services
    services.outbound.check_source(url, field="source_url")
    services.reach.admit(call.account_id, [url])

    def fetch(path: Path) -> str:
        settings = services.settings
        fetched = services.outbound.fetch_to_file(
            url, path, max_bytes=settings.upload_limit_bytes, deadline_s=settings.fetch_deadline_s
        )
        return fetched.final_name

    try:
        return await _in_turn(call, lambda: _keep(call, label, fetch))
    except SourceUnusable as error:
        raise Malformed(Fault("source_url", str(error))) from None


async def _in_turn(call: Call, keep: Callable[[], Upload]) -> Upload:
    """Keep a file on a thread; one account has only some of the threads, whatever it sends."""
    async with call.services.turns.of(call.account_id):
        return await call.services.aside(keep)


def _keep(call: Call, label: Label, fill: Callable[[Path], object]) -> Upload:
    services = call.services
    services.settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=services.settings.scratch_folder) as folder:
        path = Path(folder) / "upload"
        name = fill(path)
        size = path.stat().st_size
        if size == 0:
            raise Malformed(Fault("file", "is empty"))
        if size > services.settings.upload_limit_bytes:
            raise TooLarge("The file", limit=services.settings.upload_limit_bytes, actual=size)
        shape = _shape(call, path)
        now = _to_ms(services.clock.now())
        media_type, suffix = _SERVED_AS[shape.container]
        fetched_name = _base_name(name) if isinstance(name, str) else ""
        file_name = _base_name(label.name) or fetched_name or f"upload-{now:%Y%m%d-%H%M%S-%f}{suffix}"

        def admit(books: Books) -> None:
            replaces = label.folder, file_name
            services.intake.admission.admit_file(books, call.principal, size_bytes=size, replaces=replaces)

        services.store.read(admit)  # before anything is written; below, nobody else comes in between
        artefact = services.media.put(path, ArtefactKind.UPLOAD)
    upload = Upload(
        id=new_id("up"),
        account_id=call.account_id,
        upload_path=label.folder,
        file_name=file_name,
        artefact=artefact,
        media_type=media_type,
        created_at=now,
        expires_at=now + dt.timedelta(days=services.settings.upload_retention_days),
        duration_s=shape.duration_s,
        sample_rate=shape.sample_rate,
        channel_count=shape.channel_count,
    )

    def keep(books: Books) -> Upload:
        admit(books)
        return books.uploads.put(upload)

    return services.store.write(keep)


def _to_ms(moment: dt.datetime) -> dt.datetime:
    """Return a moment as the store keeps it, so that a reader sees the same."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _from_base64(text: str) -> bytes:
    _, _, data = text.rpartition(",") if text.startswith("data:") else ("", "", text)
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(Fault("base64", "is not valid base64")) from None


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("wb") as out:
        while chunk := file.file.read(_COPY_BYTES):
            out.write(chunk)


def _shape(call: Call, path: Path) -> Shape:
    """Return what the recording is, all of it decoded once: what cannot be continued is not kept."""
    try:
        return measure(path, longest_s=_LONGEST_S, children=call.services.children)
    except SourceUnusable as error:
        raise Malformed(Fault("file", str(error))) from None


def _base_name(name: str) -> str:
    """Return the last part of a name that somebody else gave, without anything that could hurt a reader."""
    base = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in base if letter.isprintable())[:200]
    return shown if shown.strip(". ") else ""  # dots alone would lead elsewhere in a URL
