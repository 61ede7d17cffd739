"""Writes response shards, `responses-00000.jsonl` and on, rolled at the limits of the format; reads what an earlier run has written."""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jiuzhang_worker.engines.ask import Answer, digest, usage_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.lines import GrowingLines, line_bytes, mend_tail

#: As in `server/src/protocol/limits.ts`.
MAX_LINES, MAX_BYTES = 50_000, 200 * 1024 * 1024
_NAME = re.compile(r"responses-(\d{5,})\.jsonl(\.gz)?")


@dataclass
class Tally:
    """What the responses hold, those of earlier runs included."""

    answered: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def count(self, line: dict[str, Any]) -> None:
        if line["error"] is not None or line["response"] is None:
            self.errors[(line["error"] or {}).get("code", "model/empty")] += 1
            return
        body = line["response"]["body"]
        self.answered += 1
        choices = body.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            self.finished[str(choice.get("finish_reason")) if isinstance(choice, dict) else "none"] += 1
        prompt, completion = usage_of(body)
        self.prompt_tokens += prompt
        self.completion_tokens += completion


class Responses:
    """The shards of one folder. keys: of the requests that have an answer, or an error, which is final."""

    def __init__(self, job: Job, wanted: set[bytes]) -> None:
        self._out = job.out
        self.tally = Tally()
        self.keys: set[bytes] = set()
        self._shard, self._lines, self._bytes = 0, 0, 0
        self._rows: dict[Path, int] = {}
        self._file: GrowingLines | None = None
        self._synced = time.monotonic()
        for path in self._shards():
            self._read(job, path, wanted)

    def _shards(self) -> list[Path]:
        found = [(int(match[1]), path) for path in self._out.iterdir() if (match := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted(found)]

    def _read(self, job: Job, path: Path, wanted: set[bytes]) -> None:
        packed = path.name.endswith(".gz")
        if not packed:
            mend_tail(path)
        number = 0
        for number, line in enumerate(_lines(path), start=1):
            mark = None if line is None else digest(line["custom_id"])
            if line is None or mark not in wanted or mark in self.keys:
                job.warn(
                    "job/foreign-line",
                    f"{path.name}:{number} answers none of the open requests; it stays where it is",
                    file=path.name,
                    line=number,
                )
                continue
            self.keys.add(mark)
            self.tally.count(line)
        self._rows[path] = number
        shard = int(path.name.split("-")[1].split(".")[0])
        # Behind a packed shard a new one begins.
        self._shard, self._lines, self._bytes = (shard + 1, 0, 0) if packed else (shard, number, path.stat().st_size)

    def answered(self, key: str) -> bool:
        return digest(key) in self.keys

    def record(self, answers: list[Answer]) -> None:
        """The lines are in their file when this returns, and on the disk about a second later."""
        for answer in answers:
            line = answer.line()
            data = line_bytes(line)
            self._place(len(data)).add([data])
            self.keys.add(digest(answer.key))
            self.tally.count(line)
        if time.monotonic() - self._synced > 1 and self._file is not None:
            self._file.sync()
            self._synced = time.monotonic()

    def _place(self, size: int) -> GrowingLines:
        if self._lines > 0 and (self._lines >= MAX_LINES or self._bytes + size > MAX_BYTES):
            self.close()
            self._shard, self._lines, self._bytes = self._shard + 1, 0, 0
        if self._file is None:
            self._file = GrowingLines(self._out / f"responses-{self._shard:05d}.jsonl")
        self._lines += 1
        self._bytes += size
        self._rows[self._file.path] = self._lines
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self, job: Job) -> None:
        self.close()
        for path in self._shards():
            job.artifact(path, self._rows.get(path, 0))


def _lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """Every line, None for one that is no response."""
    opened = gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")
    with opened as file:
        for line in file:
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            whole = isinstance(value, dict) and isinstance(value.get("custom_id"), str) and {"response", "error"} <= value.keys()
            yield value if whole else None
