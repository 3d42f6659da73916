"""What the composer writes, counted from its scores: measures, depth of arrangement, two takes.

``python benchmarks/composing.py [--seeds 5] [--human human.json] [--pairs 49]`` (about two minutes)

No sound is made. Every genre is asked for by its first word, in its natural length. ``--human`` takes the
file that ``turing_corpus.py`` writes and shows the same figures of human tunes.

Pitch-class entropy, scale consistency and groove consistency are those of Dong et al., "MusPy" (ISMIR 2020),
after Wu and Yang (ISMIR 2020); post-skip reversal is von Hippel and Huron's (Music Perception 18, 2000).
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cadenza.domain.request import Described, GenerationRequest
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.compose.counter import gaps_between
from cadenza.engines.embedded.compose.effects import peaks
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.plan.brief.data import genres
from cadenza.music.brief import Brief, Role, SectionKind
from cadenza.music.dice import Dice
from cadenza.music.pitch import SCALES
from cadenza.music.score import DRUM_PITCHES, EFFECT_PITCHES, Note, Score

_UNPITCHED = {Role.DRUMS, Role.EFFECTS}
_FILL_DRUMS = {DRUM_PITCHES[name] for name in ("snare", "rim", "high_tom", "low_tom")}


@dataclass(frozen=True)
class Piece:
    """One composed piece."""

    name: str
    brief: Brief
    score: Score


@dataclass(frozen=True)
class Measure:
    """A figure of a piece and the range that it should lie in (where there is one)."""

    name: str
    of: Callable[[Piece], float | None]
    lowest: float
    highest: float
    source: str


def written(prompt: str, seed: int, take: int) -> Piece:
    """Return what is written for a prompt."""
    dice = Dice(seed, take)
    brief = draw_brief(GenerationRequest(wish=Described(prompt=prompt), tier="v5"), dice).brief
    return Piece(f"{prompt} {seed}/{take}", brief, compose(brief, dice))


def pitched(score: Score) -> list[Note]:
    """Return all notes that have a pitch."""
    return [note for part in score.parts if part.role not in _UNPITCHED for note in part.notes]


def entropy(piece: Piece) -> float:
    """Return the entropy of the pitch classes, in bits."""
    counts = np.array(list(Counter(note.midi_pitch % 12 for note in pitched(piece.score)).values()))
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def scale_consistency(piece: Piece) -> float:
    """Return the share of notes in the scale that holds most of them."""
    classes = np.array([note.midi_pitch % 12 for note in pitched(piece.score)])
    scales = [[(tonic + step) % 12 for step in scale] for scale in SCALES.values() for tonic in range(12)]
    return float(max(np.isin(classes, scale).mean() for scale in scales))


def groove_consistency(piece: Piece) -> float:
    """Return one less the mean Hamming distance of the onsets of neighbouring bars (24 places a beat)."""
    bar = piece.brief.bar.quarters
    places = int(bar * 24)
    grid = np.zeros((piece.brief.bar_count, places), dtype=bool)
    for part in piece.score.parts:
        for note in part.notes:
            index, inside = divmod(note.at.quarters, bar)
            if index < len(grid):
                grid[int(index), min(places - 1, round(inside * 24))] = True
    return float(1 - (grid[1:] ^ grid[:-1]).mean()) if len(grid) > 1 else 1.0


def tune(piece: Piece) -> list[Note]:
    """Return the notes of the first lead without its last one, which belongs to the ending."""
    part = piece.score.part(Role.MELODY)
    return list(part.notes[:-1]) if part is not None else []


def steps_share(intervals: Sequence[int]) -> float:
    """Return the share of intervals of one or two semitones."""
    return float(np.mean([1 <= abs(i) <= 2 for i in intervals]))


def repeats_share(intervals: Sequence[int]) -> float:
    """Return the share of repeated notes."""
    return float(np.mean([i == 0 for i in intervals]))


def leaps_share(intervals: Sequence[int]) -> float:
    """Return the share of intervals wider than a major third."""
    return float(np.mean([abs(i) > 4 for i in intervals]))


def reversal(intervals: Sequence[int]) -> float | None:
    """Return the share of leaps that are followed by a turn back."""
    pairs = [(a, b) for a, b in itertools.pairwise(intervals) if abs(a) > 4 and b]
    return float(np.mean([a * b < 0 for a, b in pairs])) if len(pairs) >= 4 else None


def compass(pitches: Sequence[int]) -> float:
    """Return the range in semitones."""
    return float(max(pitches) - min(pitches))


def _of_intervals(measure: Callable[[Sequence[int]], float | None]) -> Callable[[Piece], float | None]:
    def of(piece: Piece) -> float | None:
        notes = tune(piece)
        return measure(list(np.diff([n.midi_pitch for n in notes]))) if len(notes) > 8 else None

    return of


def _compass_of(piece: Piece) -> float | None:
    notes = tune(piece)
    return compass([n.midi_pitch for n in notes]) if notes else None


def bars_of_tune(piece: Piece, index: int) -> list[frozenset[tuple[Fraction, int]]]:
    """Return the tune of a section bar by bar: places, and pitches above the section's tonic."""
    section, start = piece.brief.form[index], piece.brief.section_starts()[index]
    bars = []
    for number in range(section.bars):
        begin = start + piece.brief.bar * number
        end = begin + piece.brief.bar
        inside = [n for n in tune(piece) if begin <= n.at < end]
        tonic = section.key.tonic
        bars.append(frozenset(((n.at - begin).quarters, (n.midi_pitch - tonic) % 12) for n in inside))
    return bars


