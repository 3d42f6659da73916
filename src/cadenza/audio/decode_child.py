"""The decoder's child process: a foreign file on descriptor 0 becomes plain samples on descriptor 1.

It is forked by the nursery (``nursery``), or started alone as ``python -m cadenza.audio.decode_child WORK``
with the hex digits of its ``Work``. It loads the codec library, locks itself in (``sandbox``), and only then
looks inside the file. What it says is a row of records, each one letter, a length (32 bits, little-endian)
and that many bytes:

``H``  JSON: container, subtype, sample_rate, channel_count
``P``  samples, float32 little-endian, interleaved; none where only their number is wanted
``E``  JSON: ``{"reason": null, "frames": 480000}`` at the good end, or a sentence for the caller

Only the standard library is imported (and PyAV for M4A, AAC and WebM): starting numpy would take longer
than decoding a song. libsndfile is therefore called through ctypes.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib.util
import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from cadenza.audio.sandbox import enter_cage
from cadenza.audio.sniff import HEAD_BYTES, Container, NotSound, id3_tag_bytes, sniff

CHANNELS_LIMIT: Final = 8
LOWEST_RATE_HZ: Final = 8_000
HIGHEST_RATE_HZ: Final = 192_000
TAG_LIMIT_BYTES: Final = 16 * 1024 * 1024
BLOCK_FRAMES: Final = 16 * 1024

_INPUT: Final = 0
_OUTPUT: Final = 1


class _Unusable(Exception):
    """The file cannot be used; the text is a sentence for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is wanted of a file: its samples or only their number, within which limits."""

    longest_s: float
    max_bytes: int
    wall_clock_s: float
    wants_samples: bool = True

    _FORM: ClassVar = struct.Struct("<dQd?")
    SIZE: ClassVar = _FORM.size

    def to_bytes(self) -> bytes:
        """Return the work in ``SIZE`` bytes."""
        return self._FORM.pack(self.longest_s, self.max_bytes, self.wall_clock_s, self.wants_samples)

    @staticmethod
    def from_bytes(text: bytes) -> Work:
        """Return the work that ``to_bytes`` was called on."""
        longest_s, max_bytes, wall_clock_s, wants_samples = Work._FORM.unpack(text)
        return Work(
            longest_s=longest_s, max_bytes=max_bytes, wall_clock_s=wall_clock_s, wants_samples=wants_samples
        )


def main(arguments: list[str]) -> None:
    """Decode descriptor 0, or with ``--probe`` try what must be impossible and tell the outcome."""
    if arguments == ["--probe"]:
        _say(b"E", json.dumps(_probe()).encode())
    else:
        do(Work.from_bytes(bytes.fromhex(arguments[0])))


def do(work: Work) -> None:
    """Decode descriptor 0 and tell descriptor 1; nothing else can be done in this process afterwards."""
    signal.alarm(int(work.wall_clock_s) + 2)  # in case that whoever should end this process is gone
    try:
        frames = _decode(work)
    except _Unusable as unusable:
        _end({"reason": str(unusable)})
    except MemoryError:
        _end({"reason": "The file needs more memory to decode than is allowed."})
    else:
        _end({"reason": None, "frames": frames})


def load_codecs() -> None:
    """Load the libraries of all formats, so that processes forked from this one need not."""
    for load in (_sndfile, _pyav):
        try:
            load()
        except _Unusable:  # it is told to whoever brings such a file
            continue


def _decode(work: Work) -> int:
    container, starts_at = _container(work.max_bytes)
    decoder = _pyav() if container.needs_formats_extra else _sndfile()
    enter_cage()
    os.lseek(_INPUT, starts_at, os.SEEK_SET)
    return decoder(container, work)


def _container(max_bytes: int) -> tuple[Container, int]:
    """Return what the file is, and where it starts behind an ID3 tag that is not an MP3's own."""
    size = os.fstat(_INPUT).st_size
    if size > max_bytes:
        raise _Unusable(f"The file has {size} bytes; the limit is {max_bytes}.")
    tag = id3_tag_bytes(os.pread(_INPUT, 10, 0))
    if tag > TAG_LIMIT_BYTES:
        raise _Unusable(f"The tag before the sound has {tag} bytes; the limit is {TAG_LIMIT_BYTES}.")
    container = sniff(os.pread(_INPUT, HEAD_BYTES, tag))
    if isinstance(container, NotSound):
        raise _Unusable(f"The file is {container.what}, not a recording.")
    return container, 0 if container is Container.MP3 else tag


