"""The results of a selection in numbers."""

from collections import Counter
from typing import Any

import numpy as np

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.select.choose import Choice, InOrder, choose
from jiuzhang_worker.select.ledger import Ledger, Quota
from jiuzhang_worker.select.pool import NO_GROUP, Pool
from jiuzhang_worker.select.scores import Scores


def report(
    job: Job, pool: Pool, choice: Choice, total: Ledger, quotas: list[Quota], weights: Any, draw: Any, scores: Scores | None, unit: str
) -> dict[str, Any]:
    """Counts per group and quota, length, and the overlap with as large a random selection. What fell short is told as a warning, too."""
    shortfalls = _shortfalls(job, choice, total, quotas)
    return {
        "candidates": len(pool),
        "kept": len(choice.rows),
        "duplicates": pool.duplicates,
        "unknown_scores": 0 if scores is None else scores.unknown,
        unit: {"candidates": sum(pool.lengths), "kept": sum(pool.lengths[row] for row in choice.rows)},
        "groups": {column: _counts(groups, choice.rows) for column, groups in pool.groups.items() if set(groups) != {NO_GROUP}},
        "quotas": [
            {
                "column": quota.column,
                "groups": {
                    name: {"quota": ledger.limit, "filled": ledger.used, "short": ledger.short}
                    for name, ledger in zip(quota.names, quota.ledgers, strict=True)
                },
            }
            for quota in quotas
        ],
        "instead": len(choice.extra),
        "shortfalls": shortfalls,
        "random": _overlap(choice, weights, draw, job.spec),
    }


def _counts(groups: list[str], rows: list[int]) -> dict[str, dict[str, int]]:
    kept = Counter(groups[row] for row in rows)
    return {name: {"candidates": count, "kept": kept[name]} for name, count in sorted(Counter(groups).items())}


def _shortfalls(job: Job, choice: Choice, total: Ledger, quotas: list[Quota]) -> list[str]:
    kind = "tokens" if "tokens" in job.spec else "rows"
    told = [
        f"{quota.column} `{name}` has {ledger.used:,.0f} of {ledger.limit:,.0f} {kind}"
        for quota in quotas
        for name, ledger in zip(quota.names, quota.ledgers, strict=True)
        if ledger.short
    ]
    if not choice.full and np.isfinite(total.limit):
        told.append(f"the selection has {total.used:,.0f} of {total.limit:,.0f} {kind}")
    if told:
        more = f", and {len(told) - 3} more" if len(told) > 3 else ""
        job.warn(
            "select/short", f"Too few candidates: {'; '.join(told[:3])}{more}", remedy="Add candidates, or ask for fewer.", shortfalls=told
        )
    return told


def _overlap(choice: Choice, weights: Any, draw: Any, spec: dict[str, Any]) -> dict[str, float]:
    """shared: of the kept rows, how many a random selection of the same rows or tokens would have. expected: by chance."""
    used = float(weights[choice.rows].sum()) if choice.rows else 0.0
    baseline = choose(InOrder(np.argsort(-draw)), np.ones(len(draw), dtype=bool), weights, Ledger(used, "nearest"), [])
    shared = len(set(choice.rows) & set(baseline.rows))
    kept = max(len(choice.rows), 1)
    return {"shared": shared / kept, "expected": len(baseline.rows) / len(draw), "rows": len(baseline.rows)}
