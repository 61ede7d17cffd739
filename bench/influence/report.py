"""From results of single trials to tables: means, spread, paired tests, and the goals, whatever they say."""

import math
from collections import defaultdict
from statistics import fmean
from typing import Any

from influence.paired import sign_flip_test, summary
from influence.worlds import Question

Lines = list[dict[str, Any]]


def summarize(lines: Lines, questions: dict[str, Question]) -> dict[str, Any]:
    """{question: {arm: {auc, rows, tokens}}}; of each budget the differences from random over seeds (negative: better), with their test."""
    found: dict[str, Any] = {}
    for name in questions:
        aucs = defaultdict(dict)
        kinds: dict[str, Any] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            if line["what"] == "auc" and line["question"] == name:
                aucs[line["arm"]][line["seed"]] = line["auc"]
                for kind, value in line["by_kind"].items():
                    kinds[line["arm"]][kind].append(value)
        arms: dict[str, Any] = {arm: {"auc": {**summary(list(by_seed.values())), "seeds": by_seed}} for arm, by_seed in aucs.items()}
        for arm, by_kind in kinds.items():
            if by_kind:
                arms[arm]["by_kind"] = {kind: round(fmean(values), 3) for kind, values in by_kind.items()}
        for budget in ("rows", "tokens"):
            for arm, entry in _differences(lines, name, budget).items():
                arms.setdefault(arm, {})[budget] = entry
        if arms:
            found[name] = arms
    return found


