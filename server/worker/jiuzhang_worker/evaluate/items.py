"""Test sets: GSM8K, MATH, MATH-500, SVAMP, ASDiv, MAWPS and files of your own, each recognised by its columns."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiuzhang_worker.data.source import Row, read_rows
from jiuzhang_worker.evaluate.extract import last_boxed
from jiuzhang_worker.job.files import sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem


@dataclass(frozen=True)
class Item:
    """One question of a set. gold: its answer as the set writes it, without units in parentheses. id: unique in the set."""

    set: str
    id: str
    problem: str
    gold: str

    @property
    def cluster(self) -> str:
        """The same for items with the same words: they are one item, asked more than once."""
        return cluster_of(self.problem)


def cluster_of(problem: str) -> str:
    return hashlib.sha256(" ".join(problem.split()).casefold().encode()).hexdigest()[:16]


def read_sets(job: Job) -> tuple[list[Item], set[str]]:
    """The items of all sets, in order, and the clusters of whole files, also of items behind a limit.

    Raises spec/wrong for two sets of one name, data/bad-row, data/empty.
    """
    items: list[Item] = []
    clusters: set[str] = set()
    names: set[str] = set()
    for test in job.spec["tests"]:
        path = job.path(test["path"])
        name = test.get("name") or path.name.split(".")[0]
        if name in names:
            raise Problem("spec/wrong", f"Two test sets are named {name}", remedy="Give one of them another `name`.")
        names.add(name)
        own = list(_items(path, name, test.get("columns") or {}))
        if not own:
            raise Problem("data/empty", f"There are no items in {path}", remedy="Check the path.")
        job.manifest.input(path, sha256_of(path), len(own))
        clusters.update(item.cluster for item in own)
        items.extend(own[: test.get("limit")])
    return items, clusters


def _items(path: Path, name: str, columns: dict[str, str]) -> Iterator[Item]:
    ids: set[str] = set()
    for row in read_rows(path):
        item = to_item(row, name, columns)
        # Some files number their rows anew in each part.
        fresh = item if item.id not in ids else Item(item.set, f"{item.id}#{row.line}", item.problem, item.gold)
        ids.add(fresh.id)
        yield fresh


def to_item(row: Row, name: str, columns: dict[str, str]) -> Item:
    """Raises data/bad-row where no shape fits."""
    cells = {column.lower(): value for column, value in row.cells.items()}
    for ours, theirs in columns.items():
        if theirs not in row.cells:
            raise _bad(row, f"has no column `{theirs}`, which the spec names for `{ours}`")
        cells[ours] = row.cells[theirs]
    problem, gold = _shape(row, cells)
    if not isinstance(problem, str) or not problem.strip():
        raise _bad(row, "has no text of a problem")
    identity = next((cells[column] for column in ("id", "unique_id", "idx") if cells.get(column) is not None), row.line)
    return Item(name, str(identity), problem.strip(), gold)


def _shape(row: Row, cells: dict[str, Any]) -> tuple[Any, str]:
    answer = cells.get("answer")
    if "body" in cells and "question" in cells and "problem" not in cells:
        return _joined(cells["body"], cells["question"]), _plain(row, answer)
    if "input" in cells and "target" in cells and "problem" not in cells:
        return cells["input"], _plain(row, cells["target"])
    problem = cells.get("problem", cells.get("question"))
    if isinstance(answer, str) and "####" in answer:
        return problem, _plain(row, answer.rpartition("####")[2])
    if answer is None and isinstance(cells.get("solution"), str):
        answer = last_boxed(cells["solution"])
    return problem, _plain(row, answer)


def _joined(body: Any, question: Any) -> str:
    """SVAMP leaves out the stop behind its body."""
    begin = str(body).strip()
    return f"{begin}{'' if not begin or begin[-1] in '.!?,:;' else '.'} {str(question).strip()}".strip()


def _plain(row: Row, answer: Any) -> str:
    """An answer as text: whole numbers without `.0`, thousands without commas, ASDiv's `9 (apples)` without its unit."""
    if isinstance(answer, bool) or not isinstance(answer, (int, float, str)):
        raise _bad(row, "has no answer")
    if isinstance(answer, (int, float)):
        return str(int(answer)) if float(answer).is_integer() else repr(answer)
    text = answer.strip()
    unit = re.fullmatch(r"(-?[\d.,/:]+)\s*\([^()]*\)", text)
    text = unit[1] if unit else text
    text = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    if not text:
        raise _bad(row, "has an empty answer")
    return text


def _bad(row: Row, what: str) -> Problem:
    return Problem(
        "data/bad-row",
        f"{row.file}:{row.line} {what}",
        remedy="A test set has problem and answer, or the columns of a known one; `columns` maps other names.",
        file=str(row.file),
        line=row.line,
    )
