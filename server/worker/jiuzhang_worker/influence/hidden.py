"""The states below the trained layers: they never change while only the upper layers are trained, so they can be kept.

first = first_trained_layer(model)
hidden = states_below(model, ids, first)              # once per row; keep them
with only_from(model, first):
    taker.take(Batch(ids, labels, hidden))            # every time after
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class _Reached(Exception):
    def __init__(self, states: Tensor) -> None:
        self.states = states


def first_trained_layer(model: nn.Module) -> int:
    """Number of the lowest layer with a trained weight. Raises ValueError where something outside the layers is trained."""
    numbers = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            found = re.search(r"\.layers\.(\d+)\.", name)
            if found is None:
                raise ValueError(f"{name} is trained and lies in no layer")
            numbers.append(int(found[1]))
    return min(numbers)


@torch.no_grad()
def states_below(model: nn.Module, ids: Tensor, layer: int) -> Tensor:
    """What enters a layer for ids (batch, tokens): (batch, tokens, width). The layers above it are not run."""
    _, layers = _stack(model)

    def stop(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        raise _Reached(given[0] if given else named["hidden_states"])

    hook = layers[layer].register_forward_pre_hook(stop, with_kwargs=True)
    try:
        model(input_ids=ids, use_cache=False)
    except _Reached as reached:
        return reached.states
    finally:
        hook.remove()
    raise AssertionError("unreachable: the layer was not run")


@contextmanager
def only_from(model: nn.Module, layer: int) -> Iterator[None]:
    """While the block runs, the model begins at this layer and takes the states that enter it as its embeddings.

    Raises ValueError for a model whose layers see differently far: it finds out by a layer's number, which changes here.
    """
    holder, layers = _stack(model)
    if len(set(getattr(holder.config, "layer_types", None) or ["all alike"])) > 1:
        raise ValueError("The model's layers are of several kinds, so it cannot begin at one of them")
    holder.layers = layers[layer:]
    try:
        yield
    finally:
        holder.layers = layers


def _stack(model: nn.Module) -> tuple[Any, nn.ModuleList]:
    """The module that holds the list of layers, and that list."""
    for module in model.modules():
        layers = getattr(module, "layers", None)
        if isinstance(layers, nn.ModuleList):
            return module, layers
    raise ValueError("The model has no list of layers")
