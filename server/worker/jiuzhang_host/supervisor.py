"""Starts one job, stays with it and every process that comes of it, and writes how it ended.

It is a session of its own, so it outlives whoever started it; it is the subreaper of the job (prctl(2)), so that a process which
leaves its parent and its session becomes its child; and it marks the job's environment with a cookie, by which what is left can be
found where the supervisor itself was killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from typing import Callable

import cancel
import files
import namespace
import processes
import runs
from files import Json

#: A full disk still has this much for the last words of a run. Random bytes, because a compressing file system keeps no space for zeros.
RESERVE_BYTES = 64 * 1024
#: The exit file is written over spaces that are on the disk already.
EXIT_BYTES = 8 * 1024
#: How long the end of a job waits for space that somebody else took.
EXIT_PATIENCE = 600.0
#: How long what is left behind by a job that ended by itself has between TERM and KILL.
LEFTOVER_GRACE = 2.0
KILL_PATIENCE = 10.0
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def start(request: Json, say: Callable[[Json], None]) -> int:
    """Becomes the supervisor of a run; returns when the job has ended. `say` tells the caller once what came of the request."""
    directory = request["directory"]
    if not os.path.isdir(directory):
        say({"problem": "no-directory"})
        return 1
    wake = Wake()
    adopt_orphans()
    identity = processes.identity(os.getpid())
    run = dict(identity or {}, run=request["run"], cookie=os.urandom(16).hex(), started=files.now())
    other = runs.claim(directory, run)
    if other is not None:
        alive = processes.alive(other)
        same = other["run"] == request["run"]
        say({"state": "there" if same else "busy", "pid": other["pid"], "host": other["host"], "alive": alive})
        return 0
    left = cancel.clear_earlier(directory, run, LEFTOVER_GRACE)
    if left:
        say({"state": "busy", "pid": left[0]["pid"], "host": run["host"], "alive": True, "survivors": left})
        return 0
    end = End(directory, run["run"])
    try:
        end.reserve()
        files.replace(os.path.join(directory, "started.json"), files.to_json(runs.started(run)))
        for name in ("exit.json", "stop"):
            files.remove_if_there(os.path.join(directory, name))
    except OSError:
        end.free()
        raise
    try:
        job = spawn(request, run["cookie"])
    except OSError as error:
        end.write({"code": 127, "signal": None, "ended": files.now()})
        say({"problem": "not-started", "errno": error.errno, "path": error.filename, "message": str(error)})
        return 1
    with contextlib.suppress(OSError):
        say({"state": "started", "pid": os.getpid(), "host": run["host"], "alive": True, "namespace": job.report is not None})
    end.write(Watch(request, run["cookie"], job, wake).until_over())
    return 0


def adopt_orphans() -> bool:
    return prctl(PR_SET_CHILD_SUBREAPER, 1)


def prctl(option: int, value: int) -> bool:
    return LIBC is not None and bool(LIBC.prctl(option, value, 0, 0, 0) == 0)


LIBC = ctypes.CDLL(None, use_errno=True) if processes.LINUX else None


class Job:
    """The job's first process, or what stands for it where it has a PID namespace around it."""

    def __init__(self, process: subprocess.Popen[bytes], report: int | None) -> None:
        # Kept as it is: an object that is let go would take the status for itself.
        self.process = process
        self.pid = process.pid
        self.report = report

    def terminate(self) -> None:
        asked = [self.pid]
        if self.report is not None:
            asked = [one.pid for one in processes.table() if one.parent == self.pid]
        for pid in asked:
            # One that has become another user's is told as a survivor in the end.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)

    def status(self, waited: int) -> int:
        """How the job ended, of how its process did."""
        told = None if self.report is None else namespace.status(self.report)
        return waited if told is None else told


