"""The one table of tiers: what a model name means in limits, price and engine.

All dialects name models ("V4_5PLUS", "v5", "suno-v4-5", "chirp-crow"); each name chooses a row here.
Sources: the five API pages and the public model tables of the resellers (limits per model), the
public price lists (credits per generation, two takes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cadenza.domain.task import Dialect

# Stands in a request whose model is that of its source (apiin's extend names none): intake puts
# the source task's own tier in its place. It is no row of the table.
TIER_OF_SOURCE = ""


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

# The documented spellings, the one we answer with first among those of a tier.
_DOCUMENTED: dict[Dialect, dict[str, str]] = {
    Dialect.CRUN: {
        "v3.5": "v3.5", "v4": "v4", "v4.5": "v4.5", "v4.5plus": "v4.5plus", "v4.5all": "v4.5all",
        "v5": "v5", "v5.5": "v5.5", "v6": "v6", "v6-wild": "v6-wild", "v6-mini": "v6-mini",
    },
    Dialect.SUNOAPI: {
        "V3_5": "v3.5", "V4": "v4", "V4_5": "v4.5", "V4_5PLUS": "v4.5plus", "V4_5ALL": "v4.5all",
        "V5": "v5", "V5_5": "v5.5", "V6": "v6", "V6_WILD": "v6-wild", "V6_MINI": "v6-mini",
    },
    Dialect.APIIN: {
        "suno-v3-5": "v3.5", "suno-v4-0": "v4", "suno-v4-0-vip": "v4", "suno-v4-0-pro": "v4",
        "suno-v4-5": "v4.5", "suno-v4-5-plus": "v4.5plus", "suno-v5-0": "v5", "suno-v5-5": "v5.5",
        "chirp-v3-5": "v3.5", "chirp-v4-0": "v4", "chirp-v4-5": "v4.5", "chirp-v4-5-plus": "v4.5plus",
        "chirp-v5": "v5", "chirp-v5-5": "v5.5",
    },
    Dialect.NATIVE: {name: name for name in TIERS},
}  # fmt: skip

NAMES: Mapping[Dialect, Mapping[str, str]] = MappingProxyType(
    {dialect: MappingProxyType(names) for dialect, names in _DOCUMENTED.items()}
)

# Spellings that follow from no documented name by case and separators alone.
_OTHER_SPELLINGS = {
    "v3-5": "v3.5", "v4-0": "v4", "v4-5": "v4.5", "v4-5plus": "v4.5plus", "v4-5-plus": "v4.5plus",
    "v4-5all": "v4.5all", "v4-5-all": "v4.5all", "v5-0": "v5", "v5-5": "v5.5", "v6-0": "v6",
}  # fmt: skip


def _plain(name: str) -> str:
    """Return a name without what the spellings differ in: case, separators, the word "suno"."""
    plain = name.strip().lower().replace("_", "-").replace(".", "-").replace(" ", "-")
    for prefix in ("suno/", "suno-", "suno", "chirp-"):
        plain = plain.removeprefix(prefix)
    return plain


_BY_PLAIN_NAME: dict[str, str] = {
    _plain(name): tier
    for names in (
        *_DOCUMENTED.values(),
        {row.upstream_name: row.name for row in _ROWS},
        _OTHER_SPELLINGS,
    )
    for name, tier in names.items()
}


def tier_named(name: str) -> Tier | None:
    """Return the tier that a model name of any dialect means, or None for an unknown name."""
    tier = _BY_PLAIN_NAME.get(_plain(name))
    return None if tier is None else TIERS[tier]


def name_in(dialect: Dialect, tier: str) -> str:
    """Return how ``dialect`` spells a tier, for replies that must name a model."""
    for name, row in NAMES[dialect].items():
        if row == tier:
            return name
    return tier


# Where a reseller's price list differs from the table. The price list of sunoapi.org has one
# price for every model; the only price crun shows is the 10 credits of a finished v5 task.
_FLAT_PRICES: Mapping[Dialect, int] = MappingProxyType({Dialect.SUNOAPI: 12, Dialect.CRUN: 10})

_TAKES_IN_PRICE = 2

# Of words without music, whatever the dialect: the one price list that has them says 0.4 for two, and
# credits are whole here.
LYRICS_PRICE = 1
# Of the seconds around a join: next to nothing, and not for nothing (docs/decisions/0006-preview.md).
PREVIEW_PRICE = 1


def price(tier: Tier, dialect: Dialect, *, take_count: int = _TAKES_IN_PRICE, seam_only: bool = False) -> int:
    """Return the whole credits one task costs; halves are rounded up, never below 1."""
    if seam_only:
        return PREVIEW_PRICE
    for_two = _FLAT_PRICES.get(dialect, tier.credits)
    return max(1, -(-for_two * take_count // _TAKES_IN_PRICE))
