"""Reads a wire body. Every field is honoured or the request is refused by the field's name; none is ignored silently."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Ask, RowError


@dataclass(frozen=True)
class Sampling:
    """How an answer is to be written. max_tokens: None for as many as the context leaves. top_k: 0 for all. seed: None is replaced by one
    made of the request's id. schema: the answer must be JSON of this schema.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Parsed:
    """A request that a model of ours can answer. prompt: in the form that the serialization encodes."""

    ask: Ask
    prompt: Example
    sampling: Sampling


def read_ask(ask: Ask, *, structured: bool = False) -> Parsed:
    """structured: whether the engine can hold an answer to a schema.

    Raises RowError model/bad-request, naming the field.
    """
    body = {name: value for name, value in ask.body.items() if value is not None}
    if ask.url not in (CHAT, COMPLETION):
        raise _bad(f"url must be {CHAT} or {COMPLETION}, not {ask.url!r}")
    prompt = "messages" if ask.url == CHAT else "prompt"
    unknown = [name for name in ask.body if name not in {"model", prompt, *_SAMPLING, *_NEUTRAL}]
    if unknown:
        raise _bad(f"{_quoted(unknown)} cannot be honoured by this engine")
    for name, harmless in _NEUTRAL.items():
        if name in body and not harmless(body[name]):
            raise _bad(f"{name} cannot be honoured by this engine")
    if not isinstance(body.get("model"), str):
        raise _bad("model must be a text")
    sampling = _sampling(body)
    if sampling.schema is not None and not structured:
        raise _bad("response_format with a schema cannot be honoured by this engine")
    if body.get("best_of", sampling.n) not in (1, sampling.n):
        raise _bad("best_of must be n: this engine does not choose among answers")
    return Parsed(ask, _chat(body) if ask.url == CHAT else _raw(body), sampling)


def _raw(body: dict[str, Any]) -> Example:
    prompt = body.get("prompt")
    if not isinstance(prompt, str):
        raise _bad("prompt must be one text")
    return Example(id="", place="", prompt=_clean("prompt", prompt))


def _chat(body: dict[str, Any]) -> Example:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _bad("messages must be a list with at least one message")
    return Example(id="", place="", messages=tuple(_message(message, number) for number, message in enumerate(messages)))


def _message(message: Any, number: int) -> tuple[str, str]:
    where = f"messages[{number}]"
    if not isinstance(message, dict):
        raise _bad(f"{where} must be an object")
    unknown = [name for name in message if name not in ("role", "content")]
    if unknown:
        raise _bad(f"{where}: {_quoted(unknown)} cannot be honoured by this engine")
    if message.get("role") not in ("system", "user", "assistant"):
        raise _bad(f"{where}.role must be system, user or assistant")
    return message["role"], _clean(where, _content(message.get("content"), where))


def _content(content: Any, where: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise _bad(f"{where}.content must be a text")
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str) or len(part) != 2:
            raise _bad(f"{where}.content has a part that is not plain text, which this engine cannot read")
    # vLLM's server joins the parts of a message in this way, too.
    return "\n".join(part["text"] for part in content)


def _clean(where: str, text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _bad(f"{where} has half a character (a lone surrogate)") from None
    return text


def _sampling(body: dict[str, Any]) -> Sampling:
    if "max_tokens" in body and "max_completion_tokens" in body and body["max_tokens"] != body["max_completion_tokens"]:
        raise _bad("max_tokens and max_completion_tokens differ")
    values: dict[str, Any] = {}
    for name, (member, read) in _SAMPLING.items():
        if name in body:
            value = read(name, body[name])
            if member is not None:
                values[member] = value
    return Sampling(**values)


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def read(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise _bad(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    return read


def _integer(low: int, high: int = 2**63 - 1) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        whole = isinstance(value, float) and value.is_integer()
        if isinstance(value, bool) or not (isinstance(value, int) or whole) or not low <= value <= high:
            raise _bad(f"{name} must be a whole number of at least {low}, not {value!r}")
        return int(value)

    return read


def _top_p(name: str, value: Any) -> float:
    share = _number(0, 1)(name, value)
    if share == 0:
        raise _bad(f"{name} must be more than 0")
    return share


def _penalty(name: str, value: Any) -> float:
    factor = _number(0, 100)(name, value)
    if factor == 0:
        raise _bad(f"{name} must be more than 0")
    return factor


def _stop(name: str, value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _bad("stop must be a text or a list of texts")
    return tuple(text for text in texts if text)


def _format(name: str, value: Any) -> dict[str, Any] | None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    named = value.get("json_schema") if kind == "json_schema" else None
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        raise _bad("response_format must be text, json_object, or json_schema with json_schema.schema")
    return schema


#: Fields that say how an answer is written: our name of each, and how it is read.
_SAMPLING: dict[str, tuple[str | None, Callable[[str, Any], Any]]] = {
    "temperature": ("temperature", _number(0, 100)),
    "top_p": ("top_p", _top_p),
    # The servers of vLLM and others write -1 for all.
    "top_k": ("top_k", lambda name, value: max(0, _integer(-1)(name, value))),
    "min_p": ("min_p", _number(0, 1)),
    "max_tokens": ("max_tokens", _integer(1)),
    "max_completion_tokens": ("max_tokens", _integer(1)),
    "stop": ("stop", _stop),
    "seed": ("seed", _integer(-(2**63))),
    "n": ("n", _integer(1, 1024)),
    "best_of": (None, _integer(1)),
    "repetition_penalty": ("repetition_penalty", _penalty),
    "frequency_penalty": ("frequency_penalty", _number(-2, 2)),
    "presence_penalty": ("presence_penalty", _number(-2, 2)),
    "response_format": ("schema", _format),
}

#: Fields of the API that are accepted where they ask for nothing.
_NEUTRAL: dict[str, Callable[[Any], bool]] = {
    "user": lambda _: True,
    "stream": lambda value: value is False,
    "stream_options": lambda _: False,
    "logprobs": lambda value: value is False,
    "top_logprobs": lambda value: value == 0,
    "echo": lambda value: value is False,
    "suffix": lambda value: value == "",
    "logit_bias": lambda value: value == {},
    "tools": lambda value: value == [],
}


def _quoted(names: list[str]) -> str:
    return ", ".join(names)


def _bad(message: str) -> RowError:
    return RowError("model/bad-request", message)