def alike(one: Iterable[Any], two: Iterable[Any]) -> float:
    """Return the mean share of what two runs of bars have in common, bar by bar."""
    pairs = [(a, b) for a, b in zip(one, two, strict=False) if a or b]
    return float(np.mean([len(a & b) / len(a | b) for a, b in pairs])) if pairs else 0.0


def self_similarity(piece: Piece) -> float | None:
    """Return how much more sections of one kind have in common than sections of two kinds."""
    form = piece.brief.form
    sung = [i for i, s in enumerate(form) if Role.MELODY in s.roles and s.lead is Role.MELODY]
    bars = {i: bars_of_tune(piece, i) for i in sung}
    pairs = [(i, j, alike(bars[i], bars[j])) for i in sung for j in sung if i < j]
    same = [value for i, j, value in pairs if form[i].kind is form[j].kind]
    other = [value for i, j, value in pairs if form[i].kind is not form[j].kind]
    return float(np.mean(same) - np.mean(other)) if same and other else None


def rests_at_phrase_ends(piece: Piece) -> float | None:
    """Return the share of four-bar phrases that end on a chord tone of a beat or before a rest."""
    notes, ends = tune(piece), []
    for section, start in zip(piece.brief.form, piece.brief.section_starts(), strict=True):
        for bar in range(4, section.bars + 1, 4):
            end = start + piece.brief.bar * bar
            inside = [n for n in notes if end - piece.brief.bar <= n.at < end]
            if not inside:
                continue
            last = inside[-1]
            chord = next(s.chord for s in reversed(piece.score.chords) if s.at <= last.at)
            stands = last.length >= piece.brief.metre.beat or last.at + last.length < end
            ends.append(last.midi_pitch % 12 in chord.pitch_classes and stands)
    return float(np.mean(ends)) if ends else None


def closes(piece: Piece) -> float:
    """Return 1 where the piece ends dominant (or subtonic) to tonic, rings for 2 s, and the tune is home."""
    *_, before, last = piece.score.chords
    key = piece.brief.final_key
    leads = (before.chord.root - key.tonic) % 12 in {7, 10}
    rings_s = piece.brief.duration_s - float(piece.score.tempo.seconds_at(last.at))
    part = piece.score.part(Role.MELODY)
    is_home = part is None or part.notes[-1].midi_pitch % 12 == key.tonic
    return float(leads and last.chord.root == key.tonic and rings_s >= 2.0 and is_home)


MEASURES = (
    Measure(
        "pitch-class entropy, bits", entropy, 2.2, 3.3, "Dong 2023: 2.97 orchestral; 7 equal classes 2.81"
    ),
    Measure("scale consistency", scale_consistency, 0.85, 1.0, "Dong 2023: 0.92 orchestral"),
    Measure("groove consistency", groove_consistency, 0.85, 1.0, "Dong 2023: 0.93 orchestral"),
    Measure("self-similarity by section", self_similarity, 0.1, 1.0, "above 0: kinds have their own tune"),
    Measure("tune: steps", _of_intervals(steps_share), 0.25, 0.84, "people, 5 to 95 %"),
    Measure("tune: repeated notes", _of_intervals(repeats_share), 0.02, 0.39, "people, 5 to 95 %"),
    Measure("tune: leaps > 4 semitones", _of_intervals(leaps_share), 0.0, 0.25, "people, 5 to 95 %"),
    Measure("tune: turn after a leap", _of_intervals(reversal), 0.25, 1.0, "people, 5 to 95 %"),
    Measure("tune: compass, semitones", _compass_of, 7, 19, "people, 5 to 95 %"),
    Measure("phrases that end at rest", rests_at_phrase_ends, 0.7, 1.0, "every phrase breathes"),
    Measure("ends V-I, home, ringing", closes, 1.0, 1.0, "every piece closes"),
)


