"""A song from a request: the one file that knows every stage, in the order of the work.

understand -> compose -> perform -> play, sing and mix, window by window -> master.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import LyricLine
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.mix.desk import Desk
from cadenza.engines.embedded.mix.master import TARGET_LUFS, master, provisional
from cadenza.engines.embedded.mix.reverb import room
from cadenza.engines.embedded.mix.vocals import OVER_BACKING_LU, Dip, VocalStrip
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.songs.libretto import Libretto, find_words
from cadenza.engines.embedded.songs.tape import StemShelf, Stereo, Tape, sum_of
from cadenza.engines.embedded.songs.vocals import VOCALS, VocalTrack, compass_of, lines_of, speaks_of_singers
from cadenza.engines.embedded.synth.orchestra import Player, seat
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE
from cadenza.music.brief import Brief, Role
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line
from cadenza.music.performance import Performance
from cadenza.music.score import DRUM_PITCHES, Score
from cadenza.music.vocal import Compass, LineSlot

_FIRST_WINDOW_S, _WINDOW_S = 2.0, 8.0
_CHECK_S = 5.0  # how much of the fullest section the desk listens to before it starts
_EARLY_S = 0.06  # by which a hand may be early
_FADE_S = 0.9
_USUAL_S = (120.0, 180.0)  # of songs whose words and length are ours to choose
_PLATE_S = 1.6  # of the voice's reverberation
_HEADROOM_LU = 2.0  # kept in previews, whose peaks no limiter watches


@dataclass(frozen=True, slots=True, kw_only=True)
class SongPlan:
    """What is decided before a note sounds: quick to make, enough for the text stage.

    ``lyrics`` are the caller's words as written, or ours as sung; ``libretto`` is how they are read, in
    ``compass``: ``slots`` have room in the form, ``unsung`` lines have none. ``unknown_words``
    changed nothing; ``neighbours`` are instruments that another one stands in for.
    """

    brief: Brief
    title: str
    style: str
    lyrics: str
    unknown_words: tuple[str, ...]
    neighbours: tuple[str, ...]
    dice: Dice
    libretto: Libretto = field(default_factory=Libretto)
    slots: tuple[LineSlot, ...] = ()
    unsung: tuple[Line, ...] = ()
    compass: Compass = Compass.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSong:
    """A finished song: stereo at 44.1 kHz, -14 LUFS, at most -1 dBTP.

    ``stems`` sum to the mix before the master bus, and are empty unless asked for; ``key`` reads
    "A minor". ``lines`` tell when each line is sung.
    """

    signal: Signal
    bpm: float
    key: str
    stems: Mapping[str, Signal]
    score: Score
    lines: tuple[LyricLine, ...] = ()


def plan_song(request: GenerationRequest, *, seed: int, take_index: int) -> SongPlan:
    """Decide title, style, key, tempo, form and players of one take. Milliseconds."""
    dice = Dice(seed, take_index)
    libretto = find_words(request, dice)
    planned = draw_brief(request, dice, libretto.read)
    if libretto.is_own and request.duration_s is None:
        usual_s = min(_USUAL_S[1], max(_USUAL_S[0], planned.brief.duration_s))
        if usual_s != planned.brief.duration_s:
            planned = draw_brief(replace(request, duration_s=usual_s), dice, libretto.read)
    described = request.wish.prompt if isinstance(request.wish, Described) else ""
    brief = replace(planned.brief, title=libretto.title or planned.brief.title)
    return SongPlan(
        brief=brief,
        title=brief.title,
        style=planned.style,
        lyrics=libretto.heard(planned.unsung),
        unknown_words=tuple(word for word in planned.unknown if not _is_heeded(word, libretto)),
        neighbours=planned.neighbours,
        dice=dice,
        libretto=libretto,
        slots=planned.slots,
        unsung=planned.unsung,
        compass=compass_of(request.voice, f"{described} {planned.style}", dice),
    )


def _is_heeded(word: str, libretto: Libretto) -> bool:
    """Answer whether a word that says nothing of the music says something of who sings what."""
    return libretto.understands(word) or (bool(libretto.read) and speaks_of_singers(word))


def make_song(
    plan: SongPlan,
    *,
    progress: Callable[[str, float], None],
    should_stop: Callable[[], bool],
    preview: Callable[[Signal], None],
    keeps_stems: bool = False,
) -> MadeSong:
    """Make the song of ``plan``; the same plan gives the same bytes, with or without its stems.

    ``progress`` hears stage names with the fraction of the whole take, ``preview`` the finished
    seconds in order while the rest is made (near the final level, mastered only in the result).
    Raises ``Stopped`` soon after ``should_stop`` answers yes.
    """
    progress("compose", 0.0)
    score = compose(plan.brief, plan.dice, plan.slots, plan.compass)
    performance = perform(score, plan.brief, plan.dice)
    _check(should_stop)
    progress("play", 0.05)
    mix, stems = _play(plan, performance, progress, should_stop, preview, keeps_stems=keeps_stems)
    progress("master", 0.82)
    top_db = plan.brief.genre.sound.top_db
    signal = master(mix, top_db=top_db, fade_s=_FADE_S, between=lambda: _check(should_stop))
    progress("master", 1.0)
    return MadeSong(
        signal=signal,
        bpm=float(plan.brief.beats_per_minute),
        key=str(plan.brief.key),
        stems=stems,
        score=score,
        lines=lines_of(performance.sung),
    )


def _play(
    plan: SongPlan,
    performance: Performance,
    progress: Callable[[str, float], None],
    should_stop: Callable[[], bool],
    preview: Callable[[Signal], None],
    *,
    keeps_stems: bool,
) -> tuple[Signal, Mapping[str, Signal]]:
    """Return the mix and its stems; what players and desk remember is let go before the master."""
    session = _Session(plan, performance, lambda: _check(should_stop))
    shelf = StemShelf(session.names if keeps_stems else ())
    mix = np.zeros((2, session.sample_count), dtype=np.float32)
    at = 0
    for stems in session.windows():
        _check(should_stop)
        window = Signal(sum_of(list(stems.values())), SAMPLE_RATE)
        preview(provisional(window, gain_db=session.gain_db))
        mix[:, at : at + window.sample_count] = window.samples
        for name in shelf:
            shelf.append(name, stems[name])
        at += window.sample_count
        progress("play", 0.05 + 0.75 * at / session.sample_count)
    _check(should_stop)
    return Signal(mix, SAMPLE_RATE), shelf


def _check(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Stopped("The caller stopped this take.")


class _Session:
    """Players, singers and desk in one room: renders all stems a window at a time."""

    def __init__(self, plan: SongPlan, performance: Performance, between: Callable[[], None]) -> None:
        brief, dice = plan.brief, plan.dice
        self.sample_count = round(performance.duration_s * SAMPLE_RATE)
        self._players = seat(performance, dice)
        self._desk = Desk(
            [player.role for player in self._players],
            brief.genre.sound,
            _kicks(performance),
            room(brief.genre.sound.reverb_s, SAMPLE_RATE, dice.shared.named("room")),
            SAMPLE_RATE,
        )
        self._tapes = {player.role: Tape(0, self.sample_count) for player in self._players}
        backing_lufs = self._sound_check(_fullest_s(brief, performance.duration_s))
        self.gain_db = TARGET_LUFS - _HEADROOM_LU - backing_lufs
        self._vocals: VocalTrack | None = None
        if performance.sung:
            self._seat_singers(plan, performance, backing_lufs, between)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stems."""
        backing = tuple(player.role.value for player in self._players)
        return backing if self._vocals is None else (*backing, VOCALS)

    def _seat_singers(
        self, plan: SongPlan, performance: Performance, backing_lufs: float, between: Callable[[], None]
    ) -> None:
        brief, dice = plan.brief, plan.dice
        self.gain_db -= OVER_BACKING_LU
        self._vocal_tape = Tape(0, self.sample_count)
        self._vocals = VocalTrack(
            performance.sung, plan.compass, dice, self._vocal_tape.lay, between, brief.genre.name
        )
        plate = room(_PLATE_S, SAMPLE_RATE, dice.shared.named("plate"))
        echo_s = float(60 / brief.beats_per_minute)
        self._vocal_strip = VocalStrip(plate, echo_s, backing_lufs, SAMPLE_RATE)
        sung_s = [(line.begin_s, line.end_s) for line in performance.sung]
        self._dips = {p.role: Dip(sung_s, SAMPLE_RATE) for p in self._players if p.role is not Role.BASS}

    def windows(self) -> Iterator[dict[str, Stereo]]:
        """Render window by window; yield all stems of each, as long as one another."""
        begin, length_s = 0, _FIRST_WINDOW_S
        while begin < self.sample_count:
            end = min(self.sample_count, begin + round(length_s * SAMPLE_RATE))
            stems = {player.role.value: self._played(player, begin, end) for player in self._players}
            if self._vocals is not None:
                self._vocals.sing_until(end)
                dry = self._vocal_tape.take(end)
                stems[VOCALS] = self._vocal_strip.process(dry, sum_of(list(stems.values())))
            yield stems
            begin, length_s = end, _WINDOW_S

    def _played(self, player: Player, begin: int, end: int) -> Stereo:
        """Return the next samples of one player's stem as it sits in the mix."""
        start_s = -1.0 if begin == 0 else begin / SAMPLE_RATE
        end_s = np.inf if end == self.sample_count else end / SAMPLE_RATE
        player.play(start_s, end_s, self._tapes[player.role].lay)
        sound = self._desk.strips[player.role].process(self._tapes[player.role].take(end))
        if self._vocals is not None and player.role in self._dips:
            sound = self._dips[player.role].process(sound)
        return sound

    def _sound_check(self, from_s: float) -> float:
        """Set the faders by the fullest part, and return its loudness in LUFS."""
        excerpts = {}
        for player in self._players:
            begin_s = player.first_strike_s(from_s - _EARLY_S, from_s + _CHECK_S / 2)
            begin = round(begin_s * SAMPLE_RATE)
            excerpt = Tape(begin, begin + round(_CHECK_S * SAMPLE_RATE))
            player.play(begin_s, begin_s + _CHECK_S, excerpt.lay)
            excerpts[player.role] = excerpt.take(begin + round(_CHECK_S * SAMPLE_RATE))
        self._desk.sound_check(excerpts)
        heard = [dry * np.float32(self._desk.strips[role].gain) for role, dry in excerpts.items()]
        return integrated_lufs(Signal(sum_of(heard), SAMPLE_RATE))


def _kicks(performance: Performance) -> list[float]:
    drums = performance.part(Role.DRUMS)
    strikes = drums.strikes if drums is not None else ()
    return [s.at_s for s in strikes if s.midi_pitch == DRUM_PITCHES["kick"]]


def _fullest_s(brief: Brief, duration_s: float) -> float:
    """Return where the section with the most players and energy begins, in seconds."""
    pairs = zip(brief.form, brief.section_starts(), strict=True)
    _, start = max(pairs, key=lambda pair: (len(pair[0].roles), pair[0].energy))
    bar_s = float(brief.bar.quarters / brief.metre.beat.quarters * 60 / brief.beats_per_minute)
    at_s = float(start.quarters / brief.bar.quarters) * bar_s
    return max(0.0, min(at_s, duration_s - _CHECK_S))
