"""What the worker writes to its render child, and the events that come back, one JSON line each."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from cadenza.domain.abilities import Honoured
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.request import GenerationRequest
from cadenza.domain.serial import (
    honoured_from_json,
    honoured_to_json,
    lines_from_json,
    lines_to_json,
    request_from_json,
    request_to_json,
)
from cadenza.domain.task import LyricLine

_READ_BYTES = 65_536


def stream_path(streams_folder: Path, take_id: str) -> Path:
    """Return where a take grows while it is rendered."""
    return streams_folder / f"{take_id}.mp3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOrder:
    """One rendering: the request, the source file if there is one, and where to put the results.

    ``source_sha256`` is the digest of the source where this server keeps it.
    ``nursery`` is the descriptor behind which the source is decoded; it travels beside the text.
    """

    engine: str
    request: GenerationRequest
    source_path: Path | None
    source_title: str
    longest_source_s: float
    take_ids: Mapping[int, str]
    folder: Path
    streams_folder: Path
    nursery: int | None = None
    source_sha256: str | None = None

    def to_json(self) -> bytes:
        """Return the order as one JSON document."""
        return orjson.dumps(
            {
                "engine": self.engine,
                "request": request_to_json(self.request),
                "source_path": None if self.source_path is None else str(self.source_path),
                "source_title": self.source_title,
                "source_sha256": self.source_sha256,
                "longest_source_s": self.longest_source_s,
                "take_ids": {str(index): take_id for index, take_id in self.take_ids.items()},
                "folder": str(self.folder),
                "streams_folder": str(self.streams_folder),
            }
        )

    @staticmethod
    def from_json(text: bytes, *, nursery: int | None = None) -> ChildOrder:
        """Return the order that ``to_json`` was given, with the descriptor that came along."""
        value = orjson.loads(text)
        return ChildOrder(
            engine=value["engine"],
            request=request_from_json(value["request"]),
            source_path=None if value["source_path"] is None else Path(value["source_path"]),
            source_title=value["source_title"],
            source_sha256=value["source_sha256"],
            longest_source_s=value["longest_source_s"],
            take_ids={int(index): take_id for index, take_id in value["take_ids"].items()},
            folder=Path(value["folder"]),
            streams_folder=Path(value["streams_folder"]),
            nursery=nursery,
        )


def send_order(order: ChildOrder, line: socket.socket) -> None:
    """Send an order, its descriptor and the end. Raises ``OSError`` where nobody takes it."""
    text = order.to_json()
    sent = socket.send_fds(line, [text], [] if order.nursery is None else [order.nursery])
    line.sendall(text[sent:])
    line.shutdown(socket.SHUT_WR)


def receive_order(line: socket.socket) -> ChildOrder | None:
    """Wait for an order; None where whoever could send one has gone."""
    text, descriptors, _, _ = socket.recv_fds(line, _READ_BYTES, 1)
    while chunk := line.recv(_READ_BYTES):
        text += chunk
    return ChildOrder.from_json(text, nursery=next(iter(descriptors), None)) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Title, style and words of one take are decided."""

    take_index: int
    title: str
    style: str
    lyrics: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """How far the whole order is."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRendered:
    """One take lies in the order's folder; ``files`` maps what it is to its path and media type."""

    take_index: int
    files: Mapping[ArtefactKind, Path]
    duration_s: float
    joined_at_s: float | None
    seed: int
    bpm: float | None
    key: str | None
    loudness_lufs: float
    lines: tuple[LyricLine, ...]
    honoured: Mapping[str, Honoured]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """The rendering ended with a reason for the caller. ``is_source`` tells whose fault it is."""

    reason: str
    is_source: bool


ChildEvent = Planned | Progressed | TakeRendered | Broke


def event_to_json(event: ChildEvent) -> bytes:
    """Return an event as one line."""
    if isinstance(event, TakeRendered):
        fields = _take_fields(event)
    else:
        fields = {name: getattr(event, name) for name in type(event).__slots__}
    return orjson.dumps({"event": type(event).__name__, **fields}) + b"\n"


def event_from_json(line: bytes) -> ChildEvent:
    """Return the event of a line."""
    value = orjson.loads(line)
    match value.pop("event"):
        case "Planned":
            return Planned(**value)
        case "Progressed":
            return Progressed(**value)
        case "Broke":
            return Broke(**value)
        case _:
            return _take_from(value)


def _take_fields(event: TakeRendered) -> dict[str, Any]:
    return {
        "take_index": event.take_index,
        "files": {kind.value: str(path) for kind, path in event.files.items()},
        "duration_s": event.duration_s,
        "joined_at_s": event.joined_at_s,
        "seed": event.seed,
        "bpm": event.bpm,
        "key": event.key,
        "loudness_lufs": event.loudness_lufs,
        "lines": lines_to_json(event.lines),
        "honoured": honoured_to_json(event.honoured),
    }


def _take_from(value: dict[str, Any]) -> TakeRendered:
    lines = lines_from_json(value.pop("lines"))
    files = {ArtefactKind(kind): Path(path) for kind, path in value.pop("files").items()}
    return TakeRendered(files=files, lines=lines, honoured=honoured_from_json(value.pop("honoured")), **value)
