"""Scores every candidate by what training on it would do for some tasks (design: LESS, TRAK). Everything is resumable by its files:
checkpoints in `warmup/`, gradients in the store, then scores.jsonl."""

from collections.abc import Mapping, Sequence
from typing import Any

from jiuzhang_worker.data.examples import read_examples
from jiuzhang_worker.influence.base import Base, open_device
from jiuzhang_worker.influence.checkpoints import Checkpoint, given_checkpoints
from jiuzhang_worker.influence.conclude import conclude
from jiuzhang_worker.influence.gather import gather
from jiuzhang_worker.influence.items import Item, Pool, drawn, read_pool
from jiuzhang_worker.influence.overlap import find_overlaps, problem_of, read_tests
from jiuzhang_worker.influence.results import write_rows
from jiuzhang_worker.influence.warmup import finished, warm_up
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import find_model, load_tokenizer


def influence(job: Job) -> None:
    """Leaves scores.jsonl (or .parquet), filtered.jsonl, overlaps.jsonl, `warmup/` with the checkpoints, and the store of gradients."""
    spec = job.spec
    check(spec)
    device = open_device(spec["launch"])
    source = find_model(job, spec["model"])
    tokenizer = load_tokenizer(source)
    overlapping = _overlaps(job)
    pool = read_pool(job, spec["candidates"], tokenizer, "candidates")
    targets = _targets(job, tokenizer, overlapping)
    base = Base(source, spec["model"], device)
    checkpoints = _checkpoints(job, base, pool, targets, tokenizer, device)
    job.stop.here()
    points = gather(job, base, checkpoints, pool.items, targets, device)
    conclude(job, base, checkpoints, pool, targets, points, tokenizer, device)
    job.manifest.results |= {
        "candidates": len(pool.items),
        "filtered": len(pool.filtered),
        "repeated": pool.repeated,
        "targets": {task: len(items) for task, items in targets.items()},
        "checkpoints": [{"path": str(one.folder), "learning_rate": one.learning_rate, "sha256": one.sha256} for one in checkpoints],
        "device": str(device),
    }


def check(spec: Mapping[str, Any]) -> None:
    """What a schema cannot say. Raises spec/shares."""
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


def _checkpoints(job: Job, base: Base, pool: Pool, targets: Mapping[str, Sequence[Item]], tokenizer: Any, device: Any) -> list[Checkpoint]:
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
