"""What a task is given: its spec, its folder, and the ways to tell, to stop and to finish."""

from pathlib import Path
from typing import Any

from jiuzhang_worker.job.events import Events, Progress
from jiuzhang_worker.job.manifest import Manifest
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.job.stop import Stop


class Job:
    """One run of a task.

    spec: checked, with every default filled in. out: the folder for results; `work` inside it is for what only resuming needs.
    """

    def __init__(self, spec: dict[str, Any], base: Path, out: Path, events: Events, stop: Stop) -> None:
        self.spec = spec
        self.base = base
        self.out = out
        self.work = out / "work"
        self.events = events
        self.stop = stop
        self.manifest = Manifest(out, spec)

    def path(self, name: str) -> Path:
        """A path of the spec: relative ones begin at the spec's folder."""
        return (self.base / Path(name).expanduser()).resolve()

    def progress(self, unit: str, total: int | None = None, done: int = 0) -> Progress:
        return Progress(self.events, unit, total, done)

    def warn(self, code: str, message: str, *, remedy: str | None = None, **data: Any) -> None:
        self.events.say("warning", code=code, message=message, remedy=remedy, data=data or None)

    def artifact(self, path: Path, rows: int | None = None) -> None:
        """A result is there, whole: it goes into the manifest and is told."""
        entry = self.manifest.add(path, rows)
        self.events.say("artifact", path=entry["path"], sha256=entry["sha256"], bytes=entry["bytes"])

    def need(self, package: str, why: str) -> None:
        """Raises host/missing-package where a package of another environment would be needed."""
        from importlib.util import find_spec

        if find_spec(package) is None:
            raise Problem(
                "host/missing-package",
                f"{why} needs the package {package}, which this environment does not have",
                remedy=f"Install it there, or run the task in an environment that has {package}.",
            )
