"""The life of a task's process: one at a time per folder, errors in one line, exit codes that say what to do."""

import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.events import Events
from jiuzhang_worker.job.files import canonical, sha256_of, write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.manifest import other_data
from jiuzhang_worker.job.problem import Problem, Stopped
from jiuzhang_worker.job.spec import read_spec
from jiuzhang_worker.job.stop import Stop
from jiuzhang_worker.models.weights import weights_of
from jiuzhang_worker.tasks import load_task

#: Members of a spec that say where and how fast it runs, never what comes out: they may differ when a task goes on.
FREE: tuple[str, ...] = (
    "launch",
    "batch_tokens",
    "micro_batch_size",
    "activation_checkpointing",
    "workers",
    "concurrency",
    "base_url",
    "replicas",
    "retries",
    "stall_seconds",
    "api_key_env",
)
#: The same of some tasks: in a training, batch_size decides what comes out.
FREE_OF: dict[str, tuple[str, ...]] = {
    "train": ("evaluate_every",),
    "synthesize": ("batch_size",),
    "evaluate": ("batch_size",),
    "select": ("batch_size",),
}
#: The same of members of a member.
FREE_INSIDE = {"checkpoints": ("every_steps", "every_seconds", "keep"), "vllm": ("memory_share", "max_sequences", "in_flight")}

#: Members that may change in a folder, even a finished one: the task does again what depends on them and nothing else.
LATE = {"evaluate": ("grading",), "train": ("export", "gguf_type")}


def run(task: str, spec_path: Path | None, out: Path | None, events_path: Path | None) -> int:
    """Runs a task to its end and gives its exit code. What went wrong is told in one line and as an event."""
    stop = Stop()
    stop.listen()
    events = Events(None)
    try:
        spec = read_spec(task, spec_path)
        check_launch(spec)
        base = Path.cwd() if spec_path is None else spec_path.resolve().parent
        if out is None:
            return _finish(task, Job(spec, base, Path.cwd(), events, stop), keep=False)
        out = _folder(out)
        if leader(spec):
            _claim(out)
            events = Events(events_path or out / "events.jsonl")
            _same_spec(out, spec)
        events.say("begin", task=task)
        return _finish(task, Job(spec, base, out, events, stop), keep=True)
    except Stopped:
        events.say("end", code=Stopped.exit_code)
        return Stopped.exit_code
    except Problem as problem:
        return _tell(events, task, problem)
    except Exception as error:
        traceback.print_exc()
        return _tell(events, task, translate(error))
    finally:
        events.close()


#: Which tasks make use of several processes, and of several nodes.
SEVERAL = {"processes": ("train", "influence"), "nodes": ("train",)}


def check_launch(spec: dict[str, Any]) -> None:
    """Raises spec/launch where the task would do everything once on each node or process, or where the numbers do not fit."""
    settings = spec.get("launch")
    if settings is None:
        return
    for member, tasks in SEVERAL.items():
        if settings[member] > 1 and spec["task"] not in tasks:
            raise Problem(
                "spec/launch",
                f"launch.{member} is {settings[member]}, and {spec['task']} does not divide its work over {member}",
                remedy="Use `replicas` for several GPUs, and one job for each part of the requests for several nodes."
                if "replicas" in spec or spec["task"] in ("synthesize", "evaluate")
                else "Leave it out.",
            )
    if settings["node_rank"] >= settings["nodes"]:
        raise Problem(
            "spec/launch",
            f"launch.node_rank is {settings['node_rank']}, and there are {settings['nodes']} nodes, counted from 0",
            remedy="Give each node its own number below launch.nodes.",
        )


def leader(spec: dict[str, Any] | None = None) -> bool:
    """Of several processes of one run (torchrun) and of several nodes, the first tells, claims and finishes."""
    node = 0 if spec is None else spec.get("launch", {}).get("node_rank", 0)
    return os.environ.get("RANK", "0") == "0" and node == 0


#: How torch says it, on a GPU and, in two ways, on a CPU.
_FULL = re.compile("out of memory|not enough memory|can't allocate memory")


