"""Signal to Portrait: tempo, beats, bars, key, chords, loudness, form."""

from cadenza.engines.embedded.listen.ear import listen

__all__ = ["listen"]
