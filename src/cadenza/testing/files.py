"""Sound files in memory, in every format that libsndfile writes."""

from __future__ import annotations

import io
from typing import Final

import soundfile

from cadenza.audio.encode import CHUNK_SAMPLES
from cadenza.audio.resample import resample
from cadenza.audio.signal import Signal

# name → (libsndfile's format, subtype)
FORMATS: Final = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "flac24": ("FLAC", "PCM_24"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
}


def file_bytes(signal: Signal, name: str) -> bytes:
    """Return ``signal`` as a file of the named format; Opus is brought to the 48 kHz it knows."""
    kind, subtype = FORMATS[name]
    if name == "opus":
        signal = resample(signal, 48000)
    written = io.BytesIO()
    with soundfile.SoundFile(
        written, "w", signal.sample_rate, signal.channel_count, subtype, format=kind
    ) as file:
        for start in range(0, signal.sample_count, CHUNK_SAMPLES):
            file.write(signal.samples[:, start : start + CHUNK_SAMPLES].T)
    return written.getvalue()
