"""Five ways to spoil a solution. Each gives None where it cannot change the row; all draw from the given generator alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from jiuzhang_worker.data.examples import Example

NUMBER = re.compile(r"\d+")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
ANSWER = re.compile(r"\\boxed\{|The answer is ")

Spoil = Callable[[str, str, Random], str | None]


def swapped(solution: str, other: str, random: Random) -> str | None:
    """The whole solution of another problem."""
    return other if other != solution else None


def wrong_numbers(solution: str, other: str, random: Random) -> str | None:
    """Every number before the final answer has even odds to become another of as many digits; at least one does."""
    end = _answer_at(solution)
    places = [found for found in NUMBER.finditer(solution) if found.start() < end]
    if not places:
        return None
    chosen = [found for found in places if random.random() < 0.5] or [random.choice(places)]
    return _with_others(solution, chosen, random)


def wrong_answer(solution: str, other: str, random: Random) -> str | None:
    """Only the numbers of the final answer become others."""
    begin = _answer_at(solution)
    places = [found for found in NUMBER.finditer(solution) if found.start() >= begin]
    return _with_others(solution, places, random) if places and begin < len(solution) else None


def shuffled(solution: str, other: str, random: Random) -> str | None:
    """The same sentences in another order."""
    sentences = [part for part in SENTENCE.split(solution) if part.strip()]
    if len(set(sentences)) < 3:
        return None
    order = list(sentences)
    while order == sentences:
        random.shuffle(order)
    return " ".join(order)


def cut(solution: str, other: str, random: Random) -> str | None:
    """The first 30 to 70 %, to the end of a word."""
    words = re.findall(r"\s*\S+", solution)
    if len(words) < 6:
        return None
    return "".join(words[: round(len(words) * random.uniform(0.3, 0.7))])


KINDS: dict[str, Spoil] = {
    "swapped": swapped,
    "wrong-numbers": wrong_numbers,
    "wrong-answer": wrong_answer,
    "shuffled": shuffled,
    "cut": cut,
}


def corrupt(examples: list[Example], pool: list[Example], seed: str) -> list[Example]:
    """Each example spoilt by one kind, the kinds in turn; where one cannot change a row, the next does. `meta.kind` says which.

    Swapped solutions are drawn from the pool. What becomes of a row depends on its place and the pool, not on how many are spoilt.
    """
    names = list(KINDS)
    made = []
    for place, example in enumerate(examples):
        random = Random(f"{seed}:{example.id}")
        solution = example.solution or ""
        other = random.choice([one for one in pool if one.solution != solution]).solution or ""
        for turn in range(len(names)):
            kind = names[(place + turn) % len(names)]
            spoilt = KINDS[kind](solution, other, random)
            if spoilt is not None and spoilt != solution:
                made.append(replace(example, solution=spoilt, meta={**example.meta, "kind": kind}))
                break
    return made


def _answer_at(solution: str) -> int:
    """Where the last statement of the answer begins; the end of the text where there is none."""
    found = list(ANSWER.finditer(solution))
    return found[-1].start() if found else len(solution)


def _with_others(solution: str, places: list[re.Match[str]], random: Random) -> str:
    parts, at = [], 0
    for found in places:
        parts += [solution[at : found.start()], _other(found[0], random)]
        at = found.end()
    return "".join([*parts, solution[at:]])


def _other(number: str, random: Random) -> str:
    least = 10 ** (len(number) - 1) if len(number) > 1 else 0
    while True:
        drawn = str(random.randrange(least, 10 ** len(number)))
        if drawn != number:
            return drawn
