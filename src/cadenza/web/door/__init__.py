"""Who comes in, and how much of what at once."""
