"""The new part as sound: the source's layers along a journey, and whoever joins them, fitted to the seam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cadenza.audio.loudness import SILENCE_LUFS, integrated_lufs
from cadenza.audio.signal import Samples, Signal
from cadenza.domain.request import Controls
from cadenza.engines.embedded.continuations.company import Company, grid_of, play_along
from cadenza.engines.embedded.continuations.mirror import LATE_S
from cadenza.engines.embedded.listen import rhythm_strangeness
from cadenza.engines.embedded.mix.ride import ridden_in
from cadenza.engines.embedded.mix.ring import ringing_over
from cadenza.engines.embedded.mix.seam import blend, held_under, levelled, power
from cadenza.engines.embedded.mix.soften import softened
from cadenza.engines.embedded.mix.turn import turned, without_bass
from cadenza.engines.embedded.plan.arrangement import Arrangement, arrange
from cadenza.engines.embedded.plan.direction import Direction
from cadenza.engines.embedded.plan.journey import Character
from cadenza.engines.embedded.plan.levels import openness, section_gains
from cadenza.engines.embedded.recombine.align import follow_on, meet
from cadenza.engines.embedded.recombine.assemble import assemble
from cadenza.engines.embedded.recombine.quote import Marks, Quote, beat_marks, quotes
from cadenza.engines.embedded.recombine.separate import Separator
from cadenza.music.brief import Role
from cadenza.music.dice import Dice
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Itinerary, Layer, Quoted

SEAM_FADE_S = 0.04

_CROSSOVER_HZ = 500.0
# Strokes need short joins to stay sharp; what sustains needs longer ones to stay smooth.
_FADES_S = {Layer.BODY: 0.04, Layer.COLOUR: 0.04, Layer.PULSE: 0.03}
_FADES_WITHOUT_PULSE_S = {Layer.BODY: 0.35, Layer.COLOUR: 0.35, Layer.PULSE: 0.08}
_MOST_LEVELLING_DB = 6.0
_STILL_RINGING_S = 1.0
_NO_DRUMS = 0.02  # of the power in strokes: songs with drums have 3 % and more
_STRANGE_RHYTHM, _CLEARLY_BETTER = 0.2, 0.03
_DESK_LUFS = -15.0  # of what a whole band of ours makes before it is fitted

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a new part is made from and goes by.

    ``is_mirrored``: source and portrait are seen in a mirror, and so is what will be made. ``keeps_time``:
    its beats lie where those of the source behind the seam do, since that comes back later.
    """

    source: Signal
    portrait: Portrait
    seam_s: float
    controls: Controls
    direction: Direction
    dice: Dice
    is_mirrored: bool = False
    keeps_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPart:
    """The new part with the crossfade before it, (channels, samples), and who plays in it.

    ``has_drums`` is whether drums were heard in the source, ``joined`` are the roles of ours, ``quoted``
    is what sounds of the source.
    """

    samples: Samples
    has_drums: bool
    joined: frozenset[Role]
    quoted: tuple[Quoted, ...]


