"""evaluate as a process: generation and grading, killed in both, graded again without a model."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jiuzhang_worker.data.source import read_rows
from jiuzhang_worker.evaluate.items import to_item
from jiuzhang_worker.job.schemas import validator
from processes import events_of, read_lines, run_task, start_task, write_lines
from shared_data import SHARED_DATA, needs_shared_data

SHOTS = [{"problem": f"What is {n} + {n}?", "solution": f"It is {2 * n}. The answer is {2 * n}."} for n in range(50, 56)]
GSM8K = [
    {"question": f"Tom has {n} nuts and finds {n}. How many has he?", "answer": f"He has {n}+{n}=<<{n}+{n}={2 * n}>>{2 * n}.\n#### {2 * n}"}
    for n in range(1, 13)
]
MAWPS = [{"input": f"Ann had {n % 5} plums and ate one. How many are left?", "target": float(n % 5 - 1)} for n in range(10)]


def spec_of(model: Path, **more: Any) -> dict[str, Any]:
    return {
        "task": "evaluate",
        "tests": [{"path": "gsm8k.jsonl"}, {"path": "mawps.jsonl", "limit": 8}],
        "engine": "transformers",
        "model": {"path": str(model)},
        "batch_size": 4,
        "sampling": {"max_tokens": 20},
        "grading": {"resamples": 200},
        "workers": 1,
        "launch": {"threads": 1},
        **more,
    }


def write_sets(folder: Path) -> None:
    write_lines(folder / "gsm8k.jsonl", GSM8K)
    write_lines(folder / "mawps.jsonl", MAWPS)
    write_lines(folder / "shots.jsonl", SHOTS)


def killed_when(task: Any, reached: Callable[[], bool], number: int = signal.SIGKILL) -> None:
    while not reached() and task.poll() is None:
        time.sleep(0.01)
    task.send_signal(number)
    task.communicate()
    assert task.returncode == -number, task.returncode


FILES = ("generations.jsonl", "graded.jsonl", "summary.json")


def contents(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in FILES]


@pytest.mark.parametrize(
    "sampling", [{"max_tokens": 60}, {"max_tokens": 60, "samples": 3, "temperature": 1.0, "seed": 5}], ids=["greedy", "sampled"]
)
def test_a_run_killed_in_generation_ends_with_the_same_bytes(tmp_path: Path, tiny_model: Path, sampling: dict[str, Any]) -> None:
    write_sets(tmp_path)
    spec = spec_of(tiny_model, sampling=sampling, shots={"path": "shots.jsonl", "count": 2})
    whole = run_task("evaluate", tmp_path, spec, out="whole")
    assert whole.returncode == 0, whole.stderr
    work = tmp_path / "killed" / "work" / "generations.jsonl"
    killed_when(start_task("evaluate", tmp_path, spec, out="killed"), lambda: len(read_lines(work)) >= 4)
    assert 4 <= len(read_lines(work)) < 20 * sampling.get("samples", 1)
    with work.open("a") as file:
        file.write('{"key":"torn')
    done = run_task("evaluate", tmp_path, spec, out="killed")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    samples = sampling.get("samples", 1)
    lines = read_lines(tmp_path / "whole" / "generations.jsonl")
    assert [(line["set"], line["id"], line["sample"]) for line in lines[: samples + 1]] == [
        *(("gsm8k", "1", sample) for sample in range(samples)),
        ("gsm8k", "2", 0),
    ]
    assert len(lines) == 20 * samples and all(line["completion_tokens"] > 0 for line in lines)
    summary = json.loads((tmp_path / "whole" / "summary.json").read_text())["sets"]
    assert summary["mawps"]["items"] == 8 and summary["mawps"]["distinct_items"] == 5
    assert ("pass@k" in summary["gsm8k"]) == (samples > 1)
    manifest = json.loads((tmp_path / "whole" / "manifest.json").read_text())
    validator("manifest").validate(manifest)
    assert [file["path"] for file in manifest["files"]] == ["generations.jsonl", "graded.jsonl", "summary.json"]
    assert manifest["run"]["models"]["model"]["sha256"] and manifest["run"]["results"]["sets"] == summary
    told = {event["name"]: event["value"] for event in events_of(tmp_path / "whole") if event["event"] == "metric"}
    assert told["gsm8k/truncated"] == summary["gsm8k"]["truncated"]


def generated(rows: list[dict[str, Any]], name: str, texts: list[list[str]]) -> list[dict[str, Any]]:
    """Lines as `evaluate` writes them, with texts of our own."""
    from jiuzhang_worker.data.source import Row

    items = [to_item(Row(row, Path(name), number), name, {}) for number, row in enumerate(rows, start=1)]
    return [
        {"set": name, "id": item.id, "sample": sample, "item": item.cluster, "prompt_sha256": "0" * 64, "text": text, "finish": finish}
        for item, own in zip(items, texts, strict=True)
        for sample, text in enumerate(own)
        for finish in ["length" if text.endswith("…") else "stop"]
    ]


def test_verdicts_figures_and_grading_again_without_a_model(tmp_path: Path) -> None:
    rows = [{"problem": f"Question {n}", "answer": str(n)} for n in range(4)] + [{"problem": "Question 3", "answer": "3"}]
    texts = [
        ["The answer is 0.", "The answer is 1.", "The answer is 0."],
        ["The answer is 5.", "No idea…", "The answer is 1."],
        [r"\boxed{2.02}", r"\boxed{x}", r"\boxed{1+1}"],
        ["9", "8", "7"],
        ["#### 3", "so 3 apples", "3"],
    ]
    write_lines(tmp_path / "own.jsonl", rows)
    write_lines(tmp_path / "there.jsonl", generated(rows, "own", texts))
    spec = {"task": "evaluate", "tests": [{"path": "own.jsonl"}], "generations": "there.jsonl", "grading": {"k": [1, 2, 3]}, "workers": 1}
    done = run_task("evaluate", tmp_path, spec)
    assert done.returncode == 0, done.stderr
    graded = read_lines(tmp_path / "out" / "graded.jsonl")
    assert [[sample["correct"] for sample in row["samples"]] for row in graded] == [
        [True, False, True],
        [False, False, True],
        [False, False, True],
        [False, False, False],
        [True, True, True],
    ]
    assert [sample["why"] for sample in graded[1]["samples"]] == ["number", "no-answer", "text"]
    assert [sample["why"] for sample in graded[2]["samples"]] == ["number", "symbolic", "symbolic"]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())["sets"]["own"]
    assert summary["accuracy"]["value"] == pytest.approx(7 / 15)
    assert summary["pass@k"]["1"]["value"] == pytest.approx(7 / 15)
    assert summary["pass@k"]["2"]["value"] == pytest.approx((1 + 2 / 3 + 2 / 3 + 0 + 1) / 5)
    assert summary["pass@k"]["3"]["value"] == pytest.approx(4 / 5)
    assert summary["maj@k"]["3"]["value"] == pytest.approx(2 / 5)
    assert summary["truncated"] == pytest.approx(1 / 15) and summary["distinct_items"] == 4
    assert summary["accuracy"]["low"] <= 7 / 15 <= summary["accuracy"]["high"]
    # Another tolerance in the same folder: what was finished is graded again.
    done = run_task("evaluate", tmp_path, {**spec, "grading": {"k": [1], "tolerance": 0.05}})
    assert done.returncode == 0, done.stderr
    assert read_lines(tmp_path / "out" / "graded.jsonl")[2]["samples"][0]["correct"] is True
    again = json.loads((tmp_path / "out" / "summary.json").read_text())["sets"]["own"]
    assert again["accuracy"]["value"] == pytest.approx(8 / 15)


def test_grading_again_in_a_finished_folder_asks_no_model(tmp_path: Path, tiny_model: Path) -> None:
    write_sets(tmp_path)
    assert run_task("evaluate", tmp_path, spec_of(tiny_model)).returncode == 0
    before = contents(tmp_path / "out")
    told = len(events_of(tmp_path / "out"))
    done = run_task("evaluate", tmp_path, spec_of(tiny_model, grading={"resamples": 200, "confidence": 0.5}))
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out")[:2] == before[:2]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["run"]["settings"]["grading"]["confidence"] == 0.5 and manifest["run"]["models"]["model"]["sha256"]
    units = [event["unit"] for event in events_of(tmp_path / "out")[told:] if event["event"] == "progress"]
    assert "requests" not in units
    other = run_task("evaluate", tmp_path, spec_of(tiny_model, sampling={"max_tokens": 21}))
    assert other.returncode == 73 and "begun with another `sampling`" in other.stderr


def test_a_run_killed_in_grading_ends_with_the_same_bytes_and_a_monster_does_not_hold_it_up(tmp_path: Path) -> None:
    rows = [{"problem": f"Expand ${n}(x + 1)$.", "answer": f"{n}x + {n}"} for n in range(2, 152)]
    texts = [[f"So it is $\\boxed{{{n}(x + 1)}}$."] for n in range(2, 152)]
    texts[140] = ["\\boxed{10^{10^{10^{10}}} - x}"]
    write_lines(tmp_path / "own.jsonl", rows)
    write_lines(tmp_path / "there.jsonl", generated(rows, "own", texts))
    spec = {
        "task": "evaluate",
        "tests": [{"path": "own.jsonl"}],
        "generations": "there.jsonl",
        "grading": {"timeout_seconds": 8},
        "workers": 2,
    }
    whole = run_task("evaluate", tmp_path, spec, out="whole")
    assert whole.returncode == 0, whole.stderr
    work = tmp_path / "killed" / "work"
    killed_when(start_task("evaluate", tmp_path, spec, out="killed"), lambda: any(read_lines(path) for path in work.glob("graded-*.jsonl")))
    assert not (tmp_path / "killed" / "graded.jsonl").exists()
    done = run_task("evaluate", tmp_path, spec, out="killed")
    assert done.returncode == 0, done.stderr
    assert [(tmp_path / "killed" / name).read_bytes() for name in FILES[1:]] == [
        (tmp_path / "whole" / name).read_bytes() for name in FILES[1:]
    ]
    graded = read_lines(tmp_path / "whole" / "graded.jsonl")
    assert sum(row["samples"][0]["correct"] for row in graded) == 149
    assert graded[140]["samples"][0]["why"] in ("timeout", "error")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"shots": {"path": "gsm8k-train.jsonl", "count": 1}}, "data/shots-are-tests", "gsm8k-train.jsonl:1"),
        ({"shots": {"path": "shots.jsonl", "count": 7}}, "data/empty", "has 6 rows"),
        ({"grading": {"k": [2]}}, "spec/k", "asks for 2"),
        ({"sampling": {"samples": 2}}, "spec/sampling", "would all be the same"),
        ({"tests": [{"path": "gsm8k.jsonl"}, {"path": "gsm8k.jsonl"}]}, "spec/wrong", "named gsm8k"),
        ({"tests": [{"path": "shots.jsonl"}]}, "data/bad-row", "shots.jsonl:1 has no answer"),
        ({"tests": [{"path": "gsm8k.jsonl", "columns": {"problem": "q"}}]}, "data/bad-row", "no column `q`"),
        ({"generations": "none.jsonl"}, "data/missing-file", "none.jsonl"),
        ({"generations": "shots.jsonl"}, "data/other-items", "nothing for gsm8k/1"),
    ],
)
def test_a_bad_spec_says_what_and_where(tmp_path: Path, tiny_model: Path, change: dict[str, Any], code: str, words: str) -> None:
    write_sets(tmp_path)
    write_lines(tmp_path / "gsm8k-train.jsonl", GSM8K[10:])
    done = run_task("evaluate", tmp_path, {**spec_of(tiny_model), "tests": [{"path": "gsm8k.jsonl", "limit": 3}], **change})
    assert done.returncode in (64, 65), done.stderr
    assert code in done.stderr and words in done.stderr


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "count"), [("gsm8k", 1319), ("math", 5000), ("math-500", 500), ("svamp", 1000), ("asdiv", 2215), ("mawps", 2065)]
)
def test_the_known_sets_are_read_whole(name: str, count: int) -> None:
    assert SHARED_DATA is not None
    items = [to_item(row, name, {}) for row in read_rows(SHARED_DATA / "tests" / f"{name}.jsonl")]
    assert len(items) == count
    assert all(item.problem and item.gold for item in items)
    golds = {item.problem: item.gold for item in items}
    firsts = {
        "gsm8k": "18",
        "math": "2",
        "math-500": r"\left( 3, \frac{\pi}{2} \right)",
        "svamp": "145",
        "asdiv": "9",
        "mawps": "43",
    }
    assert items[0].gold == firsts[name] == golds[items[0].problem]
    if name == "svamp":
        assert items[0].problem.endswith("oranges are organized into 93 groups. How big is each group of bananas?")
    if name == "mawps":
        assert len({item.cluster for item in items}) < count - 80
