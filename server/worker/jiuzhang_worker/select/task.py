"""Keeps some of the candidates and says of every one why it was kept or not."""

import json
from typing import Any

import numpy as np

from jiuzhang_worker.job.files import whole_file
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.select.choose import Choice, choose
from jiuzhang_worker.select.ledger import Quota
from jiuzhang_worker.select.measure import measure_of
from jiuzhang_worker.select.order import lots
from jiuzhang_worker.select.picker import budget_of, picker_of, quotas_of
from jiuzhang_worker.select.pool import Pool, pairs, read_pool
from jiuzhang_worker.select.report import report
from jiuzhang_worker.select.scores import Scores, read_scores
from jiuzhang_worker.select.values import Values, values_of

#: Columns that are counted in the results beside those of quotas.
COUNTED = ("source", "stage", "format")
NEEDED = {"score": ["score"], "loss": ["loss"], "quality": ["score", "loss"]}


def select(job: Job) -> None:
    """selected.jsonl: the kept rows as they stood, with `selection`. rejected.jsonl: id and reason of every other candidate."""
    check(job.spec)
    measure = measure_of(job)
    columns = list(dict.fromkeys([*COUNTED, *(quota["column"] for quota in job.spec["quotas"])]))
    needs_text = job.spec["by"] == "embedding" or (job.spec["diversity"]["method"] != "none" and "vectors" not in job.spec["diversity"])
    pool = read_pool(job, job.spec["candidates"], columns, measure, keep_examples=needs_text)
    if pool.duplicates:
        job.warn(
            "select/duplicate-rows",
            f"{pool.duplicates:,} candidates stand in the files more than once, word for word, and are taken once",
            count=pool.duplicates,
        )
    job.stop.here()
    draw = lots(pool.ids, job.spec["seed"])
    scores = _scores(job, pool)
    values = values_of(job, pool, scores, draw, measure)
    job.stop.here()
    weights = _weights(job, pool, scores, measure.unit)
    total = budget_of(job.spec, len(pool))
    quotas = quotas_of(job.spec, pool, total)
    picker = picker_of(job, pool, values, total, weights, draw)
    choice = choose(picker, values.allowed, weights, total, quotas)
    job.stop.here()
    _write(job, pool, values, choice, quotas)
    job.manifest.results = report(job, pool, choice, total, quotas, weights, draw, scores, measure.unit)


def check(spec: dict[str, Any]) -> None:
    """What a schema cannot say. Raises spec/amount, spec/needs."""
    amounts = [name for name in ("k", "share", "tokens") if name in spec]
    if len(amounts) > 1 or (not amounts and "threshold" not in spec):
        given = " and ".join(f"`{name}`" for name in amounts) or "nothing"
        raise Problem(
            "spec/amount", f"The spec says {given} of how much to keep", remedy="Give one of `k`, `share` and `tokens`, or a `threshold`."
        )
    by = spec["by"]
    if by in NEEDED and "scores" not in spec:
        raise Problem("spec/needs", f"`by: {by}` needs `scores`", remedy="Name the file of scores, or choose another `by`.")
    if by == "embedding" and not spec["targets"]:
        raise Problem("spec/needs", "`by: embedding` needs `targets`", remedy="Name the data that candidates should resemble.")
    if by in ("random", "quality") and "threshold" in spec:
        raise Problem("spec/needs", f"`threshold` has no meaning with `by: {by}`", remedy="Give `k`, `share` or `tokens`.")
    if spec["quotas"] and not amounts:
        raise Problem("spec/needs", "`quotas` divide a number of rows or tokens", remedy="Give `k`, `share` or `tokens`.")


def _scores(job: Job, pool: Pool) -> Scores | None:
    if "scores" not in job.spec:
        return None
    return read_scores(job, job.spec["scores"], pool.ids, NEEDED.get(job.spec["by"], []))


def _weights(job: Job, pool: Pool, scores: Scores | None, unit: str) -> Any:
    """One per row, or its tokens: by the model's tokenizer, else by the scores' column `tokens`."""
    if "tokens" not in job.spec:
        return np.ones(len(pool))
    if unit == "tokens":
        return np.array(pool.lengths, dtype=np.float64)
    if scores is None or not np.isfinite(scores.tokens).all():
        raise Problem(
            "spec/needs",
            "A budget of tokens needs to know how many a row has",
            remedy="Name the `model` whose tokenizer counts them, or give `scores` with an integer column `tokens` for every candidate.",
        )
    return scores.tokens


def _write(job: Job, pool: Pool, values: Values, choice: Choice, quotas: list[Quota]) -> None:
    places = {pool.ids[row]: place for place, row in enumerate(choice.rows)}
    lines: list[str | None] = [None] * len(choice.rows)
    for row, example in pairs(job, job.spec["candidates"]):
        place = places.get(example.id)
        if place is None or lines[place] is not None:
            continue
        number = choice.rows[place]
        why: dict[str, Any] = {"id": example.id, "place": place + 1, "by": job.spec["by"], "value": values.told(number)}
        if number in choice.extra:
            why["instead"] = True
        lines[place] = json.dumps({**row.cells, "selection": why}, ensure_ascii=False, default=str)
    selected = job.out / "selected.jsonl"
    with whole_file(selected) as file:
        file.writelines(f"{line}\n" for line in lines)
    job.artifact(selected, len(lines))
    rejected = job.out / "rejected.jsonl"
    count = 0
    kept = set(choice.rows)
    with whole_file(rejected) as file:
        for number, identity in enumerate(pool.ids):
            if number in kept:
                continue
            count += 1
            full = any(quota.ledgers[quota.codes[number]].closed for quota in quotas)
            reason = values.reasons.get(number, "quota-full" if full else "not-among-the-best")
            file.write(json.dumps({"id": identity, "reason": reason, "value": values.told(number)}, ensure_ascii=False) + "\n")
    job.artifact(rejected, count)
