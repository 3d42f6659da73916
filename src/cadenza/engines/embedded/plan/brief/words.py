"""From free words to wishes: what a prompt or a list of tags asks for, and what it asks to avoid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from cadenza.engines.embedded.plan.brief.data import Mood, Wanted, lexicon
from cadenza.music.brief import Role
from cadenza.music.pitch import Mode, pitch_class_of
from cadenza.music.time import Metre

_BPM = re.compile(r"\b(\d{2,3}(?:\.\d{1,3})?)\s?-?\s?(?:bpm|beats\s(?:per|a)\sminute)\b", re.IGNORECASE)
_TEMPO = re.compile(r"\btempo\s?(?:of|:|=|at|is)?\s?(\d{2,3}(?:\.\d{1,3})?)\b", re.IGNORECASE)
_METRE = re.compile(r"\b(\d{1,2})\s?/\s?(2|4|8|16)\b")
_KEY = re.compile(
    r"(?<![\w#♯♭])([A-Ga-g])(?:([#♯b♭])|[\s-](sharp|flat))?[\s-]?(major|minor|maj|min|dur|moll|m)(?![\w#])",
    re.IGNORECASE,
)
_BARE_KEY = re.compile(r"\b(?:in|key of|key:?)\s([A-G])([#♯b♭]?)(?![\w#♯♭'])")
_NEGATED = re.compile(
    r"\b(?:no|without|avoid|minus|excluding|except|not|non)\b[\s-]([^,.;:!?\n]{1,80}?)"
    r"(?=$|[,.;:!?\n]|\s(?:but|with|in|at)\s)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\bsolo\s(?!and\b|with\b|in\b|over\b|at\b|section\b|part\b)\w|\bonly\b|\bunaccompanied\b", re.IGNORECASE
)
_HALF_TIME = re.compile(r"\bhalf[\s-]?time\b", re.IGNORECASE)
_WALTZ = re.compile(r"\bwaltz(?:es)?\b", re.IGNORECASE)
_MODE_WORD = re.compile(r"\b(major|minor)\b", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_WORD = re.compile(r"[^\W_]+(?:[-&'][^\W_]+)*")
_SLOWEST_BPM, _FASTEST_BPM = 30, 260


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the words ask for. None and empty mean: not said.

    ``avoid`` are roles and instruments by our names and genres by theirs. ``unknown`` are the words
    that meant nothing to us, ``is_alone`` says that only the named instruments play, ``neighbours``
    are the instruments that another one stands in for.
    """

    genres: tuple[str, ...]
    moods: tuple[Mood, ...]
    pace: float
    beats_per_minute: Fraction | None
    is_half_time: bool
    tonic: int | None
    mode: Mode | None
    metre: Metre | None
    instruments: tuple[Wanted, ...]
    is_alone: bool
    avoid: frozenset[str]
    unknown: tuple[str, ...]
    neighbours: tuple[str, ...]

    @property
    def minor_pull(self) -> float:
        """Sum of what the moods want of the mode: above 0 a minor key."""
        return sum(mood.minor for mood in self.moods)


def read_wishes(text: str, avoid_text: str) -> Wishes:
    """Read what ``text`` asks for; what it negates or ``avoid_text`` names is kept out."""
    text = _BLANKS.sub(" ", text)  # so that no pattern below has to cope with runs of them
    negated = ", ".join(_NEGATED.findall(text))
    wanted_text = _NEGATED.sub(" ", text)
    rest, beats_per_minute = _take_tempo(wanted_text)
    rest, metre = _take_metre(rest)
    rest, tonic, mode = _take_key(rest)
    is_half_time = _HALF_TIME.search(rest) is not None
    found, unknown = _match_phrases(_HALF_TIME.sub(" ", rest))
    words, avoid = lexicon(), _avoided(f"{negated}, {avoid_text}")
    instruments = tuple(words.instruments[p] for p in found if p in words.instruments)
    return Wishes(
        genres=tuple(words.genres[p] for p in found if p in words.genres and words.genres[p] not in avoid),
        moods=tuple(words.moods[p] for p in found if p in words.moods),
        pace=sum(words.paces.get(p, 0.0) for p in found),
        beats_per_minute=beats_per_minute,
        is_half_time=is_half_time,
        tonic=tonic,
        mode=mode,
        metre=metre,
        instruments=tuple(w for w in instruments if w.name not in avoid and w.role.value not in avoid),
        is_alone=_ALONE.search(rest) is not None and bool(instruments),
        avoid=avoid,
        unknown=unknown,
        neighbours=tuple(p for p in found if p in words.instruments and words.instruments[p].is_neighbour),
    )


