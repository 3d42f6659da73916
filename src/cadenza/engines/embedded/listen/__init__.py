"""Signal to Portrait: tempo, beats, bars, key, chords, loudness, form."""
