"""The canonical request: what all four dialects mean, in one vocabulary.

A custom request without its style, or a continuation without a source, cannot be built:
the modes of the wire ("simple", "custom", "inherit") are three types here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Weight:
    """A control between 0.00 and 1.00, exact to the hundredth as the documents ask."""

    hundredths: int

    def __post_init__(self) -> None:
        assert 0 <= self.hundredths <= 100, "a weight lies between 0.00 and 1.00"

    @property
    def fraction(self) -> float:
        """The weight as a number from 0.0 to 1.0."""
        return self.hundredths / 100


class Voice(enum.Enum):
    """Who sings."""

    NOBODY = "nobody"  # instrumental
    ANYBODY = "anybody"
    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Simple mode: a free description; title, style and words are for us to find."""

    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Specified:
    """Custom mode: the caller names title and style, and the words if anybody sings.

    ``style`` may be empty only where a dialect lets it (apiin's extend). ``lyrics`` are literal;
    ``description`` is a further wish in prose ("a calmer bridge") where a dialect has both. An inherited
    style is the one that the source has already: nothing is asked by it.
    """

    title: str
    style: str
    lyrics: str | None = None
    description: str | None = None
    style_is_inherited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """Inherit mode: all parameters come from the source; ``prompt`` may add a wish."""

    prompt: str | None = None


Wish = Described | Specified | Inherited


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUrl:
    """A recording to be fetched from the caller's URL."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUpload:
    """A recording that was uploaded here before."""

    upload_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTake:
    """An earlier take of the same account, by its own id."""

    take_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTaskTake:
    """An earlier take of the same account, by its task and its place in it (0 or 1)."""

    task_id: str
    take_index: int


Source = SourceUrl | SourceUpload | SourceTake | SourceTaskTake


class Side(enum.Enum):
    """Where the new part goes."""

    RIGHT = "right"  # after the source
    LEFT = "left"  # before it, as a lead-in


class Overlay(enum.Enum):
    """What is laid over a recording that stays whole, where the music does not go on from it."""

    VOCALS = "vocals"  # a lead over its music
    INSTRUMENTS = "instruments"  # players under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Where the music comes from and from which second it goes on.

    ``from_s`` is None where the caller left the place to us: the end of the source's music (on the left
    side its beginning, from where the source is kept). With ``until_s``, which needs ``from_s`` and the
    right side, the new part replaces what lies between the two. ``context_s`` is how much of the source
    next to the new part is quoted from; None is all that lies before it. An ``overlay`` has no place:
    it lies over all of the source.
    """

    source: Source
    from_s: float | None = None
    until_s: float | None = None
    side: Side = Side.RIGHT
    context_s: float | None = None
    overlay: Overlay | None = None

    def __post_init__(self) -> None:
        if self.overlay is not None:
            assert self.from_s is self.until_s is self.context_s is None, "an overlay has no place"
            assert self.side is Side.RIGHT, "an overlay has no side"
        if self.until_s is not None:
            assert self.from_s is not None, "a section begins somewhere"
            assert self.side is Side.RIGHT, "a section has no side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """How closely to follow what was asked. None: the engine's default (0.5)."""

    style_weight: Weight | None = None
    weirdness: Weight | None = None
    audio_weight: Weight | None = None


class ExtraFile(enum.Enum):
    """A file of each take that is only made where somebody asks for it."""

    WAV_16 = "wav16"  # 16 bits per sample
    WAV_24 = "wav24"  # 24 bits per sample
    OGG = "ogg"
    STEMS = "stems"  # the sound of each role by itself, in one archive


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One order for takes, in no dialect.

    Attributes
    ----------
    wish
        What is wanted: described, specified or inherited.
    voice
        Who sings, if anybody.
    continuation
        The recording to go on from, or None for a new song.
    avoid
        Styles and instruments to keep out, as one free text ("metal, aggressive").
    controls
        The three weights.
    tier
        The name of a row in ``domain.tiers``: limits, price and engine.
    take_count
        How many takes, each its own idea (1 to 4; every hosted dialect has exactly 2).
    duration_s
        Length of the song, or of the new part of a continuation; None leaves it to the form.
    seed
        0 to 2**63 - 1; None draws one when the task is accepted.
    extra_files
        What is wanted beside the files that every take has.
    seam_only
        A preview: of a continuation only the seconds around the join.
    """

    wish: Wish
    tier: str
    voice: Voice = Voice.ANYBODY
    continuation: Continuation | None = None
    avoid: str = ""
    controls: Controls = field(default_factory=Controls)
    take_count: int = 2
    duration_s: float | None = None
    seed: int | None = None
    extra_files: frozenset[ExtraFile] = frozenset()
    seam_only: bool = False
