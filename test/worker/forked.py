"""Runs the worker in a fork of the test's process: a process of its own that can be killed, without the seconds that its imports take."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from processes import events_of, write_spec


@dataclass(frozen=True)
class Ended:
    """code: the exit code, or the negative number of the signal that ended it. errors: what it printed to standard error."""

    code: int
    errors: str
    out: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        return events_of(self.out)

    def metrics(self, name: str) -> dict[int, float]:
        """By step; of a step that was made twice, the last."""
        return {event["step"]: event["value"] for event in self.events if event["event"] == "metric" and event["name"] == name}

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]


def fork_task(task: str, folder: Path, spec: Any, out: str = "out", sabotage: Callable[[], None] | None = None) -> Ended:
    """Runs a task to its end, however it ends. sabotage: called in the fork before the task, to break what the test wants broken."""
    _imported()
    path = write_spec(folder, spec, f"{out}.json")
    errors = folder / f"{out}.stderr"
    child = os.fork()
    if child == 0:
        code = 70
        try:
            descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 2)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            if sabotage is not None:
                sabotage()
            from jiuzhang_worker.job.life import run

            code = run(task, path, folder / out, None)
        except BaseException:
            traceback.print_exc()
        finally:
            # Nothing of the test's own process may run in its fork.
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), errors.read_text(encoding="utf-8"), folder / out)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _imported() -> None:
    """Everything that takes long, once; one thread, since threads do not survive a fork."""
    import torch

    torch.set_num_threads(1)
    for name in ("jiuzhang_worker.train.task", "jiuzhang_worker.train.trainer", "peft", "trl"):
        import_module(name)
