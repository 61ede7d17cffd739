"""Ends a job and everything that came of it, and says what could not be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import files
import processes
import runs
from files import Json

#: The supervisor needs this long after the grace to kill, sweep and write.
SLACK = 20.0


def cancel(directory: str, grace: float) -> Json:
    _, run = runs.last(directory)
    if not run:
        return {"state": "none", "exit": files.read_json(os.path.join(directory, "exit.json")), "survivors": []}
    alive = processes.alive(run)
    tree: list[processes.Process] = []
    if alive is not False:
        # On a full disk the file cannot be made; the signal then asks with the grace that the job was started with.
        with contextlib.suppress(OSError):
            files.replace(os.path.join(directory, "stop"), files.to_json({"grace": grace}))
        until = time.monotonic() + grace + SLACK
        if alive:
            supervisor = processes.find(run["pid"])
            if supervisor is not None:
                processes.send(signal.SIGTERM, [supervisor])
        while time.monotonic() < until and not over(directory, run, alive):
            time.sleep(0.05)
        if alive is None:
            state = "ended" if over(directory, run, None) else "elsewhere"
            return {"state": state, "host": run["host"], "exit": exit_of(directory, run), "survivors": []}
        if processes.alive(run):
            # Its supervisor is stopped or stuck: its tree is known only as long as it lives.
            tree = processes.descendants(run["pid"]) + [one for one in [processes.find(run["pid"])] if one is not None]
            processes.send(signal.SIGKILL, tree)
    left = sweep(run["cookie"], grace if alive is False else 0.0, tree)
    survivors = {one.pid: {"pid": one.pid, "name": one.name} for one in left}
    exit_ = exit_of(directory, run)
    for one in (exit_ or {}).get("survivors", []):
        if processes.find(one["pid"]) is not None:
            survivors.setdefault(one["pid"], one)
    return {"state": "ended" if exit_ else "swept", "exit": exit_, "survivors": list(survivors.values())}


def over(directory: str, run: Json, alive: bool | None) -> bool:
    """A supervisor writes the exit and then ends; of one on another machine only the file is seen."""
    return exit_of(directory, run) is not None if alive is None else processes.alive(run) is False


def exit_of(directory: str, run: Json) -> Json | None:
    """How this run ended: the file of an earlier one says nothing about it, nor does an empty one."""
    said = files.read_json(os.path.join(directory, "exit.json"))
    return said if said and said.get("ended", "") >= run["started"] else None


def sweep(cookie: str, grace: float, known: list[processes.Process]) -> list[processes.Process]:
    """TERM, grace, KILL for all that carries the cookie, and for `known`; returns what is left."""

    def members() -> list[processes.Process]:
        still = [one for one in known if (processes.find(one.pid) or one._replace(start="")).start == one.start]
        return list({one.pid: one for one in still + processes.with_cookie(cookie)}.values())

    left = members()
    if left and grace > 0:
        processes.send(signal.SIGTERM, left)
        until = time.monotonic() + grace
        while left and time.monotonic() < until:
            time.sleep(0.05)
            left = members()
    until = time.monotonic() + 10.0
    while left and time.monotonic() < until:
        processes.send(signal.SIGKILL, left)
        time.sleep(0.02)
        left = members()
    return left
