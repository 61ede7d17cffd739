"""Runs questions over seeds. Everything that is done is on disk line by line, so that it can be stopped at any time and goes on."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.influence.projection import Projection
from jiuzhang_worker.job.files import canonical, whole_file, write_json

from influence.arms import SCORED, Scores, draws, keep, score_all
from influence.lab import Checkpoint, Lab, Training
from influence.paired import auc
from influence.worlds import Question, Sizes, World, make_world

BUDGETS = ("rows", "tokens")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What a result depends on. A folder of results belongs to one of these.

    checkpoints: how many of the warm-up's last epochs are used. reject: share that `ours` rejects where it does not take the top; the
    dirty share of Q and B, as somebody knows who has read a sample of the pool. draws: averaged for arms in which chance has a part.
    """

    model: str
    rows: dict[str, list[str]]
    sizes: Sizes
    warmup: Training
    proxy: Training
    lora: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    dim: int = 8_192
    damping: float = 1.0
    checkpoints: int = 1
    reject: float = 2 / 3
    draws: int = 3
    dirty_warmup: bool = False
    #: Hashes of the files of rows, the topics, and the least and most tokens of a row.
    contents: dict[str, str] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)
    length: list[int] = field(default_factory=list)


class Results:
    """`results.jsonl` of a folder: one object per measured thing, appended; a torn last line is what was being written when it stopped."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._path = folder / "results.jsonl"
        begun = folder / "settings.json"
        if begun.exists() and canonical(json.loads(begun.read_text(encoding="utf-8"))) != canonical(asdict(settings)):
            raise ValueError(f"{folder} was begun with other settings; name another folder")
        write_json(begun, asdict(settings))
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            with whole_file(self._path) as file:
                file.write(whole)
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]

    def has(self, **key: Any) -> bool:
        return any(all(line.get(name) == value for name, value in key.items()) for line in self.lines)

    def add(self, **line: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.lines.append(line)


def run(
    lab: Lab,
    clean: Mapping[str, list[Example]],
    questions: list[Question],
    seeds: list[int],
    settings: Settings,
    results: Results,
    say: Say,
    given: Scores | None = None,
    arms: Sequence[str] | None = None,
) -> None:
    """Every question of every seed.

    clean: source of a question → rows. given: scores of others, {arm: {exported id: score}}, which are judged like ours. arms: those that proxies are trained for, beside
    random, oracle and what is given; all, unless told.
    """
    for seed in seeds:
        began = monotonic()
        warmed: dict[tuple[str, float], list[Checkpoint]] = {}
        for question in questions:
            world = make_world(question, clean[question.source], settings.sizes, seed)
            scores = _scores(lab, world, settings, results, warmed, say)
            others = _of_others(world, given or {})
            scores.update(others)
            _note_aucs(world, scores, results)
            if question.trains:
                for arm, budget, draw in _trials(world, [*(SCORED if arms is None else arms), *others], settings):
                    _trial(lab, world, arm, scores.get(arm, {}), budget, draw, settings, results, say)
        if not results.has(seed=seed, what="seconds"):
            results.add(
                what="seconds", seed=seed, seconds=round(monotonic() - began, 1), questions=[question.name for question in questions]
            )
        lab.forget()


def _scores(
    lab: Lab, world: World, settings: Settings, results: Results, warmed: dict[tuple[str, float], list[Checkpoint]], say: Say
) -> Scores:
    """Those of an earlier run where they are there. Q and B have one pool, and so one file."""
    name = "B" if world.question.name == "Q" else world.question.name
    path = results.folder / "scores" / f"{name}-{world.seed}.json"
    if not path.exists():
        key = (world.question.source, world.question.dirty_warmup)
        if key not in warmed:
            say(f"{world.question.name} seed {world.seed}: warm-up")
            warmed[key] = lab.train(world.warmup, settings.warmup, world.seed, keep=True)[-settings.checkpoints :]
        say(f"{world.question.name} seed {world.seed}: scores")
        projection = Projection("count-sketch", settings.dim, 42, lab.taker.dim)
        write_json(path, score_all(lab, world, warmed[key], projection, settings.damping))
    scores: Scores = json.loads(path.read_text(encoding="utf-8"))
    return scores


def _of_others(world: World, given: Scores) -> Scores:
    """Raises ValueError where a file scores some candidates of this world and not others."""
    found: Scores = {}
    for arm, scores in given.items():
        known = {example.id: scores[name] for example in world.candidates if (name := exported_id(world, example)) in scores}
        if known and len(known) < len(world.candidates):
            raise ValueError(f"{arm} scores {len(known)} of the {len(world.candidates)} candidates of {world.question.name}/{world.seed}")
        if known:
            found[arm] = known
    return found


def _note_aucs(world: World, scores: Scores, results: Results) -> None:
    if world.question.kind == "control":
        return
    for arm, values in scores.items():
        key = {"what": "auc", "question": world.question.name, "seed": world.seed, "arm": arm}
        if results.has(**key):
            continue
        good = [example.id in world.good for example in world.candidates]
        by_kind = {}
        for kind in sorted({str(example.meta["kind"]) for example in world.candidates if "kind" in example.meta}):
            rows = [example for example in world.candidates if example.meta.get("kind", kind) == kind]
            by_kind[kind] = round(auc([values[row.id] for row in rows], [row.id in world.good for row in rows]), 4)
        results.add(**key, auc=round(auc([values[example.id] for example in world.candidates], good), 5), by_kind=by_kind)


def _trials(world: World, arms: Sequence[str], settings: Settings) -> Iterator[tuple[str, str, int]]:
    """Arm, budget and draw. In a world of relevance `ours` is the whitened score, which is not tried twice."""
    for arm in ("random", *(["oracle"] if world.good else []), *arms):
        if arm == "whitened" and world.question.kind == "relevance" and "ours" in arms:
            continue
        for budget in BUDGETS:
            for draw in range(settings.draws if draws(world, arm) else 1):
                yield arm, budget, draw


def _trial(
    lab: Lab, world: World, arm: str, scores: dict[str, float], budget: str, draw: int, settings: Settings, results: Results, say: Say
) -> None:
    """Trains a proxy on what an arm keeps and judges it by its loss on items that nothing else has seen."""
    key = {"what": "trial", "question": world.question.name, "seed": world.seed, "arm": arm, "budget": budget, "draw": draw}
    if results.has(**key):
        return
    lengths = dict(zip([example.id for example in world.candidates], lab.lengths(world.candidates)[0], strict=True))
    rows = keep(world, arm, scores, lengths, budget, settings.sizes.kept, settings.reject, draw)
    lab.train(rows, settings.proxy, world.seed)
    loss = lab.loss(world.judged)
    purity = sum(example.id in world.good for example in rows) / len(rows) if world.good else None
    say(f"{world.question.name} seed {world.seed}: {arm} at equal {budget}: {loss:.4f}")
    results.add(**key, loss=round(loss, 6), rows=len(rows), tokens=sum(lengths[example.id] for example in rows), purity=purity)


def exported_id(world: World, example: Example) -> str:
    return f"{'B' if world.question.name == 'Q' else world.question.name}/{world.seed}/{example.id}"


def export(world: World, folder: Path) -> None:
    """Candidates, targets and warm-up of a world as files, so that anybody can score them. Nothing in them says what is good."""
    for name, examples in (("candidates", world.candidates), ("targets", world.targets), ("warmup", world.warmup)):
        with whole_file(folder / f"{world.question.name}-{world.seed}" / f"{name}.jsonl") as file:
            for example in examples:
                file.write(json.dumps({"id": exported_id(world, example), "problem": example.problem, "solution": example.solution}) + "\n")
