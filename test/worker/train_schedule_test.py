"""Schedules are pure functions: from nought, over the top, to the floor."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.train.schedule import mean_rate, schedule_of, warmup_steps

KINDS = ["cosine", "linear", "wsd", "constant"]
shares = st.floats(0, 1)


def settings(kind: str, warmup: float = 0.0, stable: float = 0.85, floor: float = 0.0) -> dict[str, object]:
    return {"kind": kind, "warmup": warmup, "stable": max(stable, warmup), "floor": floor}


@given(kind=st.sampled_from(KINDS), warmup=shares, stable=shares, floor=shares, total=st.integers(1, 400))
def test_every_schedule_rises_from_nought_and_then_never_rises_again(
    kind: str, warmup: float, stable: float, floor: float, total: int
) -> None:
    at = schedule_of(settings(kind, warmup, stable, floor), total)
    first = warmup_steps(warmup, total)
    values = [at(step) for step in range(total + 1)]
    assert all(0 <= value <= 1 for value in values)
    if first:
        # The floor must not lift the warm-up.
        assert values[0] == 0
        assert all(later > earlier for earlier, later in pairwise(values[:first]))
    after = values[first:]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(after))
    assert all(value >= floor - 1e-12 for value in after)


def test_wsd_is_that_of_the_papers_repository() -> None:
    """Warm-up 3 %, level to 85 %, then linear towards zero and stopped at a tenth."""
    at = schedule_of(settings("wsd", 0.03, 0.85, 0.1), 1_000)
    assert [at(0), at(15), at(30), at(849)] == [0, 0.5, 1, 1]
    assert at(850) == 1
    assert at(925) == pytest.approx(0.5)
    assert at(970) == pytest.approx(0.2)
    assert at(985) == pytest.approx(0.1)
    assert at(999) == 0.1


def test_cosine_is_that_of_transformers() -> None:
    from torch.nn import Parameter
    from torch.optim import SGD
    from transformers import get_scheduler

    optimizer = SGD([Parameter()], lr=1.0)
    theirs = get_scheduler("cosine", optimizer, num_warmup_steps=3, num_training_steps=60)
    at = schedule_of(settings("cosine", 0.05), 60)
    for step in range(60):
        assert at(step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


def test_the_mean_rate_of_an_epoch() -> None:
    at = schedule_of(settings("linear"), 4)
    assert mean_rate(at, 0.1, 0, 2) == pytest.approx(0.1 * (1 + 0.75) / 2)
    assert mean_rate(at, 0.1, 2, 4) == pytest.approx(0.1 * (0.5 + 0.25) / 2)
