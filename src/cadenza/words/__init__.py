"""Words: how they are spoken, what lyrics say beyond them, and lyrics written from a prompt."""
