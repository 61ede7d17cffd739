"""What influence must refuse, and how it says so."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from influence_runs import algebra, prepare, problems, run_here
from processes import events_of, read_lines, write_lines


def refused(folder: Path, spec: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and the line that tells."""
    capfd.readouterr()
    code = run_here(folder, spec, "refused")
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("jiuzhang_worker influence:")]
    assert len(lines) == 1, lines
    return code, lines[0]


def broken_model(tiny_model: Path, folder: Path) -> Path:
    """The embedding of one token is NaN; only rows with a `~` meet it."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    model = AutoModelForCausalLM.from_pretrained(tiny_model)
    with torch.no_grad():
        model.get_input_embeddings().weight[tokenizer("~", add_special_tokens=False)["input_ids"][0]] = float("nan")
    model.save_pretrained(folder / "broken")
    tokenizer.save_pretrained(folder / "broken")
    return folder / "broken"


CASES: list[tuple[dict[str, Any], int, list[str]]] = [
    ({"scoer": "less"}, 64, ["spec/unknown-field", "no member `scoer`. Did you mean `score`?"]),
    ({"score": "trak"}, 64, ["spec/wrong", "`score`"]),
    ({"targets": {}}, 64, ["spec/wrong", "`targets`"]),
    ({"aggregate": "quota", "shares": {"words": 1}}, 64, ["spec/shares", "algebra"]),
    ({"shares": {"words": 1, "algebra": 1}}, 64, ["spec/shares", "quota alone"]),
    ({"launch": {"nodes": 2}}, 64, ["spec/launch", "does not divide its work over nodes"]),
    ({"lora": {"targets": ["w_pack"]}}, 64, ["spec/lora", "w_pack"]),
    ({"candidates": [{"path": "nowhere.jsonl"}]}, 65, ["data/missing-file", "nowhere.jsonl"]),
    ({"candidates": [{"path": "empty.jsonl"}]}, 65, ["data/empty", "empty.jsonl"]),
    ({"max_length": 9}, 65, ["data/all-too-long", "All 20 rows of the candidates", "Raise max_length"]),
    ({"candidates": [{"path": "twice.jsonl"}]}, 65, ["data/duplicate-id", "`p0`", "twice.jsonl:1 and twice.jsonl:2"]),
    (
        {"tests": [{"path": "words.jsonl"}]},
        65,
        ["data/targets-are-tests", "words.jsonl:1 (`w0`)", "is the same problem as", "words.jsonl:1"],
    ),
    ({"tests": [{"path": "near.jsonl"}]}, 65, ["data/targets-are-tests", "near.jsonl:1", "shares “", "overlap.action"]),
    ({"tests": [{"path": "tests-without.jsonl"}]}, 65, ["data/no-column", "tests-without.jsonl:1", "prompt"]),
    ({"checkpoints": [{"path": "nowhere"}]}, 65, ["data/missing-checkpoint", "nowhere"]),
    ({"checkpoints": [{"path": "torn"}]}, 65, ["data/bad-checkpoint", "torn", "not finished"]),
]


@pytest.mark.parametrize(("changes", "code", "words"), CASES, ids=[" ".join(words[:1] + list(changes)) for changes, _, words in CASES])
def test_what_is_wrong_is_said(
    tmp_path: Path, tiny_model: Path, capfd: pytest.CaptureFixture[str], changes: dict[str, Any], code: int, words: list[str]
) -> None:
    spec = prepare(tmp_path, tiny_model, **changes)
    write_lines(tmp_path / "empty.jsonl", [])
    write_lines(tmp_path / "twice.jsonl", [{**row, "id": "p0"} for row in problems(2, 5, "x")])
    text = read_lines(tmp_path / "words.jsonl")[2]["problem"]
    write_lines(tmp_path / "near.jsonl", [{"body": "So. " + text.upper().replace(" ", "  ") + " And why?", "question": "Say!"}])
    write_lines(tmp_path / "tests-without.jsonl", [{"prompt": "what"}])
    (tmp_path / "torn").mkdir()
    got, line = refused(tmp_path, spec, capfd)
    assert got == code, line
    for word in words:
        assert word in line


def test_rows_whose_gradient_is_no_number_are_named(tmp_path: Path, tiny_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = broken_model(tiny_model, tmp_path)
    spec = prepare(tmp_path, model, warmup={"epochs": 1, "data": [{"path": "algebra.jsonl"}, {"path": "extra.jsonl"}]})
    write_lines(tmp_path / "extra.jsonl", algebra(4, 40, "e"))
    rows = problems(6, 1, "p")
    rows[3]["solution"] += " ~"
    write_lines(tmp_path / "pool.jsonl", rows)
    code, line = refused(tmp_path, spec, capfd)
    assert code == 65
    assert "data/not-finite" in line
    assert "pool.jsonl:4 (`p3`)" in line
    assert "epoch-1" in line
    # In the warm-up, too.
    write_lines(tmp_path / "extra.jsonl", [{"id": "e9", "problem": "What ~ is this?", "solution": "A row."}])
    spec["candidates"] = [{"path": "words.jsonl"}]
    (tmp_path / "refused").rename(tmp_path / "refused-before")
    code, line = refused(tmp_path, spec, capfd)
    assert code == 65
    assert "extra.jsonl:1 (`e9`)" in line
    assert "warm-up" in line


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("whole")
    spec = prepare(folder, tiny_model, also=["less"])
    assert run_here(folder, spec, "whole") == 0
    return folder, spec


def test_checkpoints_without_moments_serve_all_but_less(
    whole: tuple[Path, dict[str, Any]], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from jiuzhang_worker.train.checkpoints import complete

    folder, spec = whole
    bare = tmp_path / "bare"
    shutil.copytree(folder / "whole/warmup/epoch-1", bare)
    (bare / "moments.safetensors").unlink()
    (bare / "complete.json").unlink()
    complete(bare)
    named = {**spec, "tokens": 0, "checkpoints": [{"path": str(bare)}]}
    code, line = refused(folder, named, capfd)
    assert code == 65
    assert "data/no-moments" in line
    assert run_here(folder, {**named, "also": []}, "bare") == 0


def test_overlapping_targets_can_be_dropped(whole: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, spec = whole
    text = read_lines(folder / "words.jsonl")[1]["problem"]
    write_lines(tmp_path / "taken.jsonl", [{"problem": text}])
    changed = {**spec, "tokens": 0, "also": [], "tests": [{"path": str(tmp_path / "taken.jsonl")}], "overlap": {"action": "drop"}}
    assert run_here(folder, changed, "dropped") == 0
    dropped = read_lines(folder / "dropped/overlaps.jsonl")
    # Other words of the same template may share a run, too; the item itself is there as a whole.
    assert "w1" in [row["id"] for row in dropped if row["whole"]]
    left = json.loads((folder / "dropped/manifest.json").read_text())["run"]["results"]["targets"]["words"]
    assert left == 4 - len([row for row in dropped if row["id"].startswith("w")])


def test_a_run_without_tests_says_so(whole: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = whole
    assert run_here(folder, {**spec, "tests": [], "tokens": 0, "also": []}, "untested") == 0
    assert "influence/no-tests" in [event.get("code") for event in events_of(folder / "untested")]
