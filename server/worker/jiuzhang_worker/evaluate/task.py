"""evaluate: a model's answers to test sets, graded. Generating and grading are apart: grading again asks no model."""

from typing import Any

from jiuzhang_worker.evaluate.generate import generations
from jiuzhang_worker.evaluate.grade import grade
from jiuzhang_worker.evaluate.items import read_sets
from jiuzhang_worker.evaluate.summary import figures, summarise
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job


def evaluate(job: Job) -> None:
    """Writes generations.jsonl, graded.jsonl and summary.json."""
    if job.spec["grading"]["symbolic"]:
        # Said now, and not when everything is generated.
        job.need("math_verify", "Comparing formulas (grading.symbolic)")
    items, clusters = read_sets(job)
    written = generations(job, items, clusters)
    graded = grade(job, items, written)
    sets: dict[str, list[dict[str, Any]]] = {}
    for row in graded:
        sets.setdefault(row["set"], []).append(row)
    summaries = {name: summarise(rows, job.spec["grading"]) for name, rows in sets.items()}
    path = job.out / "summary.json"
    write_json(path, {"sets": summaries})
    job.artifact(path)
    for name, summary in summaries.items():
        for figure, value in figures(summary).items():
            job.events.metric(f"{name}/{figure}", value)
        failed = sum(count for why, count in summary["why"].items() if why.endswith("no-generation"))
        if failed:
            job.warn("data/bad-row", f"{failed:,} samples of {name} have no generation and count as wrong", remedy="See generations.jsonl.")
    job.manifest.results["sets"] = summaries
