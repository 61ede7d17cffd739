"""Every gradient that the scores need, in the store: by this process, or by one process per GPU."""

from collections.abc import Mapping, Sequence
from typing import Any

from jiuzhang_worker.influence.assess import DIRECTION, Point
from jiuzhang_worker.influence.base import Base
from jiuzhang_worker.influence.checkpoints import Checkpoint
from jiuzhang_worker.influence.fill import Directions, fill
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.influence.plan import plan_shards, shard_rows
from jiuzhang_worker.influence.spread import spread
from jiuzhang_worker.influence.store import Space
from jiuzhang_worker.job.events import Progress
from jiuzhang_worker.job.job import Job


def gather(
    job: Job, base: Base, checkpoints: Sequence[Checkpoint], candidates: Sequence[Item], targets: Mapping[str, Sequence[Item]], device: Any
) -> list[Point]:
    """Fills what is missing and gives the checkpoints with their space, weighted by their learning rates."""
    spec = job.spec
    needs = needed(spec, candidates, targets)
    points = open_points(job, base, checkpoints, device)
    total = sum(len(keys) for keys in needs.values()) * len(points)
    progress = job.progress("gradients", total, total - _lacking(points, needs))
    for point in points:
        for path in point.space.broken:
            job.warn("influence/broken-shard", f"{path.parent.name}/{path.name} cannot be read; its rows are taken again")
    if progress.done < total and spec["launch"]["processes"] > 1:
        spread(job, checkpoints, candidates, targets, lambda: _look(points, needs, progress))
        _look(points, needs, progress)
    # Whatever the processes have left, if anything, is taken here.
    take(job, base, checkpoints, points, candidates, targets, device, progress)
    progress.tell()
    return points


def open_points(job: Job, base: Base, checkpoints: Sequence[Checkpoint], device: Any) -> list[Point]:
    """The checkpoints with what the store has of them."""
    whole = sum(one.learning_rate for one in checkpoints)
    return [Point(one.learning_rate / whole, _space(job, base, one, device)) for one in checkpoints]


def take(
    job: Job,
    base: Base,
    checkpoints: Sequence[Checkpoint],
    points: Sequence[Point],
    candidates: Sequence[Item],
    targets: Mapping[str, Sequence[Item]],
    device: Any,
    progress: Progress,
    rank: int = 0,
    processes: int = 1,
) -> None:
    """What is missing of the shards that belong to one of some processes."""
    needs = needed(job.spec, candidates, targets)
    items = [*candidates, *(item for some in targets.values() for item in some)]
    for checkpoint, point in zip(checkpoints, points, strict=True):
        if not _lacking([point], needs):
            continue
        vectors = Directions(job, base.get(), checkpoint, sorted(needs), device)
        bytes_each = 4 if job.spec["store"]["precision"] == "float32" else 2
        shards = plan_shards(items, shard_rows(job.spec["store"]["rows"], vectors.projection.dim, bytes_each))
        try:
            fill(job, vectors, point.space, needs, shards[rank::processes], checkpoint, progress)
        finally:
            vectors.close()


def needed(spec: Mapping[str, Any], candidates: Sequence[Item], targets: Mapping[str, Sequence[Item]]) -> dict[str, set[bytes]]:
    """{direction: keys}. Where relevance is told, candidates' plain gradients are compared with the targets'."""
    compared = ["cosine"] if spec["mode"] == "relevance" else []
    directions = {DIRECTION[kind] for kind in (spec["score"], *spec["also"], *compared)}
    found = {name: {item.key for item in candidates} for name in directions}
    found.setdefault("plain", set()).update(item.key for some in targets.values() for item in some)
    return found


def _space(job: Job, base: Base, checkpoint: Checkpoint, device: Any) -> Space:
    root = job.path(job.spec["store"]["path"]) if "path" in job.spec["store"] else job.out / "store"
    model = job.spec["model"]
    dtype = model["dtype"] if model["dtype"] != "auto" else ("bfloat16" if device.type == "cuda" else "float32")
    about = {
        "version": 1,
        "model": base.hashes,
        "dtype": dtype,
        "checkpoint": checkpoint.sha256,
        "projection": job.spec["projection"],
        "precision": job.spec["store"]["precision"],
    }
    return Space(root, about)


def _lacking(points: Sequence[Point], needs: Mapping[str, set[bytes]]) -> int:
    return sum(len(keys - point.space.index[name].keys()) for point in points for name, keys in needs.items())


def _look(points: Sequence[Point], needs: Mapping[str, set[bytes]], progress: Progress) -> None:
    """Tells how far the other processes are, by what lies on disk."""
    for point in points:
        point.space.refresh()
    total = sum(len(keys) for keys in needs.values()) * len(points)
    progress.advance(total - _lacking(points, needs) - progress.done)
