"""What a style of music is, as data: every field of a genre file, typed.

Rhythms are lines of text, one sign per equal step of a bar: readable, and exact in any metre.

Drum lines: ``x`` hit, ``X`` accent, ``g`` ghost, ``.`` nothing.
Comping lines: ``x``/``X`` strike the chord, ``-`` hold, ``.`` silence, ``1`` to ``5`` one tone of the
chord from below, ``b`` only its lowest tone.
Bass lines: ``r`` root, ``3``/``5``/``7`` chord tones, ``8`` octave, ``a`` approach to the next root,
``-`` hold, ``.`` silence, ``k`` the root where the bass drum strikes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from cadenza.music.pitch import Mode

# What may lead into a peak: noise that rises, a cymbal backwards, a boom on the first beat, noise that
# falls after a peak, a snare roll, and a beat of silence.
EFFECTS = frozenset(("riser", "reverse", "impact", "fall", "roll", "gap"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Groove:
    """One drum pattern of one bar. ``lines`` maps a drum (``score.DRUM_PITCHES``) to its line."""

    name: str
    metre: str
    lines: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """How the accompanying parts move in one metre: lines to choose from."""

    grooves: tuple[Groove, ...]
    comping: tuple[str, ...]
    bass: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MelodyStyle:
    """How the tune moves.

    ``step`` is the smallest note value in quarters, ``density`` the share of steps that strike,
    ``syncopation`` 0 (on the beat) to 1 (mostly off it), ``lowest``/``highest`` MIDI pitches.
    """

    step: Fraction
    density: float
    syncopation: float
    lowest: int
    highest: int
    is_pentatonic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The room and the desk of a genre.

    ``reverb_s`` is the time to -60 dB, ``reverb_share`` scales all sends, ``duck_db`` how far the
    bass drum pushes pads down, ``top_db`` a shelf above 8 kHz on the whole mix, ``levels_db`` moves
    a part's fader from the common balance.
    """

    reverb_s: float
    reverb_share: float
    duck_db: float
    top_db: float
    levels_db: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Genre:
    """One family of styles: one file.

    ``words`` are what people call it. ``tempo_bpm`` is (slowest, fastest, typical). ``swing`` is the
    share of a pair of ``swing_step`` (in quarters) that its first note takes: 1/2 is straight.
    ``looseness_ms`` is the standard deviation of played timing. ``palette`` maps a role to
    instruments, the most typical first; a role that is absent stays silent. ``progressions`` maps a
    mode to lines of Roman numerals, ``chord_bars`` tells for how many bars each stands.
    ``form`` names sections in order. ``slow_down`` stretches the last bar before the final chord.
    ``effects`` are what leads into its peaks (``EFFECTS``), ``lift_semitones`` how far up the last
    chorus may step (0: it never does).
    """

    name: str
    words: tuple[str, ...]
    tempo_bpm: tuple[int, int, int]
    minor_share: float
    energy: float
    swing: Fraction
    swing_step: Fraction
    looseness_ms: float
    bass_late_ms: float
    chord_bars: Fraction
    slow_down: Fraction
    metre: str
    palette: Mapping[str, tuple[str, ...]]
    progressions: Mapping[Mode, tuple[tuple[str, ...], ...]]
    textures: Mapping[str, Texture]
    melody: MelodyStyle
    sound: Sound
    form: tuple[str, ...]
    effects: frozenset[str] = frozenset()
    lift_semitones: int = 0
