"""An engine for tests: real sound at once, the same for the same order, no music worth hearing."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator

import numpy as np

from cadenza.audio.resample import resample
from cadenza.audio.signal import Samples, Signal
from cadenza.domain.abilities import Abilities, Fidelity, Honoured
from cadenza.domain.errors import SourceUnusable, Stopped
from cadenza.domain.request import Described, Inherited, Specified, Voice
from cadenza.domain.task import LyricLine
from cadenza.engines.protocol import Listener, Order, Rendition, TakePlan
from cadenza.testing.audio import RATE_HZ, chord

_CHUNK_S = 0.5
_CROSSFADE_S = 0.02
_SLOW = re.compile(r"slow (\d{1,4}) s(?: in take (\d))?")
_DEADLY = re.compile(r"deadly( to its worker)?")
_STEP_S = 0.05


class FakeEngine:
    """Holds a triad for as long as asked; seed and take choose its root, so takes differ.

    It sings nothing but claims the words it was given, goes on from a source after a short crossfade,
    gives previews of half a second, and asks ``should_stop`` before each. A prompt or style that says
    "slow 20 s" makes it wait so long after the first preview of each take, "slow 20 s in take 2" of the
    second alone, so that a test can look at a task between its stages. "deadly" kills the process that
    renders, "deadly to its worker" the one that started it.
    """

    name = "fake"
    version = "1"
    abilities = Abilities(
        sings=True, makes_songs=True, continues_audio=True, longest_s=480.0, longest_source_s=480.0
    )

    def __init__(self, *, default_length_s: float = 2.0) -> None:
        self._default_length_s = default_length_s

    def render(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        """Yield the asked takes."""
        plans = [_plan(order, index) for index in order.take_indices]
        for plan in plans:
            listener.planned(plan)
        _strike(order)
        for done, plan in enumerate(plans):
            yield self._take(order, plan, listener, done / len(plans))
            listener.progress("sounding", (done + 1) / len(plans))

    def _take(self, order: Order, plan: TakePlan, listener: Listener, fraction: float) -> Rendition:
        new = _triad(order, plan.take_index, order.request.duration_s or self._default_length_s)
        signal, joined_at_s = _joined(order, new) if order.source else (new, None)
        for start_s in np.arange(0, signal.duration_s, _CHUNK_S):
            if listener.should_stop():
                raise Stopped("The rendering was stopped.")
            listener.preview(plan.take_index, signal.between(start_s, start_s + _CHUNK_S))
            listener.progress("sounding", fraction)
            if start_s == 0:
                _wait(_slowness_s(order, plan.take_index), listener.should_stop)
        return Rendition(
            plan=plan,
            signal=signal,
            seed=order.seed,
            bpm=120.0,
            key=f"{_NAMES[_root(order, plan.take_index) % 12]} major",
            loudness_lufs=_mean_square_db(signal.samples),
            new_part=new if order.source else None,
            joined_at_s=joined_at_s,
            lines=_lines(plan.lyrics, new.duration_s, joined_at_s or 0.0),
            stems={"chords": new},
            honoured={"wish": Honoured(fidelity=Fidelity.IGNORED, reason="The test engine knows one chord.")},
        )


def _asked(order: Order) -> str:
    wish = order.request.wish
    return wish.style if isinstance(wish, Specified) else wish.prompt or ""


def _strike(order: Order) -> None:
    if found := _DEADLY.search(_asked(order)):
        os.kill(os.getppid() if found[1] else os.getpid(), signal.SIGKILL)


def _slowness_s(order: Order, take_index: int) -> float:
    found = _SLOW.search(_asked(order))
    if found is None or found[2] not in {None, str(take_index + 1)}:
        return 0.0
    return float(found[1])


def _wait(length_s: float, should_stop: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + length_s
    while time.monotonic() < ends_s:
        if should_stop():
            raise Stopped("The rendering was stopped.")
        time.sleep(_STEP_S)


_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def _plan(order: Order, index: int) -> TakePlan:
    wish = order.request.wish
    words = wish.lyrics or "" if isinstance(wish, Specified) else ""
    return TakePlan(
        take_index=index,
        title=(wish.title if isinstance(wish, Specified) else "") or order.source_title or "Untitled",
        style=_style(wish),
        lyrics="" if order.request.voice is Voice.NOBODY else words,
    )


def _style(wish: Described | Specified | Inherited) -> str:
    return wish.style if isinstance(wish, Specified) else "one held chord"


def _root(order: Order, index: int) -> int:
    return 48 + int(np.random.default_rng((order.seed, index)).integers(12))


def _triad(order: Order, index: int, length_s: float) -> Signal:
    root = _root(order, index)
    rate = order.source.sample_rate if order.source else RATE_HZ
    return resample(chord((root, root + 4, root + 7), length_s), rate)


def _joined(order: Order, new: Signal) -> tuple[Signal, float]:
    """Return source and new part with an equal-gain crossfade that ends where the new part is alone."""
    source, continuation = order.source, order.request.continuation
    assert source is not None
    asked_s = continuation.from_s if continuation else None
    at_s = source.duration_s if asked_s is None else asked_s
    if not 0 < at_s <= source.duration_s:
        raise SourceUnusable(
            f"The place to go on from lies outside the {source.duration_s:.2f} s of the source."
        )
    at = round(at_s * source.sample_rate)
    fade = min(at, round(_CROSSFADE_S * source.sample_rate), new.sample_count)
    stereo: Samples = np.broadcast_to(source.samples[:, :at], (2, at)).copy()
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    stereo[:, at - fade :] = stereo[:, at - fade :] * (1 - ramp) + new.samples[:, :fade] * ramp
    return Signal(np.concatenate([stereo, new.samples[:, fade:]], axis=1), source.sample_rate), at_s


def _lines(lyrics: str, length_s: float, from_s: float) -> tuple[LyricLine, ...]:
    texts = [line for line in lyrics.splitlines() if line.strip() and not line.startswith("[")]
    step_s = length_s / max(1, len(texts))
    return tuple(
        LyricLine(text=text, start_s=from_s + place * step_s, end_s=from_s + (place + 1) * step_s)
        for place, text in enumerate(texts)
    )


def _mean_square_db(samples: Samples) -> float:
    """Return the level as BS.1770 would, without its weighting and gates: near enough for a test tone."""
    return float(-0.691 + 10 * np.log10(np.square(samples, dtype=np.float64).mean(axis=1).sum() + 1e-12))
