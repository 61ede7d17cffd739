"""What a host has: interpreters, GPUs, Slurm, disk, and what it allows. Looks only; the one file it makes is gone again."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
from concurrent import futures
from typing import Any

import files
import namespace
import processes
from files import Json

PATIENCE = 20
GPU_FIELDS = ["index", "name", "memory.total", "memory.used", "utilization.gpu", "driver_version"]
ABOUT_PYTHON = """
import json, sys
try:
    from importlib import metadata
except ImportError:
    metadata = None
found = {}
for name in ("torch", "transformers", "trl", "peft", "vllm"):
    try:
        found[name] = metadata.version(name)
    except Exception:
        pass
print(json.dumps({"version": ".".join(map(str, sys.version_info[:3])), "packages": found}))
"""


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline().decode())
    root = os.path.abspath(os.path.expanduser(request["root"]))
    parts: dict[str, Any] = {
        "system": lambda: f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count,
        "memory": memory,
        "python": lambda: {"path": sys.executable, "version": platform.python_version()},
        "interpreters": lambda: interpreters(request["interpreters"]),
        "gpus": gpus,
        "slurm": slurm,
        "root": lambda: folder(root),
        "pid_namespace": pid_namespace,
        "subreaper": lambda: processes.LINUX,
    }
    told: Json = {}
    for name, look in parts.items():
        try:
            told[name] = look()
        except Exception as error:
            # One thing that cannot be looked at does not hide the others.
            told[name] = {"error": f"{type(error).__name__}: {error}"}
    files.write_all(1, files.to_json(told))


def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    # Not in the folder that this was started in: a Python looks for modules there first, and what lies there may be anybody's.
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False, cwd="/"
    )


def first_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0]


def memory() -> int | None:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def interpreters(named: list[tuple[str, list[str]]]) -> list[Json]:
    """Side by side, so that several slow ones take no longer than one."""
    if not named:
        return []
    with futures.ThreadPoolExecutor(len(named)) as pool:
        found = list(pool.map(interpreter, [path for path, _ in named]))
    return [dict(about, path=path, tasks=tasks) for about, (path, tasks) in zip(found, named)]


def interpreter(path: str) -> Json:
    """What one Python says of itself, or why it does not: one that cannot be used hides nothing else."""
    program = os.path.expanduser(path)
    if os.sep in program:
        program = os.path.abspath(program)
        if not os.path.exists(program):
            return {"error": "it does not exist"}
    try:
        result = run([program, "-c", ABOUT_PYTHON])
    except subprocess.TimeoutExpired:
        return {"error": f"it did not answer within {PATIENCE} s"}
    except OSError as error:
        return {"error": error.strerror or str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    if result.returncode != 0:
        return {"error": first_line(result.stderr[-400:]) or f"it ended with code {result.returncode}"}
    for line in reversed(result.stdout.splitlines()):
        # A site's own start files may print before the answer.
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict) and isinstance(told.get("version"), str):
                return told
    return {"error": "it does not answer as a Python does"}


def gpus() -> Json | None:
    """None where the system has no nvidia-smi."""
    if shutil.which("nvidia-smi") is None:
        return None
    result = run(["nvidia-smi", "--query-gpu=" + ",".join(GPU_FIELDS), "--format=csv,noheader,nounits"])
    if result.returncode != 0:
        return {"error": first_line(result.stdout) or first_line(result.stderr)}
    rows = [[cell.strip() for cell in line.split(",")] for line in result.stdout.splitlines() if line.strip()]
    return {"list": [dict(zip(["index", "name", "total", "used", "busy", "driver"], row)) for row in rows]}


def slurm() -> Json | None:
    """None where there is no sinfo."""
    if shutil.which("sinfo") is None:
        return None
    version = first_line(run(["sinfo", "--version"]).stdout)
    result = run(["sinfo", "--noheader", "--format", "%P|%a|%D|%G"])
    if result.returncode != 0:
        return {"version": version, "error": first_line(result.stderr)}
    rows = [line.strip().split("|") for line in result.stdout.splitlines() if line.count("|") == 3]
    return {"version": version, "partitions": [dict(zip(["name", "state", "nodes", "gpus"], row)) for row in rows]}


def folder(root: str) -> Json:
    there = root
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    about = os.statvfs(there)
    told: Json = {
        "path": root,
        "exists": there == root,
        "parent": there,
        "free": about.f_bavail * about.f_frsize,
        "total": about.f_blocks * about.f_frsize,
        "inodes": about.f_favail if about.f_files else None,
        "type": file_system(os.path.realpath(there)),
        "error": None,
    }
    probe = files.unfinished(os.path.join(there, ".jiuzhang-probe"))
    try:
        files.write_synced(probe, os.urandom(4096))
    except OSError as error:
        told["error"] = error.strerror
    finally:
        with contextlib.suppress(OSError):
            os.unlink(probe)
    return told


def file_system(path: str) -> str:
    """Type of the file system that a folder lies on, by the mount that is nearest above it (proc_pid_mountinfo(5)); "" where it is not told."""
    try:
        lines = processes.read("/proc/self/mountinfo").decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    nearest, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        place = before.split(" ")[4].replace("\\040", " ")
        # Of two mounts at one place the later one is seen.
        if (path + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(nearest):
            nearest, kind = place, after.split(" ")[0]
    return kind


def pid_namespace() -> Json:
    """Whether this user may put a PID namespace around a job, with a user namespace where it takes that."""
    return {"allowed": namespace.command() is not None}
