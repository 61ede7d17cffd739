"""The engine that a spec names."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.engines.ask import Engine
from jiuzhang_worker.engines.replicas import Replicas
from jiuzhang_worker.engines.server import ServerEngine, ServerSettings
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import Source, find_model, load_model, load_tokenizer, pick_device


def open_engine(job: Job) -> Engine:
    """The engine of the spec's own members, ready to answer.

    Raises spec/engine for members that do not belong together, and what loading a model raises.
    """
    spec = job.spec
    if spec["engine"] == "server":
        return _server(job)
    if "model" not in spec:
        raise Problem("spec/engine", f"The engine {spec['engine']} needs `model`", remedy="Name the model that it loads.")
    if spec["engine"] == "vllm":
        job.need("vllm", "The engine vllm")
        if "adapter" in spec["model"]:
            raise Problem(
                "spec/engine", "The engine vllm takes no adapter", remedy="Name the folder of the merged weights, which train writes."
            )
    build = _Build(spec, find_model(job, spec["model"]))
    devices = _devices(spec)
    if len(devices) == 1:
        return build(lambda: job.stop.requested)
    local = spec["engine"] == "transformers"
    return Replicas(
        build,
        devices,
        unit=spec["batch_size"] if local else 1,
        whole_units=local,
        ahead=2 if local else spec["vllm"]["in_flight"],
        stopped=lambda: job.stop.requested,
    )


def note_model(job: Job) -> None:
    """What an earlier run has answered with, for the manifest of one that has nothing left to ask."""
    if "model" in job.spec and job.spec["engine"] != "server":
        with suppress(Problem):
            find_model(job, job.spec["model"])


@dataclass(frozen=True)
class _Build:
    """Loads model and tokenizer in whichever process it is called."""

    spec: dict[str, Any]
    source: Source

    def __call__(self, stopped: Callable[[], bool]) -> Engine:
        spec = self.spec
        tokenizer = load_tokenizer(self.source)
        if spec["engine"] == "vllm":
            from jiuzhang_worker.engines.vllm import VllmEngine

            dtype = spec["model"]["dtype"]
            return VllmEngine(self.source.folder, tokenizer, spec["vllm"], dtype=dtype, context=spec.get("context"), stopped=stopped)
        from jiuzhang_worker.engines.local import LocalEngine

        model = load_model(self.source, spec["model"], pick_device(spec["launch"]))
        return LocalEngine(model, tokenizer, batch_size=spec["batch_size"], context=spec.get("context"), stopped=stopped)


def _server(job: Job) -> Engine:
    spec = job.spec
    if "base_url" not in spec:
        raise Problem("spec/engine", "The engine server needs `base_url`", remedy="Give the address of an OpenAI-compatible server.")
    if "model" in spec:
        raise Problem("spec/engine", "The engine server loads no model of ours", remedy="Leave `model` out: requests name the server's.")
    return ServerEngine(
        ServerSettings(spec["base_url"], spec.get("api_key_env"), spec["concurrency"], spec["retries"], spec["stall_seconds"]),
        lambda: job.stop.requested,
    )


def _devices(spec: dict[str, Any]) -> list[str | None]:
    """One entry per copy of the model. Without a number in the spec there are as many as the GPUs allow, or one on a CPU."""
    import torch

    each = spec["vllm"]["tensor_parallel"] if spec["engine"] == "vllm" else 1
    wanted = spec.get("replicas")
    if spec["launch"]["device"] == "cpu" or not torch.cuda.is_available():
        return [None] * (wanted or 1)
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = named.split(",") if named else [str(number) for number in range(torch.cuda.device_count())]
    most = len(gpus) // each
    if most == 0 or (wanted or 1) > most:
        raise Problem(
            "host/no-gpu",
            f"{wanted or 1} copies of the model on {each} GPUs each do not fit on {len(gpus)} GPUs",
            remedy="Lower replicas or vllm.tensor_parallel.",
        )
    count = wanted or most
    # A single copy runs in this process and takes what is visible.
    return [None] if count == 1 else [",".join(gpus[each * copy : each * (copy + 1)]) for copy in range(count)]
