"""The engine of plain transformers: what it is fed, what it draws, where it stops; alone and in company."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Answer, Ask
from jiuzhang_worker.engines.body import Sampling, read_ask
from jiuzhang_worker.engines.drive import plan
from jiuzhang_worker.engines.local import LocalEngine
from jiuzhang_worker.engines.prompt import encode
from jiuzhang_worker.engines.sampler import Sampler, draw, stream
from jiuzhang_worker.models.load import Source, load_model, load_tokenizer
from jiuzhang_worker.text.serialization import SERIALIZATION

WORDS = ["Write one problem.", "Solve $2x + 3 = 11$.", "The sum of the first n odd numbers is n squared, for every n.", "A"]


@pytest.fixture(scope="module")
def parts(tiny_model: Path) -> tuple[Any, Any]:
    source = Source(tiny_model, {}, None)
    return load_model(source, {}, torch.device("cpu")), load_tokenizer(source)


def engine_of(parts: tuple[Any, Any], batch_size: int = 8, context: int | None = None) -> LocalEngine:
    model, tokenizer = parts
    return LocalEngine(model, tokenizer, batch_size=batch_size, context=context, stopped=lambda: False)


def ask_all(engine: LocalEngine, asks: list[Ask]) -> dict[str, Answer]:
    return {answer.key: answer for answers in engine.run(plan(asks, engine.unit)) for answer in answers}


def requests(count: int, **body: Any) -> list[Ask]:
    return [
        Ask(
            f"{number:064x}",
            COMPLETION,
            {"model": "m", "prompt": WORDS[number % 4] * (1 + number // 4), "max_tokens": 12, "seed": number} | body,
        )
        for number in range(count)
    ]


def text_of(answer: Answer) -> str:
    assert answer.body is not None, answer.error
    text: str = answer.body["choices"][0]["text"]
    return text


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_answer_does_not_depend_on_its_company(parts: tuple[Any, Any], temperature: float) -> None:
    asks = requests(12, temperature=temperature, top_p=0.95, frequency_penalty=0.3)
    alone = ask_all(engine_of(parts, 1), asks)
    assert len({text_of(answer) for answer in alone.values()}) > 6
    assert ask_all(engine_of(parts, 5), asks) == alone
    assert ask_all(engine_of(parts, 12), asks[::-1]) == alone


def test_greedy_answers_are_those_of_the_bare_model(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    asks = requests(4, temperature=0)
    answers = ask_all(engine_of(parts), asks)
    for ask in asks:
        ids = tokenizer(ask.body["prompt"])["input_ids"]
        begin = len(ids)
        for _ in range(12):
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] == tokenizer.eos_token_id:
                break
        assert text_of(answers[ask.key]) == tokenizer.decode(ids[begin:], skip_special_tokens=True)


def test_the_model_is_fed_what_training_fed_it(parts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = parts
    fed: list[list[int]] = []

    def generate(**given: Any) -> None:
        for ids, mask in zip(given["input_ids"].tolist(), given["attention_mask"].tolist(), strict=True):
            assert mask == sorted(mask)
            fed.append(ids[mask.count(0) :])

    monkeypatch.setattr(model, "generate", generate)
    problem = Example(id="1", place="", problem="What is $2 + 2$?", solution="4")
    writer = Example(id="2", place="", messages=(("system", "You write."), ("user", "Write a problem.")), completion="x")
    asks = [
        Ask("a", COMPLETION, {"model": "m", "prompt": SERIALIZATION.prompt_of(problem, tokenizer), "max_tokens": 1}),
        Ask(
            "b",
            CHAT,
            {"model": "m", "messages": [{"role": role, "content": text} for role, text in writer.messages or ()], "max_tokens": 1},
        ),
    ]
    ask_all(engine_of(parts), asks)
    expected = [SERIALIZATION.encode(example, tokenizer) for example in (problem, writer)]
    assert sorted(fed) == sorted(tokens.ids[: tokens.prompt] for tokens in expected)
    assert [encode(read_ask(ask), tokenizer) for ask in asks] == [tokens.ids[: tokens.prompt] for tokens in expected]


def test_several_answers_to_one_request_differ_and_are_counted(parts: tuple[Any, Any]) -> None:
    [ask] = requests(1, n=5, temperature=1.5)
    answer = ask_all(engine_of(parts, 2), [ask])[ask.key]
    assert answer.body is not None
    assert [choice["index"] for choice in answer.body["choices"]] == [0, 1, 2, 3, 4]
    assert len({choice["text"] for choice in answer.body["choices"]}) > 1
    usage = answer.body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 5 <= usage["completion_tokens"] == answer.tokens <= 60
    [single] = requests(1, n=1, temperature=1.5)
    assert text_of(ask_all(engine_of(parts), [single])[single.key]) == answer.body["choices"][0]["text"]


def test_a_stop_text_ends_an_answer_and_is_not_in_it(parts: tuple[Any, Any]) -> None:
    [whole] = requests(1, temperature=0, max_tokens=40)
    text = text_of(ask_all(engine_of(parts), [whole])[whole.key])
    stop = text[len(text) // 2 : len(text) // 2 + 3]
    [ask] = requests(1, temperature=0, max_tokens=40, stop=["never there", stop])
    answer = ask_all(engine_of(parts), [ask])[ask.key]
    assert text_of(answer) == text[: text.find(stop)]
    assert answer.body is not None and answer.body["choices"][0]["finish_reason"] == "stop"
    assert answer.tokens < 40


def test_penalties_count_what_was_written_and_repetition_the_prompt_too() -> None:
    plain = Sampling(temperature=0)
    sampler = Sampler(
        [plain, Sampling(temperature=0, frequency_penalty=0.5, presence_penalty=0.25), Sampling(temperature=0, repetition_penalty=2)],
        [stream(plain, "k", 0)] * 3,
        [[], [], [3, 3]],
    )
    logits = torch.tensor([[4.0, 3.3, 2.9, 3.9]] * 3)
    # The second row falls by 0.75 at once and by half a point for each further time; the third has met token 3 in its prompt.
    steps = [sampler.choose(logits, None).tolist()]
    for _ in range(4):
        steps.append(sampler.choose(logits, torch.tensor(steps[-1])).tolist())
    assert [row[0] for row in steps] == [0] * 5
    assert [row[1] for row in steps] == [0, 3, 1, 0, 3]
    assert [row[2] for row in steps] == [0, 1, 2, 0, 0]


def test_a_bad_row_is_a_row_with_an_error_and_the_others_are_answered(parts: tuple[Any, Any]) -> None:
    good, long = requests(2, temperature=0)
    bad = Ask("bad", COMPLETION, {"model": "m", "prompt": "x", "beam_width": 4})
    long = Ask(long.key, COMPLETION, {**long.body, "prompt": "word " * 80})
    answers = ask_all(engine_of(parts, context=64), [good, bad, long])
    assert text_of(answers[good.key])
    assert answers["bad"].error is not None and "beam_width" in answers["bad"].error["message"]
    error = answers[long.key].error
    assert error is not None and error["code"] == "model/context-too-long"
    assert "64 tokens" in error["message"]


def rows(count: int, **sampling: Any) -> list[Sampling]:
    return [Sampling(**sampling)] * count


def test_draws_follow_the_distribution() -> None:
    logits = torch.log(torch.tensor([0.1, 0.6, 0.3])).repeat(2000, 1)
    draws = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    counts = Counter(draw(logits, rows(2000), draws).tolist())
    assert counts == {1: 1200, 2: 600, 0: 200}
    cold = Counter(draw(logits, rows(2000, temperature=0.5), draws).tolist())
    assert abs(cold[1] / 2000 - 0.36 / 0.46) < 1e-3


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=8),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.01, 1),
    st.integers(0, 5),
    st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_what_is_drawn_is_what_the_limits_leave(values: list[float], uniform: float, top_p: float, top_k: int, min_p: float) -> None:
    logits = torch.tensor([values])
    sampling = Sampling(top_p=top_p, top_k=top_k, min_p=min_p)
    token = int(draw(logits, [sampling], torch.tensor([uniform], dtype=torch.float64)))
    shares = torch.softmax(logits.double(), dim=-1)[0]
    order = sorted(range(len(values)), key=lambda index: -float(shares[index]))
    rank = order.index(token)
    assert shares[token] >= min_p * shares.max() - 1e-12
    assert top_k == 0 or sum(float(share) > float(shares[token]) for share in shares) < top_k
    kept = [float(shares[index]) for index in order if shares[index] >= min_p * shares.max()][: top_k or None]
    assert rank == 0 or sum(kept[:rank]) / sum(kept) < top_p + 1e-9
