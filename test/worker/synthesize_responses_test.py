"""Response shards: rolled at their limits, read again whatever a kill has left in them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jiuzhang_worker.engines.ask import Answer, digest
from jiuzhang_worker.job.events import Events
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.lines import line_bytes, mend_tail
from jiuzhang_worker.job.stop import Stop
from jiuzhang_worker.synthesize import responses
from jiuzhang_worker.synthesize.responses import Responses


def job_in(folder: Path) -> Job:
    folder.mkdir(exist_ok=True)
    return Job({"task": "synthesize"}, folder, folder, Events(None), Stop())


def answer(number: int, text: str = "x") -> Answer:
    return Answer(
        f"k{number}", {"choices": [{"text": text, "finish_reason": "stop"}], "usage": {"prompt_tokens": 2, "completion_tokens": 3}}
    )


WANTED = {digest(f"k{number}") for number in range(100)}


def test_shards_roll_at_lines_and_bytes_and_go_on_where_they_stood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "MAX_LINES", 4)
    monkeypatch.setattr(responses, "MAX_BYTES", 1_000)
    for number in range(10):
        writer = Responses(job_in(tmp_path), WANTED)
        assert len(writer.keys) == number
        writer.record([answer(number)])
        writer.close()
    writer = Responses(job_in(tmp_path), WANTED)
    writer.record([answer(10, "y" * 900), answer(11, "z" * 2_000), answer(12)])
    writer.finish(job := job_in(tmp_path))
    counts = [len(path.read_bytes().splitlines()) for path in sorted(tmp_path.glob("responses-*.jsonl"))]
    assert counts == [4, 4, 2, 1, 1, 1]
    assert writer.tally.answered == 13 and writer.tally.completion_tokens == 39
    assert [file["rows"] for file in job.manifest._files.values()] == counts


def test_foreign_and_repeated_lines_stay_and_count_for_nothing(tmp_path: Path) -> None:
    lines = [line_bytes(answer(0).line()), line_bytes(answer(0).line()), line_bytes(answer(500).line()), b"not json\n", b"[1]\n"]
    (tmp_path / "responses-00000.jsonl").write_bytes(b"".join(lines))
    told = Responses(job_in(tmp_path), WANTED)
    assert told.keys == {digest("k0")} and told.tally.answered == 1
    told.record([answer(1)])
    told.close()
    assert (tmp_path / "responses-00000.jsonl").read_bytes() == b"".join([*lines, line_bytes(answer(1).line())])


@given(st.integers(0, 200), st.lists(st.text(), min_size=1, max_size=3))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_kill_leaves_whole_lines_stay(tmp_path: Path, cut: int, texts: list[str]) -> None:
    path = tmp_path / "lines.jsonl"
    values: list[Any] = [{"t": text} for text in texts]
    data = b"".join(line_bytes(value) for value in values)
    path.write_bytes(data[: max(0, len(data) - cut)])
    mend_tail(path)
    mended = path.read_bytes()
    assert data.startswith(mended) and (mended == b"" or mended.endswith(b"\n"))
    assert [json.loads(line) for line in mended.split(b"\n")[:-1]] == values[: mended.count(b"\n")]
    if cut <= 1:
        assert mended == data
