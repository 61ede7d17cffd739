"""A PID namespace around a job, by the system's own `unshare`: when its first process ends, the kernel ends all that is in it.

Nothing that a job does to itself (sessions, cleared environments) gets out of one, and it ends even where the supervisor is killed.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys

import processes

READY_WITHIN = 20.0
PROBE_WITHIN = 10.0

#: The first process of the namespace: starts the job, hands TERM on, collects orphans, and tells the job's status. As the first one
#: it would not hear a TERM that it has no handler for, and neither would the job in its place.
INIT = """
import os, signal, sys
report, argv = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(report, False)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
job = os.fork()
if job == 0:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        os.execvp(argv[0], argv)
    finally:
        os._exit(127)
def forward(*_):
    try:
        os.kill(job, signal.SIGTERM)
    except ProcessLookupError:
        pass
signal.signal(signal.SIGTERM, forward)
os.write(report, b"R")
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
while True:
    ended, status = os.wait()
    if ended == job:
        break
os.write(report, str(status).encode())
"""


def command() -> list[str] | None:
    """How one is made here, or None where that is not allowed: it is tried."""
    if not processes.LINUX:
        return None
    argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        argv += ["--user", "--map-current-user"]
    try:
        tried = subprocess.run([*argv, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_WITHIN, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return argv if tried.returncode == 0 else None


def wrap(argv: list[str], report: int) -> list[str]:
    return [sys.executable, "-I", "-c", INIT, str(report), *argv]


def wait_until_ready(reader: int) -> None:
    """Until the job can be asked to stop. @raises OSError where it did not come to that"""
    ready, _, _ = select.select([reader], [], [], READY_WITHIN)
    if not ready or os.read(reader, 1) != b"R":
        raise OSError(0, "its PID namespace could not be made")


def status(reader: int) -> int | None:
    """The job's status as wait(2) tells it; None where the namespace was ended before."""
    text = os.read(reader, 16)
    return int(text) if text else None
