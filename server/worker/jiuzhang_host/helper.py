"""What stands at the far end of one held connection: answers numbered requests about files and programs.

A message is a line of JSON and as many raw bytes after it as its member `bytes` says. Requests are done side by side; their answers
carry the request's number and come in any order. When the connection ends, this ends, and so do the programs that it still waits for.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import queue
import shutil
import signal
import socket
import stat as modes
import subprocess
import sys
import threading
from typing import BinaryIO, Callable

import files
import processes
import runs
from files import Json

VERSION = 1
THREADS = 8
CHUNK = 1024 * 1024
MOST = 8 * CHUNK

out_lock = threading.Lock()
running: set[subprocess.Popen[bytes]] = set()


def main() -> None:
    os.chdir(os.path.expanduser("~"))
    reader, writer = sys.stdin.buffer, sys.stdout.buffer
    version = ".".join(str(part) for part in sys.version_info[:3])
    # A login shell may have printed half a line.
    writer.write(b"\n")
    say(writer, {"jiuzhang": VERSION, "python": sys.executable, "version": version, "host": socket.gethostname(), "home": os.getcwd()})
    work: queue.SimpleQueue[tuple[Json, bytes]] = queue.SimpleQueue()
    for _ in range(THREADS):
        threading.Thread(target=serve, args=(work, writer), daemon=True).start()
    try:
        while True:
            line = reader.readline()
            if not line.endswith(b"\n"):
                return
            request = json.loads(line.decode())
            count = request.get("bytes", 0)
            data = reader.read(count) if count else b""
            if len(data) < count:
                return
            if request["op"] == "ping":
                say(writer, {"id": request["id"]})
            elif request["op"] == "exec":
                # A program may take as long as it likes and must not hold one of the few places.
                threading.Thread(target=answer, args=(request, data, writer), daemon=True).start()
            else:
                work.put((request, data))
    finally:
        for program in list(running):
            end(program)
        os._exit(0)


def serve(work: queue.SimpleQueue[tuple[Json, bytes]], writer: BinaryIO) -> None:
    while True:
        request, data = work.get()
        answer(request, data, writer)


def answer(request: Json, data: bytes, writer: BinaryIO) -> None:
    try:
        done = OPERATIONS[request["op"]](request, data)
        head, payload = done if isinstance(done, tuple) else (done, b"")
    except OSError as error:
        path = error.filename if isinstance(error.filename, str) else request.get("path")
        name = errno.errorcode.get(error.errno or 0, "")
        head, payload = {"error": {"errno": name, "message": error.strerror or str(error), "path": path}}, b""
    except Exception as error:
        head, payload = {"error": {"errno": "", "message": f"{type(error).__name__}: {error}", "path": request.get("path")}}, b""
    try:
        say(writer, dict(head, id=request["id"]), payload)
    except OSError:
        os._exit(0)


def say(writer: BinaryIO, head: Json, payload: bytes = b"") -> None:
    if payload:
        head = dict(head, bytes=len(payload))
    with out_lock:
        writer.write(json.dumps(head).encode() + b"\n" + payload)
        writer.flush()


def place(request: Json, member: str = "path") -> str:
    return os.path.join(os.getcwd(), os.path.expanduser(request[member]))


def run_program(request: Json, data: bytes) -> tuple[Json, bytes]:
    argv = [os.path.expanduser(request["argv"][0]), *request["argv"][1:]]
    environment = dict(os.environ, **request.get("env", {}))
    cwd = place(request, "cwd") if "cwd" in request else None
    program = subprocess.Popen(
        argv,
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    running.add(program)
    late = False
    try:
        try:
            stdout, stderr = program.communicate(data, timeout=request.get("timeout"))
        except subprocess.TimeoutExpired:
            late = True
            end(program)
            stdout, stderr = after_end(program)
    finally:
        running.discard(program)
    # None where not even KILL has ended it.
    code: int | None = program.returncode
    name = processes.signal_name(-code) if code is not None and code < 0 else None
    head = {"code": code if name is None else None, "signal": name, "timed_out": late, "stdout": len(stdout)}
    return head, stdout + stderr


def after_end(program: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it had said. A child that left its session may hold the pipes open: it is not waited for."""
    try:
        return program.communicate(timeout=1.0)
    except subprocess.TimeoutExpired as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(timeout=5.0)
        for pipe in (program.stdin, program.stdout, program.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return error.stdout or b"", error.stderr or b""


def end(program: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)


def kind_of(mode: int) -> str:
    return "file" if modes.S_ISREG(mode) else "folder" if modes.S_ISDIR(mode) else "other"


def look(request: Json, data: bytes) -> Json:
    try:
        found = os.stat(place(request))
    except (FileNotFoundError, NotADirectoryError):
        return {"stat": None}
    return {"stat": {"kind": kind_of(found.st_mode), "bytes": found.st_size, "modified": found.st_mtime * 1000}}


def read(request: Json, data: bytes) -> tuple[Json, bytes]:
    with open(place(request), "rb") as file:
        return {}, os.pread(file.fileno(), min(request["length"], MOST), request["offset"])


def write_whole(request: Json, data: bytes) -> Json:
    files.replace(place(request), data)
    return {}


def write_at(request: Json, data: bytes) -> Json:
    fd = os.open(place(request), os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        # Nothing is cut off here: what a session that died writes late is the same bytes at the same place.
        os.lseek(fd, request["offset"], os.SEEK_SET)
        files.write_all(fd, data)
    finally:
        os.close(fd)
    return {}


def put_in_place(request: Json, data: bytes) -> Json:
    """Syncs what was uploaded and renames it, where it is what was meant to be sent."""
    part, path = place(request, "part"), place(request)
    if not os.path.exists(part) and os.path.exists(path) and hash_of(path) == request["sha256"]:
        # It was done, and the answer was lost.
        return {"sha256": request["sha256"], "done": True}
    os.truncate(part, request["size"])
    found = hash_of(part)
    if found != request["sha256"]:
        os.unlink(part)
        return {"sha256": found, "done": False}
    fd = os.open(part, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(part, path)
    files.sync_directory(os.path.dirname(path))
    return {"sha256": found, "done": True}


def sha256(request: Json, data: bytes) -> Json:
    path = place(request)
    return {"sha256": hash_of(path), "size": os.stat(path).st_size}


def hash_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def make_folder(request: Json, data: bytes) -> Json:
    os.makedirs(place(request), exist_ok=True)
    return {}


def make_exclusive(request: Json, data: bytes) -> Json:
    """The folder appears with its first files in it, or it was there: renaming a folder onto another that is not empty fails."""
    path = place(request)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    # An empty folder that somebody else made is theirs, too, and would be replaced by the rename.
    if os.path.lexists(path):
        return {"made": False}
    if not request["files"]:
        try:
            os.mkdir(path)
        except FileExistsError:
            return {"made": False}
        files.sync_directory(parent)
        return {"made": True}
    building = files.unfinished(os.path.join(parent, ".new"))
    os.mkdir(building)
    try:
        at = 0
        for name, size in request["files"]:
            files.write_synced(os.path.join(building, name), data[at : at + size])
            at += size
        files.sync_directory(building)
        try:
            os.rename(building, path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                return {"made": False}
            raise
        files.sync_directory(parent)
        return {"made": True}
    finally:
        shutil.rmtree(building, ignore_errors=True)


def list_folder(request: Json, data: bytes) -> Json:
    entries = []
    with os.scandir(place(request)) as found:
        for entry in found:
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat()
                entries.append([entry.name, kind_of(about.st_mode), about.st_size, about.st_mtime * 1000])
    return {"entries": sorted(entries)}


def remove(request: Json, data: bytes) -> Json:
    path = place(request)
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        pass
    return {}


def observe(request: Json, data: bytes) -> Json:
    """What tells a job's state, all of one run: who runs it stands in the run that counts before it stands in `started.json`."""
    directory = place(request)
    while True:
        number, run = runs.last(directory)
        sight = sight_of(directory, run)
        if runs.last(directory)[0] == number:
            return sight


def sight_of(directory: str, run: Json | None) -> Json:
    started = runs.started(run) if run else files.read_json(os.path.join(directory, "started.json"))
    alive = processes.alive(started) if started else None
    # Read after the process was looked at: who was seen dead has written it, or never will.
    exit_ = files.read_json(os.path.join(directory, "exit.json"))
    return {
        "started": started,
        "alive": ("unknown" if alive is None else alive) if started else None,
        "exit": None if run and exit_ and not runs.tells_of(exit_, run) else exit_,
        "manifest": files.read_json(os.path.join(directory, "out", "manifest.json")),
        "run": (run or {}).get("run"),
    }


OPERATIONS: dict[str, Callable[[Json, bytes], Json | tuple[Json, bytes]]] = {
    "exec": run_program,
    "stat": look,
    "read": read,
    "write": write_whole,
    "write-at": write_at,
    "put-in-place": put_in_place,
    "sha256": sha256,
    "make-folder": make_folder,
    "make-exclusive": make_exclusive,
    "list": list_folder,
    "remove": remove,
    "observe": observe,
}
