"""Unit vectors of candidates: hashed n-grams of their texts, or those that a file has."""

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.data.source import read_rows
from jiuzhang_worker.job.problem import Problem

WORD = re.compile(r"\\?[^\W\d_]+|\d|[^\w\s]")


def text_of(example: Example) -> str:
    """What a person would read of an example."""
    parts = [example.problem, example.solution, example.prompt, example.completion, example.text]
    return "\n".join([*(content for _, content in example.messages or ()), *(part for part in parts if part)])


def hashed_ngrams(texts: Sequence[str], dimensions: int, seed: int, *, fitted: Any = None) -> tuple[Any, Any]:
    """Vectors of words and pairs of words, (texts, dimensions) float32 of unit length, and the weights of the buckets.

    A bucket (a hash of seed and n-gram) holds log(1 + count), weighted by its inverse document frequency over the texts, or by the
    `fitted` weights of an earlier call.
    """
    buckets: dict[str, int] = {}
    counts: Any = np.zeros((len(texts), dimensions), dtype=np.float32)
    for place, text in enumerate(texts):
        words = WORD.findall(text.lower())
        grams = words + [f"{first} {second}" for first, second in pairwise(words)]
        for gram in grams:
            bucket = buckets.get(gram)
            if bucket is None:
                digest = hashlib.blake2b(f"{seed}:{gram}".encode(), digest_size=8).digest()
                bucket = buckets[gram] = int.from_bytes(digest, "big") % dimensions
            counts[place, bucket] += 1
    np.log1p(counts, out=counts)
    weights = fitted
    if weights is None:
        weights = np.log((1 + len(texts)) / (1 + (counts > 0).sum(axis=0))).astype(np.float32) + 1
    return unit(counts * weights), weights


def read_vectors(path: Path, column: str, ids: list[str]) -> Any:
    """The vectors of a file with `id` and a list of numbers per row, as (ids, dimensions) float32 of unit length.

    Raises data/no-column, data/bad-vector, data/no-vector.
    """
    found: dict[str, Any] = {}
    wanted = set(ids)
    size = None
    for row in read_rows(path):
        identity = str(row.cells.get("id"))
        if identity not in wanted:
            continue
        value = row.cells.get(column)
        if value is None:
            raise Problem("data/no-column", f"{row.file}:{row.line} has no `{column}`", remedy="Name the column as diversity.column.")
        try:
            vector = np.asarray(value, dtype=np.float32)
        except (TypeError, ValueError):
            vector = np.empty(0)
        size = size or vector.size
        if vector.ndim != 1 or vector.size == 0 or vector.size != size or not np.isfinite(vector).all():
            raise Problem(
                "data/bad-vector",
                f"{row.file}:{row.line} has no list of {size or 'some'} finite numbers under `{column}`",
                remedy="Write vectors of one length.",
            )
        found[identity] = vector
    missing = [identity for identity in ids if identity not in found]
    if missing:
        raise Problem(
            "data/no-vector",
            f"{len(missing):,} of {len(ids):,} candidates have no vector in {path}, the first is `{missing[0]}`",
            remedy="Make vectors of all candidates, or leave diversity.vectors out.",
        )
    return unit(np.stack([found[identity] for identity in ids]))


def unit(vectors: Any) -> Any:
    """Rows of length one; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)
