"""What a set's graded items come to."""

from collections import Counter
from typing import Any

from jiuzhang_worker.evaluate.compare import vote
from jiuzhang_worker.evaluate.statistics import majority, measure, pass_at_k
from jiuzhang_worker.job.problem import Problem


def summarise(graded: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    """accuracy is the share of right samples: avg@k where there are k of them. Every measure has its error and interval.

    Raises spec/k for a k larger than the number of samples.
    """
    samples = min(len(row["samples"]) for row in graded)
    clusters = [row["item"] for row in graded]
    right = [[sample["correct"] for sample in row["samples"]] for row in graded]
    ks = ks_of(settings, samples)

    def measured(values: list[float]) -> dict[str, float]:
        return measure(values, clusters, resamples=settings["resamples"], confidence=settings["confidence"], seed=settings["seed"])

    every = [sample for row in graded for sample in row["samples"]]
    result: dict[str, Any] = {
        "items": len(graded),
        "distinct_items": len(set(clusters)),
        "samples": samples,
        "accuracy": measured([sum(one) / len(one) for one in right]),
        "truncated": sum(sample["finish"] == "length" for sample in every) / len(every),
        "without_answer": sum(sample["extracted"] is None for sample in every) / len(every),
        "why": dict(sorted(Counter(f"{'right' if sample['correct'] else 'wrong'}: {sample['why']}" for sample in every).items())),
        "mean_tokens": sum(sample.get("tokens") or 0 for sample in every) / len(every),
    }
    if samples > 1:
        votes = [[None if sample["extracted"] is None else vote(sample["extracted"]) for sample in row["samples"]] for row in graded]
        result["pass@k"] = {str(k): measured([pass_at_k(len(one), sum(one), k) for one in right]) for k in ks}
        result["maj@k"] = {
            str(k): measured([float(majority(own[:k], one[:k])) for own, one in zip(votes, right, strict=True)]) for k in ks if k > 1
        }
    return result


def ks_of(settings: dict[str, Any], samples: int) -> list[int]:
    """Which k are reported. Raises spec/k."""
    ks = sorted(set(settings.get("k") or [1, samples]))
    if ks[-1] > samples:
        raise Problem(
            "spec/k", f"grading.k asks for {ks[-1]}, and there are {samples} samples of an item", remedy="Lower k, or sample more."
        )
    return ks


def figures(summary: dict[str, Any]) -> dict[str, float]:
    """The numbers of a set by the names under which they are told and plotted."""
    found = {"accuracy": summary["accuracy"]["value"], "truncated": summary["truncated"], "without_answer": summary["without_answer"]}
    for name in ("pass", "maj"):
        found.update({f"{name}@{k}": measured["value"] for k, measured in summary.get(f"{name}@k", {}).items()})
    return found
