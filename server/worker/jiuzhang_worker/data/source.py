"""Reads rows from files: JSON lines (plain or gzip) and Parquet, one file or many, each row with its place."""

import glob
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jiuzhang_worker.job.problem import Problem

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")


class Row(NamedTuple):
    """One row as it stands in a file. line counts from 1 (rows, in Parquet)."""

    cells: dict[str, Any]
    file: Path
    line: int

    @property
    def place(self) -> str:
        return f"{self.file.name}:{self.line}"


def files_of(path: Path) -> list[Path]:
    """The files that a path of a spec means: the file itself, those of a folder, or those of a pattern; sorted by name.

    Raises data/missing-file, data/unknown-format.
    """
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES))
    elif path.is_file():
        found = [path]
    else:
        found = [Path(name) for name in sorted(glob.glob(str(path), recursive=True)) if Path(name).is_file()]
    if not found:
        raise Problem("data/missing-file", f"There is no file {path}", remedy="Check the path in the spec; it begins at the spec's folder.")
    for file in found:
        if not file.name.endswith(SUFFIXES):
            raise Problem("data/unknown-format", f"{file} is none of {', '.join(SUFFIXES)}", remedy="Convert it to JSON lines or Parquet.")
    return found


def read_rows(path: Path, *, keep_torn: bool = False) -> Iterator[Row]:
    """Every row of every file, in order.

    keep_torn: a last line without its end, left by a run that was killed, is passed over instead of refused.
    Raises data/bad-row with file and line for what is not a JSON object.
    """
    for file in files_of(path):
        yield from _parquet(file) if file.name.endswith(".parquet") else _lines(file, keep_torn)


def _lines(file: Path, keep_torn: bool) -> Iterator[Row]:
    opened = gzip.open(file, "rb") if file.name.endswith(".gz") else file.open("rb")
    with opened as lines:
        for number, line in enumerate(lines, start=1):
            if keep_torn and not line.endswith(b"\n"):
                return
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise Problem("data/bad-row", f"{file}:{number} is not JSON: {error}", remedy="Mend or remove the line.") from None
            if not isinstance(cells, dict):
                raise Problem("data/bad-row", f"{file}:{number} is not a JSON object", remedy="Mend or remove the line.")
            yield Row(cells, file, number)


def _parquet(file: Path) -> Iterator[Row]:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(file)
    except (ArrowInvalid, OSError) as error:
        raise Problem("data/bad-file", f"{file} is not a Parquet file: {error}", remedy="Write it again.") from None
    number = 0
    with table:
        for batch in table.iter_batches(batch_size=1_000):
            for cells in batch.to_pylist():
                number += 1
                yield Row(cells, file, number)
