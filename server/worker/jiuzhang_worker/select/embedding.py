"""Similarity of candidates to targets: by mean-pooled hidden states of a model, or by hashed n-grams where there is none."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.select.vectors import hashed_ngrams, text_of, unit
from jiuzhang_worker.text.serialization import SERIALIZATION


def similarity(candidates: Any, targets: Any, match: str) -> Any:
    """Cosines to the targets per candidate: their mean, or the greatest. Both are arrays of unit rows."""
    if match == "mean":
        return candidates @ targets.mean(axis=0)
    return np.concatenate([(candidates[start : start + 4_096] @ targets.T).max(axis=1) for start in range(0, len(candidates), 4_096)])


def ngram_vectors(candidates: list[Example], targets: list[Example], dimensions: int, seed: int) -> tuple[Any, Any]:
    ours, weights = hashed_ngrams([text_of(example) for example in candidates], dimensions, seed)
    theirs, _ = hashed_ngrams([text_of(example) for example in targets], dimensions, seed, fitted=weights)
    return ours, theirs


def pooled_vectors(
    model: Any,
    tokenizer: Any,
    examples: list[Example],
    *,
    max_length: int,
    batch_tokens: int,
    done: Callable[[int, int], None] | None = None,
) -> Any:
    """Mean over an example's tokens of the last hidden states, (examples, hidden) float32 of unit length.

    Examples are batched by length; what is longer than `max_length` is cut, for an embedding needs no end. done: is told rows and tokens.
    """
    import torch

    device = next(model.parameters()).device
    encoded = [SERIALIZATION.encode(example, tokenizer).ids[:max_length] for example in examples]
    order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
    vectors: Any = None
    model.eval()
    with torch.no_grad():
        for batch in _batches(order, encoded, batch_tokens):
            width = max(len(encoded[place]) for place in batch)
            ids = torch.zeros(len(batch), width, dtype=torch.long)
            mask = torch.zeros(len(batch), width, dtype=torch.long)
            for line, place in enumerate(batch):
                ids[line, : len(encoded[place])] = torch.tensor(encoded[place])
                mask[line, : len(encoded[place])] = 1
            ids, mask = ids.to(device), mask.to(device)
            hidden = model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state.float()
            weights = mask.unsqueeze(-1)
            means = ((hidden * weights).sum(dim=1) / weights.sum(dim=1)).cpu().numpy()
            if vectors is None:
                vectors = np.zeros((len(examples), means.shape[1]), dtype=np.float32)
            vectors[batch] = means
            if done is not None:
                done(len(batch), sum(len(encoded[place]) for place in batch))
    return unit(vectors)


def _batches(order: list[int], encoded: list[list[int]], batch_tokens: int) -> list[list[int]]:
    """Neighbours in length, as many as fit when padded to the longest; at least one."""
    batches: list[list[int]] = []
    for place in order:
        if batches and (len(batches[-1]) + 1) * len(encoded[place]) <= batch_tokens:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
