"""What was found in a recording, in plain words and numbers: the portrait as it is told to others.

``portrait.Portrait`` is what the stages of a continuation work from; this is what people and programs are
shown of it, and what was listened for only to be shown. A thing that is not there (a beat in a speech, a key
in noise) is absent here, not guessed at.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# Changes whenever the same recording may give other findings.
FINDINGS_VERSION: Final = 1


class Character(enum.Enum):
    """What a recording is like as a whole, as far as that can be heard from its pulse and its pitches."""

    RHYTHMIC = "rhythmic"  # a steady beat and a key
    PERCUSSIVE = "percussive"  # a steady beat, no key
    FLOATING = "floating"  # a key, no steady beat: rubato, ambient
    UNPITCHED = "unpitched"  # neither: speech, noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time in seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoStretch(Stretch):
    """A stretch whose tempo stays within 2 %."""

    bpm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTempo:
    """The beats per minute over the whole, and stretch by stretch. ``bpm`` is None without a steady beat."""

    bpm: float | None
    confidence: float
    map: tuple[TempoStretch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMetre:
    """Beats in a bar. None without a steady beat."""

    beats_per_bar: int | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """Tonic and mode ("A", "minor"), both None where no key stands out."""

    name: str | None
    tonic: str | None
    mode: str | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTuning:
    """How far the tones lie from A = 440 Hz, -50 to 50 cents; None where there are no tones."""

    cents: float | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChord(Stretch):
    """A chord ("A minor") and how long it holds."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChords:
    """Chords in order; between two of them there may be none. ``by_beat`` has one name or None per beat."""

    by_beat: tuple[str | None, ...]
    spans: tuple[FoundChord, ...]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSection(Stretch):
    """A part of the form. Parts of one label ("A", "B") sound alike."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundForm:
    """The sections without gaps from the start of the music to its end, and where phrases end."""

    sections: tuple[FoundSection, ...]
    phrase_ends_s: tuple[float, ...]
    bars_per_phrase: int | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLoudness:
    """Integrated loudness, and the momentary one (0.4 s) at ``rate_hz`` from 0.2 s on, in LUFS."""

    integrated_lufs: float
    range_lu: float
    rate_hz: float
    momentary_lufs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVoice:
    """Where somebody seems to sing or speak. An estimate without a trained model: see the confidence."""

    spans: tuple[Stretch, ...]
    share: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStereo:
    """The stereo image: ``width`` 0 (mono) to 1 (no common part), ``balance`` -1 (left) to 1 (right)."""

    channels: int
    width: float
    balance: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSound:
    """The sound as a whole: shares of the power below 250 Hz, to 2 kHz and above, and how bright it is."""

    bass: float
    middle: float
    treble: float
    brightness_hz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is told of a recording. Confidences run from 0 (a guess) to 1 (certain).

    ``beats_s``, ``downbeats_s`` and ``bars`` are empty without a steady beat.
    """

    duration_s: float
    music: Stretch
    character: Character
    tempo: FoundTempo
    beats_s: tuple[float, ...]
    metre: FoundMetre
    downbeats_s: tuple[float, ...]
    bars: tuple[Stretch, ...]
    key: FoundKey
    tuning: FoundTuning
    chords: FoundChords
    form: FoundForm
    loudness: FoundLoudness
    voice: FoundVoice
    stereo: FoundStereo
    sound: FoundSound


def findings_to_json(findings: Findings) -> dict[str, Any]:
    """Return the findings as JSON values: seconds to the millisecond, all else to three or four digits."""
    return {"object": "portrait", "version": FINDINGS_VERSION, **_plain(findings)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    return round(value, 3) if isinstance(value, float) else value
