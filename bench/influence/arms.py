"""What is compared: a number per candidate, of which more is better, and how rows are kept by it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.influence.adam import adam_direction
from jiuzhang_worker.influence.projection import Projection
from jiuzhang_worker.influence.ranking import quality
from jiuzhang_worker.influence.scores import cosine, less, whitened
from jiuzhang_worker.select.choose import InOrder, choose
from jiuzhang_worker.select.embedding import similarity
from jiuzhang_worker.select.ledger import Ledger
from jiuzhang_worker.select.order import lots

from influence.lab import Checkpoint, Lab
from influence.worlds import World

#: Arms that a question trains a proxy for, in the order of reports. `ours` is the design's default for the question's kind.
SCORED = ("ours", "whitened", "less", "cosine", "embedding", "loss", "length")
#: Arms that draw: several draws of them are averaged.
DRAWN = ("random", "oracle")

Scores = dict[str, dict[str, float]]


def score_all(lab: Lab, world: World, checkpoints: list[Checkpoint], projection: Projection, damping: float) -> Scores:
    """{arm: {id: score}}. loss is the warmed-up model's, negated; length is in completion tokens."""
    candidates, targets, turned, losses = [], [], [], torch.zeros(len(world.candidates))
    for checkpoint in checkpoints:
        lab.put(checkpoint.weights)
        plain, losses, adam = lab.gradients(world.candidates, projection, lambda rows, at=checkpoint: adam_direction(rows, at.m, at.v))
        candidates.append(plain)
        turned.append(adam)
        targets.append({"task": lab.gradients(world.targets, projection)[0]})
    rates = [checkpoint.rate for checkpoint in checkpoints]
    influence = whitened(candidates, targets, rates, damping)["task"]
    found = {
        "whitened": influence,
        "less": less(turned, targets, rates)["task"],
        "cosine": cosine(candidates, targets, rates)["task"],
        "embedding": similarity(lab.pooled(world.candidates).numpy(), lab.pooled(world.targets).numpy(), "mean"),
        "loss": -losses,
        "length": lab.lengths(world.candidates)[1],
    }
    found["ours"] = influence if world.question.kind == "relevance" else quality(influence, losses.double())
    return {
        arm: {example.id: float(value) for example, value in zip(world.candidates, values, strict=True)} for arm, values in found.items()
    }


def keep(
    world: World, arm: str, scores: Mapping[str, float], lengths: Mapping[str, int], budget: str, kept: int, reject: float, draw: int
) -> list[Example]:
    """The rows that an arm keeps, as many as `kept`, or as many tokens as so many mean candidates have.

    Top of the scores; `ours` in a world that is not of relevance rejects a share and draws among the rest; random and oracle draw.
    """
    rows = sorted(world.candidates, key=lambda example: example.id)
    tickets = lots([example.id for example in rows], 1_000 * world.seed + draw)
    allowed = np.ones(len(rows), dtype=bool)
    key: Any = tickets
    if arm == "oracle":
        allowed = np.array([example.id in world.good for example in rows])
    elif arm not in DRAWN:
        values = np.array([scores[example.id] for example in rows])
        if draws(world, arm):
            allowed[np.lexsort((tickets, values))[: round(reject * len(rows))]] = False
        else:
            key = values
    order = np.lexsort((tickets, -key))
    weights = np.array([float(lengths[example.id]) for example in rows]) if budget == "tokens" else np.ones(len(rows))
    limit = kept * float(weights.mean()) if budget == "tokens" else kept
    return [rows[place] for place in choose(InOrder(order), allowed, weights, Ledger(limit), []).rows]


def draws(world: World, arm: str) -> bool:
    """Whether chance has a part in what an arm keeps."""
    return arm in DRAWN or (arm == "ours" and world.question.kind != "relevance")