class Recombiner:
    """Turns a journey into sound: stretches, aligned and blended layer by layer, levelled."""

    def __init__(self, task: Task, heed: Callable[[], None], progress: Progress) -> None:
        self._task, self._heed, self._progress = task, heed, progress
        self._source, self._portrait, self._seam_s = task.source, task.portrait, task.seam_s
        self._direction = task.direction
        self._separator = Separator(task.source, crossover_hz=_CROSSOVER_HZ)
        self._gains_db = section_gains(task.portrait, task.seam_s)
        self._fades_s = _FADES_S if task.portrait.pulse.steady else _FADES_WITHOUT_PULSE_S

    def sound(self, journey: Itinerary, seconds: float) -> NewPart:
        """Play the journey for so many seconds."""
        rate = self._source.sample_rate
        marks = self._marks(journey)
        body = follow_on(self._quotes(journey, Layer.BODY, marks), self._portrait, self._seam_s)
        colour = meet(self._quotes(journey, Layer.COLOUR, marks), body, self._portrait)
        pulse = meet(self._quotes(journey, Layer.PULSE, marks), body, self._portrait)
        count = round((SEAM_FADE_S + seconds) * rate)
        self._progress("recombine", 0.2)
        low, high = self._layer(body, Layer.BODY), self._layer(colour, Layer.COLOUR)
        self._progress("recombine", 0.6)
        sustained = low + high
        strokes, struck, has_drums = self._strokes(sustained, pulse, body)
        closeness = Character.of(self._task.controls).closeness
        plan = arrange(self._direction, closeness=closeness, has_drums=has_drums)
        if (plan.body, plan.colour) != (1.0, 1.0):
            sustained = np.float32(plan.body) * low + np.float32(plan.colour) * high
        if Role.BASS in self._direction.without:
            sustained = without_bass(sustained, lead_in_s=SEAM_FADE_S, rate=rate)
        whole = softened(sustained, self._direction.softening, rate) + np.float32(plan.pulse) * strokes
        whole = np.pad(whole[:, :count], ((0, 0), (0, max(0, count - whole.shape[1]))))
        whole += self._joining(plan, journey, count)
        self._progress("join", 0.9)
        fitted = self._fitted(whole)
        heard = {Layer.BODY: (body, plan.body), Layer.COLOUR: (colour, plan.colour)}
        quoted = self._quoted({**heard, Layer.PULSE: (struck, plan.pulse)}, seconds)
        return NewPart(samples=fitted, has_drums=has_drums, joined=frozenset(plan.joining), quoted=quoted)

    def _quoted(
        self, layers: Mapping[Layer, tuple[tuple[Quote, ...], float]], seconds: float
    ) -> tuple[Quoted, ...]:
        """Return what sounds of the source within so many seconds: layers with a gain above 0."""
        return tuple(
            Quoted(
                layer=layer,
                at_s=self._seam_s + quote.at_s,
                source_s=quote.source_s,
                length_s=min(quote.length_s, seconds - quote.at_s),
            )
            for layer, (stretches, gain) in layers.items()
            for quote in stretches
            if gain > 0 and quote.at_s < seconds
        )

    def _joining(self, plan: Arrangement, journey: Itinerary, count: int) -> Samples:
        """Return the sum of what players of ours add, as loud as they would be in the source."""
        total = np.zeros((self._source.channel_count, count), dtype=np.float32)
        if not plan.joining:
            return total
        self._progress("compose", 0.7)
        company = Company(
            roles=frozenset(plan.joining),
            words=self._direction.words,
            avoid=self._direction.avoid,
            named=self._direction.named,
            controls=self._task.controls,
            energy=self._direction.strength * self._direction.energy,
            is_half_time=plan.is_half_time,
            follows_chords=not plan.tutti,
        )
        rate = self._source.sample_rate
        grid = grid_of(journey, self._portrait, self._seam_s, self._marks(journey))
        if self._task.is_mirrored:
            grid = grid.mirrored(count / rate - SEAM_FADE_S + LATE_S)
        stems = play_along(
            company,
            grid,
            self._task.dice,
            layout=self._source,
            lead_in_s=0.0 if self._task.is_mirrored else SEAM_FADE_S,
            count=count,
            between=self._heed,
        )
        lufs = integrated_lufs(self._before_seam())
        fader = 10 ** ((lufs - _DESK_LUFS) / 20) if lufs > SILENCE_LUFS else 1.0
        for role, stem in stems.items():
            heard = stem[:, ::-1] if self._task.is_mirrored else stem
            total += heard * np.float32(fader * plan.joining[role])
        return total

    def _fitted(self, whole: Samples) -> Samples:
        """Fit the new part to what sounds before it: level, bands, what still rings, peaks."""
        rate, before = self._source.sample_rate, self._before_seam()
        open_share = openness(self._portrait, self._seam_s)
        # What grows calm or loses its players need not be as loud as before.
        most_db = _MOST_LEVELLING_DB * open_share * (1 - 0.7 * self._direction.softening)
        fitted = levelled(whole, before, most_db=most_db)
        fitted = ridden_in(fitted, before, lead_in_s=SEAM_FADE_S)
        if open_share < 1 and not self._task.is_mirrored:  # nothing rings backwards
            last = self._source.between(self._seam_s - _STILL_RINGING_S, self._seam_s).samples
            fitted = ringing_over(fitted, last, lead_in_s=SEAM_FADE_S, share=1 - open_share, rate=rate)
        fitted = turned(
            fitted,
            tilt_db=self._direction.tilt_db,
            level_db=self._direction.level_db,
            lead_in_s=SEAM_FADE_S,
            rate=rate,
        )
        return held_under(fitted, float(np.abs(self._source.samples).max()), rate)

    def _strokes(
        self, sustained: Samples, own: tuple[Quote, ...], body: tuple[Quote, ...]
    ) -> tuple[Samples, tuple[Quote, ...], bool]:
        """Return the strokes on a path of their own, or the body's where that keeps the rhythm better.

        And which path that is, and whether they are drums.
        Where there are no drums, strokes are the attacks of notes, and those belong to their notes.
        """
        rate, before = self._source.sample_rate, self._before_seam()
        tied = self._layer(body, Layer.PULSE)
        if power(tied) < _NO_DRUMS * power(sustained):
            return tied, body, False
        strokes = self._layer(own, Layer.PULSE)
        strangeness = rhythm_strangeness(Signal(sustained + strokes, rate), before)
        if strangeness <= _STRANGE_RHYTHM:
            return strokes, own, True
        better = strangeness - rhythm_strangeness(Signal(sustained + tied, rate), before)
        return (tied, body, True) if better > _CLEARLY_BETTER else (strokes, own, True)

    def _marks(self, journey: Itinerary) -> Marks:
        """Return where the beats of the new part lie."""
        beats, seconds = beat_marks(journey.body, self._portrait)
        if self._task.keeps_time:
            at = self._portrait.beat_position(self._seam_s)
            seconds = np.array([self._portrait.seconds_at(at + beat) - self._seam_s for beat in beats])
        return beats, seconds

    def _quotes(self, journey: Itinerary, layer: Layer, marks: Marks) -> tuple[Quote, ...]:
        return quotes(journey.of(layer), self._portrait, marks, self._gains_db)

    def _layer(self, stretches: tuple[Quote, ...], layer: Layer) -> Samples:
        return assemble(
            stretches,
            frozenset({layer}),
            self._separator,
            rate=self._source.sample_rate,
            lead_in_s=SEAM_FADE_S,
            crossfade_s=self._fades_s[layer],
            blend=blend,
            between=self._heed,
        )

    def _before_seam(self) -> Signal:
        """Return the last 20 s of music before the seam (or the music there is, if that is too little)."""
        end_s = min(self._seam_s, self._portrait.music_end_s)
        if end_s - self._portrait.music_start_s < 5:
            end_s = self._portrait.music_end_s
        return self._source.between(max(self._portrait.music_start_s, end_s - 20), end_s)
