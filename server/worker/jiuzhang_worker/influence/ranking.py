"""From scores per task to one order of the candidates. Pure functions of (n,) vectors."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

Aggregate = Literal["max", "mean", "quota"]


def ranks(values: Tensor) -> Tensor:
    """0 for the lowest, 1 for the highest, equal values share the mean of their ranks; one value alone has 1."""
    if len(values) < 2:
        return torch.ones(len(values), dtype=torch.float64)
    _, place, counts = torch.unique(values, return_inverse=True, return_counts=True)
    middle = counts.cumsum(0) - counts + (counts - 1) / 2
    return middle.double()[place] / (len(values) - 1)


def aggregate(by_task: Mapping[str, Tensor], kind: Aggregate, shares: Mapping[str, float] | None = None) -> Tensor:
    """(n,): the highest or the mean over tasks, or by quota: one task after the other takes its best, in proportion to its share.

    What is given are ranks, so that no task speaks louder than another; LESS as published takes the maximum of the bare scores.
    """
    together = torch.stack(list(by_task.values()))
    if kind == "max":
        return together.amax(0)
    if kind == "mean":
        return together.mean(0)
    order = quota_order(by_task, shares or dict.fromkeys(by_task, 1.0))
    found = torch.ones(len(order), dtype=torch.float64)
    found[order] = 1 - torch.arange(len(order), dtype=torch.float64) / max(1, len(order) - 1)
    return found


def quota_order(by_task: Mapping[str, Tensor], shares: Mapping[str, float]) -> list[int]:
    """Indices of the candidates, best first: at every length each task has chosen its share of them, to within one."""
    choices = {task: iter(torch.argsort(values, descending=True, stable=True).tolist()) for task, values in by_task.items()}
    whole = sum(shares[task] for task in by_task)
    taken = dict.fromkeys(by_task, 0)
    seen: set[int] = set()
    order: list[int] = []
    count = len(next(iter(by_task.values())))
    while len(order) < count:
        task = max(by_task, key=lambda name: shares[name] / whole * (len(order) + 1) - taken[name])
        taken[task] += 1
        chosen = next(index for index in choices[task] if index not in seen)
        seen.add(chosen)
        order.append(chosen)
    return order


def quality(influence: Tensor, losses: Tensor) -> Tensor:
    """(n,) in 0 … 1: the rank of (influence rank − loss rank). For a dirty pool: what is low here is rejected.

    Never take the top of it: purity without diversity loses. Reject the lower part and choose among the rest at random, or for variety.
    """
    return ranks(ranks(influence) - ranks(losses))