def table(pieces: Sequence[Piece]) -> None:
    """Print each measure over all pieces, and the worst ones."""
    print(f"\n{len(pieces)} pieces\n| measure | median | 5 % | 95 % | range | outside | worst |")
    print("|---|---|---|---|---|---|---|")
    for measure in MEASURES:
        told = [(value, piece.name) for piece in pieces if (value := measure.of(piece)) is not None]
        values = np.array([value for value, _ in told])
        middle = (measure.lowest + measure.highest) / 2
        worst = max(told, key=lambda pair: abs(pair[0] - middle))
        outside = [name for value, name in told if not measure.lowest <= value <= measure.highest]
        low, median, high = np.percentile(values, [5, 50, 95])
        print(
            f"| {measure.name} | {median:.2f} | {low:.2f} | {high:.2f} | {measure.lowest:g} to "
            f"{measure.highest:g} ({measure.source}) | {len(outside)} | {worst[0]:.2f} ({worst[1]}) |"
        )
        if outside:
            print(f"  outside: {Counter(name.rsplit(maxsplit=1)[0] for name in outside).most_common(8)}")


def human_table(path: Path) -> None:
    """Print the interval measures of human tunes."""
    told = json.loads(path.read_text())
    for group in ("tunes", "hymns"):
        print(f"\n{len(told[group])} human {group}\n| measure | median | 5 % | 95 % |\n|---|---|---|---|")
        for name, of in (
            ("steps", steps_share),
            ("repeated notes", repeats_share),
            ("leaps", leaps_share),
            ("turn after a leap", reversal),
        ):
            all_values = (of(list(np.diff([n[2] for n in one["notes"]]))) for one in told[group])
            values = [value for value in all_values if value is not None]
            low, median, high = np.percentile(values, [5, 50, 95])
            print(f"| {name} | {median:.2f} | {low:.2f} | {high:.2f} |")
        values = [compass([n[2] for n in one["notes"]]) for one in told[group]]
        low, median, high = np.percentile(values, [5, 50, 95])
        print(f"| compass | {median:.0f} | {low:.0f} | {high:.0f} |")


def depth(pieces: Sequence[Piece]) -> None:
    """Print how often each device of the arrangement is used, and where it is missing."""
    rows: dict[str, list[tuple[bool, str]]] = {}
    for piece in pieces:
        for device, is_there in _devices(piece):
            rows.setdefault(device, []).append((is_there, piece.name))
    print(f"\n{len(pieces)} pieces\n| device | cases | as it should be | where not |\n|---|---|---|---|")
    for device, cases in rows.items():
        missing = [name for is_there, name in cases if not is_there]
        share = 1 - len(missing) / len(cases)
        print(f"| {device} | {len(cases)} | {100 * share:.0f} % | {', '.join(missing[:4])} |")


def _devices(piece: Piece) -> Iterable[tuple[str, bool]]:
    brief, score = piece.brief, piece.score
    counter, effects = score.part(Role.COUNTER), score.part(Role.EFFECTS)
    if Role.COUNTER in brief.instruments:
        yield "a second lead answers", counter is not None
    if counter is not None:
        yield "it sounds in gaps only (the last chorus aside)", _answers_in_gaps(piece)
    for _, _, start in peaks(brief):
        notes = effects.notes if effects is not None else ()
        if "riser" in brief.genre.effects and Role.EFFECTS in brief.instruments:
            ends = {n.at + n.length for n in notes if n.midi_pitch == EFFECT_PITCHES["riser"]}
            yield "a riser ends on the peak", start in ends
        if "impact" in brief.genre.effects and Role.EFFECTS in brief.instruments:
            booms = {n.at for n in notes if n.midi_pitch == EFFECT_PITCHES["impact"]}
            yield "a boom strikes the peak", start in booms
    lifted = [section for section in brief.form if section.is_lifted]
    choruses = [section for section in brief.form if section.kind is SectionKind.CHORUS]
    if len(choruses) > 1:
        yield "the last chorus is lifted", bool(lifted) and lifted[0].energy >= choruses[0].energy
    if brief.genre.lift_semitones and len(choruses) > 1:
        yield "(the key steps up in genres that do)", brief.final_key != brief.key
    yield "no key moves elsewhere", brief.genre.lift_semitones > 0 or not score.key_changes
    drums = score.part(Role.DRUMS)
    if drums is not None:
        yield from _fills(piece, drums.notes)


