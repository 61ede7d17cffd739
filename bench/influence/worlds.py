"""The questions, each a world with a planted answer: a pool of candidates, targets, and other items that the outcome is judged by."""

from dataclasses import dataclass
from random import Random

from jiuzhang_worker.data.examples import Example

from influence.corrupt import corrupt


@dataclass(frozen=True)
class Sizes:
    """How many rows of each part. The topic's share of a pool is `planted` / `candidates`."""

    candidates: int = 300
    kept: int = 48
    planted: int = 60
    targets: int = 48
    judged: int = 96
    warmup: int = 200


@dataclass(frozen=True)
class Question:
    """kind: quality, relevance or control. topic: of relevance. dirty, dirty_warmup: share of the candidates and of the warm-up that is spoilt.

    trains: whether a proxy is trained on what an arm keeps.
    """

    name: str
    kind: str
    words: str
    topic: str | None = None
    dirty: float = 0.0
    dirty_warmup: float = 0.0
    trains: bool = True

    @property
    def source(self) -> str:
        """Which clean rows it is made of: those with topics, or the one source of the others."""
        return "one" if self.topic is None else "topics"


@dataclass(frozen=True)
class World:
    """good: ids of the candidates that a perfect arm would keep; empty in a control."""

    question: Question
    seed: int
    candidates: list[Example]
    targets: list[Example]
    judged: list[Example]
    warmup: list[Example]
    good: frozenset[str]


def questions(easy: str, hard: list[str], *, dirty_warmup: bool = False) -> dict[str, Question]:
    """dirty_warmup: the model is warmed up on rows as dirty as the pool, in place of clean ones."""
    dirty = 2 / 3
    spoilt = dirty if dirty_warmup else 0.0
    topics = [("T-easy", easy), *((f"T-hard-{place}", topic) for place, topic in enumerate(hard, start=1))]
    found = [
        Question(
            "Q", "quality", "one source, two thirds corrupted in five ways; no training", dirty=dirty, dirty_warmup=spoilt, trains=False
        ),
        *(Question(name, "relevance", f"one clean source, targets of one topic: {topic}", topic=topic) for name, topic in topics),
        Question("B", "quality", "the same pool; a proxy is trained on what is kept", dirty=dirty, dirty_warmup=spoilt),
        Question("N", "control", "one clean source, i.i.d. targets: nothing to gain"),
    ]
    return {question.name: question for question in found}


def make_world(question: Question, clean: list[Example], sizes: Sizes, seed: int) -> World:
    """Draws disjoint parts by the seed alone. Worlds of one seed share their warm-up and, with i.i.d. targets, their rows: work is shared.

    Raises ValueError where there are too few rows.
    """
    warmup = _draw(Random(f"{seed}:warmup"), clean, sizes.warmup)
    used = {example.id for example in warmup}
    rest = [example for example in clean if example.id not in used]
    random = Random(f"{seed}:{question.topic or 'iid'}")
    if question.topic is None:
        candidates, targets, judged = _parts(
            _draw(random, rest, sizes.candidates + sizes.targets + sizes.judged), sizes.candidates, sizes.targets
        )
        planted: list[Example] = []
    else:
        inside = [example for example in rest if example.meta.get("subject") == question.topic]
        outside = [example for example in rest if example.meta.get("subject") != question.topic]
        planted, targets, judged = _parts(_draw(random, inside, sizes.planted + sizes.targets + sizes.judged), sizes.planted, sizes.targets)
        candidates = planted + _draw(random, outside, sizes.candidates - sizes.planted)
    spoilt = round(question.dirty * len(candidates))
    good = candidates[spoilt:] if question.kind == "quality" else planted
    candidates = [*corrupt(candidates[:spoilt], candidates, str(seed)), *candidates[spoilt:]]
    dirty = round(question.dirty_warmup * len(warmup))
    warmup = [*corrupt(warmup[:dirty], warmup, str(seed)), *warmup[dirty:]]
    random.shuffle(candidates)
    return World(question, seed, candidates, targets, judged, warmup, frozenset(example.id for example in good))


def _draw(random: Random, rows: list[Example], count: int) -> list[Example]:
    if len(rows) < count:
        raise ValueError(f"{count} rows are needed, and there are {len(rows)}")
    return random.sample(rows, count)


def _parts(rows: list[Example], first: int, second: int) -> tuple[list[Example], list[Example], list[Example]]:
    return rows[:first], rows[first : first + second], rows[first + second :]
