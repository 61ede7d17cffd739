"""Figures of a test set: pass@k, maj@k, and how sure they are where items repeat."""

from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Chance that one of k samples is right, unbiased, from `correct` right ones of `samples` (Chen et al. 2021, section 2.1)."""
    if samples - correct < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(samples - correct + 1, samples + 1)))


def majority(votes: Sequence[str | None], correct: Sequence[bool]) -> bool:
    """Whether the answer that most samples give is right. Among equals the one given first counts; samples without an answer do not vote."""
    counts = Counter(vote for vote in votes if vote is not None)
    if not counts:
        return False
    most = max(counts.values())
    return next(right for vote, right in zip(votes, correct, strict=True) if vote is not None and counts[vote] == most)


def measure(values: Sequence[float], clusters: Sequence[str], *, resamples: int, confidence: float, seed: int) -> dict[str, float]:
    """The mean with a standard error and an interval that respect repeated items.

    standard_error: clustered (Miller 2024, "Adding Error Bars to Evals", section 2.2, with the correction for few clusters).
    low, high: percentiles of a bootstrap that draws clusters, seeded.
    """
    sums, sizes = _by_cluster(values, clusters)
    count = len(sums)
    mean = float(sums.sum() / sizes.sum())
    residuals = sums - mean * sizes
    error = float(np.sqrt((residuals**2).sum() * count / max(1, count - 1)) / sizes.sum())
    if np.all(sums == sums[0] / sizes[0] * sizes) and mean in (0.0, 1.0):
        # All alike, a bootstrap knows no spread and would claim certainty: Wilson's interval (1927) for so many clusters.
        low, high = _wilson(mean, count, confidence)
        return {"value": mean, "standard_error": error, "low": low, "high": high}
    random = np.random.Generator(np.random.Philox(key=seed))
    means: list[Any] = []
    for first in range(0, resamples, 100):
        weights = random.multinomial(count, np.full(count, 1 / count), size=min(100, resamples - first))
        means.append((weights @ sums) / (weights @ sizes))
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return {"value": mean, "standard_error": error, "low": float(low), "high": float(high)}


def _wilson(share: float, count: int, confidence: float) -> tuple[float, float]:
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    far = z2 / (count + z2)
    return (0.0, far) if share == 0.0 else (1.0 - far, 1.0)


def _by_cluster(values: Sequence[float], clusters: Sequence[str]) -> tuple[Any, Any]:
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters])
    sums = np.bincount(places, weights=np.asarray(values, dtype=np.float64))
    return sums, np.bincount(places).astype(np.float64)
