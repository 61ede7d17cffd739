"""The candidates as columns, in the order of their ids, so that the order of the files changes nothing that follows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.data.examples import Example, read_pairs
from jiuzhang_worker.data.source import Row
from jiuzhang_worker.job.files import canonical
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.select.measure import Measure

NO_GROUP = "(none)"


@dataclass(frozen=True)
class Pool:
    """ids: sorted. groups: column → the group of each candidate. lengths, answers: of the whole and of what is learnt, in the measure's unit.

    examples: empty where not asked for.
    duplicates: rows that stood there once more, word for word, and are left out.
    """

    ids: list[str]
    groups: dict[str, list[str]]
    lengths: list[int]
    answers: list[int]
    examples: list[Example]
    duplicates: int

    def __len__(self) -> int:
        return len(self.ids)


def read_pool(job: Job, sources: list[dict[str, Any]], columns: list[str], measure: Measure, *, keep_examples: bool) -> Pool:
    """Reads every candidate once. Raises data/duplicate-id for two different rows under one id, data/empty."""
    seen: dict[str, tuple[bytes, str]] = {}
    rows: list[tuple[str, list[str], int, int, Example | None]] = []
    duplicates = 0
    progress = job.progress("candidates")
    for row, example in pairs(job, sources):
        digest = hashlib.blake2b(canonical(row.cells).encode(), digest_size=16).digest()
        before = seen.get(example.id)
        if before is not None:
            if before[0] != digest:
                raise Problem(
                    "data/duplicate-id",
                    f"{row.file}:{row.line} has the id `{example.id}`, which another row has at {before[1]}",
                    remedy="Give each candidate an id of its own, or name another column under `columns`.",
                    id=example.id,
                )
            duplicates += 1
            continue
        seen[example.id] = (digest, row.place)
        groups = [_group(row, example, column) for column in columns]
        rows.append((example.id, groups, *measure.of(example), example if keep_examples else None))
        progress.advance()
        if progress.done % 1_000 == 0:
            job.stop.here()
    if not rows:
        names = ", ".join(source["path"] for source in sources)
        raise Problem("data/empty", f"There are no rows in {names}", remedy="Check the paths and `limit`.")
    rows.sort(key=lambda row: row[0])
    return Pool(
        ids=[row[0] for row in rows],
        groups={column: [row[1][place] for row in rows] for place, column in enumerate(columns)},
        lengths=[row[2] for row in rows],
        answers=[row[3] for row in rows],
        examples=[row[4] for row in rows if row[4] is not None],
        duplicates=duplicates,
    )


def pairs(job: Job, sources: list[dict[str, Any]]) -> Iterator[tuple[Row, Example]]:
    """The rows of all sources, as they stand in the files."""
    for source in sources:
        yield from read_pairs(job, source)


def _group(row: Row, example: Example, column: str) -> str:
    value = example.meta.get(column, row.cells.get(column))
    return NO_GROUP if value is None else str(value)
