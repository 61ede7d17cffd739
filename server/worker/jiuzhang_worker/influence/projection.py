"""Random projections that keep cosines. Every random choice is an integer hash of (seed, coordinate): the same on a CPU and a GPU, in any
batch, and for any part of the coordinates, so that a long vector can be projected piece by piece and the pieces added.
"""

import math
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["count-sketch", "rademacher", "none"]
_MASK = 0xFFFFFFFF
#: How many entries of a Rademacher matrix are made at a time.
_ENTRIES = 1 << 24


def _times(x: Any, factor: int) -> Any:
    """x × factor modulo 2³² for 0 ≤ x, factor < 2³², without leaving what int64 holds."""
    return ((((x * (factor >> 16)) & 0xFFFF) << 16) + x * (factor & 0xFFFF)) & _MASK


def _mix(x: Any) -> Any:
    """A hash of 32 bits of an int or of int64 numbers (two rounds of Wellons' `lowbias32`)."""
    x = x ^ (x >> 16)
    x = _times(x, 0x7FEB352D)
    x = x ^ (x >> 15)
    x = _times(x, 0x846CA68B)
    return x ^ (x >> 16)


def hashed(numbers: Any, seed: int, stream: int = 0) -> Any:
    """Hashes of 32 bits of numbers ≥ 0 (an int, or int64); streams of one seed are independent."""
    key = _mix(_mix((seed ^ _times(stream, 0x9E3779B9)) & _MASK) ^ ((seed >> 32) & _MASK))
    return _mix(_mix((numbers & _MASK) ^ key) ^ (numbers >> 32) ^ _mix(key ^ 0x5BD1E995))


def buckets_and_signs(first: int, count: int, dim: int, seed: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Of coordinates first … first + count − 1: the bucket in 0 … dim − 1 (int64) and the sign (float32) of the count-sketch."""
    numbers = torch.arange(first, first + count, dtype=torch.int64, device=device)
    buckets = (hashed(numbers, seed, 0) * dim) >> 32
    signs = (hashed(numbers, seed, 1) & 1) * 2 - 1
    return buckets, signs.float()


def count_sketch(vectors: Tensor, dim: int, seed: int, first: int = 0) -> Tensor:
    """(n, coordinates) → (n, dim) float32: every coordinate is added to one bucket with a random sign (Charikar, Chen, Farach-Colton).

    first: number of the vectors' first coordinate, where they are a part of longer ones.
    """
    buckets, signs = buckets_and_signs(first, vectors.shape[1], dim, seed, vectors.device)
    into = torch.zeros(len(vectors), dim, device=vectors.device)
    _add_to_buckets(into, buckets, vectors.float() * signs)
    return into


def _add_to_buckets(into: Tensor, buckets: Tensor, values: Tensor) -> None:
    if into.device.type == "cuda":
        # Of the two, this one has a way that always adds in the same order (torch.use_deterministic_algorithms).
        into.index_add_(1, buckets, values)
    else:
        into.scatter_add_(1, buckets.expand(len(values), -1), values)


def count_sketch_back(vectors: Tensor, count: int, seed: int, first: int = 0) -> Tensor:
    """The transpose of the count-sketch: (n, dim) → (n, count). ⟨back(w), g⟩ = ⟨w, count_sketch(g)⟩."""
    buckets, signs = buckets_and_signs(first, count, vectors.shape[1], seed, vectors.device)
    return vectors[:, buckets] * signs


def rademacher_signs(first: int, count: int, dim: int, seed: int, device: torch.device | str = "cpu") -> Tensor:
    """(count, dim) of ±1, float32: rows first … of the matrix. One hash gives 32 signs."""
    words = (dim + 31) // 32
    numbers = torch.arange(first * words, (first + count) * words, dtype=torch.int64, device=device)
    bits = (hashed(numbers, seed, 2)[:, None] >> torch.arange(32, device=device)) & 1
    return (bits * 2 - 1).float().reshape(count, words * 32)[:, :dim]


def rademacher(vectors: Tensor, dim: int, seed: int, first: int = 0) -> Tensor:
    """(n, coordinates) → (n, dim) float32 by a dense matrix of ±1/√dim, made block by block: the reference, and slow."""
    into = torch.zeros(len(vectors), dim, device=vectors.device)
    step = max(1, _ENTRIES // dim)
    for start in range(0, vectors.shape[1], step):
        part = vectors[:, start : start + step].float()
        into += part @ rademacher_signs(first + start, part.shape[1], dim, seed, vectors.device)
    return into / math.sqrt(dim)


class Projection:
    """One projection of vectors with `coordinates` numbers. Buckets and signs of a piece are kept between batches.

    dim: how many numbers come out; `none` gives the vectors themselves.
    """

    def __init__(self, kind: Kind, dim: int, seed: int, coordinates: int) -> None:
        self.kind, self.seed, self.coordinates = kind, seed, coordinates
        self.dim = coordinates if kind == "none" else dim
        self._kept: dict[tuple[int, int, torch.device], tuple[Tensor, Tensor]] = {}

    def empty(self, rows: int, device: torch.device | str) -> Tensor:
        """Where the pieces are added: (rows, dim) of zeros, float32."""
        return torch.zeros(rows, self.dim, device=device)

    def add(self, into: Tensor, piece: Tensor, first: int) -> None:
        """Adds the projection of a piece (rows, coordinates from `first` on)."""
        if self.kind == "none":
            into[:, first : first + piece.shape[1]] += piece
        elif self.kind == "rademacher":
            into += rademacher(piece, self.dim, self.seed, first)
        else:
            buckets, signs = self._sketch(first, piece.shape[1], piece.device)
            _add_to_buckets(into, buckets, piece * signs)

    def back(self, vectors: Tensor, first: int, count: int) -> Tensor:
        """The transpose, of coordinates first … first + count − 1: (n, dim) → (n, count)."""
        if self.kind == "none":
            return vectors[:, first : first + count]
        if self.kind == "count-sketch":
            return count_sketch_back(vectors, count, self.seed, first)
        step = max(1, _ENTRIES // self.dim)
        signs = (rademacher_signs(first + at, min(step, count - at), self.dim, self.seed, vectors.device) for at in range(0, count, step))
        return torch.cat([vectors @ part.T for part in signs], 1) / math.sqrt(self.dim)

    def _sketch(self, first: int, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
        key = (first, count, device)
        if key not in self._kept:
            buckets, signs = buckets_and_signs(first, count, self.dim, self.seed, device)
            self._kept[key] = buckets, signs
        return self._kept[key]
