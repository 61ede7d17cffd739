"""Several processes under torchrun make what one makes, stop together and go on together."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from forked import Ended, fork_task
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.problem import Problem, Stopped
from processes import events_of, run_task, start_task
from train_work import small_spec

TWO = {"device": "cpu", "threads": 1, "processes": 2}


def spec_of(folder: Path, model: Path, **members: Any) -> dict[str, Any]:
    # Without dropout: each process would draw its own.
    return small_spec(folder, model, lora={"rank": 4}, max_steps=5, **members)


def test_two_processes_stop_together_go_on_and_make_what_one_makes(tmp_path: Path, tiny_model: Path) -> None:
    spec = spec_of(tmp_path, tiny_model)
    alone = fork_task("train", tmp_path, spec, "alone")
    assert alone.code == 0, alone.errors
    out = tmp_path / "out"
    running = start_task("train", tmp_path, {**spec, "launch": TWO})
    try:
        # A line of the events is there before the next step begins; it must not end before that.
        while not any(event.get("name") == "loss" for event in events_of(out)):
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=0.2)
                break
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=300)
    finally:
        running.kill()
    assert running.returncode == 75, errors
    assert any(event["event"] == "checkpoint" for event in events_of(out))
    again = run_task("train", tmp_path, {**spec, "launch": TWO})
    assert again.returncode == 0, again.stderr
    done = Ended(0, "", out)
    for name in ("loss", "eval_loss", "learning_rate"):
        assert done.metrics(name).keys() == alone.metrics(name).keys()
        assert list(done.metrics(name).values()) == pytest.approx(list(alone.metrics(name).values()), abs=1e-4)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_nothing_of_a_killed_training_goes_on_beside_the_next(tmp_path: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    running = start_task("train", tmp_path, {**spec_of(tmp_path, tiny_model), "max_steps": 400, "epochs": 200, "launch": TWO})
    try:
        while not any(event.get("name") == "loss" for event in events_of(out)):
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=0.2)
                break
        family = psutil.Process(running.pid).children(recursive=True)
        assert len(family) >= 3, "torchrun and its two processes"
    finally:
        running.kill()
    running.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []


@pytest.mark.skipif("JIUZHANG_SLOW" not in os.environ, reason="takes a minute: set JIUZHANG_SLOW to run it")
def test_weights_may_be_spread_over_the_processes(tmp_path: Path, tiny_model: Path) -> None:
    spec = spec_of(tmp_path, tiny_model, method="full")
    alone = fork_task("train", tmp_path, spec, "alone")
    assert alone.code == 0, alone.errors
    spread = run_task("train", tmp_path, {**spec, "launch": TWO, "sharding": "fsdp2"})
    assert spread.returncode == 0, spread.stderr
    for name in ("loss", "eval_loss"):
        values = list(Ended(0, "", tmp_path / "out").metrics(name).values())
        assert values == pytest.approx(list(alone.metrics(name).values()), abs=1e-3)


@pytest.mark.parametrize(
    ("outcomes", "code", "expected"),
    [
        ([{"code": 0}, {"code": 1, "problem": ["host/out-of-memory", "Full", "Lower it", {"step": 3}]}], 1, "host/out-of-memory"),
        ([{"code": 75}, {"code": 75}], 0, None),
        ([{"code": 0}], 1, "host/process-died"),
    ],
)
def test_how_processes_ended_is_what_the_task_says(outcomes: list[dict[str, Any]], code: int, expected: str | None, tmp_path: Path) -> None:
    """torchrun itself tells only that something failed."""
    from jiuzhang_worker.train.launch import judge, outcome_path

    for rank, outcome in enumerate(outcomes):
        write_json(outcome_path(tmp_path, rank), outcome)
    with pytest.raises(Stopped if expected is None else Problem) as raised:
        judge(tmp_path, code)
    if expected is not None:
        assert raised.value.code == expected