def spawn(request: Json, cookie: str) -> Job:
    """Starts the job in a session of its own, its output appended to files."""
    directory = request["directory"]
    environment = dict(os.environ, **request.get("env", {}))
    environment[processes.COOKIE] = cookie
    supervisor = os.getpid()
    argv = [os.path.expanduser(request["argv"][0]), *request["argv"][1:]]
    reader, writer = None, None
    around = namespace.command() if request.get("namespace") else None
    if around is not None:
        if shutil.which(argv[0], path=environment.get("PATH")) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
        reader, writer = os.pipe()
        argv = around + namespace.wrap(argv, writer)

    def before_exec() -> None:
        # What nobody supervises any more must not go on: its end would never be told.
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(127)

    with open(os.path.join(directory, "stdout.log"), "ab") as out, open(os.path.join(directory, "stderr.log"), "ab") as err:
        process = subprocess.Popen(
            argv,
            cwd=request.get("cwd", directory),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=before_exec,
            pass_fds=() if writer is None else (writer,),
        )
    if writer is not None and reader is not None:
        os.close(writer)
        namespace.wait_until_ready(reader)
    return Job(process, reader)


class Wake:
    """Signals as something to wait for: TERM and INT ask to stop, CHLD says that a child has ended."""

    def __init__(self) -> None:
        self.asked = False
        self.reader, self.writer = os.pipe()
        for end in (self.reader, self.writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.ask)

    def ask(self, *_: object) -> None:
        self.asked = True

    def wait(self, seconds: float) -> None:
        select.select([self.reader], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self.reader, 4096):
                pass


