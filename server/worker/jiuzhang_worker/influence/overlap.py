"""Finds target items that overlap a test: what is measured must not have chosen the data."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.data.source import Row, read_rows
from jiuzhang_worker.job.files import sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem

#: Which columns make up a test's problem, the first that are there.
FORMS = (("body", "question"), ("problem",), ("question",), ("input",))


@dataclass(frozen=True)
class Overlap:
    """words: the run in common, or the whole problem."""

    id: str
    place: str
    test: str
    words: str
    whole: bool


def normalized(text: str) -> list[str]:
    """Letters and digits alone, in small letters, word by word."""
    return re.findall(r"[^\W_]+", text.lower())


def find_overlaps(targets: Iterable[tuple[str, str, str]], tests: Iterable[tuple[str, str]], words: int) -> list[Overlap]:
    """The first overlap of each target item. targets: (id, place, text); tests: (place, text)."""
    runs: dict[str, str] = {}
    wholes: dict[str, str] = {}
    for place, text in tests:
        parts = normalized(text)
        if parts:
            wholes.setdefault(" ".join(parts), place)
        for run in _runs(parts, words):
            runs.setdefault(run, place)
    found = []
    for name, place, text in targets:
        parts = normalized(text)
        whole = " ".join(parts)
        if whole in wholes:
            found.append(Overlap(name, place, wholes[whole], whole, True))
            continue
        common = next((run for run in _runs(parts, words) if run in runs), None)
        if common is not None:
            found.append(Overlap(name, place, runs[common], common, False))
    return found


def _runs(parts: Sequence[str], words: int) -> Iterator[str]:
    for start in range(len(parts) - words + 1):
        yield " ".join(parts[start : start + words])


def problem_of(example: Example) -> str:
    """The text of a target item that a test could share."""
    if example.messages is not None:
        return example.messages[-1][1]
    return example.problem or example.prompt or example.text or ""


def read_tests(job: Job, tests: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(place, problem) of every row. Raises data/bad-row, data/no-column for rows without a problem."""
    for test in tests:
        counts: dict[Any, int] = {}
        for row in read_rows(job.path(test["path"])):
            counts[row.file] = counts.get(row.file, 0) + 1
            yield f"{row.file}:{row.line}", _text(row, test.get("columns"))
        for file, count in counts.items():
            job.manifest.input(file, sha256_of(file), count)


def _text(row: Row, columns: list[str] | None) -> str:
    cells = {name.lower(): value for name, value in row.cells.items()}
    forms = FORMS if columns is None else (tuple(name.lower() for name in columns),)
    for form in forms:
        if all(isinstance(cells.get(name), str) for name in form):
            return " ".join(cells[name] for name in form)
    raise Problem(
        "data/no-column",
        f"{row.file}:{row.line} has no problem; its columns are {', '.join(row.cells) or 'none'}",
        remedy="Name the columns of the problem under tests[].columns.",
    )
