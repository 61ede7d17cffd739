"""Rows become examples: what a model is trained on, valued by, or asked."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jiuzhang_worker.data.source import Row, read_rows
from jiuzhang_worker.job.files import canonical, sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem

#: Columns that are kept beside an example, for quotas and reports.
KEPT = ("source", "stage", "format", "seed", "answer", "level", "subject", "topic")
FORMS = ("solver", "writer", "text")


@dataclass(frozen=True)
class Example:
    """One example in one of three forms.

    solver: problem and solution. writer: messages or a raw prompt, and the completion. text: a document, all of it learnt.
    id: the row's own, or a hash of its content, so that it is the same in every run and order.
    """

    id: str
    place: str
    problem: str | None = None
    solution: str | None = None
    messages: tuple[tuple[str, str], ...] | None = None
    prompt: str | None = None
    completion: str | None = None
    text: str | None = None
    meta: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def is_tool(self) -> bool:
        return self.meta.get("format") == "tool"


def read_examples(job: Job, sources: list[dict[str, Any]]) -> list[Example]:
    """All examples of some data members of a spec, in order; the files are noted in the manifest.

    Raises data/bad-row with place for a row that has not what its form needs, data/empty.
    """
    found = [example for source in sources for _, example in read_pairs(job, source)]
    if not found:
        raise Problem(
            "data/empty", f"There are no rows in {', '.join(source['path'] for source in sources)}", remedy="Check the paths and `limit`."
        )
    return found


def read_pairs(job: Job, source: dict[str, Any]) -> Iterator[tuple[Row, Example]]:
    """Each row of one data member of a spec as it stands in its file, with what it becomes. The files are noted in the manifest at the end."""
    path = job.path(source["path"])
    limit = source.get("limit")
    rows: dict[Any, int] = {}
    for number, row in enumerate(read_rows(path)):
        if limit is not None and number >= limit:
            break
        rows[row.file] = rows.get(row.file, 0) + 1
        yield row, to_example(row, source)
    for file, count in rows.items():
        job.manifest.input(file, sha256_of(file), count)


def to_example(row: Row, source: dict[str, Any]) -> Example:
    """One row in the form that its source names. `columns` maps our names to those of the file."""
    cells = {name.lower(): value for name, value in row.cells.items()}
    for ours, theirs in (source.get("columns") or {}).items():
        if theirs not in row.cells:
            raise _bad(row, f"has no column `{theirs}`, which the spec names for `{ours}`", "Check `columns` in the spec.")
        cells[ours] = row.cells[theirs]
    meta = {name: cells[name] for name in KEPT if cells.get(name) is not None}
    form = source["form"]
    content = {"solver": _solver, "writer": _writer, "text": _text}[form](row, cells, meta)
    identity = cells.get("id")
    name = str(identity) if identity is not None else hashlib.sha256(canonical(content).encode()).hexdigest()[:16]
    if "messages" in content:
        content["messages"] = tuple((message["role"], message["content"]) for message in content["messages"])
    return Example(id=name, place=row.place, meta=meta, **content)


def _solver(row: Row, cells: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    if "input" in cells and "output" in cells:
        return _released(row, cells, meta)
    if "problem" not in cells and "question" in cells:
        return _gsm8k(row, cells, meta)
    return {"problem": _string(row, cells, "problem"), "solution": _string(row, cells, "solution")}


def _released(row: Row, cells: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    """The form of JiuZhang3.0's published corpus."""
    parts = re.fullmatch(r"\s*## Question[ \t]*\r?\n(.*?)\r?\n## (Code )?Solution\s*", _string(row, cells, "input"), re.DOTALL)
    if parts is None:
        raise _bad(row, "has an `input` that is not “## Question … ## Solution”", "Name other columns, or mend the row.")
    if parts[2] is not None:
        meta.setdefault("format", "tool")
    return {"problem": parts[1].strip(), "solution": _string(row, cells, "output").strip()}


def _gsm8k(row: Row, cells: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    """GSM8K: calculator annotations are taken out, and the line `#### 24` becomes a sentence, as solutions of the corpus end."""
    solution, mark, answer = _string(row, cells, "answer").rpartition("####")
    if not mark:
        raise _bad(row, "has an `answer` without “#### …”, so it has no solution", "Give the solution in a column `solution`.")
    meta["answer"] = answer.strip()
    written = re.sub(r"<<[^<>]*>>", "", solution).strip()
    return {"problem": _string(row, cells, "question"), "solution": f"{written}\nThe answer is {answer.strip()}."}


def _writer(row: Row, cells: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    completion = _string(row, cells, "completion")
    messages = cells.get("messages")
    if messages is None:
        return {"prompt": _string(row, cells, "prompt"), "completion": completion}
    shaped = isinstance(messages, list) and all(
        isinstance(message, dict) and isinstance(message.get("role"), str) and isinstance(message.get("content"), str)
        for message in messages
    )
    if not shaped or not messages:
        raise _bad(row, "has `messages` that are not a list of {role, content}", "Mend the row.")
    return {"messages": [{"role": message["role"], "content": message["content"]} for message in messages], "completion": completion}


def _text(row: Row, cells: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    return {"text": _string(row, cells, "text")}


def _string(row: Row, cells: dict[str, Any], name: str) -> str:
    value = cells.get(name)
    if not isinstance(value, str) or not value.strip():
        state = "no" if value is None else "an empty" if isinstance(value, str) else "a"
        other = "" if value is None or isinstance(value, str) else f" that is {type(value).__name__}, not text"
        raise _bad(row, f"has {state} `{name}`{other}", "Filter such rows, or name the right column under `columns`.")
    return value


def _bad(row: Row, what: str, remedy: str) -> Problem:
    return Problem("data/bad-row", f"{row.file}:{row.line} {what}", remedy=remedy, file=str(row.file), line=row.line)
