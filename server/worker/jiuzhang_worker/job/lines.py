"""A file of JSON lines that grows while a task runs and survives a kill: whole lines stay, a torn last one is cut off."""

import json
import os
from pathlib import Path
from typing import Any


def line_bytes(value: Any) -> bytes:
    """One line with its end. Half characters, which no UTF-8 can hold, are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def mend_tail(path: Path) -> None:
    """Cuts off a torn last line. One that only lacks its end is kept: what it holds was received."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return
        start = size
        tail = b""
        while start > 0 and b"\n" not in tail:
            step = min(start, 1 << 16)
            start -= step
            file.seek(start)
            tail = file.read(step) + tail
        torn = tail[tail.rfind(b"\n") + 1 :]
        if not torn:
            return
        if isinstance(_object(torn), dict):
            file.seek(size)
            file.write(b"\n")
        else:
            file.truncate(size - len(torn))
        file.flush()
        os.fsync(file.fileno())


def _object(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


class GrowingLines:
    """Appends lines. They are in the file when `add` returns, and on the disk after `sync`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mend_tail(path)
        self._file = path.open("ab", buffering=0)
        self.path = path

    def add(self, lines: list[bytes]) -> None:
        data = memoryview(b"".join(lines))
        while data:
            data = data[self._file.write(data) or 0 :]

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        if not self._file.closed:
            self.sync()
            self._file.close()


def read_objects(path: Path) -> list[dict[str, Any]]:
    """The objects of a file that `GrowingLines` wrote; none where there is no file."""
    if not path.exists():
        return []
    mend_tail(path)
    with path.open("rb") as file:
        return [value for line in file if isinstance(value := _object(line), dict)]
