"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import datetime, timezone
from typing import Any, Dict

Json = Dict[str, Any]


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_directory(path: str) -> None:
    fd = os.open(path or ".", os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def unfinished(path: str) -> str:
    return f"{path}.{os.urandom(6).hex()}.tmp"


def write_synced(path: str, data: bytes, mode: int = 0o666) -> None:
    """A new file, every write checked. It is gone again where it could not be finished."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        os.unlink(path)
        raise


def replace(path: str, data: bytes) -> None:
    """Written checked, synced, renamed into place, the directory synced: a reader sees the old file or the new one."""
    temporary = unfinished(path)
    try:
        mode = os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        mode = 0o666
    write_synced(temporary, data, mode)
    try:
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    sync_directory(os.path.dirname(path))


def remove_if_there(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def read_json(path: str) -> Json | None:
    """None where there is no file; an empty or unreadable one is {} and says nothing."""
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read().decode())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def to_json(value: object) -> bytes:
    return (json.dumps(value) + "\n").encode()


def now() -> str:
    """As JavaScript writes it, so that times compare as texts."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
