"""A small training that tests of the train task share."""

import random
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import sha256_of
from processes import write_lines


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Sums with solutions of very different lengths, so that packing has something to do."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        first, second = draw.randint(1, 99), draw.randint(1, 99)
        words = " ".join(f"{first + some}" for some in range(draw.randint(0, 25)))
        found.append({"problem": f"What is {first} + {second}?", "solution": f"{words} It is {first + second}."})
    return found


def small_spec(folder: Path, model: Path, count: int = 40, **members: Any) -> dict[str, Any]:
    """Writes the rows, and gives a spec of some ten steps in two epochs."""
    write_lines(folder / "rows.jsonl", rows(count))
    return {
        "task": "train",
        "model": {"path": str(model)},
        "data": [{"path": "rows.jsonl"}],
        "held_out": 0.1,
        "max_length": 96,
        "epochs": 2,
        "batch_size": 4,
        "micro_batch_size": 2,
        "learning_rate": 0.01,
        "lora": {"rank": 4, "dropout": 0.1},
        "launch": {"device": "cpu", "threads": 1},
        **members,
    }


def weights(out: Path, name: str = "adapter/adapter_model.safetensors") -> str:
    """The hash of what was trained."""
    return sha256_of(out / name)