# What a decoder function does: send the header, then the samples; return how many there were per channel.
_Decoder = Callable[[Container, Work], int]


class _Info(ctypes.Structure):
    """SF_INFO of sndfile.h."""

    _fields_ = (
        ("frames", ctypes.c_int64),
        ("samplerate", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("format", ctypes.c_int),
        ("sections", ctypes.c_int),
        ("seekable", ctypes.c_int),
    )


# SF_FORMAT_TYPEMASK values that may come out for each container: what was sniffed is what is decoded.
_MAJOR_FORMATS: Final = {
    Container.WAV: {0x010000, 0x130000, 0x220000},  # WAV, WAVEX, RF64
    Container.AIFF: {0x020000},
    Container.FLAC: {0x170000, 0x200000},  # bare, or in an Ogg stream
    Container.OGG: {0x200000},
    Container.OPUS: {0x200000},
    Container.MP3: {0x230000},
}
_SUBTYPES: Final = {
    0x01: "PCM_S8", 0x02: "PCM_16", 0x03: "PCM_24", 0x04: "PCM_32", 0x05: "PCM_U8", 0x06: "FLOAT",
    0x07: "DOUBLE", 0x10: "ULAW", 0x11: "ALAW", 0x12: "IMA_ADPCM", 0x13: "MS_ADPCM", 0x20: "GSM610",
    0x60: "VORBIS", 0x64: "OPUS", 0x70: "ALAC_16", 0x71: "ALAC_20", 0x72: "ALAC_24", 0x73: "ALAC_32",
    0x80: "MPEG_LAYER_I", 0x81: "MPEG_LAYER_II", 0x82: "MPEG_LAYER_III",
}  # fmt: skip
_READ_MODE: Final = 0x10


@functools.cache
def _sndfile() -> _Decoder:
    """Load libsndfile and return the decoder that uses it."""
    library = ctypes.CDLL(_sndfile_path())
    library.sf_open_fd.restype = ctypes.c_void_p
    library.sf_readf_float.restype = ctypes.c_int64
    library.sf_readf_float.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)

    def decode(container: Container, work: Work) -> int:
        info = _Info()
        handle = library.sf_open_fd(_INPUT, _READ_MODE, ctypes.byref(info), 0)
        if not handle or info.format & 0x0FFF0000 not in _MAJOR_FORMATS[container]:
            raise _Unusable(f"The file looks like {container.value} but is damaged or incomplete.")
        _begin(container, _SUBTYPES.get(info.format & 0xFFFF, "OTHER"), info.samplerate, info.channels)
        _refuse_announced_length(info.frames / info.samplerate, work.longest_s)
        return _send(_sndfile_blocks(library, handle, info.channels), info.channels, info.samplerate, work)

    return decode


def _sndfile_path() -> str:
    """Return the library that the soundfile package brings, or else the system's."""
    package = importlib.util.find_spec("_soundfile_data")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for found in sorted(Path(folder).glob("libsndfile*")):
            return str(found)
    system = ctypes.util.find_library("sndfile")
    if system is None:
        raise _Unusable("The sound library libsndfile is not installed on this server.")
    return system


def _sndfile_blocks(library: ctypes.CDLL, handle: int, channels: int) -> Iterator[bytes]:
    buffer = (ctypes.c_float * (BLOCK_FRAMES * channels))()
    view = memoryview(buffer).cast("B")
    while (frames := library.sf_readf_float(handle, buffer, BLOCK_FRAMES)) > 0:
        yield bytes(view[: frames * channels * 4])


# Demuxer and the codecs that may lie in it; everything else in FFmpeg stays shut.
_DEMUXERS: Final = {Container.MP4: "mov", Container.AAC: "aac", Container.WEBM: "matroska"}


