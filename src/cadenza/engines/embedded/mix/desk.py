"""The mixing desk: one strip per stem, working in windows so that the start is heard early.

A strip filters, saturates, ducks under the bass drum, places in the stereo field and sends to the
room. Processing window by window gives the same samples as processing all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.eq import high_pass, high_shelf, peak
from cadenza.engines.embedded.mix.reverb import Reverb
from cadenza.music.brief import Role
from cadenza.music.genre import Sound

Stereo = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one role sits in the mix.

    ``level_lu`` is its loudness against the whole, ``low_cut_hz`` where it begins, ``bells`` are
    (Hz, dB, Q), ``shelf_db`` above 8 kHz, ``drive`` the amount of saturation (0 none), ``pan`` -1 to
    1, ``is_narrow`` keeps its low end in the middle, ``send`` its share of the room, ``duck`` its
    share of the genre's ducking.
    """

    level_lu: float
    low_cut_hz: float
    bells: tuple[tuple[float, float, float], ...] = ()
    shelf_db: float = 0.0
    drive: float = 0.0
    pan: float = 0.0
    send: float = 0.0
    duck: float = 0.0
    is_narrow: bool = False


CHANNELS: dict[Role, Channel] = {
    Role.DRUMS: Channel(level_lu=-5.0, low_cut_hz=30, bells=((350, -2.0, 1.0),), drive=0.5, send=0.06),
    Role.BASS: Channel(
        level_lu=-8.0, low_cut_hz=32, bells=((250, -1.5, 1.0), (800, 1.5, 0.8)), drive=0.5, duck=0.6,
        is_narrow=True,
    ),
    Role.CHORDS: Channel(
        level_lu=-7.5, low_cut_hz=110, bells=((300, -2.0, 0.9), (2800, -1.0, 0.8)), pan=-0.15, send=0.16,
        duck=0.4,
    ),
    Role.MELODY: Channel(level_lu=-8.0, low_cut_hz=160, bells=((2500, 1.5, 0.7),), pan=0.1, send=0.2),
    Role.PAD: Channel(level_lu=-13.0, low_cut_hz=200, bells=((400, -2.0, 0.8),), send=0.28, duck=1.0),
    Role.COUNTER: Channel(level_lu=-11.5, low_cut_hz=140, bells=((2200, -1.5, 0.8),), pan=-0.3, send=0.24),
    Role.EFFECTS: Channel(level_lu=-12.0, low_cut_hz=30, send=0.2),
}  # fmt: skip


class Strip:
    """One channel of the desk with its state: filters, room, and the place it has reached."""

    def __init__(
        self, channel: Channel, sound: Sound, kicks_s: Sequence[float], response: Stereo, sample_rate: int
    ) -> None:
        self._channel = channel
        self._rate = sample_rate
        self._sections = np.stack(_sections(channel, sample_rate))
        self._state = np.zeros((len(self._sections), 2, 2))
        self._narrow = high_pass(120.0, sample_rate)[None, :]
        self._narrow_state = np.zeros((1, 2))
        self._duck_db = sound.duck_db * channel.duck
        self._kicks = np.round(np.asarray(kicks_s) * sample_rate).astype(int)
        self._send = channel.send * sound.reverb_share
        self._reverb = Reverb(response)
        self._at = 0
        self.gain = 1.0

    def process(self, dry: Stereo) -> Stereo:
        """Return the next samples of this strip, shape (2, samples), as long as ``dry``."""
        sound, self._state = dsp.sosfilt(self._sections, dry, axis=1, zi=self._state)
        sound *= self.gain
        if self._channel.drive:
            sound = _saturate(sound, self._channel.drive)
        if self._duck_db and len(self._kicks):
            sound *= self._ducking(dry.shape[1])
        if self._channel.is_narrow:
            sound = self._with_mono_low_end(sound)
        angle = (1.0 + self._channel.pan) * np.pi / 4
        sound = sound * (np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]]))
        mixed: Stereo = sound.astype(np.float32)
        if self._send:
            mixed += self._reverb.process(mixed.sum(axis=0) * np.float32(0.7 * self._send**0.5))
        self._at += dry.shape[1]
        return mixed

    def _ducking(self, count: int) -> NDArray[np.float64]:
        """Return the gain that dips at each bass drum and recovers within a fifth of a second."""
        recover = 0.2 * self._rate
        first = int(np.searchsorted(self._kicks, self._at - 4 * recover))
        last = int(np.searchsorted(self._kicks, self._at + count))
        gain = np.ones(count)
        for kick in self._kicks[first:last]:
            begin = max(0, kick - self._at)
            since = np.arange(
                self._at + begin - kick, min(count, kick - self._at + int(4 * recover)) + self._at - kick
            )
            if len(since) == 0:
                continue
            dip = (
                self._duck_db
                * np.minimum(1.0, (since + 1) / (0.004 * self._rate))
                * np.exp(-since / recover * 2.2)
            )
            piece = gain[begin : begin + len(since)]
            np.minimum(piece, 10 ** (-dip / 20), out=piece)
        return gain

    def _with_mono_low_end(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        middle, side = sound.mean(axis=0), (sound[0] - sound[1]) / 2
        side, self._narrow_state = dsp.sosfilt(self._narrow, side, zi=self._narrow_state)
        return np.stack([middle + side, middle - side])


def _sections(channel: Channel, sample_rate: int) -> list[NDArray[np.float64]]:
    bells = [peak(hz, gain_db, quality, sample_rate) for hz, gain_db, quality in channel.bells]
    shelf = [high_shelf(8000.0, channel.shelf_db, sample_rate)] if channel.shelf_db else []
    return [high_pass(channel.low_cut_hz, sample_rate), *bells, *shelf]


def _saturate(sound: NDArray[np.float64], drive: float) -> NDArray[np.float64]:
    """Round the peaks off as tape does; small signals pass unchanged."""
    return np.asarray(np.tanh(sound * (1 + drive)) / (1 + drive))


class Desk:
    """All strips, set by ear: each stem is brought to its loudness before the first window."""

    def __init__(
        self,
        roles: Sequence[Role],
        sound: Sound,
        kicks_s: Sequence[float],
        response: Stereo,
        sample_rate: int,
    ) -> None:
        self._rate = sample_rate
        self._sound = sound
        self.strips = {role: Strip(CHANNELS[role], sound, kicks_s, response, sample_rate) for role in roles}

    def sound_check(self, excerpts: dict[Role, Stereo]) -> None:
        """Set the faders from an excerpt of each dry stem in the fullest part of the piece."""
        for role, dry in excerpts.items():
            lufs = integrated_lufs(Signal(dry, self._rate))
            extra_db = float(self._sound.levels_db.get(role.value, 0.0))
            wanted = _REFERENCE_LUFS + CHANNELS[role].level_lu + extra_db
            self.strips[role].gain = 10 ** (min(40.0, wanted - lufs) / 20) if lufs > -69.0 else 1.0


_REFERENCE_LUFS = -16.0  # of the sum before the master: close enough to leave the master little to do
