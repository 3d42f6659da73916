"""From a request to a brief: the words decide, the genre fills in, the dice choose among what is left."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified
from cadenza.engines.embedded.plan.brief_data import genres, lexicon, other_metres
from cadenza.engines.embedded.plan.brief_form import (
    Block,
    energies,
    fit_form,
    ideal_bars,
    players,
    sections_of_lyrics,
)
from cadenza.engines.embedded.plan.brief_words import Wishes, read_wishes
from cadenza.engines.embedded.plan.sung_form import SungForm, sung_form
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.genre import Genre, Groove, Texture
from cadenza.music.lyrics import Line, Lyrics
from cadenza.music.pitch import Key, Mode
from cadenza.music.time import Metre
from cadenza.music.vocal import LineSlot

SHORTEST_S, LONGEST_S = 10.0, 480.0
_NATURAL_S = (120.0, 180.0)
_KEY_STEPS = (0, 3, -2, 5)  # how far apart the keys of the takes of one order lie, in semitones
_EVERYDAY = ("pop", "lo-fi hip hop", "folk", "synthwave", "funk", "cinematic")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A brief and what the caller may be told of it.

    ``unknown`` are words that changed nothing, ``neighbours`` instruments that another one plays.
    ``slots`` are the lines to be sung and their room, ``unsung`` those for which there is none.
    """

    brief: Brief
    style: str
    lyrics: str
    unknown: tuple[str, ...]
    neighbours: tuple[str, ...]
    slots: tuple[LineSlot, ...] = ()
    unsung: tuple[Line, ...] = ()


def draw_brief(request: GenerationRequest, dice: Dice, words: Lyrics | None = None) -> Planned:
    """Decide everything about one take before a note is written. Never raises for odd words.

    ``words`` are the lyrics where somebody sings them: then the form is made for them.
    """
    text, lyrics, title = _texts(request)
    wishes = read_wishes(text, request.avoid)
    chooser = _Chooser(dice, _weight(request, "style_weight"), _weight(request, "weirdness"))
    genre = _genre(wishes, chooser)
    metre = wishes.metre or Metre.parse(genre.metre)
    texture = _texture(genre, metre)
    groove = chooser.one_of(texture.grooves, "groove")
    brief = Brief(
        title=title or _title(chooser, text),
        genre=genre,
        beats_per_minute=_tempo(wishes, genre, chooser),
        metre=metre,
        key=_key(wishes, genre, chooser),
        form=(),
        duration_s=0.0,
        instruments=_instruments(wishes, genre, chooser),
        groove=groove,
        drum_stretch=2 if wishes.is_half_time else 1,
        bass_line=chooser.one_of(texture.bass, "bass line"),
        weirdness=chooser.weirdness,
    )
    sung: SungForm | None = None
    if words is not None and words.lines:
        brief, sung = _with_sung_form(brief, wishes, chooser, words=words, duration_s=request.duration_s)
    else:
        brief = _with_form(brief, wishes, chooser, kinds=_kinds(genre, lyrics), duration_s=request.duration_s,
                           keep_all=bool(sections_of_lyrics(lyrics)))  # fmt: skip
    style = text if isinstance(request.wish, Specified) and text else _style_text(brief)
    return Planned(
        brief=brief,
        style=style,
        lyrics=lyrics,
        unknown=wishes.unknown,
        neighbours=wishes.neighbours,
        slots=sung.slots(brief.bar) if sung else (),
        unsung=sung.unsung if sung else (),
    )


def _texts(request: GenerationRequest) -> tuple[str, str, str]:
    """Return what describes the music, the words, and the title (each may be empty)."""
    match request.wish:
        case Described(prompt=prompt):
            return prompt, "", ""
        case Specified(title=title, style=style, lyrics=lyrics, description=description):
            text = ", ".join(part for part in (style, description or "") if part)
            return text, (lyrics or "").strip(), title.strip()
        case Inherited(prompt=prompt):
            return prompt or "", "", ""


