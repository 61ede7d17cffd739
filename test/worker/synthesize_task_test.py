"""synthesize as a process: what it writes, what it resumes, what it refuses."""

import gzip
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from jiuzhang_worker.job.schemas import validator
from processes import events_of, read_lines, run_task, start_task, write_lines

PROMPTS = ["Write one problem.", "Solve $2x + 3 = 11$ for $x$.", "A gardener plants 6 rows of 9 tulips.", "The sum is n squared."]


def request(number: int, **body: Any) -> dict[str, Any]:
    chat = number % 2 == 0
    prompt = f"{PROMPTS[number % 4]} {number}"
    asked = {"messages": [{"role": "user", "content": prompt}]} if chat else {"prompt": prompt}
    return {
        "custom_id": f"{number:064x}",
        "method": "POST",
        "url": "/v1/chat/completions" if chat else "/v1/completions",
        "body": {"model": "m", **asked, "temperature": number % 3 / 2, "max_tokens": 24, "seed": number, **body},
    }


def spec_of(model: Path, **more: Any) -> dict[str, Any]:
    return {
        "task": "synthesize",
        "requests": "in/requests-*.jsonl*",
        "engine": "transformers",
        "model": {"path": str(model)},
        "batch_size": 4,
        "launch": {"threads": 1},
        **more,
    }


def shard(out: Path) -> Path:
    return out / "responses-00000.jsonl"


def test_every_request_is_answered_once_and_a_bad_row_is_a_row_with_an_error(tmp_path: Path, tiny_model: Path) -> None:
    rows = [request(number) for number in range(9)]
    rows[3]["body"]["beams"] = 4
    rows[5] = {"custom_id": rows[5]["custom_id"], "method": "POST", "url": "/v1/embeddings"}
    rows[6]["body"]["max_tokens"] = 4_000
    write_lines(tmp_path / "in" / "requests-00000.jsonl", rows[:5])
    with gzip.open(tmp_path / "in" / "requests-00001.jsonl.gz", "wt") as packed:
        packed.writelines(json.dumps(row) + "\n" for row in [rows[0], *rows[5:], rows[7]])
    write_lines(tmp_path / "skip.jsonl", [{"custom_id": rows[8]["custom_id"]}])
    done = run_task("synthesize", tmp_path, spec_of(tiny_model, skip="skip.jsonl"))
    assert done.returncode == 0, done.stderr
    lines = read_lines(shard(tmp_path / "out"))
    for line in lines:
        validator("response").validate(line)
    by_key = {line["custom_id"]: line for line in lines}
    assert len(lines) == len(by_key) == 8
    assert set(by_key) == {row["custom_id"] for row in rows[:8]}
    errors = {key: line["error"]["message"] for key, line in by_key.items() if line["error"]}
    assert set(errors) == {rows[3]["custom_id"], rows[5]["custom_id"], rows[6]["custom_id"]}
    assert (
        "beams" in errors[rows[3]["custom_id"]] and "url" in errors[rows[5]["custom_id"]] and "512 tokens" in errors[rows[6]["custom_id"]]
    )
    body = by_key[rows[0]["custom_id"]]["response"]["body"]
    assert body["object"] == "chat.completion" and body["model"] == "m"
    assert body["choices"][0]["finish_reason"] in ("stop", "length") and body["usage"]["completion_tokens"] > 0
    assert by_key[rows[1]["custom_id"]]["response"]["body"]["choices"][0]["text"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    validator("manifest").validate(manifest)
    assert manifest["files"] == [{**manifest["files"][0], "path": "responses-00000.jsonl", "rows": 8}]
    results = manifest["run"]["results"]
    assert results["answered"] == 5 and results["repeated"] == 2 and sum(results["errors"].values()) == 3
    progress = [event for event in events_of(tmp_path / "out") if event["event"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] == 8 and progress[-1]["tokens_per_second"] > 0
    before = shard(tmp_path / "out").read_bytes()
    assert run_task("synthesize", tmp_path, spec_of(tiny_model, skip="skip.jsonl")).returncode == 0
    assert shard(tmp_path / "out").read_bytes() == before


def test_a_killed_run_goes_on_to_the_same_bytes_and_a_stopped_one_says_75(tmp_path: Path, tiny_model: Path) -> None:
    write_lines(tmp_path / "in" / "requests-00000.jsonl", [request(number, max_tokens=60) for number in range(32)])
    spec = spec_of(tiny_model)
    assert run_task("synthesize", tmp_path, spec, out="whole").returncode == 0
    for number in (signal.SIGKILL, signal.SIGTERM):
        task = start_task("synthesize", tmp_path, spec, out="killed")
        begun = len(read_lines(shard(tmp_path / "killed")))
        while len(read_lines(shard(tmp_path / "killed"))) <= begun and task.poll() is None:
            time.sleep(0.01)
        task.send_signal(number)
        task.communicate()
        assert task.returncode == (75 if number == signal.SIGTERM else -number)
    half = len(read_lines(shard(tmp_path / "killed")))
    assert 8 <= half < 32
    # What a kill in the middle of a line leaves, and an answer that a batch of before had got while its neighbours had not.
    data = shard(tmp_path / "killed").read_bytes()
    shard(tmp_path / "killed").write_bytes(data[: data.rstrip(b"\n").rfind(b"\n") + 40])
    done = run_task("synthesize", tmp_path, spec, out="killed")
    assert done.returncode == 0, done.stderr
    assert shard(tmp_path / "killed").read_bytes() == shard(tmp_path / "whole").read_bytes()


def test_copies_of_the_model_give_the_answers_of_one(tmp_path: Path, tiny_model: Path) -> None:
    write_lines(tmp_path / "in" / "requests-00000.jsonl", [request(number) for number in range(14)])
    assert run_task("synthesize", tmp_path, spec_of(tiny_model), out="one").returncode == 0
    done = run_task("synthesize", tmp_path, spec_of(tiny_model, replicas=2), out="two")
    assert done.returncode == 0, done.stderr
    assert sorted(shard(tmp_path / "one").read_bytes().splitlines()) == sorted(shard(tmp_path / "two").read_bytes().splitlines())


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"requests": "nowhere"}, "data/missing-file", "There is no file"),
        ({"model": {"path": "nowhere"}}, "data/missing-model", "There is no model"),
        ({"engine": "server"}, "spec/engine", "base_url"),
        ({"engine": "vllm"}, "host/missing-package", "vllm"),
        ({"batchsize": 3}, "spec/unknown-field", "batch_size"),
        ({"requests": "bad.jsonl"}, "data/bad-row", "bad.jsonl:1 has no custom_id"),
        ({"requests": "empty.jsonl"}, "data/empty", "no requests"),
    ],
)
def test_a_bad_spec_says_what_and_where(tmp_path: Path, tiny_model: Path, change: dict[str, Any], code: str, words: str) -> None:
    write_lines(tmp_path / "in" / "requests-00000.jsonl", [request(0)])
    write_lines(tmp_path / "bad.jsonl", [{"body": {}}])
    write_lines(tmp_path / "empty.jsonl", [])
    done = run_task("synthesize", tmp_path, {**spec_of(tiny_model), **change})
    assert done.returncode in (64, 65, 69), done.stderr
    assert code in done.stderr and words in done.stderr
