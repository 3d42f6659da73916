"""Where the words of a request want the music of a recording to go: calmer, brighter, without drums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified
from cadenza.engines.embedded.plan.brief.data import Wanted
from cadenza.engines.embedded.plan.brief.words import Wishes, read_wishes
from cadenza.music.brief import Role
from cadenza.music.pitch import Mode

_FULL_ENERGY = 0.3  # of a mood word: "calm" and "energetic" go all the way
_DARK, _WARM = 0.7, 0.3  # shares of "darker" and "duller" that other words mean
_PACE_IS_ENERGY = 0.5  # the beats of the source stay: slower is half as many strokes, and calmer
_MOST_TILT_DB, _MOST_SOFTER_DB, _MOST_LOUDER_DB = 7.0, 4.0, 2.0
_MOST_DRUMS_DOWN_DB, _MOST_DRUMS_UP_DB = 18.0, 3.0
_MOST_SOFTENING = 0.6  # without an order to leave strokes out: notes keep some of their beginnings
REMOVED_DB = -80.0
_REMOVABLE = frozenset({Role.DRUMS.value, Role.BASS.value})

_TAKEN_OUT = re.compile(
    r"\b(?:remov(?:e|ing)|drop(?:ping)?|mut(?:e|ing)|los(?:e|ing)|cut(?:ting)?|take out|leave out)\s"
    r"(?=(?:the\s|all\s|any\s)?[a-z]+)",
    re.IGNORECASE,
)
_DRUMLESS = re.compile(r"\bdrumless\b|\bbeatless\b", re.IGNORECASE)
_ADDED = re.compile(
    r"\b(?:add(?:s|ing|ed)?|bring(?:s|ing)?\sin|introduc(?:e|es|ing)|with\sadded)\s([^,.;:!?\n]{1,60})",
    re.IGNORECASE,
)
_SUNG = re.compile(r"\b(?:vocals?|voices?|singing|singers?)\b", re.IGNORECASE)
_COMPARATIVES: tuple[tuple[re.Pattern[str], str, float], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), what, much)
    for words, what, much in (
        (r"calmer|softer|quieter|gentler|sparser|mellower|calming|calm(?:s|ing)?\sdown|less\s(?:busy|dense|energ\w+|intense)",
         "energy", -1.0),
        (r"louder|busier|denser|livelier|harder|more\s(?:energ\w+|intens\w+|driving)|bigger|build(?:s|ing)?(?:\sup)?",
         "energy", 1.0),
        (r"slower|slow(?:s|ing)?\sdown|slowing", "pace", -1.0),
        (r"faster|quicker|speed(?:s|ing)?\sup|double[\s-]?time", "pace", 1.0),
        (r"brighter|crisper|airier|crisp|airy|more\s(?:treble|sparkle|air)", "brightness", 1.0),
        (r"darker|duller|muffled|less\s(?:treble|bright)", "brightness", -1.0),
        (r"bright|sparkling", "brightness", _DARK),
        (r"dark", "brightness", -_DARK),
        (r"warm(?:er)?", "brightness", -_WARM),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What the words ask of a continuation, and how much of it is done.

    ``strength`` is the style weight, 0 (the source decides) to 1. ``energy`` (1 denser and louder),
    ``pace`` (1 faster on the same beats), ``brightness`` and ``minor`` (1 minor, -1 major) run from -1 to
    1; 0 is unsaid.
    ``without`` are roles to take out whatever the strength, ``adds`` the roles to be added, ``named`` the
    instruments for them; ``names_drums`` says that drums are spoken of in any way. ``unheeded`` are words
    that change nothing, ``refused`` names of what is in the recording and cannot be taken out of it.
    """

    strength: float
    energy: float = 0.0
    pace: float = 0.0
    is_half_time: bool = False
    brightness: float = 0.0
    minor: float = 0.0
    without: frozenset[Role] = frozenset()
    adds: frozenset[Role] = frozenset()
    names_drums: bool = False
    named: Mapping[Role, str] = field(default_factory=dict)
    words: str = ""
    avoid: str = ""
    unheeded: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def drums_db(self) -> float:
        """Gain of what strikes."""
        if Role.DRUMS in self.without:
            return REMOVED_DB
        much = self.strength * self.energy
        return much * (_MOST_DRUMS_UP_DB if much > 0 else _MOST_DRUMS_DOWN_DB)

    @property
    def level_db(self) -> float:
        """Gain of everything."""
        much = self.strength * self.energy
        return much * (_MOST_LOUDER_DB if much > 0 else _MOST_SOFTER_DB)

    @property
    def softening(self) -> float:
        """How far attacks are taken back in what sustains, 0 to 1."""
        return 1.0 if Role.DRUMS in self.without else max(0.0, -_MOST_SOFTENING * self.strength * self.energy)

    @property
    def tilt_db(self) -> float:
        """Gain of the highs against the lows."""
        return _MOST_TILT_DB * self.strength * float(self.brightness + 0.3 * min(0.0, self.energy))

    @property
    def is_neutral(self) -> bool:
        """Whether the source alone decides."""
        pulls = (self.energy, self.pace, self.brightness, self.minor)
        asks = any(pulls) or self.is_half_time or bool(self.adds) or self.names_drums
        return not (self.without or (self.strength > 0 and asks))


