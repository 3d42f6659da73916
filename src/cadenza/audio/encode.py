"""Signals become files: WAV and FLAC without loss, MP3 and Ogg Vorbis smaller. Same signal, same bytes."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import soundfile

from cadenza.audio.quantise import to_16_bits, to_24_bits
from cadenza.audio.resample import resample
from cadenza.audio.signal import Samples, Signal
from cadenza.audio.tagging import Tags, tag_flac, tag_mp3, tag_ogg, tag_wav

# libsndfile 1.2.2 overflows its stack when a long Ogg Vorbis file is written in one call.
CHUNK_SAMPLES: Final = 65536
# The rates of MPEG-1 and MPEG-2 layer III in Hz.
MP3_RATES_HZ: Final = (16000, 22050, 24000, 32000, 44100, 48000)
# LAME's best variable rate (V0, about 230 kbit/s) is both better and faster than constant 192 kbit/s;
# a stream gets the constant rate, from which a player can tell how long what it has will last.
_MP3_FILE: Final = {"bitrate_mode": "VARIABLE", "compression_level": 0.0}
_MP3_STREAM: Final = {"bitrate_mode": "CONSTANT", "compression_level": 0.43}


class FileKind(enum.Enum):
    """A kind of sound file that can be written: suffix and media type."""

    WAV = (".wav", "audio/wav")
    FLAC = (".flac", "audio/flac")
    MP3 = (".mp3", "audio/mpeg")
    OGG = (".ogg", "audio/ogg")

    @property
    def suffix(self) -> str:
        """The end of a file name, with its dot."""
        return self.value[0]

    @property
    def media_type(self) -> str:
        """The Content-Type."""
        return self.value[1]

    @classmethod
    def of(cls, path: Path) -> FileKind | None:
        """Return the kind that the name's suffix asks for, None where it is none of these."""
        return next((kind for kind in cls if kind.suffix == path.suffix.lower()), None)


class Depth(enum.Enum):
    """Bits per sample of WAV and FLAC; MP3 and Ogg have none."""

    BITS_16 = "PCM_16"
    BITS_24 = "PCM_24"


def write_sound(
    path: Path, signal: Signal, kind: FileKind, *, depth: Depth, tags: Callable[[], Tags]
) -> None:
    """Write ``signal`` to ``path`` as it is; samples beyond full scale are clipped.

    MP3 knows few sample rates: others are resampled to the next higher one. ``tags`` is asked when the
    sound is written: a cover may be drawn meanwhile. Raises ``OSError``.
    """
    if kind is FileKind.MP3:
        signal = resample(signal, _mp3_rate_hz(signal.sample_rate))
    with _opened(path, signal, kind, depth) as file:
        # Dither is noise: which noise does not matter, that it is the same does.
        dice = np.random.default_rng(0)
        for start in range(0, signal.sample_count, CHUNK_SAMPLES):
            file.write(_frames(signal.samples[:, start : start + CHUNK_SAMPLES], kind, depth, dice))
    _TAGGERS[kind](path, tags())


_TAGGERS: Final = {
    FileKind.WAV: tag_wav,
    FileKind.FLAC: tag_flac,
    FileKind.MP3: tag_mp3,
    FileKind.OGG: tag_ogg,
}


class Mp3Stream:
    """An MP3 that grows while music is made; what is there can be played at any time.

    The first signal decides rate and channels. Use it as a context manager, or call ``close``: the last
    tenths of a second are held back until then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: soundfile.SoundFile | None = None

    def write(self, signal: Signal) -> None:
        """Append ``signal``; all but the encoder's look-ahead is readable when this returns."""
        signal = resample(signal, _mp3_rate_hz(signal.sample_rate))
        if self._file is None:
            self._file = soundfile.SoundFile(
                str(self.path), "w", signal.sample_rate, signal.channel_count, "MPEG_LAYER_III", format="MP3",
                **_MP3_STREAM,
            )  # fmt: skip
        for start in range(0, signal.sample_count, CHUNK_SAMPLES):
            self._file.write(_within_full_scale(signal.samples[:, start : start + CHUNK_SAMPLES]))

    def close(self) -> None:
        """Write what is held back, and close; a stream that got nothing leaves no file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mp3_rate_hz(sample_rate: int) -> int:
    return next((rate for rate in MP3_RATES_HZ if rate >= sample_rate), MP3_RATES_HZ[-1])


def _opened(path: Path, signal: Signal, kind: FileKind, depth: Depth) -> soundfile.SoundFile:
    subtype = {FileKind.MP3: "MPEG_LAYER_III", FileKind.OGG: "VORBIS"}.get(kind, depth.value)
    extras = _MP3_FILE if kind is FileKind.MP3 else {}
    try:
        return soundfile.SoundFile(
            str(path), "w", signal.sample_rate, signal.channel_count, subtype, format=kind.name, **extras
        )
    except soundfile.LibsndfileError as error:
        raise OSError(f"The {kind.name} file cannot be written: {error.error_string}") from None


def _frames(samples: Samples, kind: FileKind, depth: Depth, dice: np.random.Generator) -> np.ndarray:
    """Return a chunk as (samples, channels) in the numbers of the file."""
    if kind in {FileKind.MP3, FileKind.OGG}:
        return _within_full_scale(samples)
    if depth is Depth.BITS_16:
        return to_16_bits(samples, dice).T
    return to_24_bits(samples).T


def _within_full_scale(samples: Samples) -> np.ndarray:
    return np.clip(samples.T, -1.0, 1.0)
