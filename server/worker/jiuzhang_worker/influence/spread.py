"""Several processes take gradients at once, one per GPU. Each has its own shards of one plan, so they share nothing but the store, and the
result is that of one process (`python -m jiuzhang_worker.influence.spread WORK/spread.json RANK`)."""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jiuzhang_worker
from jiuzhang_worker.influence.checkpoints import Checkpoint
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem, Stopped


def spread(
    job: Job, checkpoints: Sequence[Checkpoint], candidates: Sequence[Item], targets: Mapping[str, Sequence[Item]], look: Callable[[], None]
) -> None:
    """Runs the processes and waits for them. look: called now and then. Raises what one of them raised, or Stopped."""
    count = job.spec["launch"]["processes"]
    described = job.work / "spread.json"
    for old in job.work.glob("spread-*.json"):
        old.unlink(missing_ok=True)
    write_json(
        described,
        {
            "spec": job.spec,
            "base": str(job.base),
            "out": str(job.out),
            "checkpoints": [[str(one.folder), one.learning_rate, one.sha256] for one in checkpoints],
            "candidates": [_packed(item) for item in candidates],
            "targets": {task: [_packed(item) for item in items] for task, items in targets.items()},
        },
    )
    command = [sys.executable, "-m", "jiuzhang_worker.influence.spread", str(described)]
    running = [subprocess.Popen([*command, str(rank)], env=_environment(job, rank), start_new_session=True) for rank in range(count)]
    try:
        _wait(job, running, look)
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    _judge(job, [process.returncode for process in running])


def _wait(job: Job, running: Sequence[subprocess.Popen[bytes]], look: Callable[[], None]) -> None:
    asked = False
    while any(process.poll() is None for process in running):
        failed = any(process.poll() not in (None, 0) for process in running)
        if (job.stop.requested or failed) and not asked:
            asked = True
            for process in running:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(timeout=2 / len(running))
            except subprocess.TimeoutExpired:
                continue
        look()


def _judge(job: Job, codes: Sequence[int]) -> None:
    for path in sorted(job.work.glob("spread-*.json")):
        name, message, remedy, data = json.loads(path.read_text(encoding="utf-8"))
        raise Problem(name, message, remedy=remedy, **data)
    job.stop.here()
    if any(code not in (0, Stopped.exit_code) for code in codes):
        raise Problem(
            "host/process-died",
            f"One of the processes ended without a word ({', '.join(str(code) for code in codes)})",
            remedy="Look at the standard error output and at the memory of the host; started again, it goes on from what is in the store.",
        )


def _environment(job: Job, rank: int) -> dict[str, str]:
    package = str(Path(jiuzhang_worker.__file__).resolve().parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = str(job.spec["launch"].get("threads") or os.environ.get("OMP_NUM_THREADS") or 1)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": threads, "LOCAL_RANK": str(rank)}


def _packed(item: Item) -> list[Any]:
    return [item.id, item.place, item.ids.tolist(), item.prompt]


def _unpacked(packed: Sequence[Any]) -> Item:
    return Item.of(*packed)


def main(described: Path, rank: int) -> int:
    """One of the processes. A problem stands in `work/spread-<rank>.json`."""
    from jiuzhang_worker.influence.base import Base, open_device
    from jiuzhang_worker.influence.gather import open_points, take
    from jiuzhang_worker.job.events import Events
    from jiuzhang_worker.job.life import translate
    from jiuzhang_worker.job.orphans import die_with_parent
    from jiuzhang_worker.job.stop import Stop
    from jiuzhang_worker.models.load import find_model

    die_with_parent()
    stop = Stop()
    stop.listen()
    told = json.loads(described.read_text(encoding="utf-8"))
    job = Job(told["spec"], Path(told["base"]), Path(told["out"]), Events(None), stop)
    try:
        device = open_device(job.spec["launch"])
        base = Base(find_model(job, job.spec["model"]), job.spec["model"], device)
        checkpoints = [Checkpoint(Path(folder), rate, sha256) for folder, rate, sha256 in told["checkpoints"]]
        candidates = [_unpacked(one) for one in told["candidates"]]
        targets = {task: [_unpacked(one) for one in items] for task, items in told["targets"].items()}
        points = open_points(job, base, checkpoints, device)
        processes = job.spec["launch"]["processes"]
        take(job, base, checkpoints, points, candidates, targets, device, job.progress("gradients"), rank, processes)
    except Stopped:
        return Stopped.exit_code
    except Exception as error:
        if not isinstance(error, Problem):
            traceback.print_exc()
            error = translate(error)
        write_json(job.work / f"spread-{rank}.json", [error.code, error.message, error.remedy, error.data])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
