"""Sung notes and words to a voice Signal."""