def translate(error: Exception) -> Problem:
    """What a library's error means here. Out of memory is the one that everybody meets."""
    text = str(error)
    if isinstance(error, ModuleNotFoundError):
        return Problem(
            "host/missing-package",
            f"This Python has no package {error.name}",
            remedy="Install the packages of one of the worker's locks, or run the task in an environment that has them.",
        )
    if type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError) or _FULL.search(text):
        return Problem(
            "host/out-of-memory",
            f"The memory of the device is full: {text.splitlines()[0][:300] if text else type(error).__name__}",
            remedy="Lower batch_tokens or micro_batch_size, or max_length.",
        )
    if isinstance(error, OSError) and error.errno == 28:
        return Problem(
            "out/disk-full", f"The disk is full: {error.filename or ''}", remedy="Free space, and start the task again: it goes on."
        )
    return Problem(
        "fault",
        f"{type(error).__name__}: {text.splitlines()[0][:500] if text else 'no message'}",
        remedy="The traceback is in the standard error output.",
    )


def _finish(task: str, job: Job, *, keep: bool) -> int:
    if keep and _done(job):
        job.events.say("end", code=0)
        return 0
    load_task(task)(job)
    if keep and leader(job.spec):
        job.manifest.write()
        job.events.say("end", code=0)
    return 0


def _done(job: Job) -> bool:
    """Whether an earlier run has finished: the manifest comes last, and every file that it names must still be as it says."""
    path = job.out / "manifest.json"
    if not path.exists():
        return False
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if any(manifest["run"]["settings"].get(name) != job.spec.get(name) for name in LATE.get(job.spec["task"], ())):
            return False
        if not all((job.out / file["path"]).stat().st_size == file["bytes"] for file in manifest["files"]):
            return False
        made_of = manifest["run"]["inputs"]
        models = manifest["run"]["models"].values()
    except (OSError, ValueError, KeyError):
        return False
    # What is gone may be gone; but whoever asks again after a change does not want the answer of before.
    for entry in made_of:
        if Path(entry["path"]).is_file() and sha256_of(Path(entry["path"])) != entry["sha256"]:
            raise other_data(job.out, entry["path"])
    for model in models:
        if "path" in model and Path(model["path"]).exists() and weights_of(Path(model["path"])) != model["sha256"]:
            raise other_data(job.out, model["path"])
    return True


def _tell(events: Events, task: str, problem: Problem) -> int:
    events.say("error", code=problem.code, message=problem.message, remedy=problem.remedy, data=problem.data or None)
    events.say("end", code=problem.exit_code)
    print(f"jiuzhang_worker {task}: {problem.code}: {problem}", file=sys.stderr)
    return problem.exit_code


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(
            "out/no-folder", f"The folder {out} cannot be made: {error.strerror}", remedy="Name another folder after --out."
        ) from None
    return out.resolve()


_claims: list[Any] = []


def _claim(out: Path) -> None:
    """Two runs in one folder would destroy each other's work. The system lets go of the lock when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:
        return
    lock = (out / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem("out/busy", f"Another run writes into {out}", remedy="Wait for it, or name another folder after --out.") from None
    _claims.append(lock)


def _same_spec(out: Path, spec: dict[str, Any]) -> None:
    """A run goes on only with what it was begun with; mixed results would be worse than none."""
    path = out / "spec.json"
    if path.exists():
        before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in sorted({*before, *spec} - {*FREE, *FREE_OF.get(spec["task"], ()), *LATE.get(spec["task"], ())}):
            if canonical(_bound(name, before.get(name))) != canonical(_bound(name, spec.get(name))):
                raise Problem(
                    "out/other-spec",
                    f"{out} was begun with another `{name}`",
                    remedy="Name another folder after --out, or give the settings of before.",
                    member=name,
                )
    write_json(path, spec)


def _bound(name: str, value: Any) -> Any:
    """What of a member may not differ."""
    free = FREE_INSIDE.get(name, ())
    return {key: part for key, part in value.items() if key not in free} if isinstance(value, dict) and free else value
