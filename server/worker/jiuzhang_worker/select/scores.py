"""Reads a file of scores, whoever wrote it, and says plainly what does not fit."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jiuzhang_worker.data.source import Row, read_rows
from jiuzhang_worker.job.files import sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem


@dataclass(frozen=True)
class Scores:
    """columns: our name (score, loss) → one value per candidate, nan where there is none. tokens: the same, where the file has them.

    not_finite: candidates whose value stands there and is NaN or infinite. unknown: rows of no candidate. rejected: candidates that the
    scores themselves reject, as influence in its quality mode does; None where they say nothing of that.
    """

    columns: dict[str, Any]
    tokens: Any
    not_finite: set[int] = field(default_factory=set)
    unknown: int = 0
    rejected: set[int] | None = None


def read_scores(job: Job, spec: dict[str, Any], ids: list[str], wanted: list[str]) -> Scores:
    """wanted: which of score and loss are needed.

    Raises data/no-column, data/bad-score (what is no number), data/duplicate-id, data/no-scores (no candidate has any).
    """
    places = {name: place for place, name in enumerate(ids)}
    columns = {name: np.full(len(ids), np.nan) for name in wanted}
    tokens = np.full(len(ids), np.nan)
    seen: dict[str, str] = {}
    not_finite: set[int] = set()
    unknown: list[str] = []
    found = dict.fromkeys(wanted, False)
    rows: dict[Any, int] = {}
    names: list[str] = []
    rejected: set[int] | None = None
    for row in read_rows(job.path(spec["path"])):
        rows[row.file] = rows.get(row.file, 0) + 1
        names = names or list(row.cells)
        identity = _identity(row, spec["id"], seen)
        place = places.get(identity)
        if place is None:
            unknown.append(identity)
        for name in wanted:
            value = _number(row, spec[name])
            found[name] = found[name] or value is not None
            if place is None or value is None:
                continue
            if math.isfinite(value):
                columns[name][place] = value
            else:
                not_finite.add(place)
        if place is not None and isinstance(row.cells.get("tokens"), int):
            tokens[place] = row.cells["tokens"]
        if place is not None and isinstance(row.cells.get("rejected"), bool):
            rejected = set() if rejected is None else rejected
            if row.cells["rejected"]:
                rejected.add(place)
    for file, count in rows.items():
        job.manifest.input(file, sha256_of(file), count)
    _check(spec, found, names, columns, unknown, not_finite)
    if unknown:
        job.warn(
            "select/unknown-ids",
            f"{len(unknown):,} of {sum(rows.values()):,} scores belong to no candidate, the first to `{unknown[0]}`",
            remedy="That is as it should be where scores of a larger pool are used.",
            count=len(unknown),
        )
    return Scores(columns, tokens, not_finite, len(unknown), rejected)


def _check(
    spec: dict[str, Any], found: dict[str, bool], names: list[str], columns: dict[str, Any], unknown: list[str], not_finite: set[int]
) -> None:
    for name, there in found.items():
        if not there:
            raise Problem(
                "data/no-column",
                f"No row of {spec['path']} has a number under `{spec[name]}`; its columns are {', '.join(names) or 'none'}",
                remedy=f"Name the right column as scores.{name}.",
            )
        if not not_finite and not np.isfinite(columns[name]).any():
            raise Problem(
                "data/no-scores",
                f"No candidate has a score in {spec['path']}; its first id is `{unknown[0]}`",
                remedy="Check scores.id, and that the scores were made for these candidates.",
            )


def _identity(row: Row, column: str, seen: dict[str, str]) -> str:
    value = row.cells.get(column)
    if value is None:
        raise Problem("data/no-column", f"{row.file}:{row.line} has no `{column}`", remedy="Name the column with the id as scores.id.")
    identity = str(value)
    before = seen.setdefault(identity, row.place)
    if before != row.place:
        raise Problem(
            "data/duplicate-id",
            f"{row.file}:{row.line} scores `{identity}`, which {before} has scored",
            remedy="Keep one score per candidate.",
            id=identity,
        )
    return identity


def _number(row: Row, column: str) -> float | None:
    value: Any = row.cells.get(column)
    if value is None:
        value = row.cells
        for part in column.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Problem(
            "data/bad-score",
            f"{row.file}:{row.line} has {value!r:.60} under `{column}`, which is no number",
            remedy="Mend or remove the row.",
        )
    return float(value)
