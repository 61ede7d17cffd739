"""Rows and examples: shapes that are known, columns that are named, and what is said of rows that fit neither."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.data.examples import Example, to_example
from jiuzhang_worker.data.source import Row, files_of, read_rows
from jiuzhang_worker.job.problem import Problem

SOLVER = {"path": "x", "form": "solver"}


def example(cells: dict[str, Any], **source: Any) -> Example:
    return to_example(Row(cells, Path("rows.jsonl"), 3), {**SOLVER, **source})


def test_gsm8k_reads_as_the_corpus_ends() -> None:
    found = example({"question": "How many?", "answer": "48/2 = <<48/2=24>>24 clips.\n#### 24"})
    assert (found.problem, found.solution) == ("How many?", "48/2 = 24 clips.\nThe answer is 24.")
    assert found.meta["answer"] == "24"


def test_the_released_corpus_is_known_by_its_headings() -> None:
    tool = example({"input": "## Question\nAdd.\n\n## Code Solution", "output": "```python\nprint(1)\n```"})
    assert (tool.problem, tool.is_tool) == ("Add.", True)
    prose = example({"input": "## Question\nAdd.\n\n## Solution", "output": " 2 "})
    assert (prose.problem, prose.solution, prose.is_tool) == ("Add.", "2", False)


@pytest.mark.parametrize(
    ("cells", "source", "words"),
    [
        ({"problem": "p"}, {}, "rows.jsonl:3 has no `solution`"),
        ({"problem": "p", "solution": "  "}, {}, "rows.jsonl:3 has an empty `solution`"),
        ({"problem": 4, "solution": "s"}, {}, "has a `problem` that is int, not text"),
        ({"question": "q", "answer": "24"}, {}, "without “#### …”"),
        ({"input": "q", "output": "a"}, {}, "not “## Question … ## Solution”"),
        ({"problem": "p", "solution": "s"}, {"columns": {"problem": "task"}}, "has no column `task`"),
        ({"messages": "hello", "completion": "c"}, {"form": "writer"}, "not a list of {role, content}"),
        ({"messages": [], "completion": "c"}, {"form": "writer"}, "not a list of {role, content}"),
        ({"prompt": "p"}, {"form": "writer"}, "has no `completion`"),
    ],
)
def test_a_bad_row_says_where_and_what(cells: dict[str, Any], source: dict[str, Any], words: str) -> None:
    with pytest.raises(Problem) as error:
        example(cells, **source)
    assert error.value.code == "data/bad-row"
    assert words in error.value.message
    assert error.value.remedy


def test_an_example_keeps_its_own_id_or_gets_one_from_its_content() -> None:
    assert example({"id": 7, "problem": "p", "solution": "s"}).id == "7"
    first = example({"problem": "p", "solution": "s", "source": "a"})
    again = to_example(Row({"solution": "s", "problem": "p"}, Path("other.jsonl"), 9), SOLVER)
    assert first.id == again.id
    assert first.id != example({"problem": "p", "solution": "t"}).id


rows = st.lists(st.dictionaries(st.sampled_from(["problem", "solution", "id"]), st.text(min_size=1), min_size=1), min_size=1, max_size=20)


@given(rows=rows)
def test_the_same_rows_come_from_plain_compressed_and_parquet_files(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / "a.jsonl").write_bytes(text)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(text))
    filled = [{name: row.get(name) for name in ("problem", "solution", "id")} for row in rows]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(filled), folder / "c.parquet")
    assert [row.cells for row in read_rows(folder / "a.jsonl")] == rows
    assert [row.cells for row in read_rows(folder / "b.jsonl.gz")] == rows
    assert [row.cells for row in read_rows(folder / "c.parquet")] == filled
    assert [row.line for row in read_rows(folder / "c.parquet")] == list(range(1, len(rows) + 1))
    assert len(list(read_rows(folder))) == 3 * len(rows)


def test_files_are_found_by_name_folder_and_pattern(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "deep/c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "notes.txt").write_text("x")
    assert [file.name for file in files_of(tmp_path)] == ["a.jsonl", "b.jsonl"]
    assert [file.name for file in files_of(tmp_path / "**" / "*.jsonl")] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    with pytest.raises(Problem, match=r"none of \.jsonl"):
        files_of(tmp_path / "notes.txt")
    with pytest.raises(Problem, match="There is no file"):
        files_of(tmp_path / "nothing.jsonl")


@pytest.mark.parametrize(("line", "words"), [(b"{", "is not JSON"), (b"[1]", "is not a JSON object"), (b"\xff\xfe{}", "is not JSON")])
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, words: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"a": 1}\n\n' + line + b"\n")
    with pytest.raises(Problem, match=rf"rows\.jsonl:3 {words}"):
        list(read_rows(file))


def test_a_torn_last_line_is_passed_over_only_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"a": 1}\n{"a": 2')
    assert len(list(read_rows(file, keep_torn=True))) == 1
    with pytest.raises(Problem):
        list(read_rows(file))


def test_what_only_ends_in_parquet_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_text("not parquet")
    with pytest.raises(Problem, match="is not a Parquet file"):
        list(read_rows(file))
