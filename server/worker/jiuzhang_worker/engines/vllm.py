"""vLLM offline: one engine in this process, requests added and taken as they finish (its public `LLMEngine`)."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jiuzhang_worker.engines.ask import Answer, Ask, RowError
from jiuzhang_worker.engines.body import Parsed, read_ask
from jiuzhang_worker.engines.prompt import encode, limit_of
from jiuzhang_worker.engines.sampler import GREEDY
from jiuzhang_worker.engines.wire import Choice, answer_of
from jiuzhang_worker.job.problem import Stopped


class VllmEngine:
    """Prompts are given as token ids of our own serialization. vllm is imported here and nowhere else."""

    unit = 1
    whole_units = False

    def __init__(
        self, folder: Path, tokenizer: Any, spec: dict[str, Any], *, dtype: str, context: int | None, stopped: Callable[[], bool]
    ) -> None:
        import vllm

        self._vllm, self._tokenizer, self._stopped = vllm, tokenizer, stopped
        self._in_flight = spec["in_flight"]
        self._engine = vllm.LLMEngine.from_engine_args(
            vllm.EngineArgs(
                model=str(folder),
                dtype=dtype,
                max_model_len=context,
                tensor_parallel_size=spec["tensor_parallel"],
                gpu_memory_utilization=spec["memory_share"],
                max_num_seqs=spec["max_sequences"],
                # Sampling settings that the model brings are not what a request asks for.
                generation_config="vllm",
                seed=0,
            )
        )
        self._context: int = self._engine.model_config.max_model_len

    def run(self, units: Iterator[list[Ask]]) -> Iterator[list[Answer]]:
        flying: dict[str, Parsed] = {}
        asks = (ask for unit in units for ask in unit)
        exhausted = False
        while not exhausted or flying:
            refused: list[Answer] = []
            while not exhausted and len(flying) < self._in_flight:
                ask = next(asks, None)
                if ask is None:
                    exhausted = True
                    break
                try:
                    flying[ask.key] = self._add(ask)
                except RowError as error:
                    refused.append(error.answer(ask.key))
            if refused:
                yield refused
            if self._stopped():
                self._engine.abort_request(list(flying))
                raise Stopped
            done = [output for output in self._engine.step() if output.finished] if flying else []
            if done:
                yield [self._answer(flying.pop(output.request_id), output) for output in done]

    def close(self) -> None:
        self._engine = None

    def _add(self, ask: Ask) -> Parsed:
        parsed = read_ask(ask, structured=True)
        ids = encode(parsed, self._tokenizer)
        limit = limit_of(parsed, len(ids), self._context)
        try:
            self._engine.add_request(ask.key, {"prompt_token_ids": ids}, self._params(parsed, limit))
        except ValueError as error:
            # What vLLM finds wrong with a request, a schema that it cannot follow for one.
            raise RowError("model/bad-request", f"vLLM refuses the request: {error}") from None
        return parsed

    def _params(self, parsed: Parsed, limit: int) -> Any:
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        ask = parsed.sampling
        return self._vllm.SamplingParams(
            n=ask.n,
            temperature=ask.temperature if ask.temperature >= GREEDY else 0.0,
            top_p=ask.top_p,
            top_k=ask.top_k,
            min_p=ask.min_p,
            max_tokens=limit,
            stop=list(ask.stop),
            seed=seed_of(parsed),
            repetition_penalty=ask.repetition_penalty,
            frequency_penalty=ask.frequency_penalty,
            presence_penalty=ask.presence_penalty,
            structured_outputs=None if ask.schema is None else StructuredOutputsParams(json=ask.schema),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def _answer(self, parsed: Parsed, output: Any) -> Answer:
        choices = [
            Choice(one.text, "length" if one.finish_reason == "length" else "stop", len(one.token_ids))
            for one in sorted(output.outputs, key=lambda one: one.index)
        ]
        return answer_of(parsed.ask, choices, len(output.prompt_token_ids))


def seed_of(parsed: Parsed) -> int:
    """The request's own seed in the range that every sampler takes; without one, a number made of its id."""
    seed = parsed.sampling.seed
    return (seed if seed is not None else int.from_bytes(hashlib.sha256(parsed.ask.key.encode()).digest()[:8], "big")) % 2**31
