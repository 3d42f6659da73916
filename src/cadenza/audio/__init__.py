"""The signal's words: Signal, loudness, resampling, file codecs."""
