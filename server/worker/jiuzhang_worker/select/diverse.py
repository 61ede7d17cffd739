"""Choices that do not take the same twice: maximal marginal relevance and facility location, both greedy."""

import heapq
from typing import Any

import numpy as np

BLOCK = 4_096


class Mmr:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): weight × relevance − (1 − weight) × the greatest similarity to a kept row.

    relevance: in [0, 1] per candidate. vectors: (candidates, dimensions) of unit length. Each step costs one product of the vectors
    with the row that was kept: O(candidates × kept) in all, and no matrix of similarities.
    """

    def __init__(self, relevance: Any, vectors: Any, weight: float) -> None:
        self._value = weight * relevance
        self._vectors = vectors
        self._rest = 1 - weight
        self._nearest = np.zeros(len(relevance))

    def best(self, open_rows: Any) -> int:
        return int(np.argmax(np.where(open_rows, self._value - self._rest * self._nearest, -np.inf)))

    def took(self, row: int) -> None:
        np.maximum(self._nearest, _similarity(self._vectors, row), out=self._nearest)

    def again(self) -> None:
        pass


class FacilityLocation:
    """weight × mean relevance of the kept + (1 − weight) × mean over all candidates of the similarity to the nearest kept row.

    The objective is submodular, so a gain that was computed earlier bounds today's: only the top of a heap is computed anew (Minoux 1978).
    The first gains cost O(candidates²) in blocks; `pool` in the spec keeps that small. Similarities below zero count as zero.
    """

    def __init__(self, relevance: Any, vectors: Any, weight: float, wanted: float) -> None:
        self._relevance = weight * relevance / max(wanted, 1)
        self._vectors = vectors
        self._rest = (1 - weight) / len(relevance)
        self._cover = np.zeros(len(relevance))
        gains = np.empty(len(relevance))
        for start in range(0, len(relevance), BLOCK):
            block = np.maximum(vectors @ vectors[start : start + BLOCK].T, 0)
            gains[start : start + BLOCK] = block.sum(axis=0, dtype=np.float64)
        self._heap = [(-float(gain), row) for row, gain in enumerate(self._relevance + self._rest * gains)]
        heapq.heapify(self._heap)
        self._passed: list[int] = []

    def best(self, open_rows: Any) -> int:
        while True:
            _, row = heapq.heappop(self._heap)
            if not open_rows[row]:
                self._passed.append(row)
                continue
            gain = self._gain(row)
            if not self._heap or -gain <= self._heap[0][0]:
                self._passed.append(row)
                return row
            heapq.heappush(self._heap, (-gain, row))

    def again(self) -> None:
        for row in self._passed:
            heapq.heappush(self._heap, (-self._gain(row), row))
        self._passed = []

    def took(self, row: int) -> None:
        np.maximum(self._cover, _similarity(self._vectors, row), out=self._cover)

    def _gain(self, row: int) -> float:
        new = np.maximum(_similarity(self._vectors, row) - self._cover, 0).sum(dtype=np.float64)
        return float(self._relevance[row] + self._rest * new)


def _similarity(vectors: Any, row: int) -> Any:
    return vectors @ vectors[row]
