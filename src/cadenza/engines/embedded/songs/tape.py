"""Where the sound of a take lies while it is made: no longer than what still sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.signal import Signal
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE

Stereo = NDArray[np.float32]

_SPARE = 4 * SAMPLE_RATE  # what is added beyond the need, so that growing is rare


class Tape:
    """One stem, of which only what is not taken yet exists: sound may be laid on it ahead of time.

    Places are samples of the piece; the tape runs from ``begin`` to ``end``, and what lies outside is cut.
    """

    def __init__(self, begin: int, end: int) -> None:
        self._at = begin
        self._end = end
        self._ahead = np.zeros((2, 0), dtype=np.float32)

    def lay(self, sound: Stereo, begin: int) -> None:
        """Add ``sound``, shape (1 or 2, samples), from sample ``begin`` on."""
        first, last = max(begin, self._at), min(begin + sound.shape[1], self._end)
        if first < last:
            self._reach(last)
            self._ahead[:, first - self._at : last - self._at] += sound[:, first - begin : last - begin]

    def take(self, until: int) -> Stereo:
        """Return what lies between the last place taken and ``until``, shape (2, samples), and forget it."""
        self._reach(until)
        count = until - self._at
        taken, self._ahead = self._ahead[:, :count], self._ahead[:, count:]
        self._at = until
        return taken

    def _reach(self, place: int) -> None:
        there = self._ahead.shape[1]
        if place - self._at > there:
            longer = np.zeros((2, place - self._at + _SPARE), dtype=np.float32)
            longer[:, :there] = self._ahead
            self._ahead = longer


def sum_of(stems: Sequence[Stereo]) -> Stereo:
    """Return the sum of at least one stem, all equally long."""
    total = stems[0].copy()
    for stem in stems[1:]:
        total += stem
    return total


class StemShelf(Mapping[str, Signal]):
    """Finished stems by name, kept in temporary files: a song of eight minutes has a gigabyte of them.

    Reading one brings that one into memory. The files are gone with this object.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._files = {name: TemporaryFile(prefix="stem-") for name in names}  # noqa: SIM115 - theirs to close

    def __del__(self) -> None:
        for file in self._files.values():
            file.close()

    def append(self, name: str, sound: Stereo) -> None:
        """Add the next samples of a stem, shape (2, samples)."""
        self._files[name].write(np.ascontiguousarray(sound.T).tobytes())

    def __getitem__(self, name: str) -> Signal:
        """Return the stem. Raises ``KeyError``."""
        file = self._files[name]
        file.seek(0)
        frames = np.frombuffer(file.read(), dtype=np.float32).reshape(-1, 2)
        return Signal(frames.T, SAMPLE_RATE)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._files)

    def __len__(self) -> int:
        """Return how many stems there are."""
        return len(self._files)
