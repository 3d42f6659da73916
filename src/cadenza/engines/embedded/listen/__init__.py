"""Signal to Portrait: tempo, beats, bars, key, chords, loudness, form."""

from cadenza.engines.embedded.listen.ear import listen
from cadenza.engines.embedded.listen.rhythm import rhythm_strangeness

__all__ = ["listen", "rhythm_strangeness"]
