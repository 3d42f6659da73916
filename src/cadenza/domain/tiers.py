"""The one table of tiers: what a model name means in limits, price and engine.

All dialects name models ("V4_5PLUS", "v5", "suno-v4-5", "chirp-crow"); each name chooses a row here.
Sources: the five API pages and the public model tables of the resellers (limits per model), the
public price lists (credits per generation, two takes).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One row: text limits in characters (code points), audio limits in seconds, price in credits."""

    name: str
    upstream_name: str  # what the wire shows as model_name, "chirp-crow"
    lyrics_limit: int
    style_limit: int
    title_limit: int
    simple_prompt_limit: int
    longest_source_s: float
    longest_song_s: float
    credits: int  # for one task of two takes, generate and extend alike
    engine: str = "embedded"


_ROWS = (
    Tier(name="v3.5", upstream_name="chirp-v3-5", lyrics_limit=3000, style_limit=200, title_limit=80,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=240, credits=5),
    Tier(name="v4", upstream_name="chirp-v4", lyrics_limit=3000, style_limit=200, title_limit=80,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=240, credits=8),
    Tier(name="v4.5", upstream_name="chirp-auk", lyrics_limit=5000, style_limit=1000, title_limit=100,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=10),
    Tier(name="v4.5plus", upstream_name="chirp-bluejay", lyrics_limit=5000, style_limit=1000,
         title_limit=100, simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=10),
    Tier(name="v4.5all", upstream_name="chirp-auk-turbo", lyrics_limit=5000, style_limit=1000,
         title_limit=80, simple_prompt_limit=500, longest_source_s=60, longest_song_s=480, credits=10),
    Tier(name="v5", upstream_name="chirp-crow", lyrics_limit=5000, style_limit=1000, title_limit=100,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=12),
    Tier(name="v5.5", upstream_name="chirp-fenix", lyrics_limit=5000, style_limit=1000, title_limit=100,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=12),
    Tier(name="v6", upstream_name="chirp-v6", lyrics_limit=5000, style_limit=1000, title_limit=100,
         simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=12),
    Tier(name="v6-wild", upstream_name="chirp-v6-wild", lyrics_limit=5000, style_limit=1000,
         title_limit=100, simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=12),
    Tier(name="v6-mini", upstream_name="chirp-v6-mini", lyrics_limit=5000, style_limit=1000,
         title_limit=100, simple_prompt_limit=500, longest_source_s=480, longest_song_s=480, credits=12),
)  # fmt: skip

TIERS: dict[str, Tier] = {row.name: row for row in _ROWS}
