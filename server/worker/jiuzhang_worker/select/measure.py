"""How long a candidate is: in tokens where a model's tokenizer is at hand, in characters otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.models.load import Source, find_model, load_tokenizer
from jiuzhang_worker.select.vectors import text_of
from jiuzhang_worker.text.serialization import SERIALIZATION


@dataclass(frozen=True)
class Measure:
    """of: the length of a whole example, which a token budget counts, and of what is learnt of it, which `by: length` orders by."""

    unit: str
    of: Callable[[Example], tuple[int, int]]
    source: Source | None = None
    tokenizer: Any = None


def measure_of(job: Job) -> Measure:
    if "model" not in job.spec:
        return Measure("characters", _characters)
    source = find_model(job, job.spec["model"])
    tokenizer = load_tokenizer(source)

    def tokens(example: Example) -> tuple[int, int]:
        encoded = SERIALIZATION.encode(example, tokenizer)
        return len(encoded), len(encoded) - encoded.prompt

    return Measure("tokens", tokens, source, tokenizer)


def _characters(example: Example) -> tuple[int, int]:
    return len(text_of(example)), len(example.text or example.solution or example.completion or "")
