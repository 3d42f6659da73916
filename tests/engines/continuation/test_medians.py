"""Running medians, against a plain definition of them."""

import numpy as np
import pytest

from cadenza.engines.embedded.recombine.medians import running_median, window_near


def plain_median(rows, window):
    padded = np.pad(rows, ((window // 2, window // 2), (0, 0)), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, window, axis=0), axis=2)


@pytest.mark.parametrize("window", [5, 9, 13, 17, 21])
@pytest.mark.parametrize("count", [1, 2, 5, 16, 17, 40])
def test_a_running_median_is_the_median_of_its_window(window, count):
    rows = np.random.default_rng(count).standard_normal((count, 3)).astype(np.float32)
    assert np.array_equal(running_median(rows, window), plain_median(rows, window))


def test_rows_that_are_all_alike_stay_as_they_are():
    rows = np.ones((7, 2), dtype=np.float32)
    assert np.array_equal(running_median(rows, 5), rows)


@pytest.mark.parametrize(
    ("length", "window"), [(1.0, 5), (12.5, 13), (15.3, 17), (17.2, 17), (18.8, 17), (19.2, 21)]
)
def test_a_window_is_one_more_than_a_multiple_of_four(length, window):
    assert window_near(length) == window
