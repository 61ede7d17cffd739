"""The orders that rows can be kept by, each a number per candidate of which more is better."""

import hashlib
from typing import Any

import numpy as np


def lots(ids: list[str], seed: int) -> Any:
    """A number in [0, 1) per id by a hash of seed and id: the same for a row in every order and in every other pool."""
    return np.array([int.from_bytes(hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=6).digest(), "big") / 2**48 for name in ids])


def ranks(values: Any, draw: Any) -> Any:
    """0 for the least value up to n − 1; equal values in the order of their lots. nan where the value is."""
    order = np.lexsort((draw, values))
    order = order[np.isfinite(values[order])]
    result = np.full(len(values), np.nan)
    result[order] = np.arange(len(order))
    return result


def quality_ranks(score: Any, loss: Any, draw: Any) -> Any:
    """Rank of the score less rank of the loss: what teaches the targets most and surprises least is most likely sound."""
    both = np.isfinite(score) & np.isfinite(loss)
    return ranks(np.where(both, score, np.nan), draw) - ranks(np.where(both, loss, np.nan), draw)


def relevance(order: Any, count: int) -> Any:
    """1 for the first of an order down to 0 for the last, 0 for those that are not in it."""
    result = np.zeros(count)
    result[order] = 1 - np.arange(len(order)) / max(len(order) - 1, 1)
    return result
