"""Writes what a run found: one row per candidate, in the order of the files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from jiuzhang_worker.influence.assess import Scores
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.job.files import whole_file
from jiuzhang_worker.job.job import Job

#: Above so many rows `auto` writes Parquet.
LARGE = 100_000


def number(value: float) -> float:
    """Eight digits: what lies below comes from the order of sums."""
    return float(f"{value:.8g}")


def rows_of(
    items: Sequence[Item],
    places: Mapping[bytes, int],
    main: Scores,
    others: Mapping[str, Scores],
    ranked: Mapping[str, Tensor],
    final: Tensor,
    losses: Tensor,
    targets: Mapping[str, Sequence[Item]],
    spec: Mapping[str, Any],
    rejected: Tensor | None,
) -> Iterator[dict[str, Any]]:
    """id, final, mode, tasks: {task: {score, rank, nearest: [{id, value}]}}, loss, tokens, completion_tokens; others, rejected where asked."""
    for item in items:
        at = places[item.key]
        row: dict[str, Any] = {"id": item.id, "final": number(float(final[at])), "mode": spec["mode"]}
        if rejected is not None:
            row["rejected"] = bool(rejected[at])
        row["tasks"] = {}
        for task, values in main.by_task.items():
            cell: dict[str, Any] = {"score": number(float(values[at])), "rank": number(float(ranked[task][at]))}
            if task in main.nearest:
                found, chosen = main.nearest[task]
                cell["nearest"] = [
                    {"id": targets[task][place].id, "value": number(value)}
                    for value, place in zip(found[at].tolist(), chosen[at].tolist(), strict=True)
                ]
            row["tasks"][task] = cell
        row |= {"loss": number(float(losses[at])), "tokens": len(item.ids), "completion_tokens": item.learnt}
        if others:
            row["others"] = {
                kind: {task: number(float(values[at])) for task, values in scores.by_task.items()} for kind, scores in others.items()
            }
        yield row


def write_rows(job: Job, name: str, rows: Iterator[dict[str, Any]], count: int) -> Path:
    """NAME.jsonl or NAME.parquet, noted as an artifact."""
    wanted = job.spec["output"]
    if wanted == "parquet" or (wanted == "auto" and count > LARGE):
        path = job.out / f"{name}.parquet"
        _parquet(path, rows)
    else:
        path = job.out / f"{name}.jsonl"
        with whole_file(path) as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    job.artifact(path, count)
    return path


def _parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    from itertools import islice

    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    with whole_file(path, "wb") as file:
        writer = None
        while some := list(islice(rows, 10_000)):
            table = pa.Table.from_pylist(some, schema=None if writer is None else writer.schema)
            if writer is None:
                writer = ParquetWriter(file, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
