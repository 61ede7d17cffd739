"""Figures of evaluations, against brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.evaluate.statistics import majority, measure, pass_at_k


@given(st.lists(st.booleans(), min_size=1, max_size=7), st.integers(1, 7))
def test_pass_at_k_is_the_share_of_choices_with_a_right_one(correct: list[bool], k: int) -> None:
    k = min(k, len(correct))
    choices = list(combinations(correct, k))
    assert pass_at_k(len(correct), sum(correct), k) == pytest.approx(sum(any(choice) for choice in choices) / len(choices))


def test_the_majority_decides_and_of_equals_the_first() -> None:
    assert majority(["1", "2", "2"], [True, False, False]) is False
    assert majority(["1", "2"], [True, False]) is True
    assert majority([None, None, "3"], [False, False, True]) is True
    assert majority([None], [False]) is False


def test_repeated_items_do_not_make_a_figure_surer() -> None:
    """Two hundred items asked five times each are two hundred items: a plain error would be less than half as large."""
    random = np.random.default_rng(0)
    own = random.integers(0, 2, 200).astype(float)
    names = [str(number) for number in range(200)]
    settings = {"resamples": 2_000, "confidence": 0.95, "seed": 1}
    once = measure(list(own), names, **settings)
    often = measure(list(np.tile(own, 5)), names * 5, **settings)
    blind = measure(list(np.tile(own, 5)), [str(number) for number in range(1000)], **settings)
    assert often["value"] == once["value"] == own.mean()
    assert often["standard_error"] == pytest.approx(once["standard_error"])
    assert (often["low"], often["high"]) == pytest.approx((once["low"], once["high"]))
    assert blind["standard_error"] < 0.5 * often["standard_error"]
    # Independent items: the textbook's error, and a normal interval.
    assert once["standard_error"] == pytest.approx(own.std(ddof=1) / np.sqrt(200))
    assert once["low"] == pytest.approx(once["value"] - 1.96 * once["standard_error"], abs=0.01)
    assert once["high"] == pytest.approx(once["value"] + 1.96 * once["standard_error"], abs=0.01)
    assert measure(list(own), names, **settings) == once


def test_items_that_are_all_alike_leave_room_for_the_next_one() -> None:
    """Wilson's interval for n of n is [1 / (1 + z² / n), 1]: 0.2065 for one item, 0.9287 for fifty."""
    for count, low in ((1, 0.2065), (50, 0.9287)):
        items = [str(number) for number in range(count)]
        right = measure([1.0] * count, items, resamples=100, confidence=0.95, seed=0)
        assert (right["value"], right["standard_error"], right["high"]) == (1, 0, 1)
        assert right["low"] == pytest.approx(low, abs=1e-4)
        wrong = measure([0.0] * count, items, resamples=100, confidence=0.95, seed=0)
        assert (wrong["low"], wrong["high"]) == (0, pytest.approx(1 - low, abs=1e-4))
