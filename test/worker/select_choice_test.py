"""Properties of the choice itself, whatever the pool: budgets, quotas, orders, and the diverse choices against brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jiuzhang_worker.select.choose import Choice, InOrder, Picker, choose
from jiuzhang_worker.select.diverse import FacilityLocation, Mmr
from jiuzhang_worker.select.ledger import Ledger, largest_remainder, make_quota
from jiuzhang_worker.select.order import lots, quality_ranks, ranks, relevance
from jiuzhang_worker.select.vectors import hashed_ngrams, unit

GROUPS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=40)
SHARES = st.fixed_dictionaries({}, optional=dict.fromkeys("abcz", st.sampled_from([0.0, 0.1, 0.2, 0.25])))


@given(st.integers(0, 1_000), st.lists(st.floats(0, 1e6), min_size=1, max_size=12))
def test_parts_add_up_and_are_within_one_of_their_share(total: int, weights: list[float]) -> None:
    parts = largest_remainder(total, weights)
    if sum(weights) == 0:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < 1 + 1e-6


def pickers(count: int, wanted: float, seed: int) -> list[Picker]:
    random = np.random.default_rng(seed)
    order = random.permutation(count)
    vectors = unit(random.normal(size=(count, 6)).astype(np.float32))
    found = relevance(order, count)
    return [InOrder(order), Mmr(found, vectors, 0.4), FacilityLocation(found, vectors, 0.4, wanted)]


@settings(deadline=None, max_examples=60)
@given(GROUPS, SHARES, st.integers(1, 45), st.sampled_from(["leave", "others"]), st.integers(0, 5), st.data())
def test_never_more_than_asked_and_quotas_hold(
    groups: list[str], shares: dict[str, float], k: int, rest: str, seed: int, data: st.DataObject
) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(groups), max_size=len(groups))))
    for picker in pickers(len(groups), k, seed):
        quota = make_quota({"column": "x", "shares": shares, "rest": rest}, groups, k, "nearest")
        choice = choose(picker, allowed, np.ones(len(groups)), Ledger(k), [quota])
        assert len(set(choice.rows)) == len(choice.rows) <= k
        assert allowed[choice.rows].all()
        for place, ledger in enumerate(quota.ledgers):
            of_group = [row for row in choice.rows if quota.codes[row] == place]
            there = int((allowed & (quota.codes == place)).sum())
            own = [row for row in of_group if row not in choice.extra]
            assert len(own) == min(int(ledger.limit), there)
            if rest == "leave":
                assert own == of_group
        if rest == "others":
            assert len(choice.rows) == min(k, int(allowed.sum()))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=40),
    st.integers(1, 900),
    st.sampled_from(["nearest", "under", "over"]),
    st.integers(0, 5),
)
def test_a_token_budget_is_met_within_one_row(tokens: list[int], budget: int, overshoot: str, seed: int) -> None:
    weights = np.array(tokens, dtype=float)
    for picker in pickers(len(tokens), budget / weights.mean(), seed):
        choice = choose(picker, np.ones(len(tokens), dtype=bool), weights, Ledger(budget, overshoot), [])
        used = weights[choice.rows].sum()
        if weights.sum() < budget:
            assert used == weights.sum()
            continue
        assert abs(used - budget) < max(tokens)
        if overshoot == "nearest":
            assert abs(used - budget) <= max(tokens) / 2
        assert overshoot != "under" or used <= budget
        assert overshoot != "over" or used >= budget


def plain(order: list[int], weights: list[float], budget: float) -> Choice:
    return choose(InOrder(np.array(order)), np.ones(len(order), dtype=bool), np.array(weights), Ledger(budget), [])


def test_the_row_that_passes_the_budget_is_kept_where_that_is_nearer() -> None:
    assert plain([0, 1, 2], [10, 8, 1], 15).rows == [0, 1]
    assert plain([0, 1, 2], [10, 20, 1], 15).rows == [0]
    assert plain([0, 1, 2], [10, 5, 1], 15).rows == [0, 1]


@given(st.lists(st.text(max_size=4), unique=True, min_size=1), st.integers(0, 9), st.randoms())
def test_lots_belong_to_the_row_and_the_seed(ids: list[str], seed: int, shuffle: object) -> None:
    drawn = dict(zip(ids, lots(ids, seed), strict=True))
    shuffled = list(ids)
    shuffle.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(shuffled, lots(shuffled, seed), strict=True)) == drawn
    assert all(0 <= value < 1 for value in drawn.values())


def test_lots_are_spread_and_differ_by_seed() -> None:
    ids = [str(number) for number in range(4_000)]
    one, two = lots(ids, 1), lots(ids, 2)
    assert abs(one.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.08


def test_ranks_and_quality() -> None:
    draw = np.array([0.5, 0.1, 0.9, 0.2])
    assert ranks(np.array([3.0, 1.0, np.nan, 1.0]), draw).tolist()[:2] == [2, 0]
    found = quality_ranks(np.array([1.0, 2.0, 3.0, np.nan]), np.array([9.0, 1.0, 2.0, 0.0]), draw)
    # The first has the lowest score and the highest loss; the last has no score.
    assert found[:3].tolist() == [-2, 1, 1]
    assert np.isnan(found[3])


def objective(rows: list[int], vectors: np.ndarray, found: np.ndarray, weight: float, wanted: float) -> float:
    near = np.maximum(vectors @ vectors[rows].T, 0).max(axis=1)
    return float(weight * found[rows].sum() / wanted + (1 - weight) * near.mean())


@pytest.mark.parametrize("seed", range(4))
def test_facility_location_is_greedy_and_near_the_optimum(seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(12, 4)))
    found = relevance(random.permutation(12), 12)
    chosen = choose(FacilityLocation(found, vectors, 0.3, 4), np.ones(12, dtype=bool), np.ones(12), Ledger(4), []).rows
    # The lazy heap gives what plain greedy gives.
    rows: list[int] = []
    for _ in range(4):
        rows.append(max((row for row in range(12) if row not in rows), key=lambda row: objective([*rows, row], vectors, found, 0.3, 4)))
    assert chosen == rows
    best = max(objective(list(four), vectors, found, 0.3, 4) for four in combinations(range(12), 4))
    assert objective(chosen, vectors, found, 0.3, 4) >= (1 - 1 / np.e) * best


def test_mmr_follows_its_formula() -> None:
    random = np.random.default_rng(3)
    vectors = unit(random.normal(size=(20, 5)))
    found = relevance(random.permutation(20), 20)
    chosen = choose(Mmr(found, vectors, 0.6), np.ones(20, dtype=bool), np.ones(20), Ledger(6), []).rows
    rows: list[int] = []
    for _ in range(6):
        near = np.maximum(vectors @ vectors[rows].T, 0).max(axis=1) if rows else np.zeros(20)
        value = 0.6 * found - 0.4 * near
        value[rows] = -np.inf
        rows.append(int(value.argmax()))
    assert chosen == rows


def test_hashed_ngrams_find_what_is_alike() -> None:
    texts = ["Solve $x + 1 = 5$ for x.", "Solve $x + 2 = 5$ for $x$.", "A gardener plants tulips in rows."]
    vectors, _ = hashed_ngrams(texts, 256, 0)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert np.array_equal(hashed_ngrams(texts, 256, 0)[0], vectors)
    assert not np.array_equal(hashed_ngrams(texts, 256, 1)[0], vectors)
