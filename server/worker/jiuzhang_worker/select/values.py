"""What candidates are ordered by, and which of them may be kept at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jiuzhang_worker.data.examples import read_examples
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import load_model, pick_device
from jiuzhang_worker.select.embedding import ngram_vectors, pooled_vectors, similarity
from jiuzhang_worker.select.measure import Measure
from jiuzhang_worker.select.order import quality_ranks
from jiuzhang_worker.select.pool import Pool
from jiuzhang_worker.select.scores import Scores


@dataclass(frozen=True)
class Values:
    """value: as a person knows it (score, loss, tokens, cosine), nan where there is none. key: what a plain choice takes the highest of.

    merit: what a diverse choice takes as relevance. allowed: bool. reasons: candidate → why it is not allowed.
    """

    value: Any
    key: Any
    merit: Any
    allowed: Any
    reasons: dict[int, str]

    def told(self, row: int) -> float | None:
        value = float(self.value[row])
        return value if np.isfinite(value) else None


def values_of(job: Job, pool: Pool, scores: Scores | None, draw: Any, measure: Measure) -> Values:
    by = job.spec["by"]
    value = _value(job, pool, scores, draw, measure)
    sign = -1.0 if job.spec["direction"] == "low" or (job.spec["direction"] == "auto" and by == "loss") else 1.0
    if by == "quality":
        assert scores is not None
        # Scores that reject rows themselves are ranks of quality by now.
        value = sign * scores.columns["score"]
        value = value if scores.rejected is not None else quality_ranks(value, scores.columns["loss"], draw)
        sign = 1.0
    allowed = np.isfinite(value)
    reasons = {int(row): "no-score" for row in np.flatnonzero(~allowed)}
    for row in scores.not_finite if scores is not None else ():
        allowed[row] = False
        reasons[row] = "not-finite"
    _tell(job, len(pool), reasons)
    key = sign * value
    if by == "quality":
        assert scores is not None
        survivors = _survivors(value, allowed, draw, job.spec["quality"]["reject"], scores.rejected)
        reasons.update((int(row), "rejected-by-quality") for row in np.flatnonzero(allowed & ~survivors))
        return Values(value, draw, value, survivors, reasons)
    if "threshold" in job.spec:
        beyond = allowed & (key < sign * job.spec["threshold"])
        reasons.update((int(row), "beyond-threshold") for row in np.flatnonzero(beyond))
        allowed &= ~beyond
    return Values(value, key, key, allowed, reasons)


def _value(job: Job, pool: Pool, scores: Scores | None, draw: Any, measure: Measure) -> Any:
    by = job.spec["by"]
    if by in ("score", "loss"):
        assert scores is not None
        return scores.columns[by]
    if by == "length":
        return np.array(pool.answers, dtype=np.float64)
    if by == "embedding":
        return _similarity(job, pool, measure).astype(np.float64)
    return draw


def _similarity(job: Job, pool: Pool, measure: Measure) -> Any:
    targets = read_examples(job, job.spec["targets"])
    targets.sort(key=lambda example: example.id)
    if measure.source is None:
        ours, theirs = ngram_vectors(pool.examples, targets, job.spec["diversity"]["dimensions"], job.spec["seed"])
        return similarity(ours, theirs, job.spec["match"])
    model = load_model(measure.source, job.spec["model"], pick_device(job.spec["launch"]))
    progress = job.progress("embeddings", len(pool) + len(targets))

    def done(rows: int, tokens: int) -> None:
        progress.advance(rows, tokens=tokens)
        job.stop.here()

    ours, theirs = (
        pooled_vectors(
            model, measure.tokenizer, examples, max_length=job.spec["max_length"], batch_tokens=job.spec["batch_tokens"], done=done
        )
        for examples in (pool.examples, targets)
    )
    return similarity(ours, theirs, job.spec["match"])


def _survivors(value: Any, allowed: Any, draw: Any, reject: float, rejected: set[int] | None) -> Any:
    """All but those that the scores reject or, where they say nothing of that, all but the worst share."""
    if rejected is not None:
        return allowed & ~np.isin(np.arange(len(value)), list(rejected))
    order = np.lexsort((draw, np.where(allowed, value, np.inf)))
    survivors = allowed.copy()
    survivors[order[: int(reject * allowed.sum())]] = False
    return survivors


def _tell(job: Job, count: int, reasons: dict[int, str]) -> None:
    """Says how many candidates have no score, or refuses where the spec asks for that."""
    missing = sum(reason == "no-score" for reason in reasons.values())
    not_finite = len(reasons) - missing
    if not reasons:
        return
    words = [f"{missing:,} have no score"] * (missing > 0) + [f"{not_finite:,} have one that is not finite"] * (not_finite > 0)
    message = f"Of {count:,} candidates {' and '.join(words)}"
    if job.spec["scores"]["missing"] == "refuse":
        raise Problem(
            "data/missing-scores",
            message,
            remedy="Score every candidate, or set scores.missing to reject.",
            missing=missing,
            not_finite=not_finite,
        )
    job.warn("select/missing-scores", f"{message}; they are rejected", missing=missing, not_finite=not_finite)
    if len(reasons) == count:
        raise Problem("data/no-scores", "No candidate has a finite score", remedy="Look for why the scores came out so.")
