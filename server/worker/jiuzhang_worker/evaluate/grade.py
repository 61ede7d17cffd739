"""The second half: `graded.jsonl`, one line per item with every sample's text, extracted answer, verdict and its reason."""

from pathlib import Path
from typing import Any

from jiuzhang_worker.evaluate.compare import compare
from jiuzhang_worker.evaluate.extract import extract
from jiuzhang_worker.evaluate.generate import Generations
from jiuzhang_worker.evaluate.items import Item
from jiuzhang_worker.evaluate.symbolic import Comparers, Pair, Verdict
from jiuzhang_worker.job.files import sha256_json, whole_file
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.lines import GrowingLines, line_bytes, read_objects

#: Items that are graded before their lines are written; a kill loses no more.
_CHUNK = 64
#: Settings that change a verdict. The others change only what is made of verdicts.
_JUDGING = ("tolerance", "symbolic", "timeout_seconds")


def grade(job: Job, items: list[Item], generations: Generations) -> list[dict[str, Any]]:
    """The graded items, in order. Goes on from what an earlier run with the same settings and generations has graded."""
    path = _work(job, items, generations)
    done = {(line["set"], line["id"]): line for line in read_objects(path)}
    left = [item for item in items if (item.set, item.id) not in done]
    progress = job.progress("items graded", len(items), len(done))
    lines = GrowingLines(path)
    comparers = Comparers(job.spec["workers"], job.spec["grading"]["timeout_seconds"])
    known: dict[Pair, Verdict] = {}
    try:
        for first in range(0, len(left), _CHUNK):
            chunk = left[first : first + _CHUNK]
            _look(job, chunk, generations, known, comparers)
            fresh = [_graded(item, generations[item.set, item.id], known) for item in chunk]
            lines.add([line_bytes(line) for line in fresh])
            done.update({(line["set"], line["id"]): line for line in fresh})
            progress.advance(len(chunk))
            job.stop.here()
    finally:
        comparers.close()
        lines.close()
    graded = [done[item.set, item.id] for item in items]
    final = job.out / "graded.jsonl"
    with whole_file(final, "wb") as file:
        for line in graded:
            file.write(line_bytes(line))
    job.artifact(final, len(graded))
    return graded


def _work(job: Job, items: list[Item], generations: Generations) -> Path:
    """Another file for other settings, so that nothing graded by those of before is taken for done."""
    settings = {name: job.spec["grading"][name] for name in _JUDGING}
    texts = [[item.set, item.id, item.gold, [sample["text"] for sample in generations[item.set, item.id]]] for item in items]
    return job.work / f"graded-{sha256_json([settings, texts])[:16]}.jsonl"


def _look(job: Job, chunk: list[Item], generations: Generations, known: dict[Pair, Verdict], comparers: Comparers) -> None:
    """Judges every pair of answers of a chunk once: by text and number here, the rest by math-verify elsewhere."""
    settings = job.spec["grading"]
    hard: dict[Pair, None] = {}
    for item in chunk:
        for sample in generations[item.set, item.id]:
            answer = extract(sample["text"] or "")[0]
            if answer is None or (item.gold, answer) in known:
                continue
            verdict, why = compare(item.gold, answer, settings["tolerance"])
            if verdict is not None or not settings["symbolic"]:
                known[item.gold, answer] = bool(verdict), why
            else:
                hard[item.gold, answer] = None
    for pair, judged in comparers.compare_all(hard):
        known[pair] = judged
        if job.stop.requested:
            # What this chunk lacks is looked at again by the run that goes on.
            job.stop.here()


def _graded(item: Item, samples: list[dict[str, Any]], known: dict[Pair, Verdict]) -> dict[str, Any]:
    return {
        "set": item.set,
        "id": item.id,
        "item": item.cluster,
        "prompt_sha256": samples[0].get("prompt_sha256"),
        "gold": item.gold,
        "samples": [_sample(item, sample, known) for sample in samples],
    }


def _sample(item: Item, sample: dict[str, Any], known: dict[Pair, Verdict]) -> dict[str, Any]:
    """why: text, number or symbolic where answers were compared; timeout or error where that failed; no-answer; no-generation."""
    if sample["text"] is None:
        return {"text": None, "finish": None, "extracted": None, "from": "none", "correct": False, "why": "no-generation"}
    answer, place = extract(sample["text"])
    correct, why = (False, "no-answer") if answer is None else known[item.gold, answer]
    return {
        "text": sample["text"],
        "finish": sample["finish"],
        "extracted": answer,
        "from": place,
        "correct": correct,
        "why": why,
        "tokens": sample.get("completion_tokens"),
    }