def _take_tempo(text: str) -> tuple[str, Fraction | None]:
    for pattern in (_BPM, _TEMPO):
        match = pattern.search(text)
        if match is not None and _SLOWEST_BPM <= float(match[1]) <= _FASTEST_BPM:
            return pattern.sub(" ", text), Fraction(match[1])
    return text, None


def _take_metre(text: str) -> tuple[str, Metre | None]:
    match = _METRE.search(text)
    if match is not None and 2 <= int(match[1]) <= 15:
        return _METRE.sub(" ", text), Metre(int(match[1]), int(match[2]))
    if _WALTZ.search(text):
        return _WALTZ.sub(" ", text), Metre(3, 4)
    return text, None


def _take_key(text: str) -> tuple[str, int | None, Mode | None]:
    for match in _KEY.finditer(text):
        note, sign, spelled, mode = match.groups()
        # "m" alone is a minor key only where the note is a capital: "Am", not "I am" or "d m".
        if mode.lower() == "m" and not (mode == "m" and note.isupper() and match[0].endswith(("m",))):
            continue
        accidental = sign or {"sharp": "#", "flat": "b", None: ""}[spelled and spelled.lower()]
        is_minor = mode.lower() in {"minor", "min", "moll", "m"}
        left = text[: match.start()] + " " + text[match.end() :]
        return left, pitch_class_of(note + accidental.lower()), Mode.MINOR if is_minor else Mode.MAJOR
    bare = _BARE_KEY.search(text)
    word = _MODE_WORD.search(text)
    mode_asked = Mode(word[1].lower()) if word is not None else None
    if bare is None:
        return text, None, mode_asked
    return _BARE_KEY.sub(" ", text), pitch_class_of(bare[1] + bare[2]), mode_asked


def _match_phrases(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the known phrases in order, longest first at each place, and the words left over."""
    words, tokens = lexicon(), _WORD.findall(text.lower())
    found: list[str] = []
    unknown: dict[str, None] = {}
    at, longest = 0, words.longest_phrase
    while at < len(tokens):
        phrase = next((p for n in range(longest, 0, -1) if (p := _phrase_at(tokens, at, n))), None)
        if phrase is None:
            if tokens[at] not in words.silent and not tokens[at].isdigit():
                unknown[tokens[at]] = None
            at += 1
            continue
        found.append(phrase[0])
        at += phrase[1]
    return found, tuple(unknown)


def _phrase_at(tokens: list[str], at: int, count: int) -> tuple[str, int] | None:
    words = lexicon()
    if at + count > len(tokens):
        return None
    text = " ".join(tokens[at : at + count])
    for spelling in (text, text.replace("-", " "), text.rstrip("s") if count == 1 else text):
        tables = (words.genres, words.instruments, words.moods, words.paces)
        if any(spelling in table for table in tables):
            return spelling, count
    return None


def _avoided(text: str) -> frozenset[str]:
    words = lexicon()
    found, _ = _match_phrases(text)
    avoided: set[str] = set()
    for phrase in found:
        wanted = words.instruments.get(phrase)
        if phrase in words.genres:
            avoided.add(words.genres[phrase])
        if wanted is not None:
            avoided |= _kept_out(phrase, wanted)
    return frozenset(avoided)


def _kept_out(phrase: str, wanted: Wanted) -> set[str]:
    """Return what a negated instrument word keeps out: a whole role, or all instruments of a family."""
    if wanted.role in {Role.DRUMS, Role.BASS} and (not wanted.name or phrase.startswith("bass")):
        return {wanted.role.value}
    if not wanted.name:
        return {wanted.role.value}
    family = phrase.rsplit(maxsplit=1)[-1].rstrip("s")
    known = lexicon().instruments.items()
    names = {w.name for p, w in known if p.split()[-1].rstrip("s") == family and w.role is wanted.role}
    return names | {wanted.name}
