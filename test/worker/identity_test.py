"""A folder belongs to what its run was begun with: the same names with other contents are told, never mixed and never taken for done."""

import json
from pathlib import Path
from typing import Any

import pytest
from processes import events_of, run_task, write_lines

REQUEST = {"method": "POST", "url": "/v1/completions", "body": {"model": "m", "prompt": "Add", "temperature": 0, "max_tokens": 3}}


def spec(model: Path, **more: Any) -> dict[str, Any]:
    return {"task": "synthesize", "requests": "requests.jsonl", "engine": "transformers", "model": {"path": str(model)}, **more}


def ask(folder: Path, prompt: str) -> None:
    write_lines(folder / "requests.jsonl", [{"custom_id": "a" * 64, **REQUEST, "body": {**REQUEST["body"], "prompt": prompt}}])


@pytest.mark.parametrize("finished", [True, False])
def test_other_requests_under_the_same_name_are_not_taken_for_those_of_before(tmp_path: Path, tiny_model: Path, finished: bool) -> None:
    ask(tmp_path, "Add")
    assert run_task("synthesize", tmp_path, spec(tiny_model)).returncode == 0
    assert run_task("synthesize", tmp_path, spec(tiny_model)).returncode == 0
    if not finished:
        (tmp_path / "out" / "manifest.json").unlink()
    ask(tmp_path, "Subtract")
    other = run_task("synthesize", tmp_path, spec(tiny_model))
    assert other.returncode == 73
    assert "out/other-data" in other.stderr
    assert "requests.jsonl" in other.stderr
    assert events_of(tmp_path / "out")[-2]["code"] == "out/other-data"


def test_how_fast_it_runs_may_change_and_where_it_may_not(tmp_path: Path, tiny_model: Path) -> None:
    ask(tmp_path, "Add")
    assert run_task("synthesize", tmp_path, spec(tiny_model)).returncode == 0
    (tmp_path / "out" / "manifest.json").unlink()
    assert run_task("synthesize", tmp_path, spec(tiny_model, batch_size=2, vllm={"memory_share": 0.5})).returncode == 0
    other = run_task("synthesize", tmp_path, spec(tiny_model, vllm={"tensor_parallel": 2}))
    assert (other.returncode, "`vllm`" in other.stderr) == (73, True)


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        ({"nodes": 2, "node_rank": 1, "main_address": "a:1"}, "does not divide its work over nodes"),
        ({"processes": 2}, "does not divide its work over processes"),
        ({"node_rank": 1}, "there are 1 nodes"),
    ],
)
def test_nodes_and_processes_that_would_do_everything_twice_are_refused(
    tmp_path: Path, tiny_model: Path, launch: dict[str, Any], words: str
) -> None:
    ask(tmp_path, "Add")
    done = run_task("synthesize", tmp_path, spec(tiny_model, launch=launch))
    assert done.returncode == 64
    assert words in done.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_manifest_names_what_it_was_made_of(tmp_path: Path, tiny_model: Path) -> None:
    ask(tmp_path, "Add")
    assert run_task("synthesize", tmp_path, spec(tiny_model)).returncode == 0
    run = json.loads((tmp_path / "out" / "manifest.json").read_text())["run"]
    assert [Path(entry["path"]).name for entry in run["inputs"]] == ["requests.jsonl"]
    assert len(run["models"]["model"]["sha256"]) == 64
