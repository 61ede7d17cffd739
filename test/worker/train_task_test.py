"""The train task from its spec to its results, and what it says where it cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import fork_task
from jiuzhang_worker.job.schemas import validator
from processes import events_of, run_task, write_lines
from tiny import save_tiny_model
from train_work import rows, small_spec, weights


def test_as_a_process_of_its_own_it_trains_and_tells(tmp_path: Path, tiny_model: Path) -> None:
    spec = small_spec(tmp_path, tiny_model)
    done = run_task("train", tmp_path, spec)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    out = tmp_path / "out"
    manifest = json.loads((out / "manifest.json").read_text())
    validator("manifest").validate(manifest)
    settings, results = manifest["run"]["settings"], manifest["run"]["results"]
    assert settings["schedule"] == {"kind": "cosine", "warmup": 0.03, "stable": 0.85, "floor": 0}
    assert manifest["run"]["inputs"][0]["rows"] == results["data"]["rows"] == 40
    assert results["data"]["held_out"] + results["data"]["trained"] + results["data"]["refused"] == 40
    assert {file["path"] for file in manifest["files"]} >= {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"}
    events = events_of(out)
    for event in events:
        validator("event").validate(event)
    last = [event for event in events if event["event"] == "progress" and event["unit"] == "steps"][-1]
    assert last["done"] == last["total"] == results["steps"] == 2 * results["steps_per_epoch"]
    assert last["tokens"] >= 2 * results["data"]["tokens"] and last["tokens_per_second"] > 0
    of = {name: [event for event in events if event["event"] == "metric" and event["name"] == name] for name in ("loss", "eval_loss")}
    assert [event["step"] for event in of["loss"]] == list(range(1, results["steps"] + 1))
    assert [event["step"] for event in of["eval_loss"]] == [results["steps_per_epoch"], results["steps"]]
    assert results["eval_loss"] < of["loss"][0]["value"]
    assert events[-1] == {"event": "end", "at": events[-1]["at"], "code": 0}


def test_all_weights_may_be_trained_unpacked_and_in_bfloat16(tmp_path: Path, tiny_model: Path) -> None:
    spec = small_spec(tmp_path, tiny_model, method="full", packing="none", epochs=1, precision="bfloat16", activation_checkpointing=True)
    done = fork_task("train", tmp_path, spec)
    assert done.code == 0, done.errors
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(done.out / "model", dtype="auto")
    assert str(model.dtype) == "torch.bfloat16", "what was trained in 32 bits is left as it is used"
    losses = list(done.metrics("loss").values())
    assert losses[-1] < losses[0]


def test_packed_and_unpacked_rows_give_the_same_loss(tmp_path: Path, tiny_model: Path) -> None:
    """With all rows in one step, packing must change nothing at all."""
    losses = []
    for packing in ("none", "bfd"):
        spec = small_spec(tmp_path, tiny_model, count=12, packing=packing, batch_size=12, epochs=1, held_out=0, lora={"rank": 4})
        done = fork_task("train", tmp_path, spec, packing)
        assert done.code == 0, done.errors
        losses.append((done.metrics("loss")[1], done.metrics("grad_norm")[1]))
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_micro_batches_change_only_the_last_digits(tmp_path: Path, tiny_model: Path) -> None:
    found = []
    for size in (1, 4):
        done = fork_task("train", tmp_path, small_spec(tmp_path, tiny_model, micro_batch_size=size, lora={"rank": 4}), f"by-{size}")
        assert done.code == 0, done.errors
        found.append(done)
    assert list(found[0].metrics("loss").values()) == pytest.approx(list(found[1].metrics("loss").values()), abs=1e-4)
    assert list(found[0].metrics("eval_loss").values()) == pytest.approx(list(found[1].metrics("eval_loss").values()), abs=1e-4)


def test_the_second_part_comes_after_the_first(tmp_path: Path, tiny_model: Path) -> None:
    """The first part alone, and both with as many steps, go the same way until the first part ends."""
    spec = small_spec(tmp_path, tiny_model, count=24, packing="none", held_out=0, epochs=1, schedule={"kind": "constant", "warmup": 0})
    write_lines(tmp_path / "second.jsonl", rows(16, seed=9))
    first = fork_task("train", tmp_path, spec, "first")
    both = fork_task("train", tmp_path, {**spec, "data": [*spec["data"], {"path": "second.jsonl"}]}, "both")
    assert (first.code, both.code) == (0, 0), first.errors + both.errors
    begun, gone_on = first.metrics("loss"), both.metrics("loss")
    assert len(begun) == 6 and len(gone_on) == 10
    assert {step: gone_on[step] for step in begun} == begun


def test_a_preset_gives_way_to_the_spec_member_by_member(tmp_path: Path, tiny_model: Path) -> None:
    spec = small_spec(tmp_path, tiny_model, preset="student", schedule={"floor": 0.2}, max_steps=3)
    del spec["epochs"], spec["learning_rate"]
    done = fork_task("train", tmp_path, spec)
    assert done.code == 0, done.errors
    settings = json.loads((done.out / "manifest.json").read_text())["run"]["settings"]
    assert settings["schedule"] == {"kind": "wsd", "warmup": 0.03, "stable": 0.85, "floor": 0.2}
    assert (settings["epochs"], settings["learning_rate"], settings["method"], settings["packing"]) == (1, 1e-5, "full", "bfd")
    assert (settings["batch_size"], settings["max_length"]) == (4, 96), "the spec's own members stay"


def test_rows_without_labels_are_refused_and_cut_ones_counted(tmp_path: Path, tiny_model: Path) -> None:
    spec = small_spec(tmp_path, tiny_model, held_out=0, epochs=1)
    long = {"problem": "Why? " * 100, "solution": "Because."}
    cut = {"problem": "Count.", "solution": "1 " * 200}
    write_lines(tmp_path / "rows.jsonl", [*rows(8), long, cut])
    done = fork_task("train", tmp_path, spec)
    assert done.code == 0, done.errors
    data = json.loads((done.out / "manifest.json").read_text())["run"]["results"]["data"]
    assert (data["rows"], data["refused"], data["trained"]) == (10, 1, 9)
    assert data["truncated"] >= 1
    assert {event["code"] for event in done.told("warning")} == {"data/refused-rows", "data/truncated-rows"}


def poisoned(folder: Path, model: Path) -> dict[str, Any]:
    """A weight of the model is not a number."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded = AutoModelForCausalLM.from_pretrained(model)
    loaded.model.norm.weight.data[3] = float("nan")
    loaded.save_pretrained(folder / "poisoned")
    AutoTokenizer.from_pretrained(model).save_pretrained(folder / "poisoned")
    return {"model": {"path": "poisoned"}}