@functools.cache
def _pyav() -> _Decoder:
    """Import PyAV and return the decoder that uses it."""
    try:
        # Missing extra, slow import; the second one PyAV would do itself when a file is open.
        import av  # noqa: PLC0415
        import av.subtitles.stream  # noqa: PLC0415
    except ImportError:
        raise _Unusable("M4A, AAC and WebM need the extra 'formats' on this server (make formats).") from None

    def decode(container: Container, work: Work) -> int:
        demuxer = _DEMUXERS[container]
        try:
            with (
                open(_INPUT, "rb", buffering=0, closefd=False) as file,
                av.open(file, format=demuxer, options={"format_whitelist": demuxer}) as media,
            ):
                return _decode_with_pyav(av, media, container, work)
        except (av.FFmpegError, ValueError, OSError):
            raise _Unusable(f"The file looks like {container.value} but is damaged.") from None

    return decode


def _decode_with_pyav(av: Any, media: Any, container: Container, work: Work) -> int:
    if not media.streams.audio:
        raise _Unusable(f"The {container.value} file holds no sound.")
    if any(not stream.disposition & stream.disposition.attached_pic for stream in media.streams.video):
        raise _Unusable("The file is a film; send its sound alone.")
    stream = media.streams.audio[0]
    stream.codec_context.thread_count = 1  # the cage allows no threads
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    _begin(container, stream.codec_context.name.upper(), rate, channels)
    if media.duration:
        _refuse_announced_length(media.duration / av.time_base, work.longest_s)
    packed = av.AudioResampler(format="flt", layout=stream.codec_context.layout, rate=rate)
    return _send(_pyav_blocks(media, stream, packed, channels), channels, rate, work)


def _pyav_blocks(media: Any, stream: Any, packed: Any, channels: int) -> Iterator[bytes]:
    for frame in media.decode(stream):
        for block in packed.resample(frame):
            yield bytes(block.planes[0])[: block.samples * channels * 4]
    for block in packed.resample(None):
        yield bytes(block.planes[0])[: block.samples * channels * 4]


def _begin(container: Container, subtype: str, rate: int, channels: int) -> None:
    """Check the shape that the file claims, and send it."""
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise _Unusable(f"The sample rate is {rate} Hz; {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} are usable.")
    if not 1 <= channels <= CHANNELS_LIMIT:
        raise _Unusable(f"The recording has {channels} channels; the limit is {CHANNELS_LIMIT}.")
    header = {"container": container.name, "subtype": subtype, "sample_rate": rate, "channel_count": channels}
    _say(b"H", json.dumps(header).encode())


def _refuse_announced_length(announced_s: float, longest_s: float) -> None:
    """Refuse at once what says itself that it is too long; lengths nobody could have made mean unknown."""
    if longest_s < announced_s < 1e6:
        raise _Unusable(f"The recording lasts {announced_s:.1f} s; the limit is {longest_s:g} s.")


def _send(blocks: Iterator[bytes], channels: int, rate: int, work: Work) -> int:
    """Send the samples, counting: the length that a header claims bounds nothing."""
    frame_bytes = channels * 4
    limit = int(work.longest_s * rate)
    frames = 0
    for block in blocks:
        frames += len(block) // frame_bytes
        if frames > limit:
            raise _Unusable(f"The recording lasts longer than the limit of {work.longest_s:g} s.")
        if work.wants_samples:
            _say(b"P", block)
    return frames


def _end(outcome: dict[str, object]) -> None:
    _say(b"E", json.dumps(outcome).encode())


def _say(kind: bytes, payload: bytes) -> None:
    record = memoryview(kind + len(payload).to_bytes(4, "little") + payload)
    while record:
        record = record[os.write(_OUTPUT, record) :]


def _probe() -> dict[str, object]:
    """Enter the cage and try to break out; every name maps to whether the attempt was refused."""
    import socket  # noqa: PLC0415 - only the probe wants one

    attempts: dict[str, Callable[[], object]] = {
        "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "create": lambda: os.open("cadenza-probe", os.O_CREAT | os.O_EXCL | os.O_WRONLY),
        "socket": socket.socket,
        "fork": lambda: os.fork() or os._exit(0),
        "list": lambda: list(Path("/").iterdir()),
    }
    cage = enter_cage()
    return {
        "rlimits": list(cage.rlimits),
        "no_new_privileges": cage.no_new_privileges,
        "landlock_abi": cage.landlock_abi,
        "seccomp": cage.seccomp,
        "refused": {name: _is_refused(attempt) for name, attempt in attempts.items()},
    }


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # no clean-up: it would run library code on hostile state for nothing
