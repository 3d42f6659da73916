"""Cadenza's own dialect."""
