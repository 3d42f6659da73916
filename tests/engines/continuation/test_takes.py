"""Takes that are planned together."""

import numpy as np
import pytest

from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.plan.entry import entry_prices
from cadenza.engines.embedded.plan.ground import find_ground
from cadenza.engines.embedded.plan.likeness import compare
from cadenza.engines.embedded.plan.path import Paths, Taste
from cadenza.engines.embedded.plan.takes import plan_bodies, shared_share

BEATS = 60


@pytest.fixture(scope="module")
def short_source(song):
    return listen(song(bars=22))


def paths_of(portrait, seed=0):
    ground, likeness = find_ground(portrait, portrait.duration_s), compare(portrait)
    return Paths(
        ground,
        portrait,
        likeness,
        entries=entry_prices(ground, portrait, likeness, np.zeros(portrait.beat_count)),
        beats=BEATS,
        taste=Taste(),
        leaning=np.zeros(ground.count),
        rng=np.random.default_rng(seed),
    )


def bodies(paths, takes):
    return plan_bodies(paths, takes, np.random.default_rng(1))


@pytest.mark.parametrize("seed", range(4))
def test_the_first_two_share_at_most_half_of_their_bars_where_bars_are_scarce(short_source, seed):
    one, other = bodies(paths_of(short_source, seed), 2)
    assert shared_share(one, other) <= 0.5


@pytest.mark.parametrize("seed", range(4))
def test_the_first_gives_up_less_than_the_second_gains(short_source, seed):
    paths = paths_of(short_source, seed)
    alone = paths.best()
    one, other = bodies(paths, 2)
    leavings = min(
        (paths.best(np.where(alone.used, price, 0.0)) for price in (0.5, 1.0, 2.0, 4.0)),
        key=lambda path: (max(0.5, shared_share(alone, path)), path.cost),
    )
    assert one.cost + other.cost <= alone.cost + leavings.cost + 1e-9


def test_a_take_does_not_depend_on_how_many_are_asked_for(short_source):
    some, more = (bodies(paths_of(short_source), takes) for takes in (1, 3))
    assert [path.spans for path in some] == [path.spans for path in more[:2]]


def test_a_third_take_differs_from_both(short_source):
    *earlier, third = bodies(paths_of(short_source), 3)
    assert all(third.spans != path.spans for path in earlier)


def test_a_path_lasts_as_long_as_asked(short_source):
    spans = paths_of(short_source).best().spans
    assert BEATS <= sum(span.length for span in spans) < BEATS + 8


def test_a_bar_that_costs_more_is_left_out(short_source):
    paths = paths_of(short_source)
    dear = paths.best().used
    assert (paths.best(np.where(dear, 3.0, 0.0)).used & dear).sum() < 0.5 * dear.sum()
