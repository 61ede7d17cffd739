"""Per-example gradients of the trained linears, of a whole batch in one backward pass.

The loss of an example is the mean over its completion tokens, as in LESS. A gradient is one float32 vector; its coordinates are the
weights in the order of `model.named_parameters()`, each flattened row by row: of a LoRA, for every adapted linear first A, then B.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

IGNORED = -100


class Batch(NamedTuple):
    """ids, labels: (batch, tokens) int64, padded on the right; labels are -100 where nothing is learnt, padding included.

    hidden: in place of ids, the states (batch, tokens, width) that enter the first layer that is run (`influence.hidden`).
    """

    ids: Tensor
    labels: Tensor
    hidden: Tensor | None = None

    def to(self, device: Any) -> "Batch":
        return Batch(self.ids.to(device), self.labels.to(device), None if self.hidden is None else self.hidden.to(device))


def collate(examples: Sequence[tuple[Sequence[int], int]], pad: int = 0) -> Batch:
    """Examples as (ids, length of the prompt) → one batch."""
    width = max(len(ids) for ids, _ in examples)
    ids = torch.full((len(examples), width), pad, dtype=torch.int64)
    labels = torch.full((len(examples), width), IGNORED, dtype=torch.int64)
    for row, (tokens, prompt) in enumerate(examples):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, prompt : len(tokens)] = torch.tensor(tokens[prompt:])
    return Batch(ids, labels)


class Weight(NamedTuple):
    """One trained weight matrix and where its coordinates begin."""

    name: str
    linear: nn.Linear
    offset: int

    @property
    def size(self) -> int:
        return self.linear.weight.numel()


def trained_weights(model: nn.Module) -> list[Weight]:
    """The weights that gradients are taken of: every trained one must be the weight of a linear.

    Raises ValueError for a trained parameter that is none.
    """
    linears = {f"{name}.weight": module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    weights: list[Weight] = []
    offset = 0
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name not in linears:
            raise ValueError(f"{name} is trained and is not the weight of a linear, so it has no gradient per example here")
        weights.append(Weight(name, linears[name], offset))
        offset += parameter.numel()
    if not weights:
        raise ValueError("The model has no trained weights")
    return weights


class GradientTaker:
    """Takes gradients of one model; between calls nothing is left on it.

    No attention mask is needed: padding stands on the right, and a causal model never looks there.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.weights = trained_weights(model)
        self.dim = sum(weight.size for weight in self.weights)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Gradients (batch, dim) and losses (batch,), float32."""
        losses, blocks = self.blocks(batch)
        gradients = torch.empty(len(losses), self.dim, device=losses.device)
        for weight, block in blocks:
            gradients[:, weight.offset : weight.offset + weight.size] = block
        return gradients, losses

    def blocks(self, batch: Batch) -> tuple[Tensor, Iterator[tuple[Weight, Tensor]]]:
        """Losses (batch,), and gradients weight by weight as (batch, size), so that all of them never lie in memory at once."""
        with _recorded(self.weights) as calls:
            losses = example_losses(self.model, batch)
        outputs = [output for of_weight in calls for _, output in of_weight]
        slopes = iter(torch.autograd.grad(losses.sum(), outputs))
        pairs = [[(given, next(slopes)) for given, _ in of_weight] for of_weight in calls]
        return losses.detach(), _products(self.weights, pairs, len(losses))


def example_losses(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy over the completion tokens of each example: (batch,), float32, with their graph.

    Raises ValueError where an example has no completion tokens.
    """
    losses, rows, counts = token_losses(model, batch)
    return torch.zeros(len(counts), device=losses.device).index_add(0, rows, losses / counts[rows])


def token_losses(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy of every completion token, its row, and the number of such tokens of each row.

    Logits are computed for those tokens alone: of a large vocabulary they are most of the memory.
    """
    targets = batch.labels[:, 1:]
    learnt = targets != IGNORED
    counts = learnt.sum(1)
    if not bool((counts > 0).all()):
        raise ValueError("An example of the batch has no completion tokens")
    given = {"input_ids": batch.ids} if batch.hidden is None else {"inputs_embeds": batch.hidden}
    with _head_only_at(model, learnt):
        logits = model(**given, use_cache=False).logits
    return cross_entropy(logits.float(), targets[learnt], reduction="none"), learnt.nonzero()[:, 0], counts


@contextmanager
def _head_only_at(model: nn.Module, learnt: Tensor) -> Iterator[None]:
    def select(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (given[0][:, :-1][learnt], *given[1:])

    find: Callable[[], nn.Module] = model.get_output_embeddings
    hook = find().register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def _recorded(weights: Sequence[Weight]) -> Iterator[list[list[tuple[Tensor, Tensor]]]]:
    """Inputs and outputs of every call of the trained linears while the block runs."""
    calls: list[list[tuple[Tensor, Tensor]]] = [[] for _ in weights]

    def recorder(into: list[tuple[Tensor, Tensor]]) -> Callable[[nn.Module, tuple[Any, ...], Tensor], None]:
        def record(module: nn.Module, given: tuple[Any, ...], output: Tensor) -> None:
            if output.dim() != 3:
                raise ValueError("A trained linear was given something else than (batch, tokens, width)")
            into.append((given[0].detach(), output))

        return record

    hooks = [weight.linear.register_forward_hook(recorder(into)) for weight, into in zip(weights, calls, strict=True)]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _products(weights: Sequence[Weight], pairs: list[list[tuple[Tensor, Tensor]]], rows: int) -> Iterator[tuple[Weight, Tensor]]:
    """The gradient of a linear's weight is the sum over tokens of (slope of the output) × (input)."""
    for number, weight in enumerate(weights):
        block = torch.zeros(rows, *weight.linear.weight.shape, device=weight.linear.weight.device)
        for given, slope in pairs[number]:
            block += torch.einsum("bto,bti->boi", slope.float(), given.float())
        pairs[number].clear()
        yield weight, block.flatten(1)


def one_by_one(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The textbook way, for tests and benchmarks: each example alone, without padding, its whole logits, plain autograd.

    Gradients (batch, dim) and losses (batch,), as `GradientTaker.take` gives them.
    """
    parameters = [weight.linear.weight for weight in trained_weights(model)]
    gradients, losses = [], []
    for ids, labels in zip(batch.ids, batch.labels, strict=True):
        length = int((labels != IGNORED).nonzero().max()) + 1
        logits = model(input_ids=ids[None, :length], use_cache=False).logits[0, :-1].float()
        loss = cross_entropy(logits, labels[1:length], ignore_index=IGNORED)
        gradients.append(torch.cat([slope.flatten().float() for slope in torch.autograd.grad(loss, parameters)]))
        losses.append(loss.detach())
    return torch.stack(gradients), torch.stack(losses)
