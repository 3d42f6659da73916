"""The performance: what is struck when, in seconds, with the touch of a player."""

from __future__ import annotations

from dataclasses import dataclass

from cadenza.music.brief import Role
from cadenza.music.vocal import TimedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One played note: start and length in seconds, ``velocity`` 0 to 1, MIDI pitch as in the score.

    ``shift`` says, for drums and effects, how far (in semitones) the key has moved that they are tuned to.
    """

    at_s: float
    length_s: float
    midi_pitch: int
    velocity: float
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedPart:
    """All strikes of one player, in order of time."""

    role: Role
    instrument: str
    strikes: tuple[Strike, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A played piece.

    ``tonic`` is the pitch class that drums are tuned to (see ``Strike.shift``), ``duration_s`` the
    length of the recording, ``sung`` the lines of the voice in order.
    """

    parts: tuple[PlayedPart, ...]
    duration_s: float
    tonic: int
    sung: tuple[TimedLine, ...] = ()

    def part(self, role: Role) -> PlayedPart | None:
        """Return the part with ``role``, or None where nobody plays it."""
        return next((part for part in self.parts if part.role is role), None)
