"""From a spec to the parts of a choice: the budget, the quotas, and what picks the next row."""

import math
from typing import Any

import numpy as np

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.select.choose import InOrder, Picker
from jiuzhang_worker.select.diverse import FacilityLocation, Mmr
from jiuzhang_worker.select.ledger import Ledger, Quota, make_quota
from jiuzhang_worker.select.order import relevance
from jiuzhang_worker.select.pool import Pool
from jiuzhang_worker.select.values import Values
from jiuzhang_worker.select.vectors import hashed_ngrams, read_vectors, text_of


def budget_of(spec: dict[str, Any], count: int) -> Ledger:
    """k rows, a share of the candidates (rounded, at least one), or tokens; without any, only the threshold bounds."""
    if "k" in spec:
        return Ledger(spec["k"])
    if "share" in spec:
        return Ledger(max(1, round(spec["share"] * count)))
    if "tokens" in spec:
        return Ledger(spec["tokens"], spec["overshoot"])
    return Ledger(math.inf)


def quotas_of(spec: dict[str, Any], pool: Pool, total: Ledger) -> list[Quota]:
    """Raises spec/quotas."""
    quotas = []
    for place, quota in enumerate(spec["quotas"]):
        try:
            quotas.append(make_quota(quota, pool.groups[quota["column"]], total.limit, total.overshoot))
        except ValueError as error:
            raise Problem(
                "spec/quotas",
                f"quotas[{place}] over `{quota['column']}` {error}",
                remedy="Shares add up to at most 1, counts to at most what is kept.",
            ) from None
    return quotas


def picker_of(job: Job, pool: Pool, values: Values, total: Ledger, weights: Any, draw: Any) -> Picker:
    """Plain order, or one of the diverse choices. A pool that the spec bounds closes the rows outside of it in `values`."""
    settings = job.spec["diversity"]
    if settings["method"] == "none":
        order = np.lexsort((draw, -values.key))
        return InOrder(order[values.allowed[order]])
    order = np.lexsort((draw, -values.merit))
    order = order[values.allowed[order]]
    mean = float(weights.mean())
    wanted = min(total.limit / mean, len(order))
    if "pool" in settings:
        outside = order[math.ceil(settings["pool"] * wanted) :]
        values.allowed[outside] = False
        values.reasons.update((int(row), "outside-diversity-pool") for row in outside)
        order = order[: math.ceil(settings["pool"] * wanted)]
    inside = np.flatnonzero(values.allowed)
    vectors = _vectors(job, pool, inside)
    found = relevance(order, len(pool))
    if settings["method"] == "mmr":
        return Mmr(found, vectors, settings["weight"])
    return FacilityLocation(found, vectors, settings["weight"], wanted)


def _vectors(job: Job, pool: Pool, inside: Any) -> Any:
    """(candidates, dimensions), zeros for those that cannot be kept."""
    settings = job.spec["diversity"]
    if "vectors" in settings:
        found = read_vectors(job.path(settings["vectors"]), settings["column"], [pool.ids[row] for row in inside])
    else:
        found, _ = hashed_ngrams([text_of(pool.examples[row]) for row in inside], settings["dimensions"], job.spec["seed"])
    vectors = np.zeros((len(pool), found.shape[1]), dtype=np.float32)
    vectors[inside] = found
    return vectors
