"""Candidates and targets as tokens, each with a key that is the same wherever the same tokens stand."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jiuzhang_worker.data.examples import Example, read_examples
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.text.serialization import SERIALIZATION


@dataclass(frozen=True)
class Item:
    """ids: int32. prompt: how many of them are not learnt. key: 16 bytes over both, so the serialization is part of it."""

    id: str
    place: str
    ids: Any
    prompt: int
    key: bytes

    @staticmethod
    def of(name: str, place: str, ids: Sequence[int], prompt: int) -> "Item":
        held = np.asarray(ids, dtype="<i4")
        key = hashlib.sha256(len(held).to_bytes(8, "little") + prompt.to_bytes(8, "little") + held.tobytes()).digest()[:16]
        return Item(name, place, held, prompt, key)

    @property
    def learnt(self) -> int:
        return len(self.ids) - self.prompt


@dataclass(frozen=True)
class Pool:
    """items: in the order of the files, none too long. filtered: those too long, as (id, place, tokens). repeated: rows left out as such."""

    items: list[Item]
    filtered: list[tuple[str, str, int]]
    repeated: int


def to_item(example: Example, tokenizer: Any) -> Item:
    tokens = SERIALIZATION.encode(example, tokenizer)
    # The first token has nothing before it that could tell it: without a prompt it is not learnt either.
    return Item.of(example.id, example.place, tokens.ids, max(1, tokens.prompt))


def read_pool(job: Job, sources: list[dict[str, Any]], tokenizer: Any, what: str) -> Pool:
    """what: `candidates` or a task, for messages.

    Raises data/all-too-long; data/duplicate-id where one id stands for different rows.
    """
    items: list[Item] = []
    filtered: list[tuple[str, str, int]] = []
    known: dict[str, Item] = {}
    repeated = 0
    progress = job.progress("rows")
    for example in read_examples(job, sources):
        job.stop.here()
        progress.advance()
        item = to_item(example, tokenizer)
        before = known.setdefault(item.id, item)
        if before is not item:
            if before.key != item.key:
                raise Problem(
                    "data/duplicate-id",
                    f"The id `{item.id}` stands for different rows of the {what}: {before.place} and {item.place}",
                    remedy="Give every row an id of its own, or none at all.",
                    id=item.id,
                )
            repeated += 1
        elif len(item.ids) > job.spec["max_length"]:
            filtered.append((item.id, item.place, len(item.ids)))
        else:
            items.append(item)
    if not items:
        raise Problem(
            "data/all-too-long",
            f"All {len(filtered)} rows of the {what} have more than max_length ({job.spec['max_length']}) tokens; the shortest has "
            f"{min(tokens for _, _, tokens in filtered)}",
            remedy="Raise max_length; rows are never cut, since half a solution has another gradient.",
        )
    if filtered:
        job.warn(
            "data/too-long",
            f"{len(filtered)} of {len(items) + len(filtered)} rows of the {what} have more than max_length ({job.spec['max_length']}) tokens and "
            f"are left out, the first {filtered[0][1]} with {filtered[0][2]}",
            remedy="Raise max_length to have them" + (" scored. They are listed in filtered.jsonl." if what == "candidates" else "."),
            count=len(filtered),
        )
    if repeated:
        job.warn("data/repeated-rows", f"{repeated} rows of the {what} stand there more than once and are taken once", count=repeated)
    return Pool(items, filtered, repeated)


def drawn(items: Sequence[Item], seed: int, count: int) -> list[Item]:
    """A sample that depends on seed and content alone: of a larger pool, mostly the same rows. In the order of the draw."""
    salt = seed.to_bytes(8, "little")
    return sorted(items, key=lambda item: hashlib.sha256(salt + item.key).digest())[:count]
