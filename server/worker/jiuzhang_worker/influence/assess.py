"""From stored gradients to scores per task, block by block, so that a pool need not fit into memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.influence.scores import unit, whitened_targets
from jiuzhang_worker.influence.store import Shard, Space

#: Which stored direction of the candidates a score compares with the targets' plain gradients.
DIRECTION = {"whitened": "plain", "cosine": "plain", "dot": "plain", "less": "adam"}


@dataclass(frozen=True)
class Point:
    """One checkpoint: its share of the learning rates, and its space."""

    weight: float
    space: Space


@dataclass(frozen=True)
class Scores:
    """One kind of score. by_task: {task: (n,)} float64. nearest: {task: (values (n, k), places among the task's items (n, k))}.

    directions: per checkpoint {task: (dim,)}, whose inner product with a candidate's unit vector (its whole one, for `dot`), summed over
    the checkpoints, is the score.
    """

    by_task: dict[str, Tensor]
    nearest: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    directions: list[dict[str, Tensor]] = field(default_factory=list)


def shape(kind: str, shard: Shard) -> Tensor:
    """Stored rows as a score sees them, float64."""
    return shard.vectors.double() * shard.lengths.double()[:, None] if kind == "dot" else unit(shard.vectors)


def assess(
    kind: str,
    points: Sequence[Point],
    keys: Sequence[bytes],
    targets: Mapping[str, Sequence[Item]],
    damping: float,
    nearest: int,
    device: Any,
) -> Scores:
    """Scores of all candidates, given by their different keys in an order that does not depend on the files'."""
    places = _spans(targets)
    directions = [_directions(kind, point, keys, targets, damping, device) * point.weight for point in points]
    by_task = {task: torch.zeros(len(keys), dtype=torch.float64) for task in targets}
    best = {
        task: (torch.zeros(len(keys), k, dtype=torch.float64), torch.zeros(len(keys), k, dtype=torch.int64))
        for task, items in targets.items()
        if (k := min(nearest, len(items)))
    }
    stored = DIRECTION[kind]
    for rows, first in points[0].space.blocks(stored, keys):
        pairs = shape(kind, first).to(device) @ directions[0].T
        for point, direction in zip(points[1:], directions[1:], strict=True):
            pairs += shape(kind, point.space.read(stored, first.keys)).to(device) @ direction.T
        for task, span in places.items():
            by_task[task][rows] = pairs[:, span].mean(1).cpu()
            if task in best:
                values, items = pairs[:, span].topk(best[task][0].shape[1], dim=1)
                best[task][0][rows], best[task][1][rows] = values.cpu(), items.cpu()
    return Scores(by_task, best, [{task: direction[span].mean(0) for task, span in places.items()} for direction in directions])


def losses_at(point: Point, keys: Sequence[bytes]) -> Tensor:
    """(n,): the candidates' losses at a checkpoint."""
    found = torch.zeros(len(keys), dtype=torch.float64)
    direction = "plain" if all(key in point.space.index["plain"] for key in keys) else "adam"
    for rows, shard in point.space.blocks(direction, keys):
        found[rows] = shard.losses.double()
    return found


def _directions(
    kind: str, point: Point, keys: Sequence[bytes], targets: Mapping[str, Sequence[Item]], damping: float, device: Any
) -> Tensor:
    """(items of all tasks, dim) in float64."""
    held = point.space.read("plain", [item.key for items in targets.values() for item in items])
    if kind != "whitened":
        return shape(kind, held).to(device)

    def pool() -> Iterator[Tensor]:
        if len(keys) <= held.vectors.shape[1]:
            # Small enough to be held whole: then its order does not depend on the shards.
            yield point.space.read("plain", keys).vectors.to(device)
        else:
            for _, shard in point.space.blocks("plain", keys):
                yield shard.vectors.to(device)

    return whitened_targets(pool, held.vectors.to(device), damping)


def _spans(targets: Mapping[str, Sequence[Item]]) -> dict[str, slice]:
    spans, start = {}, 0
    for task, items in targets.items():
        spans[task] = slice(start, start + len(items))
        start += len(items)
    return spans
