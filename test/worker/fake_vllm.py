"""A stand-in for vllm with the part of its public interface that the engine uses, so that the mapping is held where no GPU is.

It writes nothing sensible: an answer names what it was asked with. It holds no claim about vllm itself.
"""

import sys
from dataclasses import dataclass, field
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class RequestOutputKind(Enum):
    CUMULATIVE = 0
    FINAL_ONLY = 2


@dataclass
class StructuredOutputsParams:
    json: Any = None


@dataclass
class SamplingParams:
    """The documented members that matter here; any other name is refused, as by the real one."""

    n: int = 1
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: Any = None
    max_tokens: int | None = 16
    structured_outputs: Any = None
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE

    def __post_init__(self) -> None:
        if self.stop == ["refuse me"]:
            raise ValueError("no such stop")


@dataclass
class EngineArgs:
    model: str
    dtype: str = "auto"
    max_model_len: int | None = None
    tensor_parallel_size: int = 1
    gpu_memory_utilization: float = 0.9
    max_num_seqs: int | None = None
    generation_config: str = "auto"
    seed: int = 0


@dataclass
class LLMEngine:
    args: EngineArgs
    waiting: dict[str, tuple[list[int], SamplingParams]] = field(default_factory=dict)
    params: dict[str, SamplingParams] = field(default_factory=dict)
    prompts: dict[str, list[int]] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)
    most: int = 0

    @classmethod
    def from_engine_args(cls, args: EngineArgs) -> "LLMEngine":
        return cls(args)

    @property
    def model_config(self) -> Any:
        return SimpleNamespace(max_model_len=self.args.max_model_len or 512)

    def add_request(self, request_id: str, prompt: Any, params: SamplingParams) -> None:
        self.waiting[request_id] = prompt["prompt_token_ids"], params
        self.params[request_id], self.prompts[request_id] = params, prompt["prompt_token_ids"]
        self.most = max(self.most, len(self.waiting))

    def abort_request(self, request_ids: list[str]) -> None:
        self.aborted += request_ids

    def step(self) -> list[Any]:
        """The one that was added last is done first; the others only say how far they are."""
        done = list(self.waiting)[-1]
        ids, params = self.waiting.pop(done)
        outputs = [
            SimpleNamespace(index=index, text=f"{done[-1]}/{index}", token_ids=[1, 2, 3], finish_reason="length" if index else "stop")
            for index in range(params.n)
        ]
        unfinished = [SimpleNamespace(request_id=other, finished=False, outputs=[]) for other in self.waiting]
        return [*unfinished, SimpleNamespace(request_id=done, finished=True, prompt_token_ids=ids, outputs=outputs[::-1])]


def install(patch: pytest.MonkeyPatch) -> None:
    module, params = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    for thing in (SamplingParams, EngineArgs, LLMEngine):
        setattr(module, thing.__name__, thing)
    for thing in (SamplingParams, RequestOutputKind, StructuredOutputsParams):
        setattr(params, thing.__name__, thing)
    patch.setitem(sys.modules, "vllm", module)
    patch.setitem(sys.modules, "vllm.sampling_params", params)
