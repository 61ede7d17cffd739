"""Clean rows that worlds are made of: those of a file, or a language of our own for tests."""

from pathlib import Path
from random import Random
from typing import Any

from jiuzhang_worker.data.examples import Example, to_example
from jiuzhang_worker.data.source import read_rows
from jiuzhang_worker.text.serialization import SERIALIZATION


def rows_of(path: Path) -> list[Example]:
    """Every row of a file in solver form; a row without an id gets its line as one."""
    found = []
    for row in read_rows(path):
        if "id" not in row.cells:
            row = row._replace(cells={**row.cells, "id": f"{path.stem}/{row.line}"})
        found.append(to_example(row, {"form": "solver"}))
    return found


def of_length(examples: list[Example], tokenizer: Any, least: int, most: int) -> list[Example]:
    """Those with so many tokens: what is longer is left out, never cut."""
    return [example for example in examples if least <= len(SERIALIZATION.encode(example, tokenizer)) <= most]


TOPICS = {"sum": "Add", "descending": "Sort down", "ascending": "Sort up"}


def language(count: int, seed: int) -> list[Example]:
    """Small tasks over digits with step-by-step solutions: sorting up, sorting down, adding. The task is the row's `subject`."""
    random = Random(seed)
    made = []
    for number in range(count):
        subject = random.choice(list(TOPICS))
        digits = [random.randrange(10) for _ in range(3)]
        steps, answer = _steps(subject, digits)
        problem = f"{TOPICS[subject]} {' '.join(map(str, digits))}."
        meta = {"subject": subject, "source": "language"}
        made.append(
            Example(f"language/{number}", f"language:{number}", problem=problem, solution=f"{steps} The answer is {answer}.", meta=meta)
        )
    return made


def _steps(subject: str, digits: list[int]) -> tuple[str, str]:
    if subject == "sum":
        sums = [sum(digits[: end + 1]) for end in range(len(digits))]
        return f"Begin {sums[0]}. Then {sums[1]}. Then {sums[2]}.", str(sums[2])
    order = sorted(digits, reverse=subject == "descending")
    return f"First {order[0]}. Next {order[1]}. Last {order[2]}.", "".join(map(str, order))
