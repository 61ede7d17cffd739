"""Influence killed, stopped, and spread over processes: the same bytes come out."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from influence_runs import prepare, run_here
from processes import events_of

# Processes are forked from one that has imported everything and run nothing, so that each costs a second instead of ten.
CONTEXT = multiprocessing.get_context("forkserver") if hasattr(os, "fork") else multiprocessing.get_context("spawn")
CONTEXT.set_forkserver_preload(
    ["torch", "transformers.models.llama.modeling_llama", "peft", "jiuzhang_worker.influence.task", "influence_runs"]
)


def killed_at_a_rename(folder: Path, spec: dict[str, Any], out: str, renames: int, before: bool) -> None:
    """Every file and folder that lasts gets its name by a rename."""
    done = 0

    def counted(rename: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*given: Any) -> Any:
            nonlocal done
            done += 1
            if done == renames and before:
                os.kill(os.getpid(), signal.SIGKILL)
            result = rename(*given)
            if done == renames:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapper

    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    Path.rename = counted(Path.rename)  # type: ignore[method-assign]
    os._exit(run_here(folder, spec, out))


def stopped_after(folder: Path, spec: dict[str, Any], out: str, unit: str, times: int) -> None:
    """SIGTERM when so much progress of one unit has been made."""
    from jiuzhang_worker.job.events import Progress

    advance, seen = Progress.advance, 0

    def counted(self: Any, count: int = 1, tokens: int = 0) -> None:
        nonlocal seen
        advance(self, count, tokens)
        if self._unit == unit:
            seen += 1
            if seen == times:
                os.kill(os.getpid(), signal.SIGTERM)

    Progress.advance = counted  # type: ignore[method-assign]
    os._exit(run_here(folder, spec, out))


def ended(target: Callable[..., None], *given: Any) -> int | None:
    process = CONTEXT.Process(target=target, args=given)
    process.start()
    process.join(120)
    return process.exitcode


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("life")
    spec = prepare(
        folder,
        tiny_model,
        also=["less"],
        nearest=1,
        store={"rows": 9},
        lora={"rank": 2, "alpha": 4, "dropout": 0.1},
        batch_tokens=300,
        tokens=2,
    )
    assert run_here(folder, spec, "whole") == 0
    return folder, spec


def same(folder: Path, out: str) -> None:
    for name in ("scores.jsonl", "tokens.jsonl"):
        assert (folder / out / name).read_bytes() == (folder / "whole" / name).read_bytes()
    shards = sorted(path.relative_to(folder / "whole") for path in (folder / "whole/store").rglob("shard-*"))
    assert len(shards) == 2 * 3
    for path in shards:
        assert (folder / out / path).read_bytes() == (folder / "whole" / path).read_bytes()
    results = [json.loads((folder / name / "manifest.json").read_text())["run"]["results"] for name in (out, "whole")]
    for one in results:
        for checkpoint in one["checkpoints"]:
            checkpoint.pop("path")
    assert results[0] == results[1]


def test_killed_again_and_again_it_ends_with_the_same_bytes(whole: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = whole
    out = "killed"
    codes = []
    # Six renames are one epoch's folder; fewer would never get past the first.
    for attempt in range(40):
        codes.append(ended(killed_at_a_rename, folder, spec, out, 6 + attempt % 3, attempt % 2 == 0))
        if codes[-1] != -signal.SIGKILL:
            break
    assert codes[-1] == 0
    assert len(codes) > 3
    same(folder, out)


@pytest.mark.parametrize(("unit", "times"), [("steps", 1), ("steps", 3), ("gradients", 2)])
def test_stopped_it_says_75_and_goes_on(whole: tuple[Path, dict[str, Any]], unit: str, times: int) -> None:
    folder, spec = whole
    out = f"stopped-{unit}-{times}"
    assert ended(stopped_after, folder, spec, out, unit, times) == 75
    assert not (folder / out / "manifest.json").exists()
    if unit == "steps":
        assert [path.name for path in (folder / out / "work/warmup").iterdir()] == [f"step-{times}"]
    assert run_here(folder, spec, out) == 0
    same(folder, out)


def test_several_processes_make_the_same_store(whole: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = whole
    assert run_here(folder, {**spec, "launch": {"device": "cpu", "threads": 1, "processes": 2}}, "spread") == 0
    same(folder, "spread")
    progress = [event for event in events_of(folder / "spread") if event["event"] == "progress" and event["unit"] == "gradients"]
    assert progress[-1]["done"] == progress[-1]["total"]
