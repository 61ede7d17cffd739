"""Several processes: the task starts torchrun, hands a request to stop on to it, and reads how its processes ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jiuzhang_worker
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem, Stopped
from jiuzhang_worker.models.load import Source


def launch(job: Job, source: Source) -> None:
    """Runs the training on all processes of this node and waits for them.

    Raises what one of them raised, Stopped, or host/process-died.
    """
    settings = job.spec["launch"]
    described = job.work / f"process-{settings['node_rank']}.json"
    for path in job.work.glob("outcome-*.json"):
        path.unlink(missing_ok=True)
    asked = job.work / "stop"
    asked.unlink(missing_ok=True)
    events = None if job.events.path is None else str(job.events.path)
    model = {"folder": str(source.folder), "identity": source.identity, "adapter": str(source.adapter) if source.adapter else None}
    write_json(described, {"spec": job.spec, "base": str(job.base), "out": str(job.out), "events": events, "model": model})
    process = subprocess.Popen(_command(settings, described), env=_environment(settings), start_new_session=True)
    try:
        while True:
            try:
                code = process.wait(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if job.stop.requested:
                    # A signal would make torchrun kill its processes half a minute later, in the middle of a large checkpoint.
                    asked.touch()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
    judge(job.work, code)


def judge(work: Path, code: int) -> None:
    """Raises what the processes of a launch ended with. code: torchrun's own."""
    outcomes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(work.glob("outcome-*.json"))]
    for outcome in outcomes:
        if "problem" in outcome:
            name, message, remedy, data = outcome["problem"]
            raise Problem(name, message, remedy=remedy, **data)
    if any(outcome["code"] == Stopped.exit_code for outcome in outcomes):
        raise Stopped
    if code != 0:
        raise Problem(
            "host/process-died",
            f"One of the processes ended without a word (torchrun: {code})",
            remedy="Look at the standard error output and at the memory of the host; started again, it goes on from its last checkpoint.",
        )


def _command(settings: dict[str, Any], described: Path) -> list[str]:
    torchrun = [sys.executable, "-m", "jiuzhang_worker.train.torchrun", str(os.getpid()), "--signals-to-handle=SIGQUIT"]
    command = [*torchrun, f"--nproc-per-node={settings['processes']}"]
    if settings["nodes"] > 1:
        host, _, port = settings["main_address"].rpartition(":")
        command += [
            f"--nnodes={settings['nodes']}",
            f"--node-rank={settings['node_rank']}",
            f"--master-addr={host}",
            f"--master-port={port}",
        ]
    else:
        command += ["--standalone"]
    return [*command, "-m", "jiuzhang_worker.train.process", str(described)]


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    package = str(Path(jiuzhang_worker.__file__).resolve().parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    # torchrun would set one thread, too, and warn.
    threads = str(settings.get("threads") or os.environ.get("OMP_NUM_THREADS") or 1)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": threads}


def outcome_path(work: Path, rank: int) -> Path:
    return work / f"outcome-{rank}.json"
