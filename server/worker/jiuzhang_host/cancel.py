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
            exit_ = exit_of(directory, run)
            left = sweep(runs.cookies(directory), grace, [])
            # Whether those of the other machine are still there only that one can tell.
            there = (exit_ or {}).get("survivors", [])
            state = "ended" if exit_ else "elsewhere"
            return {"state": state, "host": run["host"], "exit": exit_, "survivors": there + survivors(directory, left)}
        if processes.alive(run):
            # Its supervisor is stopped or stuck: its tree is known only as long as it lives.
            tree = processes.descendants(run["pid"]) + [one for one in [processes.find(run["pid"])] if one is not None]
            processes.send(signal.SIGKILL, tree)
    left = sweep(runs.cookies(directory), grace if alive is False else 0.0, tree)
    exit_ = exit_of(directory, run)
    return {"state": "ended" if exit_ else "swept", "exit": exit_, "survivors": survivors(directory, left)}


def clear_earlier(directory: str, run: Json, grace: float) -> list[Json]:
    """Ends what runs before this one have left, because their supervisors were killed; returns what could not be ended."""
    return survivors(directory, sweep([one for one in runs.cookies(directory) if one != run["cookie"]], grace, []))


def survivors(directory: str, left: list[processes.Process]) -> list[Json]:
    """What is left, and what an exit of this machine told that could not be ended and is still there."""
    found: dict[int, Json] = {one.pid: {"pid": one.pid, "name": one.name} for one in left}
    exit_ = files.read_json(os.path.join(directory, "exit.json")) or {}
    run = runs.of_token(directory, exit_.get("run", ""))
    if run is not None and processes.alive(run) is not None:
        for one in exit_.get("survivors", []):
            process = processes.find(one["pid"])
            # Another process may have its number by now.
            if process is not None and process.name == one["name"]:
                found.setdefault(one["pid"], one)
    return list(found.values())


def over(directory: str, run: Json, alive: bool | None) -> bool:
    """A supervisor writes the exit and then ends; of one on another machine only the file is seen."""
    return exit_of(directory, run) is not None if alive is None else processes.alive(run) is False


def exit_of(directory: str, run: Json) -> Json | None:
    """How this run ended: the file of an earlier one says nothing about it, nor does an empty one."""
    said = files.read_json(os.path.join(directory, "exit.json"))
    return said if said and runs.tells_of(said, run) else None


def sweep(cookies: list[str], grace: float, known: list[processes.Process]) -> list[processes.Process]:
    """TERM, grace, KILL for all that carries one of the cookies, and for `known`; returns what is left."""

    def members() -> list[processes.Process]:
        still = [one for one in known if (processes.find(one.pid) or one._replace(start="")).start == one.start]
        return list({one.pid: one for one in still + processes.with_cookie(*cookies)}.values())

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
