"""Checkpoints for going on: `work/checkpoints/checkpoint-<step>`, as the trainer writes them, valid once `complete.json` is there."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import sha256_of, sync_folder, write_json
from jiuzhang_worker.job.job import Job

#: Larger files are judged by their size alone: reading tens of gigabytes twice costs more than it finds.
HASHED = 64 << 20


def complete(folder: Path, **about: Any) -> None:
    """Everything in the folder is written: it lasts, and `complete.json` says what belongs to it."""
    write_json(folder / "complete.json", {**about, "files": listing(folder)})


def listing(folder: Path) -> dict[str, Any]:
    """Size and hash of every file of a folder, after all of them have reached the disk."""
    files = {}
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        size = file.stat().st_size
        files[file.relative_to(folder).as_posix()] = {"bytes": size, "sha256": sha256_of(file) if size <= HASHED else None}
    sync_folder(folder)
    return files


def flaw(folder: Path) -> str | None:
    """What keeps a checkpoint from being used, or None."""
    try:
        files = json.loads((folder / "complete.json").read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return "it was not finished"
    except (OSError, ValueError, KeyError):
        return "its complete.json cannot be read"
    return differs(folder, files)


def differs(folder: Path, files: dict[str, Any]) -> str | None:
    """The first file of a folder that is not as its listing says, or None."""
    for name, entry in files.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != entry["bytes"]:
            return f"{name} has {file.stat().st_size} bytes instead of {entry['bytes']}"
        if entry["sha256"] is not None and sha256_of(file) != entry["sha256"]:
            return f"{name} is damaged"
    return None


def about(folder: Path) -> dict[str, Any]:
    """What was told to `complete`."""
    value: dict[str, Any] = json.loads((folder / "complete.json").read_text(encoding="utf-8"))
    return value


def newest_valid(job: Job) -> Path | None:
    """The last checkpoint that can be gone on from. Those that cannot are passed over with a warning, and are removed."""
    for folder in reversed(checkpoints(job)):
        what = flaw(folder)
        if what is None:
            return folder
        job.warn("out/bad-checkpoint", f"The checkpoint {folder.name} is passed over: {what}", checkpoint=folder.name)
        _remove(folder)
    return None


def checkpoints(job: Job) -> list[Path]:
    """By step, the first first."""
    found = [(int(folder.name.split("-")[1]), folder) for folder in (job.work / "checkpoints").glob("checkpoint-*") if _named(folder)]
    return [folder for _, folder in sorted(found)]


def tidy(job: Job, keep: int) -> None:
    """Leaves the last `keep` that are valid; what is not valid goes."""
    valid = 0
    for folder in reversed(checkpoints(job)):
        if valid < keep and (folder / "complete.json").exists():
            valid += 1
        else:
            _remove(folder)


def _remove(folder: Path) -> None:
    """First the mark, so that a run that is killed meanwhile leaves nothing that looks whole."""
    (folder / "complete.json").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _named(folder: Path) -> bool:
    return re.fullmatch(r"checkpoint-\d+", folder.name) is not None
