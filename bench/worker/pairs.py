"""Pairs (passage → problem with solution) from GSM8K and MATH, whose licences allow that a model trained on them is passed on.

Nobody has published texts together with the problems that they inspired, under such a licence. A passage here is another item of
the same set, statement and solution run together, and the problem to write is a neighbour of it: near enough to share its topic,
too far to be a copy.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

#: Cosine of hashed TF-IDF vectors between a passage and its problem. Above, pairs are variants of one item; below, they have nothing in common.
NEAR = (0.12, 0.55)
BUCKETS = 1 << 14

PROMPT = "## Passage\n{text}\n\n## Problem\n"
COMPLETION = "{problem}\n\n## Solution\n{solution}"


def read_items(folder: Path) -> list[dict[str, str]]:
    """Items of train/gsm8k.jsonl and train/math.jsonl: id, topic, problem, solution."""
    items = []
    for number, line in enumerate((folder / "gsm8k.jsonl").read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        solution, _, answer = row["answer"].rpartition("####")
        written = re.sub(r"<<[^<>]*>>", "", solution).strip()
        items.append(
            {
                "id": f"gsm8k/{number}",
                "topic": "gsm8k",
                "problem": row["question"],
                "solution": f"{written}\nThe answer is {answer.strip()}.",
            }
        )
    for line in (folder / "math.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        items.append({"id": row["id"], "topic": row["subject"], "problem": row["problem"], "solution": row["solution"]})
    return items


def make_pairs(items: list[dict[str, str]], count: int, seed: int, longest: int = 900) -> Iterator[dict[str, Any]]:
    """`count` pairs in a seeded order, at most one for each passage and for each problem.

    longest: characters of passage and of problem with solution; what is longer is left out, never cut.
    """
    short = [item for item in items if len(_passage(item)) <= longest]
    short.sort(key=lambda item: hashlib.sha256(f"{seed} {item['id']}".encode()).digest())
    vectors = _vectors([_passage(item) for item in short])
    topics = np.array([item["topic"] for item in short])
    taken = np.zeros(len(short), dtype=bool)
    made = 0
    for at, item in enumerate(short):
        if made == count:
            return
        if taken[at]:
            continue
        near = vectors @ vectors[at]
        fits = (topics == item["topic"]) & ~taken & (near >= NEAR[0]) & (near <= NEAR[1])
        fits[at] = False
        if not fits.any():
            continue
        other = int(np.argmax(np.where(fits, near, -1.0)))
        taken[[at, other]] = True
        made += 1
        problem = short[other]
        yield {
            "id": f"{item['id']}→{problem['id']}",
            "topic": item["topic"],
            "text": _passage(item),
            "prompt": PROMPT.format(text=_passage(item)),
            "completion": COMPLETION.format(problem=problem["problem"].strip(), solution=problem["solution"].strip()),
        }


def _passage(item: dict[str, str]) -> str:
    return f"{item['problem'].strip()} {item['solution'].strip()}"


def _vectors(texts: list[str]) -> np.ndarray:
    """Unit vectors of hashed words weighted by how few texts have them."""
    counts = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in set(re.findall(r"[a-z]{3,}|\\[a-z]+", text.lower())):
            counts[row, int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little") % BUCKETS] = 1.0
    weights = np.log(len(texts) / (1.0 + counts.sum(axis=0))).clip(min=0.0)
    vectors = counts * weights
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
