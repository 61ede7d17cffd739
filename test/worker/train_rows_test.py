"""What is learnt of a row, and what is not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.text.serialization import SERIALIZATION, Tokens
from jiuzhang_worker.train.order import Order
from jiuzhang_worker.train.rows import Counts, is_held_out, token_rows

tokens = st.builds(
    lambda prompt, completion: Tokens([*range(prompt), *range(1_000, 1_000 + completion)], prompt), st.integers(0, 30), st.integers(0, 30)
)


@given(every=st.lists(tokens, max_size=20), longest=st.integers(2, 40), document=st.booleans())
def test_rows_have_labels_on_the_completion_alone_and_everything_is_counted(every: list[Tokens], longest: int, document: bool) -> None:
    counts = Counts()
    pairs = [(_example(number, document and not some.prompt), some) for number, some in enumerate(every)]
    rows = list(token_rows(pairs, counts, max_length=longest, held_out=0))
    assert counts.rows == len(every) == counts.trained + counts.refused
    for row in rows:
        assert 2 <= len(row.input_ids) == len(row.labels) <= longest
        assert any(label != -100 for label in row.labels[1:])
        for token, label in zip(row.input_ids, row.labels, strict=True):
            assert label == (token if token >= 1_000 else -100)
    assert counts.tokens == sum(len(row.input_ids) for row in rows)
    assert counts.learnt_tokens == sum(label != -100 for row in rows for label in row.labels[1:])
    fits = [some for some in every if max(some.prompt, 1) < min(len(some), longest)]
    assert counts.refused == len(every) - len(fits)
    assert counts.truncated + counts.split == sum(len(some) > longest for some in fits)
    if counts.truncated == counts.split == 0:
        assert [row.input_ids for row in rows] == [some.ids for some in fits]


def test_a_document_goes_on_in_the_next_sequence() -> None:
    counts = Counts()
    rows = list(token_rows([(_example(0, True), Tokens(list(range(1_000, 1_010)), 0))], counts, max_length=4, held_out=0))
    assert [token for row in rows for token in row.input_ids] == list(range(1_000, 1_010))
    assert (counts.split, counts.truncated) == (1, 0)


@given(st.floats(0, 1), st.floats(0, 1), st.text(max_size=20))
def test_content_alone_holds_a_row_out_and_a_larger_share_holds_out_more(small: float, large: float, text: str) -> None:
    small, large = sorted((small, large))
    here, there = _example(0, False, text), Example(id="other", place="elsewhere:9", problem="p0" + text, solution="s")
    assert is_held_out(here, small) == is_held_out(there, small)
    assert is_held_out(here, large) or not is_held_out(here, small)


def test_the_share_that_is_held_out_is_about_what_was_asked_for() -> None:
    held = sum(is_held_out(_example(number, False), 0.1) for number in range(2_000))
    # Five standard deviations.
    assert abs(held - 200) < 68


@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=4).filter(lambda parts: sum(parts) > 0),
    st.integers(0, 5),
    st.integers(0, 3),
    st.integers(1, 7),
)
def test_an_epoch_has_each_sequence_once_part_after_part(parts: list[int], seed: int, epoch: int, at_once: int) -> None:
    order = Order(parts, seed, at_once)
    order.epoch = epoch
    drawn = list(order)
    assert len(drawn) == len(order)
    assert len(drawn) % at_once == 0
    assert len(drawn) - sum(parts) < at_once
    at = 0
    for count in parts:
        assert sorted(drawn[at : at + count]) == list(range(at, at + count))
        at += count
    assert set(drawn[at:]) <= {at}


def test_epochs_and_seeds_differ_and_repeat() -> None:
    def drawn(seed: int, epoch: int) -> list[int]:
        order = Order([40], seed, 1)
        order.epoch = epoch
        return list(order)

    several = [drawn(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert len({tuple(some) for some in several}) == 9
    assert several == [drawn(seed, epoch) for seed in range(3) for epoch in range(3)]


@pytest.mark.parametrize(
    "example",
    [
        Example(id="a", place="", problem="What is 2 + 3?", solution="It is 5."),
        Example(id="b", place="", problem="Print 2 + 3.", solution="print(5)", meta={"format": "tool"}),
        Example(
            id="c",
            place="",
            messages=(("system", "Write problems."), ("user", "The sum of odd numbers.")),
            completion="## Problem\nAdd 1 and 3.",
        ),
        Example(id="d", place="", prompt="A passage about tulips.\n\n## Problem\n", completion="How many tulips?"),
    ],
)
def test_what_is_served_later_is_token_by_token_what_was_trained_on(example: Example, tiny_model: Path) -> None:
    """A server is given the prompt as text, or as messages that it puts into the template itself, and knows nothing of the completion."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    trained = SERIALIZATION.encode(example, tokenizer)
    if example.messages is not None:
        messages = [{"role": role, "content": content} for role, content in example.messages]
        served = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
    else:
        served = tokenizer(SERIALIZATION.prompt_of(example, tokenizer))["input_ids"]
    row = next(token_rows([(example, trained)], Counts(), max_length=512, held_out=0))
    first = next(place for place, label in enumerate(row.labels) if label != -100)
    assert row.input_ids[:first] == list(served)
    assert row.input_ids[-1] == tokenizer.eos_token_id == row.labels[-1]


def _example(number: int, document: bool, text: str = "") -> Example:
    if document:
        return Example(id=str(number), place=f"rows:{number}", text=f"t{number}{text}")
    return Example(id=str(number), place=f"rows:{number}", problem=f"p{number}{text}", solution="s")