class Watch:
    """One job, from its start to the end of everything that came of it."""

    def __init__(self, request: Json, cookie: str, job: Job, wake: Wake) -> None:
        self.directory = request["directory"]
        self.stop_file = os.path.join(self.directory, "stop")
        self.grace = float(request.get("grace", 30))
        self.cookie = cookie
        self.job = job
        self.wake = wake
        self.status: int | None = None
        self.deadline: float | None = None
        self.cancelled = False

    def until_over(self) -> Json:
        """Whatever goes wrong in here, the job does not go on without a supervisor, and its end is told."""
        try:
            self.until_ended()
        except Exception:
            note(self.directory)
        try:
            survivors = self.clear()
        except Exception:
            note(self.directory)
            survivors = self.kill_group()
        code, name = None, None
        if self.status is None:
            name = "SIGKILL"
        elif os.WIFSIGNALED(self.status):
            name = processes.signal_name(os.WTERMSIG(self.status))
        else:
            code = os.WEXITSTATUS(self.status)
        exit_: Json = {"code": code, "signal": name, "ended": files.now()}
        if self.cancelled:
            exit_["cancelled"] = True
        if survivors:
            exit_["survivors"] = [{"pid": one.pid, "name": one.name} for one in survivors]
        return exit_

    def until_ended(self) -> None:
        while self.status is None:
            # The file is looked at, too: a login node may write it that cannot signal this machine.
            self.wake.wait(1.0 if self.deadline is None else min(1.0, self.deadline - time.monotonic()))
            self.reap()
            self.heed()
            if self.status is None and self.deadline is not None and time.monotonic() >= self.deadline:
                break

    def heed(self) -> None:
        """Asks the job's first process to stop, once; a later request can only shorten the grace."""
        if not self.wake.asked and not os.path.exists(self.stop_file):
            return
        asked = files.read_json(self.stop_file) or {}
        grace = asked.get("grace", self.grace)
        deadline = time.monotonic() + (float(grace) if isinstance(grace, (int, float)) else self.grace)
        if not self.cancelled and self.status is None:
            self.job.terminate()
        self.cancelled = True
        if self.deadline is None or self.wake.asked:
            self.deadline = deadline if self.deadline is None else min(self.deadline, deadline)
        self.wake.asked = False

    def reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.job.pid:
                    self.status = self.job.status(status)

    def members(self) -> list[processes.Process]:
        me = os.getpid()
        found = {one.pid: one for one in processes.descendants(me) + processes.with_cookie(self.cookie)}
        found.pop(me, None)
        return list(found.values())

    def clear(self) -> list[processes.Process]:
        """Ends everything that is left of the job; returns what could not be ended."""
        left = self.members()
        if left and self.status is not None:
            grace = LEFTOVER_GRACE if self.deadline is None else max(LEFTOVER_GRACE, self.deadline - time.monotonic())
            processes.send(signal.SIGTERM, left)
            left = self.wait_for_end(grace)
        patience = time.monotonic() + KILL_PATIENCE
        while left and time.monotonic() < patience:
            # Whoever forks while it is being killed is met in the next round.
            processes.send(signal.SIGKILL, left)
            left = self.wait_for_end(0.05)
        self.reap()
        return left

    def kill_group(self) -> list[processes.Process]:
        """What can be done without the list of processes: the job's own group. It is a survivor where it has not ended by that."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.job.pid, signal.SIGKILL)
        patience = time.monotonic() + KILL_PATIENCE
        while self.status is None and time.monotonic() < patience:
            self.wake.wait(0.05)
            self.reap()
        return [processes.Process(self.job.pid, os.getpid(), "", "", "job")] if self.status is None else []

    def wait_for_end(self, seconds: float) -> list[processes.Process]:
        until = time.monotonic() + seconds
        while True:
            self.reap()
            left = self.members()
            if not left or time.monotonic() >= until:
                return left
            self.wake.wait(min(0.05, until - time.monotonic()))


class End:
    """The place of `exit.json`, kept on the disk from the start, so that a full one cannot make the end unsayable or empty."""

    def __init__(self, directory: str, run: str) -> None:
        self.run = run
        self.path = os.path.join(directory, "exit.json")
        self.kept = files.unfinished(self.path)
        self.ballast = os.path.join(directory, ".reserve")

    def reserve(self) -> None:
        files.write_synced(self.kept, b" " * EXIT_BYTES)
        files.remove_if_there(self.ballast)
        files.write_synced(self.ballast, os.urandom(RESERVE_BYTES))

    def free(self) -> None:
        files.remove_if_there(self.ballast)
        files.remove_if_there(self.kept)

    def write(self, exit_: Json) -> None:
        files.remove_if_there(self.ballast)
        text = json.dumps(dict(exit_, run=self.run)).encode()
        # Blanks before the line end are JSON, too, and nothing has to be cut off after the data is safe.
        data = text + b" " * max(0, EXIT_BYTES - 1 - len(text)) + b"\n"
        until = time.monotonic() + EXIT_PATIENCE
        while True:
            try:
                fd = os.open(self.kept, os.O_WRONLY | os.O_CREAT, 0o666)
                try:
                    files.write_all(fd, data)
                    os.fsync(fd)
                finally:
                    os.close(fd)
                os.replace(self.kept, self.path)
                files.sync_directory(os.path.dirname(self.path))
                return
            except OSError:
                if time.monotonic() >= until:
                    raise
                time.sleep(1.0)


def detach(directory: str) -> None:
    """Leaves the caller's session, and its pipes but for the answer."""
    if os.fork() > 0:
        os._exit(0)
    os.setsid()


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline().decode())
    for member in ("directory", "cwd"):
        if member in request:
            request[member] = os.path.abspath(os.path.expanduser(request[member]))
    if request["do"] == "cancel":
        answer(cancel.cancel(request["directory"], request["grace"]))
        return
    detach(request["directory"])
    told = []

    def say(what: Json) -> None:
        told.append(what)
        answer(what)
        quiet(request["directory"])

    try:
        code = start(request, say)
    except BaseException as error:
        if not told:
            errno_ = getattr(error, "errno", None)
            say({"problem": "failed", "errno": errno_, "message": str(error) or repr(error), "path": getattr(error, "filename", None)})
        note(request["directory"])
        code = 1
    os._exit(code)


def note(directory: str) -> None:
    """Keeps what went wrong for who looks later."""
    with contextlib.suppress(OSError), open(os.path.join(directory, "supervisor.log"), "a") as log:
        log.write(f"{files.now()} {traceback.format_exc()}")


def answer(what: Json) -> None:
    # Who asked may be gone by now; the job goes on, and whoever asks again is told.
    with contextlib.suppress(OSError):
        files.write_all(1, files.to_json(what))


def quiet(directory: str) -> None:
    """Lets go of the caller's pipes: who waits for the answer reads to their end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)
