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


def of_token(directory: str, token: str) -> Json | None:
    """The run that was claimed under this token, the last one or an earlier one."""
    for name in names(directory):
        run = files.read_json(os.path.join(directory, "runs", name, "run.json")) if name.isdigit() else None
        if run is not None and run.get("run") == token:
            return run
    return None


def claim(directory: str, run: Json) -> Json | None:
    """None where the run is ours now, otherwise the run that stands in its way: the same one by its token, or one that may be alive."""
    folder = os.path.join(directory, "runs")
    os.makedirs(folder, exist_ok=True)
    building = os.path.join(folder, "new-" + os.urandom(6).hex())
    os.mkdir(building)
    try:
        files.write_synced(os.path.join(building, "run.json"), files.to_json(run))
        while True:
            same = of_token(directory, run["run"])
            if same is not None:
                # A server that answers a rename twice says that the place is taken, by ourselves.
                return None if same == run else same
            number, holder = last(directory)
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
