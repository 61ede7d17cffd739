"""Scores and ranks against their textbook forms."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jiuzhang_worker.influence import ranking, scores


def matrices(seed: int, n: int, t: int, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    # A shared direction and uneven lengths, as gradients have.
    shared = torch.randn(d, generator=random)
    c = (torch.randn(n, d, generator=random) + shared) * torch.rand(n, 1, generator=random)
    return c, torch.randn(t, d, generator=random) + shared


@given(
    seed=st.integers(0, 1000), n=st.integers(1, 12), t=st.integers(1, 5), d=st.integers(1, 12), damping=st.sampled_from([0.1, 1.0, 10.0])
)
@settings(max_examples=60, deadline=None)
def test_dual_primal_and_directions_agree(seed: int, n: int, t: int, d: int, damping: float) -> None:
    c, targets = matrices(seed, n, t, d)
    dual = scores.whitened_pairs(c, targets, damping)
    torch.testing.assert_close(scores.trak_projected_pairs(c, targets, damping), dual, rtol=1e-7, atol=1e-9)
    for solve in ("dual", "primal", "auto"):
        directions = scores.whitened_targets(lambda: c.split(5), targets, damping, solve)
        torch.testing.assert_close(scores.unit(c) @ directions.T, dual, rtol=1e-7, atol=1e-9)


def test_whitened_is_the_formula_of_the_design() -> None:
    c, t = matrices(3, 7, 2, 5)
    units, items = c.double() / c.double().norm(dim=1)[:, None], t.double() / t.double().norm(dim=1)[:, None]
    inverse = torch.linalg.inv(units @ units.T + 7 / 100 * torch.eye(7, dtype=torch.float64))
    torch.testing.assert_close(scores.whitened([c], [{"a": t}], [1.0])["a"], (items @ units.T @ inverse).mean(0))


def test_checkpoints_weigh_by_their_learning_rate_and_tasks_stay_apart() -> None:
    (c1, a1), (c2, a2) = matrices(1, 6, 3, 4), matrices(2, 6, 3, 4)
    b1, b2 = a1[:2] * -1, a2[:2] * -1
    got = scores.less([c1, c2], [{"a": a1, "b": b1}, {"a": a2, "b": b2}], [3e-4, 1e-4])
    cosines = [torch.nn.functional.cosine_similarity(c[:, None].double(), t[None].double(), dim=2) for c, t in ((c1, a1), (c2, a2))]
    torch.testing.assert_close(got["a"], 0.75 * cosines[0].mean(1) + 0.25 * cosines[1].mean(1))
    torch.testing.assert_close(got["b"], -(0.75 * cosines[0][:, :2].mean(1) + 0.25 * cosines[1][:, :2].mean(1)))


def test_a_gradient_of_zeros_scores_zero_and_not_nan() -> None:
    c, t = matrices(1, 4, 2, 6)
    c[2] = 0
    assert scores.cosine([c], [{"a": t}], [1.0])["a"][2] == 0
    assert scores.whitened([c], [{"a": t}], [1.0])["a"][2] == 0


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_ranks_keep_order_and_share_ties(values: list[int]) -> None:
    got = ranking.ranks(torch.tensor(values, dtype=torch.float64))
    count = len(values)
    for value, rank in zip(values, got.tolist(), strict=True):
        below, same = sum(other < value for other in values), values.count(value)
        assert rank == pytest.approx((below + (same - 1) / 2) / (count - 1) if count > 1 else 1)


@given(st.integers(1, 40), st.integers(0, 99), st.sampled_from([(1.0, 1.0), (3.0, 1.0), (1.0, 9.0)]))
def test_quota_gives_each_task_its_share_at_every_length(count: int, seed: int, shares: tuple[float, float]) -> None:
    random = torch.Generator().manual_seed(seed)
    by_task = {"a": torch.rand(count, generator=random), "b": torch.rand(count, generator=random)}
    order = ranking.quota_order(by_task, {"a": shares[0], "b": shares[1]})
    assert sorted(order) == list(range(count))
    final = ranking.aggregate(by_task, "quota", {"a": shares[0], "b": shares[1]})
    assert torch.argsort(final, descending=True, stable=True).tolist() == order
    best_of_all = {int(values.argmax()) for values in by_task.values()}
    assert order[0] in best_of_all
    # Replaying the order, each choice is the best that is left of one of the tasks.
    left = set(range(count))
    for index in order:
        assert any(all(values[index] >= values[other] for other in left) for values in by_task.values())
        left.remove(index)


def test_quality_rejects_what_is_hard_and_of_no_influence() -> None:
    influence, losses = torch.tensor([0.9, 0.8, 0.1, 0.2]), torch.tensor([1.0, 3.0, 4.0, 0.5])
    assert ranking.quality(influence, losses).argmin() == 2
    assert ranking.quality(influence, losses).argmax() == 0
