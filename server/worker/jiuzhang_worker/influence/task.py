"""Scores every candidate by what training on it would do for some tasks (design: LESS, TRAK). Everything is resumable by its files:
checkpoints in `warmup/`, gradients in the store, then scores.jsonl."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from jiuzhang_worker.data.examples import read_examples
from jiuzhang_worker.influence.assess import DIRECTION, Point, Scores, assess, losses_at
from jiuzhang_worker.influence.checkpoints import Checkpoint, given_checkpoints
from jiuzhang_worker.influence.difference import FEWEST, MOST, differs
from jiuzhang_worker.influence.fill import Directions, fill
from jiuzhang_worker.influence.items import Item, Pool, drawn, read_pool
from jiuzhang_worker.influence.overlap import find_overlaps, problem_of, read_tests
from jiuzhang_worker.influence.plan import missing, plan_shards, shard_rows
from jiuzhang_worker.influence.ranking import aggregate, quality, ranks
from jiuzhang_worker.influence.results import rows_of, write_rows
from jiuzhang_worker.influence.store import Space
from jiuzhang_worker.influence.tokens import Shares, add_checkpoint, token_rows
from jiuzhang_worker.influence.warmup import finished, warm_up
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import find_model, load_model, load_tokenizer, pick_device


def influence(job: Job) -> None:
    """Leaves scores.jsonl (or .parquet), filtered.jsonl, overlaps.jsonl, `warmup/` with the checkpoints, and the store of gradients."""
    spec = job.spec
    check(spec)
    device = pick_device(spec["launch"])
    source = find_model(job, spec["model"])
    tokenizer = load_tokenizer(source)
    overlapping = _overlaps(job)
    pool = read_pool(job, spec["candidates"], tokenizer, "candidates")
    targets = _targets(job, tokenizer, overlapping)
    base = _Base(source, spec["model"], device)
    checkpoints = _checkpoints(job, base, pool, targets, tokenizer, device)
    job.stop.here()
    points = _gradients(job, base, checkpoints, pool, targets, device)
    _write(job, base, checkpoints, pool, targets, points, tokenizer, device)
    job.manifest.results |= {
        "candidates": len(pool.items),
        "filtered": len(pool.filtered),
        "repeated": pool.repeated,
        "targets": {task: len(items) for task, items in targets.items()},
        "checkpoints": [{"path": str(one.folder), "learning_rate": one.learning_rate, "sha256": one.sha256} for one in checkpoints],
        "device": str(device),
    }


def check(spec: Mapping[str, Any]) -> None:
    """What a schema cannot say. Raises spec/shares, spec/aggregate, spec/launch."""
    unknown = sorted({*spec.get("shares", {})} ^ {*spec["targets"]}) if "shares" in spec else []
    if unknown:
        raise Problem(
            "spec/shares", f"`shares` and `targets` do not name the same tasks: {', '.join(unknown)}", remedy="Give each task one share."
        )
    if "shares" in spec and spec["aggregate"] != "quota":
        raise Problem("spec/shares", "`shares` has a meaning with aggregate: quota alone", remedy="Leave it out, or aggregate by quota.")


def _targets(job: Job, tokenizer: Any, overlapping: set[tuple[str, str]]) -> dict[str, list[Item]]:
    found = {}
    for task, sources in sorted(job.spec["targets"].items()):
        items = [
            item for item in read_pool(job, sources, tokenizer, f"targets of {task}").items if (item.id, item.place) not in overlapping
        ]
        if not items:
            raise Problem("data/empty", f"All target items of {task} overlap the tests", remedy="Give other items, or raise overlap.words.")
        found[task] = drawn(items, job.spec["seed"], job.spec.get("target_items", len(items)))
    return found


def _overlaps(job: Job) -> set[tuple[str, str]]:
    """Ids and places of the target items that overlap a test. Raises data/targets-are-tests, unless they are to be dropped."""
    spec = job.spec
    if not spec["tests"]:
        job.warn(
            "influence/no-tests",
            "No tests are named, so nothing says that the targets do not overlap them",
            remedy="Name the test sets of your evaluation under `tests`.",
        )
        return set()
    texts = [
        (example.id, example.place, problem_of(example)) for sources in spec["targets"].values() for example in read_examples(job, sources)
    ]
    found = find_overlaps(texts, read_tests(job, spec["tests"]), spec["overlap"]["words"])
    if not found:
        return set()
    first = found[0]
    shared = "is the same problem as" if first.whole else f"shares “{first.words}” with"
    message = f"{len(found)} of {len(texts)} target items overlap the tests; the first, {first.place} (`{first.id}`), {shared} {first.test}"
    if spec["overlap"]["action"] == "refuse":
        raise Problem(
            "data/targets-are-tests",
            message,
            remedy="Take those items out, or set overlap.action to drop.",
            items=[{"id": one.id, "place": one.place, "test": one.test} for one in found[:100]],
        )
    job.warn("influence/targets-dropped", message + "; they are left out", count=len(found))
    write_rows(job, "overlaps", (vars(one) for one in found), len(found))
    return {(one.id, one.place) for one in found}


class _Base:
    """The base model, loaded when it is first needed: a run that only has scores left to compute never loads it."""

    def __init__(self, source: Any, spec: dict[str, Any], device: Any) -> None:
        self._source, self._spec, self._device = source, spec, device
        self._model: Any = None
        self.identity: dict[str, Any] = source.identity

    def get(self) -> Any:
        if self._model is None:
            self._model = load_model(self._source, self._spec, self._device)
            self._model.requires_grad_(False)
        return self._model

    @property
    def hashes(self) -> list[Any]:
        return [self.identity["sha256"], self.identity.get("adapter_sha256")]


def _checkpoints(job: Job, base: _Base, pool: Pool, targets: Mapping[str, Sequence[Item]], tokenizer: Any, device: Any) -> list[Checkpoint]:
    spec = job.spec
    if "checkpoints" in spec:
        return given_checkpoints(job)
    avoided = {item.key for items in targets.values() for item in items}
    rows = pool.items if "data" not in spec["warmup"] else read_pool(job, spec["warmup"]["data"], tokenizer, "warm-up").items
    left = [item for item in {item.key: item for item in rows}.values() if item.key not in avoided]
    if not left:
        raise Problem("data/empty", "Every row of the warm-up is a target, too", remedy="Give candidates that are no targets.")
    share = 1.0 if "data" in spec["warmup"] else spec["warmup"]["share"]
    chosen = drawn(left, spec["seed"], max(round(share * len(left)), spec["warmup"]["min_rows"]))
    job.manifest.results["warmup_rows"] = len(chosen)
    return finished(job) or warm_up(job, base.get(), chosen, device)


def _gradients(
    job: Job, base: _Base, checkpoints: Sequence[Checkpoint], pool: Pool, targets: Mapping[str, Sequence[Item]], device: Any
) -> list[Point]:
    """Every gradient that the scores need, in the store."""
    spec = job.spec
    directions = _directions(spec)
    root = job.path(spec["store"]["path"]) if "path" in spec["store"] else job.out / "store"
    wanted = [(pool.items, directions), ([item for items in targets.values() for item in items], ["plain"])]
    total = sum(len({item.key for item in items}) for items, _ in wanted)
    progress = job.progress("gradients", total * len(checkpoints))
    whole = sum(one.learning_rate for one in checkpoints)
    points = []
    for checkpoint in checkpoints:
        spaces = {name: Space(root, _about(job, base, checkpoint, name, device)) for name in sorted({*directions, "plain"})}
        _tell_broken(job, spaces)
        points.append(Point(checkpoint.learning_rate / whole, spaces))
        if all(not missing(items, spaces[name].index) for items, names in wanted for name in names):
            progress.advance(total)
            continue
        vectors = Directions(job, base.get(), checkpoint, directions, device)
        bytes_each = 4 if spec["store"]["precision"] == "float32" else 2
        rows = shard_rows(spec["store"]["rows"], vectors.projection.dim, bytes_each)
        try:
            for items, names in wanted:
                fill(job, vectors, {name: spaces[name] for name in names}, plan_shards(items, rows), checkpoint, progress)
        finally:
            vectors.close()
    return points


def _directions(spec: Mapping[str, Any]) -> list[str]:
    """What is stored of a candidate. Where its relevance is told, its plain gradient is compared with the targets'."""
    compared = ["cosine"] if spec["mode"] == "relevance" else []
    return sorted({DIRECTION[kind] for kind in (spec["score"], *spec["also"], *compared)})


