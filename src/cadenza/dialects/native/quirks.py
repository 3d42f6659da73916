"""The choices of our own dialect that a caller of another one might not expect."""

from __future__ import annotations

# Hosted dialects make exactly two takes; here a caller may ask for one to four.
MOST_TAKES = 4
DEFAULT_TAKES = 2

# The newest tier the embedded engine serves in full; the hosted dialects keep their own defaults.
DEFAULT_MODEL = "v5"

# Lengths we take: from a few bars to ten minutes; intake narrows them to the tier and the engine.
SHORTEST_DURATION_S, LONGEST_DURATION_S = 5.0, 600.0

# Less music than this says nothing, and no shorter section is worth exchanging.
SHORTEST_CONTEXT_S, SHORTEST_SECTION_S = 1.0, 1.0
