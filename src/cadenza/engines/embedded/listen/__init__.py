"""Signal to Portrait: tempo, beats, bars, key, chords, loudness, form; and Portrait to findings."""

from cadenza.engines.embedded.listen.ear import listen
from cadenza.engines.embedded.listen.rhythm import rhythm_strangeness
from cadenza.engines.embedded.listen.tell import tell

__all__ = ["listen", "rhythm_strangeness", "tell"]
