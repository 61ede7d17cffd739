"""What a model is asked: the strings and token ids of training, examples before it, another seed for every sample."""

import json
from pathlib import Path
from typing import Any

import pytest
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.data.source import Row
from jiuzhang_worker.engines.ask import CHAT, COMPLETION
from jiuzhang_worker.engines.body import read_ask
from jiuzhang_worker.engines.prompt import encode
from jiuzhang_worker.evaluate.items import Item, to_item
from jiuzhang_worker.evaluate.prompts import ask_of, prompt_hash
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import Source, load_tokenizer
from jiuzhang_worker.text.serialization import SERIALIZATION

ITEM = Item("own", "7", "What is $3 + 4$?", "7")
SHOTS = [Example(id=str(n), place="", problem=f"What is {n}?", solution=f"The answer is {n}.") for n in (1, 2)]


def spec(**more: Any) -> dict[str, Any]:
    sampling = {"samples": 1, "temperature": 0, "top_p": 1, "max_tokens": 64, "stop": ["\n## Question"], "seed": 0}
    return {
        "prompt": "solver",
        "instruction": " Think. ",
        "served_model": "m",
        **more,
        "sampling": {**sampling, **more.get("sampling", {})},
    }


def test_a_problem_is_asked_in_the_token_ids_of_training(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(Source(tiny_model, {}, None))
    trained = SERIALIZATION.encode(Example(id="", place="", problem=ITEM.problem, solution=" 7"), tokenizer)
    ask = ask_of(spec(), ITEM, [], 0)
    assert ask.url == COMPLETION
    assert encode(read_ask(ask), tokenizer) == trained.ids[: trained.prompt]
    assert read_ask(ask).sampling.stop == ("\n## Question",) and read_ask(ask).sampling.max_tokens == 64


def test_examples_stand_before_the_problem_as_the_corpus_writes_them() -> None:
    prompt = ask_of(spec(), ITEM, SHOTS, 0).body["prompt"]
    assert prompt == (
        "## Question\nWhat is 1?\n\n## Solution\nThe answer is 1.\n\n"
        "## Question\nWhat is 2?\n\n## Solution\nThe answer is 2.\n\n"
        "## Question\nWhat is $3 + 4$?\n\n## Solution\n"
    )


def test_a_chat_has_examples_as_turns() -> None:
    ask = ask_of(spec(prompt="chat"), ITEM, SHOTS[:1], 0)
    assert ask.url == CHAT
    assert [(message["role"], message["content"]) for message in ask.body["messages"]] == [
        ("user", "Think.\n\nWhat is 1?"),
        ("assistant", "The answer is 1."),
        ("user", "Think.\n\nWhat is $3 + 4$?"),
    ]


def test_every_sample_has_a_seed_and_a_key_of_its_own_and_the_same_prompt() -> None:
    asks = [
        ask_of(spec(sampling={"temperature": 1}), item, [], sample)
        for item in (ITEM, Item("own", "8", ITEM.problem, "7"))
        for sample in range(4)
    ]
    assert len({ask.key for ask in asks}) == len({ask.body["seed"] for ask in asks}) == 8
    assert len({prompt_hash(ask) for ask in asks}) == 1
    assert all(0 <= ask.body["seed"] < 2**31 for ask in asks)
    assert asks[0] == ask_of(spec(sampling={"temperature": 1}), ITEM, [], 0)
    assert asks[0].body["seed"] != ask_of(spec(sampling={"seed": 1}), ITEM, [], 0).body["seed"]


@pytest.mark.parametrize(
    ("cells", "problem", "gold"),
    [
        ({"question": "Q", "answer": "So <<1+1=2>>2.\n#### 1,234"}, "Q", "1234"),
        ({"problem": "P", "solution": r"is $\boxed{\frac{1}{2}}$"}, "P", r"\frac{1}{2}"),
        ({"problem": "P", "solution": r"\boxed{1}", "answer": "2"}, "P", "2"),
        ({"Body": "There are 3 nuts", "Question": "How many?", "Answer": 145.0}, "There are 3 nuts. How many?", "145"),
        ({"body": "", "question": "How many?", "answer": "9 (apples)"}, "How many?", "9"),
        ({"body": "A.", "question": "B?", "answer": "14  (seats)"}, "A. B?", "14"),
        ({"body": "A.", "question": "Who?", "answer": "Mrs. Hilt"}, "A. Who?", "Mrs. Hilt"),
        ({"input": "I", "target": 0.25}, "I", "0.25"),
        ({"input": "I", "target": -3.0}, "I", "-3"),
    ],
)
def test_sets_are_recognised_by_their_columns(cells: dict[str, Any], problem: str, gold: str) -> None:
    item = to_item(Row(cells, Path("t.jsonl"), 4), "t", {})
    assert (item.problem, item.gold, item.id) == (problem, gold, "4")


@pytest.mark.parametrize(
    "cells",
    [
        {"problem": "P"},
        {"problem": "P", "solution": "no box"},
        {"answer": "3"},
        {"problem": 3, "answer": "3"},
        {"problem": "P", "answer": True},
    ],
)
def test_a_row_without_problem_or_answer_is_named(cells: dict[str, Any]) -> None:
    with pytest.raises(Problem, match=r"t\.jsonl:4"):
        to_item(Row(json.loads(json.dumps(cells)), Path("t.jsonl"), 4), "t", {})


def test_columns_of_your_own_are_mapped() -> None:
    item = to_item(Row({"q": "Q", "a": "5", "nr": 9}, Path("t.jsonl"), 1), "t", {"problem": "q", "answer": "a", "id": "nr"})
    assert (item.problem, item.gold, item.id) == ("Q", "5", "9")