def _weight(request: GenerationRequest, name: str) -> float:
    weight = getattr(request.controls, name)
    return 0.5 if weight is None else float(weight.fraction)


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Chooses among options, the most typical first.

    The takes of an order share one shuffled list and take one entry each, so that they differ
    wherever there is a choice. A high ``style_weight`` keeps to the front of the list, ``weirdness``
    goes further back.
    """

    dice: Dice
    style_weight: float
    weirdness: float

    def one_of(self, options: Sequence[_T], name: str) -> _T:
        """Return this take's option."""
        width = 1.0 - 0.6 * self.style_weight + 0.6 * self.weirdness
        kept = options[: max(min(2, len(options)), math.ceil(len(options) * min(1.0, width)))]
        throws = self.dice.shared.named(f"plan {name}").random(len(kept))
        # Weighted sampling without replacement (Efraimidis and Spirakis 2006): typical ones come first.
        weights = 1.0 / (1.0 + 0.5 * (1.0 - self.weirdness) * np.arange(len(kept)))
        order = np.argsort(-(throws ** (1.0 / weights)), kind="stable")
        return kept[int(order[self.dice.take_index % len(kept)])]

    def throw(self, name: str, *, shared: bool = False) -> float:
        """Return a number in [0, 1)."""
        dice = self.dice.shared if shared else self.dice
        return float(dice.named(f"plan {name}").random())


def _genre(wishes: Wishes, chooser: _Chooser) -> Genre:
    """Return the genre most spoken of (the last of equals: "jazzy house" is house).

    A second genre lends its harmony and its chord players.
    """
    if not wishes.genres:
        free = [name for name in _EVERYDAY if name not in wishes.avoid]
        open_to = sorted(free, key=lambda name: abs(genres()[name].energy - 0.55 - _energy_pull(wishes)))
        index = int(chooser.throw("genre", shared=True) * min(3, len(open_to))) if open_to else 0
        return genres()[open_to[index]] if open_to else next(iter(genres().values()))
    counts = Counter(wishes.genres)
    last = {name: index for index, name in enumerate(wishes.genres)}
    main, *others = sorted(counts, key=lambda name: (-counts[name], -last[name]))
    if not others:
        return genres()[main]
    lender = genres()[others[0]]
    palette = dict(genres()[main].palette)
    palette["chords"] = tuple(dict.fromkeys((*lender.palette["chords"][:1], *palette["chords"])))
    return dataclasses.replace(genres()[main], palette=palette, progressions=lender.progressions)


def _energy_pull(wishes: Wishes) -> float:
    return sum(mood.energy for mood in wishes.moods)


def _texture(genre: Genre, metre: Metre) -> Texture:
    known = genre.textures.get(str(metre)) or other_metres().get(str(metre))
    return known or _plain_texture(metre)