def other_tokenizer(folder: Path, model: Path) -> dict[str, Any]:
    save_tiny_model(folder / "large", vocabulary=400)
    save_tiny_model(folder / "mixed", vocabulary=280)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / "mixed" / name).write_bytes((folder / "large" / name).read_bytes())
    return {"model": {"path": "mixed"}}


def no_rows(folder: Path, model: Path) -> dict[str, Any]:
    write_lines(folder / "none.jsonl", [])
    return {"data": [{"path": "none.jsonl"}]}


def long_rows(folder: Path, model: Path) -> dict[str, Any]:
    write_lines(folder / "long.jsonl", [{"problem": "Why? " * 100, "solution": "Because."}] * 3)
    return {"data": [{"path": "long.jsonl"}]}


def members(**some: Any) -> Callable[[Path, Path], dict[str, Any]]:
    return lambda _folder, _model: some


@pytest.mark.parametrize(
    ("break_it", "code", "words"),
    [
        (poisoned, 65, ["data/loss-not-finite", "is nan at step 1", "check them"]),
        (other_tokenizer, 65, ["data/wrong-tokenizer", "Use the tokenizer that came with the model"]),
        (no_rows, 65, ["data/empty", "none.jsonl"]),
        (long_rows, 65, ["data/all-too-long", "all 3 rows", "Raise max_length"]),
        (members(held_out=0.5, data=[{"path": "rows.jsonl", "limit": 1}], seed=1), 65, ["data/all-held-out"]),
        (members(batch_size=5), 64, ["spec/batch", "batch_size is 5"]),
        (members(lora={"targets": ["no_proj"]}), 64, ["spec/lora", "no_proj"]),
        (members(sharding="fsdp2"), 64, ["spec/sharding", "launch.processes"]),
        (members(sharding="deepspeed"), 64, ["spec/sharding", "deepspeed"]),
        (members(schedule={"kind": "wsd", "warmup": 0.9}), 64, ["spec/schedule"]),
        (members(method="full", checkpoints={"optimizer": "keep"}), 64, ["spec/optimizer"]),
        (members(method="full", export=["gguf-adapter"]), 64, ["spec/export"]),
        (members(launch={"nodes": 2}, batch_size=8), 64, ["spec/launch", "main_address"]),
        (members(learning_rat=0.1), 64, ["spec/unknown-field", "Did you mean `learning_rate`?"]),
        (members(model={"path": "nowhere"}), 65, ["data/missing-model", "nowhere"]),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    break_it: Callable[[Path, Path], dict[str, Any]], code: int, words: list[str], tmp_path: Path, tiny_model: Path
) -> None:
    spec = small_spec(tmp_path, tiny_model)
    if "all-held-out" in words[0]:
        # One row of which it is known that it is held out.
        from jiuzhang_worker.data.examples import Example
        from jiuzhang_worker.train.rows import is_held_out

        chosen = next(row for row in rows(40) if is_held_out(Example(id="", place="", **row), 0.5))
        write_lines(tmp_path / "rows.jsonl", [chosen])
    done = fork_task("train", tmp_path, {**spec, **break_it(tmp_path, tiny_model)})
    assert done.code == code, done.errors
    assert done.errors.count("\n") == 1, done.errors
    for word in words:
        assert word in done.errors
    assert not (done.out / "manifest.json").exists()
    assert not (done.out / "adapter").exists()


def test_a_loss_that_runs_away_overwrites_nothing(tmp_path: Path, tiny_model: Path) -> None:
    """The gradient of step 5 is not a number: the optimizer must not take it, and the checkpoint of step 4 stays as it was."""

    def sabotage() -> None:
        from jiuzhang_worker.train.trainer import Trainer

        original = Trainer._clip_grad_norm

        def clip(self: Any, model: Any) -> Any:
            if self.state.global_step == 4:
                next(weight for weight in model.parameters() if weight.grad is not None).grad[0, 0] = float("inf")
            return original(self, model)

        Trainer._clip_grad_norm = clip

    done = fork_task("train", tmp_path, small_spec(tmp_path, tiny_model, checkpoints={"every_steps": 2}), "out", sabotage)
    assert done.code == 65
    (error,) = done.told("error")
    assert error["code"] == "data/loss-not-finite"
    assert error["data"] == {"step": 5}
    assert "Lower learning_rate" in error["remedy"]
    assert sorted(path.name for path in (done.out / "work" / "checkpoints").iterdir()) == ["checkpoint-2", "checkpoint-4"]


def test_full_memory_says_which_batch_and_what_to_lower(tmp_path: Path, tiny_model: Path) -> None:
    """The error is torch's own: something as large as no machine has is asked for in the forward pass of the third step."""

    def sabotage() -> None:
        import torch
        from jiuzhang_worker.train.trainer import Trainer

        original = Trainer.compute_loss

        def compute_loss(self: Any, *args: Any, **options: Any) -> Any:
            if self.state.global_step == 2:
                torch.empty(2**60, dtype=torch.uint8)
            return original(self, *args, **options)

        Trainer.compute_loss = compute_loss  # type: ignore[method-assign]

    done = fork_task("train", tmp_path, small_spec(tmp_path, tiny_model, checkpoints={"every_steps": 1}), "out", sabotage)
    assert done.code == 69, done.errors
    (error,) = done.told("error")
    assert error["code"] == "host/out-of-memory"
    assert "at step 3, with a batch of 1 × " in error["message"]
    assert "Lower micro_batch_size (2) or set activation_checkpointing; started again, it goes on" in error["remedy"]
    assert "lower max_length (96)" in error["remedy"] and "in another folder" in error["remedy"]
    # What it says helps: a smaller micro-batch may go on.
    smaller = small_spec(tmp_path, tiny_model, checkpoints={"every_steps": 1}, micro_batch_size=1, activation_checkpointing=True)
    again = fork_task("train", tmp_path, smaller)
    assert again.code == 0, again.errors
    assert "train/other-batches" in {event["code"] for event in again.told("warning")}


def test_influence_finds_what_it_needs_of_each_epoch(tmp_path: Path, tiny_model: Path) -> None:
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    spec = small_spec(tmp_path, tiny_model, checkpoints={"optimizer": "keep"}, max_steps=10, schedule={"kind": "linear", "warmup": 0})
    done = fork_task("train", tmp_path, spec)
    assert done.code == 0, done.errors
    folders = sorted((done.out / "checkpoints").iterdir())
    assert [folder.name for folder in folders] == ["epoch-1", "epoch-2"]
    epochs = [json.loads((folder / "epoch.json").read_text()) for folder in folders]
    assert sum(epoch["steps"] for epoch in epochs) == epochs[-1]["step"] == 10
    rates = done.metrics("learning_rate")
    first = epochs[0]["step"]
    assert epochs[0]["learning_rate"] == pytest.approx(sum(rates[step] for step in range(1, first + 1)) / first)
    assert weights(done.out) == weights(done.out, "checkpoints/epoch-2/adapter_model.safetensors")
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_model), folders[-1], is_trainable=True)
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    moments = load_file(folders[-1] / "moments.safetensors")
    assert epochs[-1]["names"] == list(trained)
    assert set(moments) == {f"{moment}.{name}" for moment in ("exp_avg", "exp_avg_sq") for name in trained}
    for name, weight in trained.items():
        assert moments[f"exp_avg.{name}"].shape == moments[f"exp_avg_sq.{name}"].shape == weight.shape
        assert (moments[f"exp_avg_sq.{name}"] >= 0).all()
