"""Foreign recordings become signals here, and only here: a caged child process reads the file.

This process never parses a caller's media. It hands the open file to a child (``children``), takes plain
samples back, believes nothing that the child says without checking it, and lets go of the child when its
time is over, which ends it.
"""

from __future__ import annotations

import json
import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.children import Children, fresh_child, started_child
from cadenza.audio.decode_child import CHANNELS_LIMIT, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Work
from cadenza.audio.fold import fold_to_stereo
from cadenza.audio.signal import Samples, Signal
from cadenza.audio.sniff import Container
from cadenza.domain.errors import SourceUnusable

WALL_CLOCK_LIMIT_S: Final = 10.0
MAX_BYTES: Final = 256 * 1024 * 1024
# Float files may go over full scale, but nothing musical is 24 dB over it: those are other data.
LARGEST_SAMPLE: Final = 16.0

# What a child that was taken over makes of its words.
_NONSENSE: Final = (ValueError, KeyError, TypeError, AttributeError)
_GAVE_UP: Final = "The file is damaged: the decoder gave up on it."
_RECORD_LIMIT_BYTES: Final = 4 * 1024 * 1024
_16_BIT_SUBTYPES: Final = frozenset({"PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW", "ALAC_16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSource:
    """A recording in memory, at its own sample rate, with one or two channels.

    ``subtype`` is how the samples were kept in libsndfile's words ("PCM_16", "MPEG_LAYER_III").
    """

    signal: Signal
    container: Container
    subtype: str

    @property
    def fits_16_bits(self) -> bool:
        """Whether every sample is a 16-bit number, so that a 16-bit file holds it without loss."""
        return self.subtype in _16_BIT_SUBTYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a recording is, by decoding all of it: counted, not believed."""

    container: Container
    duration_s: float
    sample_rate: int
    channel_count: int


def decode(
    source: Path | bytes,
    *,
    longest_s: float,
    max_bytes: int = MAX_BYTES,
    wall_clock_s: float = WALL_CLOCK_LIMIT_S,
    children: Children = fresh_child,
) -> DecodedSource:
    """Return the recording in a file (or in bytes), decoded by a caged child process.

    Parameters
    ----------
    source
        A file or its content; what it is, is told by its content alone.
    longest_s
        Limit of the decoded length in seconds; it is counted while decoding, not believed.
    max_bytes
        Limit of the file's size.
    wall_clock_s
        The child is killed after so many seconds.
    children
        Where the child comes from.

    Returns
    -------
    The recording: finite samples, more than two channels folded to stereo.

    Raises
    ------
    SourceUnusable
        It is no recording, damaged, over a limit, or the decoder died; the text says which.
    OSError
        The path cannot be opened.
    """
    work = Work(longest_s=longest_s, max_bytes=max_bytes, wall_clock_s=wall_clock_s)
    with _said_of(source, work, children) as records:
        return _received(records, longest_s)


def measure(
    source: Path | bytes,
    *,
    longest_s: float,
    max_bytes: int = MAX_BYTES,
    wall_clock_s: float = WALL_CLOCK_LIMIT_S,
    children: Children = fresh_child,
) -> Shape:
    """Return what a recording is; ``decode`` with the same limits does the same and raises the same."""
    work = Work(longest_s=longest_s, max_bytes=max_bytes, wall_clock_s=wall_clock_s, wants_samples=False)
    with _said_of(source, work, children) as records:
        try:
            return _measured(records, longest_s)
        except _NONSENSE:
            raise SourceUnusable(_GAVE_UP) from None


def sandbox_report() -> dict[str, Any]:
    """Return which layers of the cage hold on this machine, found out by trying to break out of it.

    ``refused`` maps each attempt (open, create, socket, fork, list) to whether it was refused.
    """
    with tempfile.TemporaryFile() as nothing, started_child("--probe", nothing) as line:
        for kind, payload in _records(line, WALL_CLOCK_LIMIT_S):
            if kind == b"E":
                report: dict[str, Any] = json.loads(payload)
                return report
    raise SourceUnusable("The decoder's child process does not start.")


@contextmanager
def _said_of(source: Path | bytes, work: Work, children: Children) -> Iterator[Iterator[tuple[bytes, bytes]]]:
    """Yield what a child says of a file."""
    with _opened(source) as file:
        size = os.fstat(file.fileno()).st_size
        if size > work.max_bytes:  # before the child does: it is cheap
            raise SourceUnusable(f"The file has {size} bytes; the limit is {work.max_bytes}.")
        with children(file, work) as line:
            yield _records(line, work.wall_clock_s)


@contextmanager
def _opened(source: Path | bytes) -> Iterator[BinaryIO]:
    """Yield a real, seekable file: the child gets its descriptor, never a name."""
    if isinstance(source, bytes):
        with tempfile.TemporaryFile() as spooled:
            spooled.write(source)
            spooled.flush()
            spooled.seek(0)
            yield spooled
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would block for ever
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceUnusable("The source is not a file.")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _records(line: int, wall_clock_s: float) -> Iterator[tuple[bytes, bytes]]:
    """Yield (letter, payload) until the child closes its end."""
    deadline = time.monotonic() + wall_clock_s
    poll = select.poll()
    poll.register(line, select.POLLIN)

    def exactly(count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0 or not poll.poll(left_ms):
                raise SourceUnusable(f"The file could not be decoded within {wall_clock_s:g} s.")
            part = os.read(line, min(count - len(parts), 1 << 20))
            if not part:
                return b""
            parts += part
        return bytes(parts)

    while head := exactly(5):
        size = int.from_bytes(head[1:], "little")
        if size > _RECORD_LIMIT_BYTES:
            break
        yield head[:1], exactly(size)


def _received(records: Iterator[tuple[bytes, bytes]], longest_s: float) -> DecodedSource:
    """Return what the child sends, each word of it checked: one that was taken over may say anything."""
    try:
        return _assembled(records, longest_s)
    except _NONSENSE:
        raise SourceUnusable(_GAVE_UP) from None


def _assembled(records: Iterator[tuple[bytes, bytes]], longest_s: float) -> DecodedSource:
    header: Mapping[str, Any] | None = None
    blocks: list[NDArray[np.float32]] = []
    left = 0
    for kind, payload in records:
        if kind == b"H" and header is None:
            header = _checked_header(payload)
            left = int(longest_s * header["sample_rate"])
        elif kind == b"P" and header is not None:
            block = np.frombuffer(payload, "<f4").reshape(-1, header["channel_count"])
            left -= len(block)
            if left < 0:
                break
            blocks.append(_cleaned(fold_to_stereo(block, header["container"])))
        elif kind == b"E":
            return _finished(_sound_header(header, json.loads(payload)), blocks)
        else:
            break
    raise SourceUnusable(_GAVE_UP)


def _checked_header(payload: bytes) -> Mapping[str, Any]:
    header = json.loads(payload)
    rate, channels = header["sample_rate"], header["channel_count"]
    if not (LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ and 1 <= channels <= CHANNELS_LIMIT):
        raise SourceUnusable(_GAVE_UP)
    return {**header, "container": Container[header["container"]]}


def _cleaned(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the block with silence in place of what is no number; refuse what is no sound."""
    if not np.isfinite(block).all():
        block = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
    if block.size and float(np.abs(block).max()) > LARGEST_SAMPLE:
        raise SourceUnusable(f"The file holds samples beyond {LARGEST_SAMPLE:g} times full scale.")
    return block


def _sound_header(header: Mapping[str, Any] | None, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the header of what ended well. Raises ``SourceUnusable`` with the child's reason otherwise."""
    if outcome["reason"] is not None or header is None:
        raise SourceUnusable(str(outcome["reason"])[:300])
    return header


def _finished(header: Mapping[str, Any], blocks: list[NDArray[np.float32]]) -> DecodedSource:
    if not blocks:
        raise _silent(header)
    signal = Signal(_joined(blocks), header["sample_rate"])
    return DecodedSource(signal=signal, container=header["container"], subtype=str(header["subtype"])[:32])


def _silent(header: Mapping[str, Any]) -> SourceUnusable:
    return SourceUnusable(f"The {header['container'].value} file holds no sound that can be decoded.")


def _measured(records: Iterator[tuple[bytes, bytes]], longest_s: float) -> Shape:
    header: Mapping[str, Any] | None = None
    for kind, payload in records:
        if kind == b"H" and header is None:
            header = _checked_header(payload)
        elif kind == b"E":
            outcome = json.loads(payload)
            sound = _sound_header(header, outcome)
            duration_s = int(outcome["frames"]) / sound["sample_rate"]
            if duration_s <= 0:
                raise _silent(sound)
            if duration_s > longest_s:
                break
            return Shape(
                container=sound["container"],
                duration_s=duration_s,
                sample_rate=sound["sample_rate"],
                channel_count=sound["channel_count"],
            )
        else:
            break
    raise SourceUnusable(_GAVE_UP)


def _joined(blocks: list[NDArray[np.float32]]) -> Samples:
    """Return (channels, samples) from blocks of (samples, channels)."""
    joined = np.empty((blocks[0].shape[1], sum(len(block) for block in blocks)), np.float32)
    at = 0
    blocks.reverse()
    while blocks:  # each is given back as it is copied, so that two of the whole are never held
        block = blocks.pop()
        joined[:, at : at + len(block)] = block.T
        at += len(block)
    return joined
