"""The whole method in miniature: every task after the other, on the files of the one before, each killed once and started again."""

import json
import random
import sys
from pathlib import Path

import pytest
from processes import PACKAGE, events_of, write_lines
from tiny import save_tiny_model

sys.path.insert(0, str(PACKAGE.parents[1] / "bench" / "worker"))
from miniature import Size, run

NAMES = ["Tom", "Ada", "Lin", "Max", "Eva", "Kim"]
THINGS = ["apples", "books", "coins", "shells", "pens", "cards"]


def sums(count: int, seed: int) -> list[dict[str, str]]:
    """Items in the form of GSM8K, so much alike that a very small model learns to write them."""
    draw = random.Random(seed)
    rows = {}
    while len(rows) < count:
        name, thing, a, b = draw.choice(NAMES), draw.choice(THINGS), draw.randint(2, 60), draw.randint(2, 60)
        question = f"{name} has {a} {thing} and buys {b} more {thing}. How many {thing} has {name} now?"
        rows[question] = {"question": question, "answer": f"{name} has {a} + {b} = <<{a}+{b}={a + b}>>{a + b} {thing}.\n#### {a + b}"}
    return list(rows.values())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    folder = tmp_path_factory.mktemp("whole")
    rows = sums(400, 1)
    write_lines(folder / "data" / "train" / "gsm8k.jsonl", rows[:300])
    write_lines(
        folder / "data" / "train" / "math.jsonl",
        [
            {
                "id": f"m/{n}",
                "problem": row["question"].replace("How many", "Find how many"),
                "solution": row["answer"].split("<<")[0] + "it",
                "subject": "Algebra",
            }
            for n, row in enumerate(rows[300:360])
        ],
    )
    write_lines(folder / "data" / "tests" / "gsm8k.jsonl", rows[360:380])
    write_lines(folder / "data" / "tests" / "svamp.jsonl", [{"Body": "Tom has 3 pens.", "Question": "How many pens?", "Answer": 3.0}])
    model = save_tiny_model(folder / "model", hidden=64)
    size = Size(
        rows=100, seeds=24, keep=6, items=8, targets=10, tokens=90, length=256, epochs=20, checkpoint=25, method="full", learning_rate=5e-3
    )
    return folder / "out", run(model, folder / "data", folder / "out", size, kill=True)


def test_every_step_was_killed_once_and_went_on(made: tuple[Path, list[dict]]) -> None:
    out, lines = made
    assert [line["step"] for line in lines] == ["train", "synthesize", "influence", "select", "student", "evaluate"]
    for line in lines:
        events = [event["event"] for event in events_of(out / line["step"])]
        assert events.count("begin") == (2 if line["killed"] else 1), line["step"]
        assert events[-1] == "end", line["step"]
    assert sum(line["killed"] for line in lines) >= 4


def test_what_one_step_writes_the_next_one_uses(made: tuple[Path, list[dict]]) -> None:
    out, lines = made
    problems = next(line["results"]["problems"] for line in lines if line["step"] == "synthesize")
    assert problems >= 12, "the synthesizer has not learnt the form"
    scores = [json.loads(line) for line in (out / "influence" / "scores.jsonl").read_text().splitlines()]
    selected = [json.loads(line) for line in (out / "select" / "selected.jsonl").read_text().splitlines()]
    assert len(selected) == 6
    best = sorted(scores, key=lambda row: -row["final"])[:6]
    assert {row["id"] for row in selected} == {row["id"] for row in best}
    graded = json.loads((out / "evaluate" / "manifest.json").read_text())["run"]["results"]
    assert graded
