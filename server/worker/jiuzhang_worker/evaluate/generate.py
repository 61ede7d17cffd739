"""The first half: `generations.jsonl`, one line per sample, in the order of the items whatever came first."""

from pathlib import Path
from typing import Any

from jiuzhang_worker.engines.ask import Answer, Ask, usage_of
from jiuzhang_worker.engines.drive import drive
from jiuzhang_worker.engines.open import note_model, open_engine
from jiuzhang_worker.evaluate.items import Item
from jiuzhang_worker.evaluate.prompts import ask_of, prompt_hash, read_shots
from jiuzhang_worker.evaluate.summary import ks_of
from jiuzhang_worker.job.files import sha256_of, whole_file
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.lines import GrowingLines, line_bytes, read_objects
from jiuzhang_worker.job.problem import Problem

#: What was generated, by set and id: one object per sample, in order.
Generations = dict[tuple[str, str], list[dict[str, Any]]]


def generations(job: Job, items: list[Item], clusters: set[str]) -> Generations:
    """Those of another run where the spec names them, else those of this one, generated as far as they are missing."""
    if "generations" in job.spec:
        return _read(job, job.path(job.spec["generations"]), items)
    sampling = job.spec["sampling"]
    ks_of(job.spec["grading"], sampling["samples"])
    if sampling["samples"] > 1 and sampling["temperature"] == 0:
        raise Problem(
            "spec/sampling",
            f"{sampling['samples']} greedy samples of an item would all be the same",
            remedy="Set sampling.temperature above 0, or sampling.samples to 1.",
        )
    shots = read_shots(job, clusters)
    asks = [(item, sample, ask_of(job.spec, item, shots, sample)) for item in items for sample in range(sampling["samples"])]
    answers = _answers(job, [ask for *_, ask in asks])
    path = job.out / "generations.jsonl"
    found: Generations = {}
    with whole_file(path, "wb") as file:
        for item, sample, ask in asks:
            line = {
                "set": item.set,
                "id": item.id,
                "sample": sample,
                "item": item.cluster,
                "prompt_sha256": prompt_hash(ask),
                **answers[ask.key],
            }
            file.write(line_bytes(line))
            found.setdefault((item.set, item.id), []).append(line)
    job.artifact(path, len(asks))
    return found


def _answers(job: Job, asks: list[Ask]) -> dict[str, dict[str, Any]]:
    path = job.work / "generations.jsonl"
    found = {line["key"]: line["answer"] for line in read_objects(path)}
    wanted = {ask.key for ask in asks}
    done = len(wanted & found.keys())
    if done == len(wanted):
        note_model(job)
        return found
    engine = open_engine(job)
    lines = GrowingLines(path)

    def record(answers: list[Answer]) -> None:
        fresh = {answer.key: _written(answer) for answer in answers}
        lines.add([line_bytes({"key": key, "answer": answer}) for key, answer in fresh.items()])
        found.update(fresh)

    try:
        drive(job, engine, asks, answered=found.__contains__, record=record, total=len(wanted), done=done)
    finally:
        lines.close()
    return found


def _written(answer: Answer) -> dict[str, Any]:
    """text is None where there is an error instead."""
    choices = (answer.body or {}).get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    text = choice.get("text") if "text" in choice else message.get("content") if isinstance(message, dict) else None
    prompt, completion = usage_of(answer.body)
    if answer.error is not None or not isinstance(text, str):
        error = answer.error or {"code": "model/empty", "message": "The answer has no text"}
        return {"text": None, "finish": None, "prompt_tokens": prompt, "completion_tokens": completion, "error": error}
    return {"text": text, "finish": choice.get("finish_reason"), "prompt_tokens": prompt, "completion_tokens": completion}


def _read(job: Job, path: Path, items: list[Item]) -> Generations:
    """Raises data/other-items where the file was generated for other items than the spec names."""
    if not path.is_file():
        raise Problem("data/missing-file", f"There is no file {path}", remedy="Name the generations.jsonl of a finished run.")
    lines = read_objects(path)
    job.manifest.input(path, sha256_of(path), len(lines))
    found: Generations = {}
    for line in lines:
        found.setdefault((str(line.get("set")), str(line.get("id"))), []).append(line)
    for item in items:
        samples = found.get((item.set, item.id), [])
        if not samples or any(sample.get("item") != item.cluster for sample in samples):
            what = "holds another item under" if samples else "has nothing for"
            raise Problem(
                "data/other-items",
                f"{path} {what} {item.set}/{item.id}",
                remedy="Name the same test sets, names and limits as in the run that generated it.",
            )
    return {(item.set, item.id): found[item.set, item.id] for item in items}