def _answers_in_gaps(piece: Piece) -> bool:
    counter = piece.score.part(Role.COUNTER)
    assert counter is not None, "only asked where there is one"
    brief, notes = piece.brief, tune(piece)
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        end = start + brief.bar * section.bars
        gaps = gaps_between(brief, start, end, notes, ())
        inside = [n for n in counter.notes if start <= n.at < end and not section.is_lifted]
        if any(not any(g.begin <= n.at and n.at + n.length <= g.end for g in gaps) for n in inside):
            return False
    return True


def _fills(piece: Piece, drums: Sequence[Note]) -> Iterable[tuple[str, bool]]:
    brief = piece.brief
    breath = brief.metre.beat * (3 if "gap" in brief.genre.effects else 2)
    for section, start in zip(brief.form[:-1], brief.section_starts()[:-1], strict=True):
        if Role.DRUMS in section.roles and section.energy >= 0.45 and section.kind is not SectionKind.BREAK:
            end = start + brief.bar * section.bars
            hits = [n for n in drums if end - breath <= n.at < end and n.midi_pitch in _FILL_DRUMS]
            yield "a section of some energy ends with a fill", len(hits) >= 2


def two_takes(orders: Sequence[tuple[str, int]]) -> None:
    """Print in how many pairs of takes each choice differs."""
    differs: dict[str, list[bool]] = {}
    plain: list[tuple[int, str]] = []
    for prompt, seed in orders:
        one, two = written(prompt, seed, 0), written(prompt, seed, 1)
        told = dict(_differences(one, two))
        for name, value in told.items():
            differs.setdefault(name, []).append(value)
        plain.append((sum(told.values()), one.name))
    print(f"\n{len(plain)} pairs of takes\n| differs in | share of pairs |\n|---|---|")
    for name, values in differs.items():
        print(f"| {name} | {100 * np.mean(values):.0f} % |")
    print(f"fewest differences: {sorted(plain)[:4]}")


def _differences(one: Piece, two: Piece) -> Iterable[tuple[str, bool]]:
    a, b = one.brief, two.brief
    yield "key", a.key != b.key
    yield "groove", a.groove.name != b.groove.name
    roles = set(a.instruments) & set(b.instruments) - {Role.EFFECTS}
    yield "two instruments or more", sum(a.instruments[r] != b.instruments[r] for r in roles) >= 2
    yield "chords of the chorus", _chorus_chords(a) != _chorus_chords(b)
    yield "rhythm of the hook", _hook(one, 0) != _hook(two, 0)
    yield "turns of the hook", _hook(one, 1) != _hook(two, 1)


def _chorus_chords(brief: Brief) -> tuple[str, ...]:
    found = [section.numerals for section in brief.form if section.kind is SectionKind.CHORUS]
    return (found or [brief.form[-1].numerals])[0]


def _hook(piece: Piece, what: int) -> list[Any]:
    kinds = [section.kind for section in piece.brief.form]
    index = kinds.index(SectionKind.CHORUS) if SectionKind.CHORUS in kinds else kinds.index(SectionKind.VERSE)
    start = piece.brief.section_starts()[index]
    notes = [n for n in tune(piece) if start <= n.at < start + piece.brief.bar * 2]
    if what == 0:
        return [(n.at - start).quarters for n in notes]
    return list(np.diff([n.midi_pitch for n in notes]))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="pieces per genre (default 5)")
    parser.add_argument("--pairs", type=int, default=49, help="pairs of takes, a seed each (default 49)")
    parser.add_argument("--human", type=Path, help="what turing_corpus.py wrote")
    args = parser.parse_args()
    names = [genre.words[0] for genre in genres().values()]
    orders = [(name, seed) for seed in range(args.seeds) for name in names]
    pieces = [written(name, seed, 0) for name, seed in orders]
    table(pieces)
    if args.human is not None:
        human_table(args.human)
    depth(pieces)
    two_takes([(names[seed % len(names)], seed) for seed in range(args.pairs)])


if __name__ == "__main__":
    main()