def _about(job: Job, base: _Base, checkpoint: Checkpoint, direction: str, device: Any) -> dict[str, Any]:
    model = job.spec["model"]
    dtype = model["dtype"] if model["dtype"] != "auto" else ("bfloat16" if device.type == "cuda" else "float32")
    return {
        "version": 1,
        "model": base.hashes,
        "dtype": dtype,
        "checkpoint": checkpoint.sha256,
        "projection": job.spec["projection"],
        "precision": job.spec["store"]["precision"],
        "direction": direction,
    }


def _tell_broken(job: Job, spaces: Mapping[str, Space]) -> None:
    for space in spaces.values():
        for path in space.broken:
            job.warn("influence/broken-shard", f"{path.parent.name}/{path.name} cannot be read; its rows are taken again")


def _write(
    job: Job,
    base: _Base,
    checkpoints: Sequence[Checkpoint],
    pool: Pool,
    targets: Mapping[str, Sequence[Item]],
    points: Sequence[Point],
    tokenizer: Any,
    device: Any,
) -> None:
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
        rejected = final < torch.sort(final).values[round(spec["reject"] * len(keys))] if spec["reject"] else final < 0
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
    job: Job, base: _Base, checkpoints: Sequence[Checkpoint], points: Sequence[Point], main: Scores, best: Sequence[Item], device: Any
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
    space = point.spaces["plain"]
    some = [key for key in keys if key in space.index][:MOST]
    if len(some) < FEWEST:
        return
    told = job.manifest.results.setdefault("difference", {})
    for task, items in targets.items():
        if len(items) < FEWEST:
            continue
        p = differs(space.read(some).vectors, space.read([item.key for item in items[:MOST]]).vectors)
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
