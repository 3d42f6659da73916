"""From a request to a brief: the words decide, the genre fills in, the dice choose among what is left."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified
from cadenza.engines.embedded.plan.brief.asked import Asked, asked_sections, read_orders
from cadenza.engines.embedded.plan.brief.choice import Chooser
from cadenza.engines.embedded.plan.brief.data import genres, lexicon, other_metres
from cadenza.engines.embedded.plan.brief.form import Block, energies, fit_form, ideal_bars
from cadenza.engines.embedded.plan.brief.harmony import (
    comping_rhythms,
    key_cycles,
    lifted_chorus,
    section_keys,
)
from cadenza.engines.embedded.plan.brief.players import (
    instruments,
    lead_of,
    playing,
    roles_of,
    with_soloists,
)
from cadenza.engines.embedded.plan.brief.sung_form import SungForm, sung_form
from cadenza.engines.embedded.plan.brief.words import Wishes, read_wishes
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
    chooser = Chooser(dice, _weight(request, "style_weight"), _weight(request, "weirdness"))
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
        instruments=instruments(wishes, genre, chooser),
        groove=groove,
        drum_stretch=2 if wishes.is_half_time else 1,
        bass_line=chooser.one_of(texture.bass, "bass line"),
        weirdness=chooser.weirdness,
    )
    sung: SungForm | None = None
    if words is not None and words.lines:
        brief, sung = _with_sung_form(brief, wishes, chooser, words=words, duration_s=request.duration_s)
    else:
        brief = _with_form(brief, wishes, chooser, asked_sections(lyrics), request.duration_s)
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


def _genre(wishes: Wishes, chooser: Chooser) -> Genre:
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


def _tempo(wishes: Wishes, genre: Genre, chooser: Chooser) -> Fraction:
    if wishes.beats_per_minute is not None:
        return wishes.beats_per_minute
    slowest, fastest, typical = genre.tempo_bpm
    pull = wishes.pace + sum(mood.pace for mood in wishes.moods)
    centre = typical + pull * ((fastest - typical) if pull > 0 else (typical - slowest))
    spread = (fastest - slowest) * (0.1 + 0.3 * chooser.weirdness)
    bpm = centre + (chooser.throw("tempo") - 0.5) * spread
    return Fraction(round(min(fastest * 1.15, max(slowest * 0.82, bpm))))


def _key(wishes: Wishes, genre: Genre, chooser: Chooser) -> Key:
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


def _with_form(
    brief: Brief,
    wishes: Wishes,
    chooser: Chooser,
    asked: tuple[Asked, ...],
    duration_s: float | None,
) -> Brief:
    """Give the piece the sections that tags ask for, or else those of its genre."""
    bar_s, slow_down_s, ring_s = _bar_and_ending_s(brief)
    wanted = asked or tuple(Asked(SectionKind(name)) for name in brief.genre.form)
    if duration_s is None:
        natural = min(_NATURAL_S[1], max(_NATURAL_S[0], ideal_bars(wanted) * bar_s))
        bars = max(1, int((natural - ring_s - slow_down_s) / bar_s) // 4 * 4)
        length_s = round(bars * bar_s + slow_down_s + ring_s, 2)
    else:
        length_s = min(LONGEST_S, max(SHORTEST_S, duration_s))
        bars = max(1, int((length_s - ring_s - slow_down_s) / bar_s))
    blocks = fit_form(wanted, bars, keep_all=bool(asked))
    return dataclasses.replace(_with_sections(brief, blocks, wishes, chooser), duration_s=length_s)


def _with_sung_form(
    brief: Brief, wishes: Wishes, chooser: Chooser, *, words: Lyrics, duration_s: float | None
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
    brief = _with_sections(brief, form.blocks, wishes, chooser)
    return dataclasses.replace(brief, duration_s=length_s), form


def _bar_and_ending_s(brief: Brief) -> tuple[float, float, float]:
    """Return how long a bar lasts, what slowing down adds to the last one, and how long the end rings."""
    bar_s = float(brief.metre.bar.quarters / brief.metre.beat.quarters * 60 / brief.beats_per_minute)
    return bar_s, bar_s * (float(brief.genre.slow_down) - 1.0), min(3.5, max(2.2, bar_s))


def _with_sections(brief: Brief, blocks: Sequence[Block], wishes: Wishes, chooser: Chooser) -> Brief:
    """Give the blocks their keys, chords, rhythms and players."""
    genre = brief.genre
    if not wishes.is_alone:
        players = with_soloists(brief.instruments, blocks, wishes, genre)
        brief = dataclasses.replace(brief, instruments=players)
    keys = section_keys(brief.key, blocks, genre, chooser, is_asked=wishes.tonic is not None)
    chords = key_cycles(keys, genre, chooser)
    rhythms = comping_rhythms(_texture(genre, brief.metre), chooser)
    levels = energies(blocks, genre_energy=genre.energy, shift=_energy_pull(wishes))
    lifted, is_whole_song = lifted_chorus(blocks), sum(block.bars for block in blocks) < 10
    seen: Counter[SectionKind] = Counter()
    sections = []
    for index, (block, key, energy) in enumerate(zip(blocks, keys, levels, strict=True)):
        orders = read_orders(block.kind, block.hints)
        lead = lead_of(orders, brief.instruments, genre)
        roles = roles_of(
            block,
            energy,
            occurrence=seen[block.kind],
            is_whole_song=is_whole_song,
            is_lifted=index == lifted,
        )
        sections.append(
            SectionPlan(
                kind=block.kind,
                bars=block.bars,
                energy=energy,
                key=key,
                numerals=chords[key.mode][block.kind],
                comping=rhythms[block.kind],
                roles=playing(roles, orders, lead, frozenset(brief.instruments)),
                occurrence=seen[block.kind],
                lead=lead,
                is_lifted=index == lifted,
            )
        )
        seen[block.kind] += 1
    return dataclasses.replace(brief, form=tuple(sections))


def _title(chooser: Chooser, text: str) -> str:
    first, second = lexicon().titles
    throws = chooser.dice.named(f"plan title {text}").random(2)
    return f"{first[int(throws[0] * len(first))]} {second[int(throws[1] * len(second))]}"


def _style_text(brief: Brief) -> str:
    players_named = ", ".join(
        brief.instruments[role].replace("_", " ") for role in Role if role in brief.instruments
    )
    return f"{brief.genre.name}, {float(brief.beats_per_minute):g} bpm, {brief.key}, {players_named}"
