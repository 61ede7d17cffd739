"""Plain transformers: the stand-in for a CPU, a small model, or a machine without vLLM. Batched, padded on the left."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from jiuzhang_worker.engines.ask import Answer, Ask, RowError
from jiuzhang_worker.engines.body import Parsed, read_ask
from jiuzhang_worker.engines.endings import Ending
from jiuzhang_worker.engines.prompt import encode, limit_of
from jiuzhang_worker.engines.sampler import Sampler, stream
from jiuzhang_worker.engines.wire import Choice, answer_of
from jiuzhang_worker.job.problem import Problem, Stopped


class LocalEngine:
    """A unit is one batch. `stopped` is asked at every token: a batch may take minutes, and whoever stops us will not wait as long."""

    whole_units = True

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int, context: int | None, stopped: Callable[[], bool]) -> None:
        self.unit = batch_size
        self._model, self._tokenizer, self._stopped = model.eval(), tokenizer, stopped
        self._context = context or getattr(model.config, "max_position_embeddings", None)
        self._ends = end_tokens(model, tokenizer)
        # A model brings sampling settings of its own, which no request has asked for.
        model.generation_config = GenerationConfig(eos_token_id=sorted(self._ends), pad_token_id=tokenizer.pad_token_id)

    def run(self, units: Iterator[list[Ask]]) -> Iterator[list[Answer]]:
        for unit in units:
            yield self._answer(unit)
            if self._stopped():
                raise Stopped

    def close(self) -> None:
        self._model = None

    def _answer(self, unit: list[Ask]) -> list[Answer]:
        answers: dict[str, Answer] = {}
        rows: list[tuple[Parsed, list[int], int, int]] = []
        for ask in unit:
            try:
                parsed = read_ask(ask)
                ids = encode(parsed, self._tokenizer)
                limit = limit_of(parsed, len(ids), self._context)
            except RowError as error:
                answers[ask.key] = error.answer(ask.key)
                continue
            rows.extend((parsed, ids, limit, choice) for choice in range(parsed.sampling.n))
        # A request for several answers is several rows; no batch is larger for that.
        endings = [ending for first in range(0, len(rows), self.unit) for ending in self._generate(rows[first : first + self.unit])]
        written: dict[str, list[Choice]] = {}
        for (parsed, *_), ending in zip(rows, endings, strict=True):
            written.setdefault(parsed.ask.key, []).append(ending.choice())
        for parsed, ids, _, choice in rows:
            if choice == 0:
                answers[parsed.ask.key] = answer_of(parsed.ask, written[parsed.ask.key], len(ids))
        return [answers[ask.key] for ask in unit]

    @torch.inference_mode()
    def _generate(self, rows: list[tuple[Parsed, list[int], int, int]]) -> list[Ending]:
        width = max(len(ids) for _, ids, _, _ in rows)
        device = self._model.device
        padded = [[self._tokenizer.pad_token_id] * (width - len(ids)) + ids for _, ids, _, _ in rows]
        mask = [[0] * (width - len(ids)) + [1] * len(ids) for _, ids, _, _ in rows]
        endings = [Ending(self._tokenizer, self._ends, parsed.sampling.stop, limit) for parsed, _, limit, _ in rows]
        sampler = Sampler(
            [parsed.sampling for parsed, *_ in rows],
            [stream(parsed.sampling, parsed.ask.key, choice) for parsed, _, _, choice in rows],
            [ids for _, ids, _, _ in rows],
        )
        try:
            self._model.generate(
                input_ids=torch.tensor(padded, device=device),
                attention_mask=torch.tensor(mask, device=device),
                max_new_tokens=max(limit for _, _, limit, _ in rows),
                do_sample=False,
                logits_processor=LogitsProcessorList([_Chosen(sampler, width)]),
                stopping_criteria=StoppingCriteriaList([_Ended(endings, self._stopped)]),
            )
        except torch.OutOfMemoryError:
            raise Problem(
                "host/out-of-memory",
                f"The memory of the device is full at a batch of {len(rows)} requests with prompts of up to {width:,} tokens",
                remedy="Lower batch_size, or max_tokens of the requests.",
            ) from None
        return endings


class _Chosen(LogitsProcessor):
    """Leaves nothing but the token that the sampler has drawn, so that greedy generation takes it."""

    def __init__(self, sampler: Sampler, width: int) -> None:
        self._sampler, self._width = sampler, width

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        last = input_ids[:, -1] if input_ids.shape[1] > self._width else None
        chosen = self._sampler.choose(scores.float(), last)
        return torch.full_like(scores, float("-inf")).scatter_(1, chosen[:, None], 0)


class _Ended(StoppingCriteria):
    def __init__(self, endings: list[Ending], stopped: Callable[[], bool]) -> None:
        self._endings, self._stopped = endings, stopped

    def __call__(self, input_ids: torch.Tensor, scores: Any, **options: Any) -> torch.Tensor:
        if self._stopped():
            raise Stopped
        for ending, token in zip(self._endings, input_ids[:, -1].tolist(), strict=True):
            ending.push(token)
        return torch.tensor([ending.finish is not None for ending in self._endings], device=input_ids.device)


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end an answer: the tokenizer's end token and those that the model names."""
    named = getattr(model.generation_config, "eos_token_id", None)
    ids = named if isinstance(named, list) else [] if named is None else [named]
    return frozenset([*ids, tokenizer.eos_token_id])
