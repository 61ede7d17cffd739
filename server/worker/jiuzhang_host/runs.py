"""Who runs a job: `runs/1`, `runs/2`, … in its directory, each with a `run.json`. The highest one counts and none is ever removed.

A run is claimed by renaming a finished folder to the next number, which only one can do; so the lock and the name of who holds it
appear at once, and whoever is asked to start the same run again finds its token.
"""

from __future__ import annotations

import errno
import os
import shutil

import files
import processes
from files import Json


def last(directory: str) -> tuple[int, Json | None]:
    """Number and content of the run that counts; (0, None) where there was none."""
    number = max((int(name) for name in names(directory) if name.isdigit()), default=0)
    return number, files.read_json(os.path.join(directory, "runs", str(number), "run.json")) if number else None


def names(directory: str) -> list[str]:
    try:
        return os.listdir(os.path.join(directory, "runs"))
    except FileNotFoundError:
        return []


def every(directory: str) -> list[Json]:
    """All runs that can be read, the last one first."""
    numbers = sorted((int(name) for name in names(directory) if name.isdigit()), reverse=True)
    found = (files.read_json(os.path.join(directory, "runs", str(number), "run.json")) for number in numbers)
    return [run for run in found if run]


def of_token(directory: str, token: str) -> Json | None:
    """The run that was claimed under this token, the last one or an earlier one."""
    return next((run for run in every(directory) if run.get("run") == token), None)


def cookies(directory: str) -> list[str]:
    """Marks of everything that came of the job: what a run has left behind outlives the next one's beginning."""
    return [run["cookie"] for run in every(directory) if "cookie" in run]


def started(run: Json) -> Json:
    """What `started.json` says of a run."""
    return {key: run[key] for key in ("host", "pid", "process_start", "boot_id", "started", "run")}


def tells_of(said: Json, run: Json) -> bool:
    """Whether an exit is this run's. One without a token was written before there were any: it cannot end before its run started."""
    return bool(said["run"] == run["run"]) if "run" in said else str(said.get("ended", "")) >= run["started"]


def began(directory: str, run: Json) -> bool:
    """Whether the job of the run that counts may have been started: its supervisor says so before it does that."""
    told = (files.read_json(os.path.join(directory, name)) or {} for name in ("started.json", "exit.json"))
    return any(one.get("run") == run["run"] for one in told)


def claim(directory: str, run: Json) -> Json | None:
    """None where the run is ours now, otherwise the run that stands in its way: the same one by its token, or one that may be alive."""
    folder = os.path.join(directory, "runs")
    os.makedirs(folder, exist_ok=True)
    building = os.path.join(folder, "new-" + os.urandom(6).hex())
    os.mkdir(building)
    try:
        files.write_synced(os.path.join(building, "run.json"), files.to_json(run))
        while True:
            number, holder = last(directory)
            same = of_token(directory, run["run"])
            # A server that answers a rename twice says that the place is taken, by ourselves.
            if same == run:
                return None
            # One whose supervisor died before it started anything is made up for.
            if same is not None and (same != holder or processes.alive(same) is not False or began(directory, same)):
                return same
            if holder and processes.alive(holder) is not False:
                return holder
            try:
                os.rename(building, os.path.join(folder, str(number + 1)))
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                continue
            files.sync_directory(folder)
            return None
    finally:
        shutil.rmtree(building, ignore_errors=True)
