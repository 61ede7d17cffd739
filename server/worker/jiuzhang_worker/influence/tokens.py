"""What each completion token adds to a candidate's score.

A candidate's gradient is the mean of its tokens' gradients, and a score is an inner product with it, so it is a sum over tokens. Each
term is the slope of that token's loss along the score's direction in the space of weights, which forward-mode differentiation gives for
all tokens at once. LESS's direction is linear in the gradient once its denominator is held; its momentum is a term of its own (`constant`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp
from torch.nn.attention import SDPBackend, sdpa_kernel

from jiuzhang_worker.influence.adam import BETA1, BETA2, EPSILON
from jiuzhang_worker.influence.assess import DIRECTION, Point, Scores
from jiuzhang_worker.influence.fill import Directions
from jiuzhang_worker.influence.gradients import Batch, GradientTaker, Weight, collate, token_losses
from jiuzhang_worker.influence.items import Item


class _Losses(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        return token_losses(self.model, batch)[0]


class Shares:
    """Sums over the checkpoints. values: {(key, task): (completion tokens,)}; constants: what no token adds."""

    def __init__(self) -> None:
        self.values: dict[tuple[bytes, str], Tensor] = {}
        self.constants: dict[tuple[bytes, str], float] = {}

    def add(self, key: tuple[bytes, str], values: Tensor, constant: float) -> None:
        self.values[key] = self.values[key] + values if key in self.values else values
        self.constants[key] = self.constants.get(key, 0.0) + constant


def add_checkpoint(
    shares: Shares, kind: str, vectors: Directions, point: Point, towards: Mapping[str, Tensor], items: Sequence[Item]
) -> Iterator[Item]:
    """Adds one checkpoint's part of the score. towards: the score's direction per task. Gives each item when it is done."""
    losses = _Losses(vectors.model)
    for item in items:
        batch = collate([(item.ids.tolist(), item.prompt)]).to(vectors.device)
        length = float(point.space.read(DIRECTION[kind], [item.key]).lengths[0])
        scale = 1.0 if kind == "dot" else 1.0 / max(length, torch.finfo(torch.float32).tiny)
        gradient = GradientTaker(vectors.model).take(batch)[0][0] if kind == "less" else None
        for task, direction in towards.items():
            tangents, constant = _tangents(vectors, direction.float(), gradient)
            values = _slopes(losses, batch, vectors.weights, tangents).cpu().double() / item.learnt
            shares.add((item.key, task), values * scale, constant * scale)
        yield item


def _tangents(vectors: Directions, direction: Tensor, gradient: Tensor | None) -> tuple[dict[str, Tensor], float]:
    """The direction in the space of weights, and the inner product with it that does not depend on the tokens."""
    tangents, constant = {}, 0.0
    for weight in vectors.weights:
        back = vectors.projection.back(direction[None].to(vectors.device), weight.offset, weight.size)[0]
        if gradient is not None:
            m, v = vectors.moments[weight.name]
            own = gradient[weight.offset : weight.offset + weight.size]
            back = back / (BETA2 * v + (1 - BETA2) * own.square() + EPSILON).sqrt()
            constant += float((back.double() * BETA1 * m.double()).sum())
            back = back * (1 - BETA1)
        tangents[weight.name] = back.reshape(weight.linear.weight.shape)
    return tangents, constant


def _slopes(losses: _Losses, batch: Batch, weights: Sequence[Weight], tangents: Mapping[str, Tensor]) -> Tensor:
    at = {f"model.{weight.name}": weight.linear.weight.detach() for weight in weights}
    along = {f"model.{weight.name}": tangents[weight.name].to(weight.linear.weight.dtype) for weight in weights}
    # Of the attentions only the plain one can be differentiated forwards.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        _, slopes = jvp(lambda parameters: functional_call(losses, parameters, (batch,)), (at,), (along,))
    return slopes.float()


def token_rows(
    items: Sequence[Item], shares: Shares, scores: Scores, places: Mapping[bytes, int], tokenizer: Any
) -> Iterator[dict[str, Any]]:
    """id, tokens (their text), tasks: {task: {score, constant, values}}; the values and the constant add up to the score."""
    for item in items:
        ids = item.ids[item.prompt :].tolist()
        yield {
            "id": item.id,
            "tokens": [tokenizer.decode([token]) for token in ids],
            "tasks": {
                task: {
                    "score": float(f"{float(values[places[item.key]]):.8g}"),
                    "constant": float(f"{shares.constants[item.key, task]:.6g}"),
                    "values": [float(f"{value:.6g}") for value in shares.values[item.key, task].tolist()],
                }
                for task, values in scores.by_task.items()
            },
        }
