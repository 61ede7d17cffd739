"""The settings of a training: the spec's own members win over those of its preset."""

import re
from typing import Any

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.job.schemas import schema


def settle(job: Job) -> dict[str, Any]:
    """Fills the spec from its preset, so that the manifest says every value, and refuses what does not go together.

    The presets stand in the schema (`server/src/protocol/files/specs/train.ts`), each value with its source.
    Raises spec/batch, spec/export, spec/launch, spec/schedule, spec/sharding, spec/optimizer.
    """
    spec = job.spec
    preset: dict[str, Any] = schema("spec-train")["properties"]["preset"]["presets"][spec["preset"]]
    for name, value in preset.items():
        spec[name] = {**value, **spec.get(name, {})} if isinstance(value, dict) else spec.get(name, value)
    _check_batch(spec)
    _check_sharding(job, spec)
    if spec["launch"]["nodes"] > 1 and not re.fullmatch(r".+:\d+", spec["launch"].get("main_address", "")):
        raise Problem("spec/launch", "launch.nodes is more than 1, and launch.main_address is not host:port", remedy="Name the first node.")
    schedule = spec["schedule"]
    if schedule["kind"] == "wsd" and schedule["stable"] < schedule["warmup"]:
        raise Problem(
            "spec/schedule", "schedule.stable lies before the end of schedule.warmup", remedy="Let the stable share be the larger one."
        )
    if "gguf-adapter" in spec["export"] and spec["method"] == "full":
        raise Problem("spec/export", "gguf-adapter is asked for, and all weights are trained", remedy="Ask for gguf-model.")
    if "gguf-adapter" in spec["export"] and "adapter" in spec["model"]:
        raise Problem(
            "spec/export",
            "gguf-adapter is asked for, and the model has an adapter of its own already, without which the new one means nothing",
            remedy="Ask for gguf-model, or for merged.",
        )
    if spec["checkpoints"]["optimizer"] == "keep" and (spec["method"] != "lora" or spec["sharding"] != "none"):
        raise Problem(
            "spec/optimizer",
            "checkpoints.optimizer is `keep`, which is for adapters that are not spread over processes",
            remedy="Set method to lora and sharding to none, or leave it out.",
        )
    return spec


def processes(spec: dict[str, Any]) -> int:
    """How many take part, on all nodes."""
    count: int = spec["launch"]["processes"] * spec["launch"]["nodes"]
    return count


def accumulation(spec: dict[str, Any]) -> int:
    """Micro-batches per step of the optimizer, on each process."""
    steps: int = spec["batch_size"] // (spec["micro_batch_size"] * processes(spec))
    return steps


def _check_batch(spec: dict[str, Any]) -> None:
    at_once = spec["micro_batch_size"] * processes(spec)
    if spec["batch_size"] % at_once:
        raise Problem(
            "spec/batch",
            f"batch_size is {spec['batch_size']}, and {processes(spec)} processes with {spec['micro_batch_size']} sequences each "
            f"take {at_once} at once",
            remedy="Let batch_size be a multiple of micro_batch_size × processes × nodes.",
        )


def _check_sharding(job: Job, spec: dict[str, Any]) -> None:
    if spec["sharding"] == "deepspeed":
        if "deepspeed" not in spec:
            raise Problem("spec/sharding", "sharding is `deepspeed`, and no configuration is named", remedy="Name its file in `deepspeed`.")
        if not job.path(spec["deepspeed"]).is_file():
            raise Problem("spec/sharding", f"There is no file {job.path(spec['deepspeed'])}", remedy="Check `deepspeed` in the spec.")
        job.need("deepspeed", "sharding: deepspeed")
    if spec["sharding"] == "fsdp2" and processes(spec) == 1:
        raise Problem("spec/sharding", "sharding is `fsdp2`, and there is one process", remedy="Set launch.processes, or sharding to none.")
