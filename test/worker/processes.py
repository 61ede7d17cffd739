"""Runs the worker as a host does: a process of its own, judged by its exit code, its files and what it prints."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2] / "server" / "worker"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def command(task: str, spec: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "jiuzhang_worker", task, "--spec", str(spec), "--out", str(out)]


def write_spec(folder: Path, spec: Any, name: str = "spec.json") -> Path:
    """spec: an object, or the text of the file for one that is broken."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(spec if isinstance(spec, str) else json.dumps(spec), encoding="utf-8")
    return path


def run_task(task: str, folder: Path, spec: Any, out: str = "out", timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Runs a task to its end. folder: where the spec is written; its paths begin there."""
    return subprocess.run(
        command(task, write_spec(folder, spec), folder / out),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start_task(task: str, folder: Path, spec: Any, out: str = "out") -> subprocess.Popen[str]:
    """Starts a task that the test will stop or kill."""
    return subprocess.Popen(
        command(task, write_spec(folder, spec), folder / out), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Objects of a file of JSON lines; a torn last line is left out."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1] if line]


def events_of(out: Path) -> list[dict[str, Any]]:
    return read_lines(out / "events.jsonl")


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