def read_direction(request: GenerationRequest) -> Direction:
    """Read what the words of a continuation ask for; what is to be avoided always wins."""
    text = _DRUMLESS.sub("no drums", _TAKEN_OUT.sub("no ", _text(request)))
    wishes, shunned = read_wishes(text, request.avoid), read_wishes(request.avoid, "")
    pulls = _pulls(text, wishes)
    against = _pulls(request.avoid, shunned)
    pace = _clipped(pulls["pace"] - against["pace"])
    added, weight = _added(text, wishes), request.controls.style_weight
    return Direction(
        strength=0.5 if weight is None else weight.fraction,
        energy=_clipped(pulls["energy"] - against["energy"] + _PACE_IS_ENERGY * pace),
        pace=pace,
        is_half_time=wishes.is_half_time or pace < 0,
        brightness=_clipped(pulls["brightness"] - against["brightness"]),
        minor=_clipped(_minor(wishes) - _minor(shunned)),
        without=frozenset(role for role in Role if role.value in wishes.avoid & _REMOVABLE),
        adds=frozenset(wanted.role for wanted in added),
        names_drums=any(wanted.role is Role.DRUMS for wanted in wishes.instruments),
        named={
            wanted.role: wanted.name for wanted in added if wanted.name and not wanted.name.startswith("*")
        },
        words=text,
        avoid=request.avoid,
        unheeded=_unheeded(text, wishes),
        refused=_refused(request.avoid, wishes, shunned),
    )


def _text(request: GenerationRequest) -> str:
    match request.wish:
        case Described(prompt=prompt):
            return prompt
        case Specified(style=style, description=description, style_is_inherited=is_inherited):
            style = "" if is_inherited else style
            return ", ".join(part for part in (style, description or "") if part)
        case Inherited(prompt=prompt):
            return prompt or ""


def _pulls(text: str, wishes: Wishes) -> dict[str, float]:
    """Return the sums of what the words pull at; comparatives and mood words count alike."""
    pulls = {
        "energy": sum(mood.energy for mood in wishes.moods) / _FULL_ENERGY,
        "pace": 0.0,
        "brightness": 0.0,
    }
    for pattern, what, much in _COMPARATIVES:
        if pattern.search(text):
            pulls[what] += much
    return pulls


def _minor(wishes: Wishes) -> float:
    if wishes.mode is not None:
        return 1.0 if wishes.mode is Mode.MINOR else -1.0
    return wishes.minor_pull


def _added(text: str, wishes: Wishes) -> list[Wanted]:
    """Return what is explicitly to be added and not to be avoided."""
    found = [wanted for part in _ADDED.findall(text) for wanted in read_wishes(part, "").instruments]
    return [w for w in found if w.role.value not in wishes.avoid and w.name not in wishes.avoid]


def _unheeded(text: str, wishes: Wishes) -> tuple[str, ...]:
    """Return the words that change nothing: unknown ones that no comparative holds either."""
    for pattern, _, _ in _COMPARATIVES:
        text = pattern.sub(" ", text)
    left = set(read_wishes(_ADDED.sub(r" \1", text), "").unknown)
    return tuple(word for word in wishes.unknown if word in left)


def _refused(avoid: str, wishes: Wishes, shunned: Wishes) -> tuple[str, ...]:
    """Return what shall be kept out and sounds on where the recording has it."""
    voices = ("vocals",) if _SUNG.search(avoid) else ()
    sounding = sorted(name.replace("_", " ") for name in wishes.avoid - _REMOVABLE if name[0] != "*")
    return (*voices, *sounding, *shunned.unknown)


def _clipped(pull: float) -> float:
    return max(-1.0, min(1.0, pull))
