"""However a training is ended, started again it gives the same bytes."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import Ended, fork_task, kill_self
from train_work import small_spec, weights

KEPT = {"every_steps": 3, "optimizer": "keep"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, dict[str, Any], Ended]:
    """The same training without an interruption."""
    folder = tmp_path_factory.mktemp("resume")
    spec = small_spec(folder, tiny_model, checkpoints=KEPT)
    done = fork_task("train", folder, spec, "whole")
    assert done.code == 0, done.errors
    return folder, spec, done


def after_step(wanted: int, do: Callable[[], None]) -> Callable[[], None]:
    """Does something right after a step of the optimizer, before anything of it is saved."""

    def sabotage() -> None:
        from jiuzhang_worker.train.follow import Follow

        original = Follow.on_step_end

        def on_step_end(self: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
            if state.global_step == wanted:
                do()
            original(self, args, state, control, **others)

        Follow.on_step_end = on_step_end  # type: ignore[method-assign]

    return sabotage


def inside_checkpoint(wanted: int) -> Callable[[], None]:
    """Dies when the weights of a checkpoint are written and the optimizer's state is not."""

    def sabotage() -> None:
        from jiuzhang_worker.train.trainer import Trainer

        original = Trainer._save_optimizer_and_scheduler

        def save(self: Any, folder: str) -> None:
            if self.state.global_step == wanted:
                kill_self()
            original(self, folder)

        Trainer._save_optimizer_and_scheduler = save

    return sabotage


def inside_epoch() -> None:
    """Dies when an epoch's folder is filled and has not its name yet."""
    from jiuzhang_worker.train import epochs

    def complete(folder: Path, **about: Any) -> None:
        kill_self()

    epochs.complete = complete


def after_training() -> None:
    """Dies when everything is trained and the manifest is not written."""
    from jiuzhang_worker.job.manifest import Manifest

    Manifest.write = lambda _: kill_self()  # type: ignore[method-assign]


def same(folder: Path, one: Ended, other: Ended) -> None:
    assert weights(one.out) == weights(other.out)
    for epoch in ("epoch-1", "epoch-2"):
        for name in ("adapter_model.safetensors", "moments.safetensors", "epoch.json"):
            assert weights(one.out, f"checkpoints/{epoch}/{name}") == weights(other.out, f"checkpoints/{epoch}/{name}")
    for name in ("loss", "learning_rate", "grad_norm", "eval_loss"):
        assert one.metrics(name) == other.metrics(name)


@pytest.mark.parametrize(
    "sabotage",
    [
        pytest.param(after_step(1, kill_self), id="before the first checkpoint"),
        pytest.param(after_step(5, kill_self), id="between two checkpoints"),
        pytest.param(inside_checkpoint(6), id="in the middle of a checkpoint"),
        pytest.param(inside_epoch, id="in the middle of an epoch's folder"),
        pytest.param(after_training, id="after the training"),
    ],
)
def test_killed_and_started_again_it_gives_the_same_bytes(sabotage: Callable[[], None], whole: tuple[Path, dict[str, Any], Ended]) -> None:
    folder, spec, done = whole
    out = folder / "killed"
    shutil.rmtree(out, ignore_errors=True)
    killed = fork_task("train", folder, spec, "killed", sabotage)
    assert killed.code == -signal.SIGKILL
    assert not (out / "manifest.json").exists()
    again = fork_task("train", folder, spec, "killed")
    assert again.code == 0, again.errors
    same(folder, done, again)


def test_asked_to_stop_it_saves_ends_with_75_and_goes_on(whole: tuple[Path, dict[str, Any], Ended]) -> None:
    folder, spec, done = whole
    stopped = fork_task("train", folder, spec, "stopped", after_step(4, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert stopped.code == 75, stopped.errors
    assert [event["step"] for event in stopped.told("checkpoint")] == [3, 4]
    again = fork_task("train", folder, spec, "stopped")
    assert again.code == 0, again.errors
    steps = [event["step"] for event in again.events if event["event"] == "metric" and event["name"] == "loss"]
    assert steps == list(range(1, len(steps) + 1)), "no step is made twice after an ordered stop"
    same(folder, done, again)


@pytest.mark.parametrize("damage", ["cut", "gone", "flipped"])
def test_a_damaged_checkpoint_is_passed_over(damage: str, whole: tuple[Path, dict[str, Any], Ended]) -> None:
    folder, spec, done = whole
    out = folder / "damaged"
    shutil.rmtree(out, ignore_errors=True)
    assert fork_task("train", folder, spec, "damaged", after_step(7, kill_self)).code == -signal.SIGKILL
    file = out / "work" / "checkpoints" / "checkpoint-6" / "optimizer.pt"
    if damage == "gone":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes(content[:-10] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    again = fork_task("train", folder, spec, "damaged")
    assert again.code == 0, again.errors
    (warning,) = [event for event in again.told("warning") if event["code"] == "out/bad-checkpoint"]
    assert "checkpoint-6" in warning["message"]
    assert "optimizer.pt" in warning["message"]
    same(folder, done, again)


def test_it_keeps_the_last_checkpoints_and_cleans_up_when_done(whole: tuple[Path, dict[str, Any], Ended]) -> None:
    folder, spec, done = whole
    often = {**spec, "checkpoints": {"every_steps": 1, "keep": 2, "optimizer": "keep"}}
    killed = fork_task("train", folder, often, "often", after_step(6, kill_self))
    assert killed.code == -signal.SIGKILL
    left = sorted(path.name for path in (folder / "often" / "work" / "checkpoints").iterdir())
    assert left == ["checkpoint-4", "checkpoint-5"]
    # How often it saves may differ when it goes on: it changes nothing.
    again = fork_task("train", folder, spec, "often")
    assert again.code == 0, again.errors
    same(folder, done, again)
    assert not (folder / "often" / "work" / "checkpoints").exists()


def test_other_data_in_the_same_place_is_refused(whole: tuple[Path, dict[str, Any], Ended]) -> None:
    folder, spec, _ = whole
    rows = (folder / "rows.jsonl").read_text().splitlines(keepends=True)
    (folder / "mine.jsonl").write_text("".join(rows[:30]))
    mine = {**spec, "data": [{"path": "mine.jsonl"}]}
    assert fork_task("train", folder, mine, "other", after_step(4, kill_self)).code == -signal.SIGKILL
    (folder / "mine.jsonl").write_text("".join(rows[:31]))
    again = fork_task("train", folder, mine, "other")
    assert again.code == 73
    assert "out/other-data" in again.errors
    assert "mine.jsonl" in again.errors
