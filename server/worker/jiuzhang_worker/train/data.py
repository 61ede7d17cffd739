"""The data of a training on disk: tokenized, cut, packed, part after part, made once and then only mapped into memory."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jiuzhang_worker.data.examples import Example, read_pairs
from jiuzhang_worker.data.source import files_of
from jiuzhang_worker.job.files import sha256_of, write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.manifest import other_data
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.text.serialization import SERIALIZATION, Tokens
from jiuzhang_worker.train.rows import Counts, Row, token_rows

#: Rows per record batch of the tokenized file.
BATCH = 1_000


@dataclass(frozen=True)
class Prepared:
    """folder: `train` and `held` as datasets, each with one blank row at its end, which fills up the last batch and teaches nothing.

    parts: sequences of each part, without the blank row. held: sequences that are evaluated.
    """

    folder: Path
    parts: list[int]
    held: int
    counts: dict[str, Any]

    @classmethod
    def read(cls, job: Job) -> "Prepared":
        """What `prepare` has made."""
        folder = job.work / "data"
        known = json.loads((folder / "data.json").read_text(encoding="utf-8"))
        return cls(folder, known["parts"], known["held"], known["counts"])


def prepare(job: Job, tokenizer: Any, model: dict[str, Any], *, needed: bool) -> Prepared:
    """Makes the data, or takes what an earlier run has made of the same files.

    model: its identity. needed: whether anything is still to be trained; otherwise to know about the data is enough. Raises data/empty, data/all-too-long, data/all-held-out; out/other-data where files or model are no longer
    those that the run began with.
    """
    folder = job.work / "data"
    hashes = {str(file): sha256_of(file) for source in job.spec["data"] for file in files_of(job.path(source["path"]))}
    if (folder / "data.json").exists() and ((folder / "held").exists() or not needed):
        known = json.loads((folder / "data.json").read_text(encoding="utf-8"))
        _same(job, hashes, model, known)
        for path, entry in known["inputs"].items():
            job.manifest.input(Path(path), entry["sha256"], entry["rows"])
        return Prepared.read(job)
    partial = folder.with_name("data.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    parts, held, counts = _make(job, tokenizer, partial)
    inputs: dict[str, Any] = {path: {"sha256": sha256, "rows": job.manifest.rows_of(path)} for path, sha256 in hashes.items()}
    for path, entry in inputs.items():
        job.manifest.input(Path(path), entry["sha256"], entry["rows"])
    write_json(partial / "data.json", {"model": model, "inputs": inputs, "parts": parts, "held": held, "counts": counts})
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return Prepared(folder, parts, held, counts)


def forget(job: Job) -> None:
    """Frees the disk of what nothing is trained on any more, `held` first, which tells whether all is there. What is known of it stays."""
    for name in ("held", "train"):
        shutil.rmtree(job.work / "data" / name, ignore_errors=True)


def _same(job: Job, hashes: dict[str, str], model: dict[str, Any], known: dict[str, Any]) -> None:
    inputs = known["inputs"]
    other = [path for path in sorted({*hashes, *inputs}) if inputs.get(path, {}).get("sha256") != hashes.get(path)]
    if model["sha256"] != known["model"]["sha256"] or model.get("adapter_sha256") != known["model"].get("adapter_sha256"):
        other.append("model")
    if other:
        raise other_data(job.out, other[0])


def _make(job: Job, tokenizer: Any, folder: Path) -> tuple[list[int], int, dict[str, Any]]:
    import datasets

    datasets.disable_progress_bars()
    spec = job.spec
    parts, helds, counted = [], [], []
    for number, source in enumerate(spec["data"]):
        counts = Counts()
        rows = token_rows(_encoded(job, source, tokenizer), counts, max_length=spec["max_length"], held_out=spec["held_out"])
        _write(rows, folder / f"tokens-{number}.arrow", folder / f"held-{number}.arrow")
        counted.append(counts)
        # Rows are shuffled before they are packed: neighbours in a file are often alike. The order of an epoch is drawn later.
        parts.append(_sequences(folder / f"tokens-{number}.arrow", spec, spec["seed"] + number))
        helds.append(_sequences(folder / f"held-{number}.arrow", spec, None))
    total = sum(counted, Counts())
    _refuse(job, total)
    for name, some in (("train", parts), ("held", helds)):
        _finish(some, tokenizer, spec, folder / name)
    for file in folder.glob("*.arrow"):
        file.unlink()
    return (
        [len(part) for part in parts],
        sum(len(part) for part in helds),
        {**asdict(total), "sequences": sum(len(part) for part in parts), "parts": [asdict(part) for part in counted]},
    )


def _encoded(job: Job, source: dict[str, Any], tokenizer: Any) -> Iterator[tuple[Example, Tokens]]:
    progress = job.progress("rows")
    for _, example in read_pairs(job, source):
        # Nothing of this is kept when it is stopped: it is made again, and is the same.
        job.stop.here()
        yield example, SERIALIZATION.encode(example, tokenizer)
        progress.advance()


def _write(rows: Iterator[Row], train: Path, held: Path) -> None:
    """Arrow files, which are read without being copied into memory."""
    import pyarrow as pa

    schema = pa.schema({"input_ids": pa.list_(pa.int32()), "labels": pa.list_(pa.int32())})
    with pa.ipc.new_stream(train, schema) as learn, pa.ipc.new_stream(held, schema) as judge:
        waiting: dict[bool, list[Row]] = {False: [], True: []}

        def flush(side: bool) -> None:
            some = waiting[side]
            columns = {"input_ids": [row.input_ids for row in some], "labels": [row.labels for row in some]}
            (judge if side else learn).write_batch(pa.record_batch(columns, schema=schema))
            some.clear()

        for row in rows:
            waiting[row.held_out].append(row)
            if len(waiting[row.held_out]) == BATCH:
                flush(row.held_out)
        flush(False)
        flush(True)


def _sequences(file: Path, spec: dict[str, Any], seed: int | None) -> Any:
    """The rows of one file as sequences, packed where the spec says so."""
    from datasets import Dataset
    from trl import pack_dataset

    rows = Dataset.from_file(str(file))
    if not len(rows):
        return rows
    if seed is not None:
        rows = rows.shuffle(seed=seed, indices_cache_file_name=str(file.with_suffix(".shuffled.arrow")))
    if spec["packing"] == "none":
        return rows
    options = {"cache_file_name": str(file.with_suffix(".packed.arrow")), "load_from_cache_file": False}
    return pack_dataset(rows, spec["max_length"], spec["packing"], options)


def _finish(parts: list[Any], tokenizer: Any, spec: dict[str, Any], folder: Path) -> None:
    from datasets import Dataset, concatenate_datasets

    filled = [part for part in parts if len(part)]
    blank = {"input_ids": [[tokenizer.eos_token_id]], "labels": [[-100]]}
    if spec["packing"] != "none":
        blank["seq_lengths"] = [[1]]
    features = filled[0].features if filled else None
    concatenate_datasets([*filled, Dataset.from_dict(blank, features=features)]).save_to_disk(folder)


def _refuse(job: Job, total: Counts) -> None:
    names = ", ".join(source["path"] for source in job.spec["data"])
    if total.rows == 0:
        raise Problem("data/empty", f"There are no rows in {names}", remedy="Check the paths and `limit`.")
    if total.refused == total.rows:
        raise Problem(
            "data/all-too-long",
            f"Of all {total.rows} rows of {names} the prompt alone fills max_length ({job.spec['max_length']} tokens), so nothing can be learnt",
            remedy="Raise max_length, or give shorter rows.",
        )
    if total.trained == 0:
        raise Problem(
            "data/all-held-out", f"held_out takes all {total.held_out} rows that are left", remedy="Lower held_out, or give more rows."
        )
    if total.refused:
        job.warn(
            "data/refused-rows",
            f"{total.refused} of {total.rows} rows were left out: their prompt leaves no room for anything to learn",
            remedy="Raise max_length, or give shorter rows.",
            refused=total.refused,
        )
    if total.truncated:
        job.warn(
            "data/truncated-rows",
            f"{total.truncated} of {total.rows} rows lost their end to max_length ({job.spec['max_length']} tokens)",
            remedy="Raise max_length, or leave such rows out.",
            truncated=total.truncated,
        )
