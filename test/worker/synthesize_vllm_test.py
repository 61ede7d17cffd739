"""The engine of vLLM over a stand-in of its interface: what is mapped to what. It says nothing about vLLM itself, which needs a GPU."""

from pathlib import Path
from typing import Any

import fake_vllm
import pytest
from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Ask
from jiuzhang_worker.engines.body import read_ask
from jiuzhang_worker.engines.prompt import encode
from jiuzhang_worker.engines.vllm import VllmEngine
from jiuzhang_worker.job.problem import Stopped
from jiuzhang_worker.models.load import Source, load_tokenizer

SPEC = {"in_flight": 3, "tensor_parallel": 2, "memory_share": 0.8, "max_sequences": 64}


@pytest.fixture
def tokenizer(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    fake_vllm.install(monkeypatch)
    return load_tokenizer(Source(tiny_model, {}, None))


def engine_of(tokenizer: Any, stopped: Any = lambda: False) -> VllmEngine:
    return VllmEngine(Path("folder"), tokenizer, SPEC, dtype="bfloat16", context=200, stopped=stopped)


def test_every_setting_reaches_vllm_and_prompts_are_token_ids_of_training(tokenizer: Any) -> None:
    engine = engine_of(tokenizer)
    assert engine._engine.args == fake_vllm.EngineArgs("folder", "bfloat16", 200, 2, 0.8, 64, "vllm", 0)
    schema = {"type": "object"}
    sampling = {
        "temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "max_tokens": 50, "stop": ["a", "b"], "seed": 2**40 + 5, "n": 2,
        "repetition_penalty": 1.1, "frequency_penalty": 0.2, "presence_penalty": 0.3,
    }  # fmt: skip
    chat = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    asks = [
        Ask("k1", CHAT, {**chat, **sampling, "response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}),
        Ask("k2", COMPLETION, {"model": "m", "prompt": "What is 2?", "temperature": 0}),
        Ask("k3", COMPLETION, {"model": "m", "prompt": "What is 2?", "best": True}),
        Ask("k4", COMPLETION, {"model": "m", "prompt": "What is 2?", "max_tokens": 400}),
        Ask("k5", COMPLETION, {"model": "m", "prompt": "What is 2?", "stop": "refuse me"}),
    ]
    answers = {answer.key: answer for answers in engine.run([ask] for ask in asks) for answer in answers}
    params = engine._engine.params
    assert params["k1"] == fake_vllm.SamplingParams(
        n=2, temperature=0.7, top_p=0.9, top_k=40, min_p=0.05, max_tokens=50, stop=["a", "b"], seed=5,
        repetition_penalty=1.1, frequency_penalty=0.2, presence_penalty=0.3,
        structured_outputs=fake_vllm.StructuredOutputsParams(json=schema), output_kind=fake_vllm.RequestOutputKind.FINAL_ONLY,
    )  # fmt: skip
    prompt = encode(read_ask(asks[1]), tokenizer)
    assert engine._engine.prompts == {"k1": encode(read_ask(asks[0], structured=True), tokenizer), "k2": prompt}
    assert params["k2"].temperature == 0 and params["k2"].max_tokens == 200 - len(prompt)
    body = answers["k1"].body
    assert body is not None
    assert [choice["message"]["content"] for choice in body["choices"]] == ["1/0", "1/1"]
    assert [choice["finish_reason"] for choice in body["choices"]] == ["stop", "length"]
    assert body["usage"]["completion_tokens"] == 6
    errors = {key: answer.error["message"] for key, answer in answers.items() if answer.error}
    assert set(errors) == {"k3", "k4", "k5"}
    assert "best" in errors["k3"] and "200 tokens" in errors["k4"] and "no such stop" in errors["k5"]


def test_no_more_are_given_ahead_than_may_be_in_flight_and_a_stop_gives_them_back(tokenizer: Any) -> None:
    asks = [Ask(f"k{number}", COMPLETION, {"model": "m", "prompt": "p", "max_tokens": 5}) for number in range(10)]
    engine = engine_of(tokenizer)
    answers = [answer.key for answers in engine.run([ask] for ask in asks) for answer in answers]
    assert sorted(answers) == sorted(ask.key for ask in asks)
    assert engine._engine.most == 3
    seen: list[str] = []
    engine = engine_of(tokenizer, stopped=lambda: len(seen) >= 4)
    with pytest.raises(Stopped):
        for batch in engine.run([ask] for ask in asks):
            seen += [answer.key for answer in batch]
    assert len(seen) == 4 and len(engine._engine.aborted) == 3
