"""The one serialization: strings, masks, and token ids that are the same in training and serving."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.text.serialization import SERIALIZATION


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model)


def test_a_solver_example_reads_as_the_published_corpus(tokenizer: Any) -> None:
    prose = Example(id="1", place="", problem="Add 1 and 2.", solution="It is 3.")
    assert SERIALIZATION.prompt_of(prose, tokenizer) == "## Question\nAdd 1 and 2.\n\n## Solution\n"
    assert SERIALIZATION.completion_of(prose, tokenizer) == "It is 3.<|end|>"
    tool = Example(id="1", place="", problem="Add.", solution="print(3)", meta={"format": "tool"})
    assert SERIALIZATION.prompt_of(tool, tokenizer).endswith("\n\n## Code Solution\n")


def test_a_conversation_is_learnt_from_its_answer_to_the_end_of_the_turn(tokenizer: Any) -> None:
    chat = Example(id="1", place="", messages=(("system", "Be brief."), ("user", "Write.")), completion="## Problem\nAdd.")
    prompt = SERIALIZATION.prompt_of(chat, tokenizer)
    assert prompt == "<|turn|>system\nBe brief.<|end|>\n<|turn|>user\nWrite.<|end|>\n<|turn|>assistant\n"
    assert SERIALIZATION.completion_of(chat, tokenizer) == "## Problem\nAdd.<|end|>"


def test_a_document_is_learnt_whole(tokenizer: Any) -> None:
    tokens = SERIALIZATION.encode(Example(id="1", place="", text="A text."), tokenizer)
    assert tokens.prompt == 0
    assert tokens.labels == tokens.ids


def test_a_model_without_a_chat_template_refuses_conversations(tokenizer: Any) -> None:
    chat = Example(id="1", place="", messages=(("user", "Write."),), completion="x")
    template, tokenizer.chat_template = tokenizer.chat_template, None
    try:
        with pytest.raises(Problem, match="no chat template"):
            SERIALIZATION.encode(chat, tokenizer)
    finally:
        tokenizer.chat_template = template


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=texts, solution=texts)
def test_training_begins_with_the_tokens_that_serving_feeds(tokenizer: Any, problem: str, solution: str) -> None:
    for example in (
        Example(id="1", place="", problem=problem, solution=solution),
        Example(id="1", place="", prompt=problem, completion=solution),
        Example(id="1", place="", messages=(("user", problem),), completion=solution),
    ):
        tokens = SERIALIZATION.encode(example, tokenizer)
        assert tokens.ids[: tokens.prompt] == SERIALIZATION.encode_prompt(example, tokenizer)
        assert tokens.labels == [-100] * tokens.prompt + tokens.ids[tokens.prompt :]
        assert tokens.ids[-1] == tokenizer.eos_token_id
        assert len(tokens) > tokens.prompt