def _differences(lines: Lines, question: str, budget: str) -> dict[str, Any]:
    trials: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line["what"] == "trial" and line["question"] == question and line["budget"] == budget:
            trials[line["arm"]][line["seed"]].append(line)
    means = {arm: {seed: fmean(one["loss"] for one in ones) for seed, ones in by_seed.items()} for arm, by_seed in trials.items()}
    base = means.get("random", {})
    found = {}
    for arm, by_seed in means.items():
        seeds = sorted(set(by_seed) & set(base))
        if not seeds:
            continue
        differences = [by_seed[seed] - base[seed] for seed in seeds]
        every = [one for seed in seeds for one in trials[arm][seed]]
        found[arm] = {
            "loss": summary([by_seed[seed] for seed in seeds]),
            "difference": {**summary(differences), "seeds": dict(zip(seeds, differences, strict=True))},
            "better": sum(value < 0 for value in differences),
            "p": sign_flip_test(differences),
            "tokens": fmean(one["tokens"] for one in every),
            "rows": fmean(one["rows"] for one in every),
            "purity": fmean(one["purity"] for one in every) if every[0]["purity"] is not None else None,
        }
    oracle = found.get("oracle", {}).get("difference", {}).get("mean")
    for entry in found.values():
        # A ratio of means: the share of one seed alone is noise.
        entry["of_oracle"] = entry["difference"]["mean"] / oracle if oracle else None
    return found


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The goals of the benchmark, each with what was measured. Those of questions that were not run are left out."""
    told = []

    def goal(question: str, words: str, value: float, reached: bool) -> None:
        told.append({"question": question, "goal": words, "value": round(value, 4), "reached": bool(reached)})

    if "Q" in found:
        ours, both = found["Q"]["whitened"]["auc"], found["Q"]["ours"]["auc"]
        goal("Q", "AUC of the whitened score, mean ≥ 0.80", ours["mean"], ours["mean"] >= 0.80)
        goal("Q", "its least seed ≥ 0.72", ours["least"], ours["least"] >= 0.72)
        margin = ours["mean"] - found["Q"]["embedding"]["auc"]["mean"]
        goal("Q", "≥ 0.10 above embeddings", margin, margin >= 0.10)
        goal("Q", "together with loss, mean ≥ 0.86", both["mean"], both["mean"] >= 0.86)
    for question in found:
        arms = found[question]
        if question.startswith("T"):
            goal(question, "AUC of the topic, mean ≥ 0.85", arms["ours"]["auc"]["mean"], arms["ours"]["auc"]["mean"] >= 0.85)
        for budget in ("rows", "tokens"):
            entry = arms.get("ours", {}).get(budget)
            if entry is None:
                continue
            at = f"at equal {budget}"
            mean, n = entry["difference"]["mean"], entry["difference"]["n"]
            if question == "N":
                goal(question, f"not worse than random + 0.01, {at}", mean, mean <= 0.01)
                continue
            share = entry["of_oracle"] if entry["of_oracle"] is not None else math.nan
            goal(question, f"≥ 80 % of the oracle's gain, {at}", share, share >= 0.8)
            goal(question, f"better than random on each of {n} seeds, {at}", entry["better"], entry["better"] == n)
    return told


def markdown(found: dict[str, Any], questions: dict[str, Question], settings: dict[str, Any], seconds: list[float], machine: str) -> str:
    sizes = settings["sizes"]
    parts = [
        "# Does influence beat random?\n",
        "Written by `bench/influence`, which says how to run it. Differences are losses on items that nothing else has seen, less those of "
        "random; below zero is better. ± is the standard deviation over seeds; p is of Fisher's exact randomisation test on pairs, two-sided "
        "(with n seeds it cannot be below 2/2ⁿ).\n",
        f"{settings['model']}, {settings['dtype']}, LoRA of rank {settings['lora']['rank']} on {settings['lora']['layers']}; "
        f"{sizes['candidates']} candidates, {sizes['kept']} kept, {sizes['targets']} targets, judged by {sizes['judged']} items, warm-up on "
        f"{sizes['warmup']} {'rows as dirty as the pool' if settings['dirty_warmup'] else 'clean rows'} × {settings['warmup']['epochs']} epochs, "
        f"{settings['checkpoints']} checkpoint(s); Q, B and N of {', '.join(settings['rows']['one'])}, T of "
        f"{', '.join(settings['rows']['topics'])}; {machine}"
        + (f"; {', '.join(f'{value:.0f} s' for value in seconds)} for the seeds that ran without a break.\n" if seconds else ".\n"),
    ]
    told = goals(found)
    if told:
        rows = [f"| {one['question']} | {one['goal']} | {one['value']:.3f} | {'yes' if one['reached'] else '**no**'} |" for one in told]
        parts += ["## Goals\n", "| question | goal | measured | reached |\n| --- | --- | ---: | --- |", *rows, ""]
    for name, arms in found.items():
        parts += [f"## {name}: {questions[name].words}\n", *_table(arms), ""]
        kinds = sorted({kind for entry in arms.values() for kind in entry.get("by_kind", {})})
        if kinds and not questions[name].trains:
            parts += ["AUC by kind of corruption:\n", f"| arm | {' | '.join(kinds)} |", f"| --- |{' ---: |' * len(kinds)}"]
            for arm, entry in arms.items():
                cells = [f"{entry['by_kind'][kind]:.3f}" for kind in kinds if "by_kind" in entry]
                parts += [f"| {' | '.join([arm, *cells])} |"] if cells else []
            parts.append("")
    return "\n".join(parts)


def _table(arms: dict[str, Any]) -> list[str]:
    trained = any("rows" in entry for entry in arms.values())
    head = "| arm | AUC (least) |" + (
        " equal rows | better | p | equal tokens | better | p | good rows | of the oracle |" if trained else ""
    )
    rows = [head, "| --- |" + " ---: |" * (head.count("|") - 2)]
    for arm in sorted(arms, key=lambda arm: -arms[arm].get("auc", {}).get("mean", -1)):
        entry = arms[arm]
        cells = [arm, f"{_spread(entry['auc'], 3)} ({entry['auc']['least']:.3f})" if "auc" in entry else ""]
        if trained:
            for budget in ("rows", "tokens"):
                part = entry.get(budget)
                cells += (
                    [_spread(part["difference"], 4), f"{part['better']}/{part['difference']['n']}", f"{part['p']:.3f}"]
                    if part
                    else ["", "", ""]
                )
            part = entry.get("tokens") or entry.get("rows")
            cells.append(f"{part['purity']:.2f}" if part and part["purity"] is not None else "")
            cells.append(f"{part['of_oracle']:.2f}" if part and part["of_oracle"] is not None else "")
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _spread(entry: dict[str, Any], digits: int) -> str:
    sd = "" if math.isnan(entry["sd"]) else f" ± {entry['sd']:.{digits}f}"
    return f"{entry['mean']:.{digits}f}{sd}"
