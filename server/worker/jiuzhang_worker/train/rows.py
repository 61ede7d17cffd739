"""Examples become rows of token ids with labels, and what cannot be learnt from is refused and counted."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.job.files import canonical
from jiuzhang_worker.text.serialization import Tokens


@dataclass
class Counts:
    """What became of the rows. truncated: lost their end; split: documents in several sequences; refused: the prompt leaves no label."""

    rows: int = 0
    truncated: int = 0
    split: int = 0
    refused: int = 0
    held_out: int = 0
    trained: int = 0
    tokens: int = 0
    learnt_tokens: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True)
class Row:
    """One sequence for the model. labels: -100 where nothing is learnt."""

    input_ids: list[int]
    labels: list[int]
    held_out: bool


def token_rows(pairs: Iterable[tuple[Example, Tokens]], counts: Counts, *, max_length: int, held_out: float) -> Iterator[Row]:
    """Rows of at most max_length tokens; `counts` grows meanwhile.

    A label at place 0 is none: nothing comes before it to foretell it from.
    """
    for example, tokens in pairs:
        counts.rows += 1
        if max(tokens.prompt, 1) >= min(len(tokens), max_length):
            counts.refused += 1
            continue
        held = is_held_out(example, held_out)
        pieces = _pieces(example, tokens, max_length)
        counts.held_out += held
        counts.trained += not held
        counts.split += len(pieces) > 1
        counts.truncated += len(tokens) > max_length and len(pieces) == 1
        for ids, labels in pieces:
            if not held:
                counts.tokens += len(ids)
                counts.learnt_tokens += sum(label != -100 for label in labels[1:])
            yield Row(ids, labels, held)


def _pieces(example: Example, tokens: Tokens, most: int) -> list[tuple[list[int], list[int]]]:
    """A document goes on in the next sequence; a completion without its prompt would teach nothing true, so its end is cut off."""
    ids, labels = tokens.ids, tokens.labels
    if example.text is None or len(ids) <= most:
        return [(ids[:most], labels[:most])]
    pieces = [(ids[at : at + most], labels[at : at + most]) for at in range(0, len(ids), most)]
    # One last token by itself has nothing before it.
    return pieces if len(pieces[-1][0]) > 1 else pieces[:-1]


def is_held_out(example: Example, share: float) -> bool:
    """Decided by the content alone: the same row stays on its side in every run, order and file, and so do its copies."""
    content = [example.problem, example.solution, example.messages, example.prompt, example.completion, example.text]
    digest = hashlib.sha256(canonical(["held-out", content]).encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
