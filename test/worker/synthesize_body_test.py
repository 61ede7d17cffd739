"""Bodies: every field is honoured, or the request is refused by the field's name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Ask, RowError
from jiuzhang_worker.engines.body import Sampling, read_ask

MESSAGES = [{"role": "user", "content": "hello"}]


def chat(**more: Any) -> Ask:
    return Ask("k", CHAT, {"model": "m", "messages": MESSAGES, **more})


def test_what_the_other_side_writes_is_read_whole() -> None:
    ask = chat(temperature=0.7, max_tokens=64, top_p=0.9, frequency_penalty=0.5, presence_penalty=-0.5, seed=7, stop=["END", ""])
    expected = Sampling(temperature=0.7, max_tokens=64, top_p=0.9, frequency_penalty=0.5, presence_penalty=-0.5, seed=7, stop=("END",))
    assert read_ask(ask).sampling == expected
    raw = read_ask(Ask("k", COMPLETION, {"model": "m", "prompt": "p", "max_tokens": 5, "top_k": -1, "n": 3, "min_p": 0.1, "stop": "x"}))
    assert raw.sampling == Sampling(max_tokens=5, n=3, min_p=0.1, stop=("x",))
    assert raw.prompt.prompt == "p"


def test_fields_that_ask_for_nothing_are_accepted() -> None:
    ask = chat(
        temperature=None, stream=False, logprobs=False, tools=[], logit_bias={}, user="u", response_format={"type": "text"}, n=1, best_of=1
    )
    assert read_ask(ask).sampling == Sampling()


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"temprature": 1}, "temprature"),
        ({"stream": True}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"logprobs": True}, "logprobs"),
        ({"tools": [{}]}, "tools"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"n": 2, "best_of": 3}, "best_of"),
        ({"n": 0}, "n must"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_completion_tokens"),
        ({"seed": 1.5}, "seed"),
        ({"stop": [5]}, "stop"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "x", "name": "n"}]}, "name"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "lone surrogate"),
        ({"prompt": "x"}, "prompt"),
        ({"model": None}, "model"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(more: dict[str, Any], name: str) -> None:
    with pytest.raises(RowError) as caught:
        read_ask(chat(**more))
    assert caught.value.code == "model/bad-request"
    assert name in str(caught.value)


def test_structured_output_is_for_engines_that_have_it() -> None:
    schema = {"type": "object"}
    ask = chat(response_format={"type": "json_schema", "json_schema": {"schema": schema}})
    assert read_ask(ask, structured=True).sampling.schema == schema


@given(
    st.dictionaries(
        st.sampled_from(["temperature", "top_p", "n", "stop", "seed", "messages", "tools", "zzz"]), st.from_type(object) | st.none()
    )
)
def test_any_body_is_read_or_refused(more: dict[str, Any]) -> None:
    try:
        read_ask(chat(**more))
    except RowError as error:
        assert str(error)
    else:
        assert "zzz" not in more
