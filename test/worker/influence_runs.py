"""Small pools, targets and specs of influence, and ways to run them."""

import json
import random
from pathlib import Path
from typing import Any

from processes import read_lines, write_lines

NOUNS = ("apples", "boxes", "rows of tulips", "litres of milk", "tickets", "steps")
NAMES = ("Ada", "Ben", "Chen", "Dora", "Emil")


def problems(count: int, seed: int, prefix: str) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        a, b, noun, name = draw.randint(2, 99), draw.randint(2, 99), draw.choice(NOUNS), draw.choice(NAMES)
        more = " Then they rest." * draw.randint(0, 3)
        rows.append(
            {
                "id": f"{prefix}{number}",
                "problem": f"{name} has {a} {noun} and gets {b} more.{more} How many {noun} are there?",
                "solution": f"There are {a} + {b} = {a + b}.{more} The answer is {a + b}.",
            }
        )
    return rows


def algebra(count: int, seed: int, prefix: str) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        {
            "id": f"{prefix}{n}",
            "problem": f"Solve $x + {(a := draw.randint(2, 50))} = {(b := draw.randint(51, 99))}$.",
            "solution": f"$x = {b - a}$.",
        }
        for n in range(count)
    ]


def prepare(folder: Path, model: Path, **changes: Any) -> dict[str, Any]:
    """Writes candidates, two tasks of targets and a test set beside the spec, and gives the spec; changes are its members."""
    write_lines(folder / "pool.jsonl", problems(14, 1, "p") + algebra(6, 2, "a"))
    write_lines(folder / "words.jsonl", problems(4, 11, "w"))
    write_lines(folder / "algebra.jsonl", algebra(3, 12, "t"))
    write_lines(folder / "test.jsonl", [{"question": "A completely different question about a triangle with three sides.", "answer": "3"}])
    return {
        "task": "influence",
        "model": {"path": str(model)},
        "candidates": [{"path": "pool.jsonl"}],
        "targets": {"words": [{"path": "words.jsonl"}], "algebra": [{"path": "algebra.jsonl"}]},
        "tests": [{"path": "test.jsonl"}],
        "lora": {"rank": 4, "alpha": 8},
        "warmup": {"epochs": 2, "min_rows": 8, "batch_size": 4, "learning_rate": 5e-3},
        "projection": {"dim": 512},
        "launch": {"device": "cpu", "threads": 1},
        **changes,
    }


def run_here(folder: Path, spec: dict[str, Any], out: str = "out") -> int:
    """In this process: importing torch takes longer than all the rest."""
    from jiuzhang_worker.job.life import run

    path = folder / f"{out}.spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return run("influence", path, folder / out, None)


def scores_of(out: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in read_lines(out / "scores.jsonl")}
