"""Players of our own who join the music of a recording: on its beats, in its key, over its chords."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cadenza.audio.resample import resample
from cadenza.audio.signal import Samples, Signal
from cadenza.domain.request import Controls, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.compose.along import ACCOMPANISTS, write_along
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.mix.desk import Desk
from cadenza.engines.embedded.mix.reverb import room
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.plan.brief.data import genres
from cadenza.engines.embedded.plan.brief.words import read_wishes
from cadenza.engines.embedded.recombine.quote import Marks
from cadenza.engines.embedded.songs.tape import Tape
from cadenza.engines.embedded.synth.orchestra import seat
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.harmony import Chord, tonic_of
from cadenza.music.performance import Performance, PlayedPart, Strike
from cadenza.music.pitch import Key, Mode
from cadenza.music.portrait import NO_CHORD, Floats, Portrait
from cadenza.music.quotation import Itinerary
from cadenza.music.score import DRUM_PITCHES, ChordSpan
from cadenza.music.time import Position

_ON_THE_LINE = 0.02  # beats
_SECTION_BARS = 8
_ENERGY = {SectionKind.VERSE: 0.62, SectionKind.CHORUS: 0.78}
_SPARE_BARS = 2
_HELD_OVER_S = 0.3  # what is left of a note that began before the seam
_STAND_INS = {
    Role.DRUMS: "pop_kit",
    Role.BASS: "plucked_bass",
    Role.CHORDS: "electric_piano",
    Role.PAD: "warm_pad",
}
# Where no word names a genre: plain ones, the nearest in tempo plays.
_PLAIN = ("pop", "rock", "folk", "funk", "ballad", "lo-fi hip hop")
_WITHOUT_PULSE = "ambient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The beats of a new part: where they lie and which chords of the source sound there.

    ``beats_s`` counts from the seam, its first beat is a bar line at or before it; ``chords`` has one per
    beat as in ``Portrait``. ``final_bar`` is where the last chord is due, None where the music stays open.
    """

    beats_s: Floats
    beats_per_bar: int
    chords: tuple[int, ...]
    bpm: float
    key: Key
    tuning_semitones: float
    is_steady: bool
    final_bar: int | None = None

    @property
    def bar_count(self) -> int:
        """Bars that have begun before the end."""
        return -(-len(self.beats_s) // self.beats_per_bar)

    def mirrored(self, seconds: float) -> Grid:
        """Return the beats of a part of so many seconds that lies before its seam, seen in a mirror till now.

        They count from the beginning of that part; the first is again a bar line at or before it.
        """
        inside = self.beats_s[self.beats_s <= seconds + 60 / self.bpm]
        rest = -(len(inside) - 1) % self.beats_per_bar
        beats_s = seconds - np.concatenate([inside, inside[-1] + np.arange(1, rest + 1) * 60 / self.bpm])
        chords = [*self.chords[: len(inside) - 1], *([NO_CHORD] * rest)]
        return replace(self, beats_s=beats_s[::-1], chords=(*chords[::-1], NO_CHORD), final_bar=None)


def grid_of(journey: Itinerary, portrait: Portrait, seam_s: float, marks: Marks) -> Grid:
    """Return the beats and chords that a journey through a source has; ``marks`` say when its beats sound."""
    bar = portrait.metre.beats_per_bar
    offsets, seconds = marks
    into_bar = (portrait.beat_position(seam_s) - portrait.metre.first_downbeat) % bar
    into_bar = 0.0 if bar - into_bar < _ON_THE_LINE else into_bar
    at = np.arange(0, offsets[-1] + into_bar) - into_bar
    beat_s = float(np.median(np.diff(seconds)))
    inside = np.interp(at, offsets, seconds)
    final_bar = None
    if journey.home_s is not None:
        home = float(np.interp(journey.home_s, seconds, offsets))
        final_bar = round((home + into_bar) / bar)
    return Grid(
        beats_s=np.where(at < 0, at * beat_s, inside),
        beats_per_bar=bar,
        chords=_chords(journey, portrait, at),
        bpm=60 / beat_s,
        key=Key(portrait.key.tonic, Mode.MINOR if portrait.key.minor else Mode.MAJOR),
        tuning_semitones=portrait.tuning_semitones,
        is_steady=portrait.pulse.steady,
        final_bar=final_bar,
    )


def _chords(journey: Itinerary, portrait: Portrait, at: Floats) -> tuple[int, ...]:
    starts = np.concatenate([[0.0], np.cumsum([span.length for span in journey.body])])
    found = []
    for offset in np.maximum(at, 0):
        index = min(int(np.searchsorted(starts, offset + 1e-6, side="right")) - 1, len(journey.body) - 1)
        beat = round(journey.body[index].start + offset - starts[index])
        found.append(int(portrait.chords[min(max(beat, 0), len(portrait.chords) - 1)]))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who joins, and what they go by.

    ``words`` and ``avoid`` are read as for a new song; ``roles`` play, as ``named`` (an instrument for a
    role) or as the genre has it. With ``follows_chords`` they play the chords of the source, else a
    progression of their own.
    """

    roles: frozenset[Role]
    words: str = ""
    avoid: str = ""
    named: Mapping[Role, str]
    controls: Controls
    energy: float = 0.0
    is_half_time: bool = False
    follows_chords: bool = True


def play_along(
    company: Company,
    grid: Grid,
    dice: Dice,
    *,
    layout: Signal,
    lead_in_s: float,
    count: int,
    between: Callable[[], None],
) -> dict[Role, Samples]:
    """Compose and play what a company adds, one stem per role, each (channels, ``count``).

    Parameters
    ----------
    layout
        Anything with the sample rate and channels that the stems shall have.
    lead_in_s
        The stems begin so long before the seam.
    between
        Called between steps; what it raises ends the work.
    """
    brief = _brief(company, grid, dice)
    if company.follows_chords:
        roles = [role for role in ACCOMPANISTS if role in company.roles]
        score = write_along(brief, _spans(grid, brief), roles, dice)
    else:
        score = compose(brief, dice)
    between()
    played = _on_grid(perform(score, brief, dice), brief, grid)
    between()
    return _rendered(played, brief, grid, dice, layout, lead_in_s, count, between)


def _brief(company: Company, grid: Grid, dice: Dice) -> Brief:
    metre = f"{grid.beats_per_bar}/4"
    words = (
        company.words if read_wishes(company.words, "").genres else f"{_genre(grid, dice)}, {company.words}"
    )
    tempo = f"{min(220.0, max(40.0, grid.bpm)):.1f} bpm"
    request = GenerationRequest(
        wish=Specified(title="-", style=f"{tempo}, {grid.key}, {metre}, {words}"),
        tier="v5",
        voice=Voice.NOBODY,
        avoid=company.avoid,
        controls=company.controls,
    )
    drawn = draw_brief(request, dice).brief
    instruments = {role: name for role, name in drawn.instruments.items() if role in company.roles}
    for role in company.roles & _STAND_INS.keys():
        instruments.setdefault(role, _STAND_INS[role])
    instruments |= {role: name for role, name in company.named.items() if name and role in company.roles}
    bars = grid.bar_count + _SPARE_BARS if grid.final_bar is None else max(1, grid.final_bar)
    bar_s = grid.beats_per_bar * 60 / float(drawn.beats_per_minute)
    return replace(
        drawn,
        instruments=instruments,
        form=_form(drawn, frozenset(instruments), bars, company.energy),
        drum_stretch=2 if company.is_half_time else 1,
        duration_s=round((bars + 4) * bar_s, 2),
    )


def _genre(grid: Grid, dice: Dice) -> str:
    """Return a genre that is at home in the tempo, one of the two nearest."""
    if not grid.is_steady:
        return _WITHOUT_PULSE
    known = [genres()[name] for name in _PLAIN if name in genres()]
    nearest = sorted(known, key=lambda genre: abs(np.log2(genre.tempo_bpm[2] / grid.bpm)))
    return nearest[int(dice.named("company genre").integers(2))].name


def _form(brief: Brief, roles: frozenset[Role], bars: int, energy: float) -> tuple[SectionPlan, ...]:
    """Return verses and choruses in turn, eight bars each, in which everybody plays."""
    sections: list[SectionPlan] = []
    kinds = (SectionKind.VERSE, SectionKind.CHORUS)
    while (left := bars - sum(section.bars for section in sections)) > 0:
        kind = kinds[len(sections) % 2]
        like = next((section for section in brief.form if section.kind is kind), brief.form[0])
        sections.append(
            replace(
                like,
                kind=kind,
                bars=min(_SECTION_BARS, left),
                energy=min(1.0, max(0.3, _ENERGY[kind] + 0.25 * energy)),
                roles=roles,
                occurrence=len(sections) // 2,
            )
        )
    return tuple(sections)


def _spans(grid: Grid, brief: Brief) -> tuple[ChordSpan, ...]:
    """Return the source's chords by half bars (whole ones in triple time), and the tonic at the end."""
    step = grid.beats_per_bar // 2 if grid.beats_per_bar % 2 == 0 else grid.beats_per_bar
    chord, spans = tonic_of(grid.key), list[ChordSpan]()
    beat, end = brief.metre.beat, brief.final_chord_at
    for first in range(0, brief.bar_count * grid.beats_per_bar, step):
        sounding = Counter(c for c in grid.chords[first : first + step] if c < NO_CHORD)
        if sounding:
            chord = _chord(sounding.most_common(1)[0][0])
        at = Position(beat.quarters * first)
        if spans and spans[-1].chord == chord:
            spans[-1] = replace(spans[-1], length=spans[-1].length + beat * step)
        else:
            spans.append(ChordSpan(at=at, length=beat * step, chord=chord))
    return (*spans, ChordSpan(at=end, length=brief.bar * 2, chord=tonic_of(grid.key)))


def _chord(number: int) -> Chord:
    return Chord(number % 12, "m" if number >= NO_CHORD // 2 else "")


def _on_grid(performance: Performance, brief: Brief, grid: Grid) -> Performance:
    """Move every strike from an even tempo onto the beats of the source; what begins before the seam goes."""
    beat_s = float(60 / brief.beats_per_minute)
    last = grid.beats_s[-1] + np.arange(1, 400) * 60 / grid.bpm
    beats_s = np.concatenate([grid.beats_s, last])
    numbers = np.arange(len(beats_s))

    def moved(strike: Strike) -> Strike | None:
        at, until = (
            float(np.interp(s / beat_s, numbers, beats_s))
            for s in (strike.at_s, strike.at_s + strike.length_s)
        )
        if at < -_HELD_OVER_S / 10:
            if until < _HELD_OVER_S or strike.length_s < 4 * _HELD_OVER_S:
                return None
            at = 0.0
        return replace(strike, at_s=max(0.0, at), length_s=max(0.03, until - at))

    parts = [
        PlayedPart(
            role=part.role,
            instrument=part.instrument,
            strikes=tuple(strike for one in part.strikes if (strike := moved(one)) is not None),
        )
        for part in performance.parts
    ]
    return replace(performance, parts=tuple(part for part in parts if part.strikes))


def _rendered(
    performance: Performance,
    brief: Brief,
    grid: Grid,
    dice: Dice,
    layout: Signal,
    lead_in_s: float,
    count: int,
    between: Callable[[], None],
) -> dict[Role, Samples]:
    """Play, mix and fit the stems: in the tuning, at the rate and in the channels of the source."""
    # What is played slower by a factor and then faster again is higher by it.
    factor = 2 ** (grid.tuning_semitones / 12)
    rate = round(SAMPLE_RATE * factor)
    total = round((count / layout.sample_rate + 0.1) * rate)
    performance = _delayed(performance, lead_in_s, rate / SAMPLE_RATE)
    players = seat(performance, dice)
    kicks = [
        strike.at_s
        for part in performance.parts
        if part.role is Role.DRUMS
        for strike in part.strikes
        if strike.midi_pitch == DRUM_PITCHES["kick"]
    ]
    response = room(brief.genre.sound.reverb_s, SAMPLE_RATE, dice.shared.named("room"))
    desk = Desk([player.role for player in players], brief.genre.sound, kicks, response, SAMPLE_RATE)
    dry = {}
    for player in players:
        between()
        tape = Tape(0, total)
        player.play(-1.0, np.inf, tape.lay)
        dry[player.role] = tape.take(total)
    desk.sound_check(dry)
    stems = {}
    for role, sound in dry.items():
        between()
        stems[role] = _fitted(Signal(desk.strips[role].process(sound), rate), layout, count)
    return stems


def _delayed(performance: Performance, lead_in_s: float, factor: float) -> Performance:
    """Let everything begin later by the lead-in, and last longer by a factor."""
    parts = tuple(
        replace(part, strikes=tuple(
            replace(s, at_s=(s.at_s + lead_in_s) * factor, length_s=s.length_s * factor) for s in part.strikes
        ))
        for part in performance.parts
    )  # fmt: skip
    return replace(performance, parts=parts)


def _fitted(stem: Signal, layout: Signal, count: int) -> Samples:
    samples = resample(stem, layout.sample_rate).samples
    if layout.channel_count == 1:
        samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return np.pad(samples[:, :count], ((0, 0), (0, max(0, count - samples.shape[1]))))