def _plain_texture(metre: Metre) -> Texture:
    """Return lines for a metre nobody wrote any for: groups of two with a three at the end."""
    groups = [2] * (metre.count // 2) if metre.count % 2 == 0 else [*([2] * (metre.count // 2 - 1)), 3]
    starts = "".join("x" + "-" * (size - 1) for size in groups)
    kick = "".join(("X" if i % 2 == 0 else ".") + "." * (size - 1) for i, size in enumerate(groups))
    snare = "".join(("x" if i % 2 else ".") + "." * (size - 1) for i, size in enumerate(groups))
    lines = {"kick": kick, "snare": snare, "hat": "x" * metre.count}
    return Texture(
        grooves=(Groove(name="groups", metre=str(metre), lines=lines),),
        comping=(starts,),
        bass=("r" + starts[1:].replace("x", "5"),),
    )


def _tempo(wishes: Wishes, genre: Genre, chooser: _Chooser) -> Fraction:
    if wishes.beats_per_minute is not None:
        return wishes.beats_per_minute
    slowest, fastest, typical = genre.tempo_bpm
    pull = wishes.pace + sum(mood.pace for mood in wishes.moods)
    centre = typical + pull * ((fastest - typical) if pull > 0 else (typical - slowest))
    spread = (fastest - slowest) * (0.1 + 0.3 * chooser.weirdness)
    bpm = centre + (chooser.throw("tempo") - 0.5) * spread
    return Fraction(round(min(fastest * 1.15, max(slowest * 0.82, bpm))))


def _key(wishes: Wishes, genre: Genre, chooser: _Chooser) -> Key:
    mode = wishes.mode
    if mode is None and wishes.tonic is not None and wishes.minor_pull <= 0.5:
        mode = Mode.MAJOR  # "in C" without a word of sadness is C major
    if mode is None:
        share = min(1.0, max(0.0, genre.minor_share + 0.6 * wishes.minor_pull))
        mode = Mode.MINOR if chooser.throw("mode", shared=True) < share else Mode.MAJOR
    if wishes.tonic is not None:
        return Key(wishes.tonic, mode)
    base = int(chooser.throw("tonic", shared=True) * 12)
    return Key((base + _KEY_STEPS[chooser.dice.take_index % len(_KEY_STEPS)]) % 12, mode)


def _instruments(wishes: Wishes, genre: Genre, chooser: _Chooser) -> dict[Role, str]:
    """Return who plays each role. What is named plays; what is avoided is silent."""
    named = {w.role: _own(w.name, genre) for w in reversed(wishes.instruments) if w.name}
    only = _soloists(wishes, named) if wishes.is_alone else frozenset(Role)
    if wishes.is_alone and set(named) == {Role.CHORDS}:
        named[Role.MELODY] = named[Role.CHORDS]  # a pianist alone plays the tune as well
    chosen: dict[Role, str] = {}
    for role in Role:
        options = [n for n in genre.palette.get(role.value, ()) if n not in wishes.avoid]
        if role.value in wishes.avoid or role not in only or not (options or role in named):
            continue
        unused = [name for name in options if name not in chosen.values()]
        chosen[role] = named.get(role) or chooser.one_of(unused or options, f"instrument {role.value}")
    return chosen or _whoever_is_left(wishes, genre)


def _whoever_is_left(wishes: Wishes, genre: Genre) -> dict[Role, str]:
    """Return one player where wishes and refusals leave nobody: silence is no song."""
    names = (
        (role, name)
        for role in (Role.CHORDS, Role.PAD, Role.MELODY, Role.BASS)
        if role.value not in wishes.avoid
        for name in genre.palette[role.value]
        if name not in wishes.avoid
    )
    role, name = next(names, (Role.PAD, "warm_pad"))
    return {role: name}


def _soloists(wishes: Wishes, named: Mapping[Role, str]) -> frozenset[Role]:
    """Return the roles that play where only the named instruments may."""
    asked = frozenset(wanted.role for wanted in wishes.instruments)
    return asked | {Role.MELODY} if set(named) == {Role.CHORDS} else asked


def _own(name: str, genre: Genre) -> str:
    """Return the genre's own instrument of a family ("*guitar"), or the name itself."""
    if not name.startswith("*"):
        return name
    own = (n for names in genre.palette.values() for n in names if n.endswith(name[1:]))
    return next(own, f"steel_{name[1:]}")


def _kinds(genre: Genre, lyrics: str) -> tuple[SectionKind, ...]:
    return sections_of_lyrics(lyrics) or tuple(SectionKind(name) for name in genre.form)


def _with_form(
    brief: Brief,
    wishes: Wishes,
    chooser: _Chooser,
    *,
    kinds: tuple[SectionKind, ...],
    duration_s: float | None,
    keep_all: bool,
) -> Brief:
    bar_s, slow_down_s, ring_s = _bar_and_ending_s(brief)
    if duration_s is None:
        natural = min(_NATURAL_S[1], max(_NATURAL_S[0], ideal_bars(kinds) * bar_s))
        bars = max(1, int((natural - ring_s - slow_down_s) / bar_s) // 4 * 4)
        length_s = round(bars * bar_s + slow_down_s + ring_s, 2)
    else:
        length_s = min(LONGEST_S, max(SHORTEST_S, duration_s))
        bars = max(1, int((length_s - ring_s - slow_down_s) / bar_s))
    blocks = fit_form(kinds, bars, keep_all=keep_all)
    sections = _sections(brief, blocks, wishes, chooser)
    return dataclasses.replace(brief, form=sections, duration_s=length_s)


def _with_sung_form(
    brief: Brief, wishes: Wishes, chooser: _Chooser, *, words: Lyrics, duration_s: float | None
) -> tuple[Brief, SungForm]:
    """Give the piece the form that its words need, within the length that is asked or allowed."""
    bar_s, slow_down_s, ring_s = _bar_and_ending_s(brief)
    longest = max(1, int((LONGEST_S - ring_s - slow_down_s) / bar_s))
    if duration_s is None:
        form = sung_form(words, bar_s=bar_s, bar_count=None)
        bars = sum(block.bars for block in form.blocks)
        if bars > longest:
            form, bars = sung_form(words, bar_s=bar_s, bar_count=longest), longest
        length_s = min(LONGEST_S, round(bars * bar_s + slow_down_s + ring_s, 2))
    else:
        length_s = min(LONGEST_S, max(SHORTEST_S, duration_s))
        bars = max(1, int((length_s - ring_s - slow_down_s) / bar_s))
        form = sung_form(words, bar_s=bar_s, bar_count=bars)
    sections = _sections(brief, form.blocks, wishes, chooser)
    return dataclasses.replace(brief, form=sections, duration_s=length_s), form


def _bar_and_ending_s(brief: Brief) -> tuple[float, float, float]:
    """Return how long a bar lasts, what slowing down adds to the last one, and how long the end rings."""
    bar_s = float(brief.metre.bar.quarters / brief.metre.beat.quarters * 60 / brief.beats_per_minute)
    return bar_s, bar_s * (float(brief.genre.slow_down) - 1.0), min(3.5, max(2.2, bar_s))


def _sections(
    brief: Brief, blocks: Sequence[Block], wishes: Wishes, chooser: _Chooser
) -> tuple[SectionPlan, ...]:
    cycles = _cycles(brief, chooser)
    rhythms = _comping(_texture(brief.genre, brief.metre), chooser)
    levels = energies(blocks, genre_energy=brief.genre.energy, shift=_energy_pull(wishes))
    seen: Counter[SectionKind] = Counter()
    sections = []
    for block, energy in zip(blocks, levels, strict=True):
        playing = players(
            block, energy, occurrence=seen[block.kind], is_whole_song=sum(b.bars for b in blocks) < 10
        )
        sections.append(
            SectionPlan(
                kind=block.kind,
                bars=block.bars,
                energy=energy,
                numerals=cycles[block.kind],
                comping=rhythms[block.kind],
                roles=playing & frozenset(brief.instruments) or frozenset(brief.instruments),
                occurrence=seen[block.kind],
            )
        )
        seen[block.kind] += 1
    return tuple(sections)


def _comping(texture: Texture, chooser: _Chooser) -> dict[SectionKind, str]:
    """Return the rhythm of the chords in each kind of section: choruses have their own."""
    verse = chooser.one_of(texture.comping, "comping")
    others = [line for line in texture.comping if line != verse] or [verse]
    lively = max(others, key=lambda line: sum(sign in "xX" for sign in line) / len(line))
    rhythms = dict.fromkeys(SectionKind, verse)
    return rhythms | {SectionKind.CHORUS: lively, SectionKind.SOLO: lively, SectionKind.BRIDGE: others[0]}


def _cycles(brief: Brief, chooser: _Chooser) -> dict[SectionKind, tuple[str, ...]]:
    """Return the chords of each kind of section: verse, chorus and bridge differ where they can."""
    options = brief.genre.progressions[brief.key.mode]
    verse = chooser.one_of(options, "verse chords")
    others = [line for line in options if line != verse] or [verse]
    chorus = chooser.one_of(others, "chorus chords")
    rest = [line for line in others if line != chorus] or [verse]
    bridge = chooser.one_of(rest, "bridge chords")
    cycles = dict.fromkeys(SectionKind, verse)
    cycles |= {SectionKind.CHORUS: chorus, SectionKind.BRIDGE: bridge, SectionKind.BREAK: chorus}
    return {kind: _coloured(line, brief, chooser, kind) for kind, line in cycles.items()}


def _coloured(line: tuple[str, ...], brief: Brief, chooser: _Chooser, kind: SectionKind) -> tuple[str, ...]:
    """Borrow a chord from the parallel key where weirdness asks for it."""
    borrowed = (
        {"IV": "iv", "ii": "bVII", "ii7": "bVIImaj7", "IVmaj7": "iv6", "V": "bVI", "vi": "bVI"}
        if brief.key.mode is Mode.MAJOR
        else {"iv": "IV7", "VI": "bIImaj7", "VII": "v7", "iv7": "IV9", "VImaj7": "bIImaj7"}
    )
    changes = []
    for index, numeral in enumerate(line):
        is_odd = chooser.throw(f"borrow {kind.value} {index}") < max(0.0, chooser.weirdness - 0.5)
        changes.append(borrowed.get(numeral, numeral) if is_odd and index > 0 else numeral)
    return tuple(changes)


def _title(chooser: _Chooser, text: str) -> str:
    first, second = lexicon().titles
    throws = chooser.dice.named(f"plan title {text}").random(2)
    return f"{first[int(throws[0] * len(first))]} {second[int(throws[1] * len(second))]}"


def _style_text(brief: Brief) -> str:
    players_named = ", ".join(
        brief.instruments[role].replace("_", " ") for role in Role if role in brief.instruments
    )
    return f"{brief.genre.name}, {float(brief.beats_per_minute):g} bpm, {brief.key}, {players_named}"
