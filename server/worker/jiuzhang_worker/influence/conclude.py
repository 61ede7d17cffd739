"""From the store to the files of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from jiuzhang_worker.influence.assess import DIRECTION, Point, Scores, assess, losses_at
from jiuzhang_worker.influence.base import Base
from jiuzhang_worker.influence.checkpoints import Checkpoint
from jiuzhang_worker.influence.difference import FEWEST, MOST, differs
from jiuzhang_worker.influence.fill import Directions
from jiuzhang_worker.influence.items import Item, Pool
from jiuzhang_worker.influence.ranking import aggregate, quality, ranks
from jiuzhang_worker.influence.results import rows_of, write_rows
from jiuzhang_worker.influence.tokens import Shares, add_checkpoint, token_rows
from jiuzhang_worker.job.job import Job


def conclude(
    job: Job,
    base: Base,
    checkpoints: Sequence[Checkpoint],
    pool: Pool,
    targets: Mapping[str, Sequence[Item]],
    points: Sequence[Point],
    tokenizer: Any,
    device: Any,
) -> None:
    """Scores, order and tokens, from the store alone; the model is needed for tokens."""
    spec = job.spec
    keys = sorted({item.key for item in pool.items})
    kinds = list(dict.fromkeys((spec["score"], *spec["also"])))
    found = {kind: assess(kind, points, keys, targets, spec["damping"], spec["nearest"], device) for kind in kinds}
    main = found.pop(spec["score"])
    job.stop.here()
    ranked = {task: ranks(values) for task, values in main.by_task.items()}
    final = aggregate(ranked if spec["normalize"] == "rank" else main.by_task, spec["aggregate"], spec.get("shares"))
    losses = losses_at(points[-1], keys)
    rejected = None
    if spec["mode"] == "quality":
        final = quality(final, losses)
        rejected = final < torch.sort(final).values[min(len(keys) - 1, round(spec["reject"] * len(keys)))] if spec["reject"] else final < 0
    else:
        _compare(job, keys, targets, points[-1])
    places = {key: place for place, key in enumerate(keys)}
    if spec["tokens"]:
        best = sorted(pool.items, key=lambda item: (-float(final[places[item.key]]), item.key))[: spec["tokens"]]
        shares = _shares(job, base, checkpoints, points, main, best, device)
        write_rows(job, "tokens", token_rows(best, shares, main, places, tokenizer), len(best))
    rows = rows_of(pool.items, places, main, found, ranked, final, losses, targets, spec, rejected)
    write_rows(job, "scores", rows, len(pool.items))
    if pool.filtered:
        write_rows(
            job, "filtered", ({"id": name, "place": place, "tokens": tokens} for name, place, tokens in pool.filtered), len(pool.filtered)
        )


def _shares(
    job: Job, base: Base, checkpoints: Sequence[Checkpoint], points: Sequence[Point], main: Scores, best: Sequence[Item], device: Any
) -> Shares:
    shares = Shares()
    kind = job.spec["score"]
    progress = job.progress("token-shares", len(best) * len(points))
    for checkpoint, point, towards in zip(checkpoints, points, main.directions, strict=True):
        vectors = Directions(job, base.get(), checkpoint, [DIRECTION[kind]], device)
        try:
            for _ in add_checkpoint(shares, kind, vectors, point, towards, best):
                job.stop.here()
                progress.advance()
        finally:
            vectors.close()
    return shares


def _compare(job: Job, keys: Sequence[bytes], targets: Mapping[str, Sequence[Item]], point: Point) -> None:
    """Tells where relevance has nothing to gain."""
    some = keys[:MOST]
    if len(some) < FEWEST:
        return
    told = job.manifest.results.setdefault("difference", {})
    for task, items in targets.items():
        if len(items) < FEWEST:
            continue
        p = differs(*(point.space.read("plain", group).vectors for group in (some, [item.key for item in items[:MOST]])))
        told[task] = {"p": p}
        if p > 0.05:
            job.warn(
                "influence/nothing-to-gain",
                f"By their gradients, the targets of {task} cannot be told from the candidates (p = {p:.3f}): the most relevant candidates "
                "are then no better than any, and less varied",
                remedy="Choose at random or for variety; for a dirty pool, set mode to quality.",
                task=task,
                p=p,
            )
