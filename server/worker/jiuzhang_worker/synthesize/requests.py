"""Reads request shards: once to know what is there, then again as they are asked, in flat memory but for the keys."""

from collections.abc import Iterator
from pathlib import Path

from jiuzhang_worker.data.source import files_of, read_rows
from jiuzhang_worker.engines.ask import Ask, digest
from jiuzhang_worker.job.files import sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem


class Requests:
    """All requests of a run. keys: of each that is to be asked, once. repeated: how many rows have a key that came before."""

    def __init__(self, job: Job) -> None:
        self._path = job.path(job.spec["requests"])
        self._skipped = _keys(job.path(job.spec["skip"])) if "skip" in job.spec else set()
        self.keys: set[bytes] = set()
        self.repeated = 0
        self.rows = 0
        rows: dict[Path, int] = {}
        for row in read_rows(self._path):
            key = row.cells.get("custom_id")
            if not isinstance(key, str) or not key:
                raise Problem(
                    "data/bad-row",
                    f"{row.file}:{row.line} has no custom_id, so no answer could name it",
                    remedy="Make the request shards again.",
                    file=str(row.file),
                    line=row.line,
                )
            rows[row.file] = rows.get(row.file, 0) + 1
            self.rows += 1
            mark = digest(key)
            self.repeated += mark in self.keys
            self.keys.add(mark)
        for file in files_of(self._path):
            job.manifest.input(file, sha256_of(file), rows.get(file, 0))
        self.keys -= self._skipped

    def __iter__(self) -> Iterator[Ask]:
        """Each request once, in order. What a row lacks beside its key is found by whoever answers it."""
        left = set(self.keys)
        for row in read_rows(self._path):
            mark = digest(row.cells["custom_id"])
            if mark not in left:
                continue
            left.discard(mark)
            body = row.cells.get("body")
            url = row.cells.get("url")
            yield Ask(row.cells["custom_id"], url if isinstance(url, str) else "", body if isinstance(body, dict) else {})


def _keys(path: Path) -> set[bytes]:
    return {digest(row.cells["custom_id"]) for row in read_rows(path, keep_torn=True) if isinstance(row.cells.get("custom_id"), str)}
