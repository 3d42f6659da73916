"""Names of every dialect lead to one table of limits and prices."""

import pytest

from cadenza.domain.task import Dialect
from cadenza.domain.tiers import NAMES, TIER_OF_SOURCE, TIERS, name_in, price, tier_named


@pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)
def test_every_documented_name_has_its_tier(dialect):
    for name, tier in NAMES[dialect].items():
        assert tier_named(name) is TIERS[tier]


@pytest.mark.parametrize("tier", TIERS)
def test_every_upstream_name_has_its_tier(tier):
    assert tier_named(TIERS[tier].upstream_name) is TIERS[tier]


@pytest.mark.parametrize(
    ("spelling", "tier"),
    [
        ("V4_5PLUS", "v4.5plus"),
        ("v4.5", "v4.5"),
        ("V4.5", "v4.5"),
        ("v4_5", "v4.5"),
        ("suno-v4-5", "v4.5"),
        ("suno-v4-5-plus", "v4.5plus"),
        ("chirp-v5", "v5"),
        ("chirp-crow", "v5"),
        ("sunov5", "v5"),
        ("suno-v4-0-vip", "v4"),
        ("V6_WILD", "v6-wild"),
        (" V5 ", "v5"),
    ],
)
def test_a_spelling_of_any_dialect_is_understood(spelling, tier):
    assert tier_named(spelling) is TIERS[tier]


@pytest.mark.parametrize("spelling", ["", "v", "v45", "v7", "suno", "gpt-4", TIER_OF_SOURCE, "v5.5.5"])
def test_other_names_mean_nothing(spelling):
    assert tier_named(spelling) is None


def test_no_two_documented_names_differ_only_in_spelling_and_mean_two_tiers():
    for names in NAMES.values():
        for name, tier in names.items():
            assert tier_named(name.swapcase()) is TIERS[tier]


@pytest.mark.parametrize(
    ("tier", "lyrics", "style", "title", "source_s"),
    [  # wire-contracts 1.2
        ("v3.5", 3000, 200, 80, 480),
        ("v4", 3000, 200, 80, 480),
        ("v4.5", 5000, 1000, 100, 480),
        ("v4.5plus", 5000, 1000, 100, 480),
        ("v4.5all", 5000, 1000, 80, 60),
        ("v5", 5000, 1000, 100, 480),
        ("v5.5", 5000, 1000, 100, 480),
    ],
)
def test_the_limits_are_the_documented_ones(tier, lyrics, style, title, source_s):
    row = TIERS[tier]
    assert (row.lyrics_limit, row.style_limit, row.title_limit, row.longest_source_s) == (
        lyrics,
        style,
        title,
        source_s,
    )


def test_apiin_prices_are_those_of_its_list():  # wire-contracts 3
    prices = {name: price(TIERS[tier], Dialect.APIIN) for name, tier in NAMES[Dialect.APIIN].items()}
    assert prices["chirp-v3-5"] == 5
    assert prices["chirp-v4-0"] == 8
    assert prices["chirp-v4-5"] == prices["chirp-v4-5-plus"] == 10
    assert prices["chirp-v5"] == prices["chirp-v5-5"] == 12


def test_sunoapi_has_one_price_and_so_has_crun():  # wire-contracts 1.1 and 2.3
    assert {price(tier, Dialect.SUNOAPI) for tier in TIERS.values()} == {12}
    assert {price(tier, Dialect.CRUN) for tier in TIERS.values()} == {10}


@pytest.mark.parametrize(("takes", "credits"), [(1, 3), (2, 5), (3, 8), (4, 10)])
def test_a_price_goes_with_the_number_of_takes(takes, credits):
    assert price(TIERS["v3.5"], Dialect.NATIVE, take_count=takes) == credits


@pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)
def test_a_tier_is_answered_in_the_dialects_own_spelling(dialect):
    for tier in TIERS:
        assert tier_named(name_in(dialect, tier)) is TIERS[tier]
    assert name_in(Dialect.APIIN, "v4.5") == "suno-v4-5"
    assert name_in(Dialect.SUNOAPI, "v4.5plus") == "V4_5PLUS"
