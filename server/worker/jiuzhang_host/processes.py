"""Processes of this machine: who they are, who descends from whom, who carries a job's cookie."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from typing import NamedTuple

from files import Json

COOKIE = "JIUZHANG_JOB"
LINUX = sys.platform.startswith("linux")


class Process(NamedTuple):
    pid: int
    parent: int
    state: str
    #: As the system counts it: ticks since boot on Linux, a date elsewhere.
    start: str
    name: str


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def boot_id() -> str:
    """Changes with every start of the machine, told as the rest of the program tells it; "" where it is unknown."""
    try:
        if LINUX:
            return read("/proc/sys/kernel/random/boot_id").decode().strip()
        if sys.platform == "darwin":
            text = subprocess.run(["sysctl", "-n", "kern.boottime"], stdout=subprocess.PIPE, check=True).stdout.decode()
            return re.sub(r"}.*", "}", text, flags=re.S).strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return ""


def identity(pid: int) -> Json | None:
    """Who a process is, so that a later one under its pid is not taken for it; None where there is none. A zombie has ended."""
    process = find(pid)
    if process is None:
        return None
    return {"host": socket.gethostname(), "pid": pid, "process_start": process.start, "boot_id": boot_id()}


def alive(who: Json) -> bool | None:
    """None: it belongs to another machine, which only that one can tell."""
    if who["host"] != socket.gethostname():
        return None
    boot = boot_id()
    if boot and who["boot_id"] and boot != who["boot_id"]:
        return False
    process = find(who["pid"])
    return process is not None and (not process.start or not who["process_start"] or process.start == who["process_start"])


def find(pid: int) -> Process | None:
    if not LINUX:
        return next((one for one in table() if one.pid == pid), None)
    process = of_proc(pid)
    return None if process is None or process.state in "ZX" else process


def of_proc(pid: int) -> Process | None:
    """Fields of /proc/PID/stat (proc_pid_stat(5)). The name in brackets may hold spaces and brackets itself."""
    try:
        text = read(f"/proc/{pid}/stat").decode("latin-1")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split(" ")
    return Process(pid, int(fields[1]), fields[0], fields[19], text[text.index("(") + 1 : text.rindex(")")])


def table() -> list[Process]:
    """Every process that has not ended."""
    if LINUX:
        found = (of_proc(int(name)) for name in os.listdir("/proc") if name.isdigit())
        return [one for one in found if one is not None and one.state not in "ZX"]
    environment = dict(os.environ, LC_ALL="C")
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,stat=,lstart=,comm="], stdout=subprocess.PIPE, env=environment, check=True).stdout
    rows = [line.split(None, 8) for line in listed.decode("utf-8", "replace").splitlines()]
    return [Process(int(r[0]), int(r[1]), r[2][0], " ".join(r[3:8]), r[8]) for r in rows if len(r) == 9 and r[2][0] != "Z"]


def descendants(pid: int) -> list[Process]:
    """Children of a process, their children, and so on, whatever sessions and groups they made for themselves."""
    everyone = table()
    children: dict[int, list[Process]] = {}
    for one in everyone:
        children.setdefault(one.parent, []).append(one)
    found: list[Process] = []
    open_ = [pid]
    while open_:
        for child in children.get(open_.pop(), []):
            found.append(child)
            open_.append(child.pid)
    return found


def with_cookie(*cookies: str) -> list[Process]:
    """Other processes that were started with one of a job's cookies in their environment. Only Linux tells, and only of the same user."""
    if not LINUX or not cookies:
        return []
    wanted = {f"{COOKIE}={cookie}".encode() for cookie in cookies}
    me = os.getpid()
    found = []
    for one in table():
        try:
            if one.pid != me and not wanted.isdisjoint(read(f"/proc/{one.pid}/environ").split(b"\0")):
                found.append(one)
        except OSError:
            # It has just gone, or belongs to somebody else.
            continue
    return found


def signal_name(number: int) -> str:
    """Python knows no names for most real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def send(number: signal.Signals, who: list[Process]) -> None:
    for one in who:
        now = find(one.pid)
        if now is not None and now.start == one.start:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one.pid, number)
