"""Performance to stem Signals."""
