"""What a model of ours wrote, as the body of the API. It holds no time and no random id, so that the same run writes the same bytes."""

from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.engines.ask import CHAT, Answer, Ask


@dataclass(frozen=True)
class Choice:
    """finish: `stop` or `length`. tokens: all that were written, with the one that ended the answer."""

    text: str
    finish: str
    tokens: int


def answer_of(ask: Ask, choices: list[Choice], prompt_tokens: int) -> Answer:
    chat = ask.url == CHAT
    written = sum(choice.tokens for choice in choices)
    body: dict[str, Any] = {
        "id": ("chatcmpl-" if chat else "cmpl-") + ask.key[:24],
        "object": "chat.completion" if chat else "text_completion",
        "model": ask.body["model"],
        "choices": [
            {
                "index": index,
                **({"message": {"role": "assistant", "content": choice.text}} if chat else {"text": choice.text}),
                "finish_reason": choice.finish,
            }
            for index, choice in enumerate(choices)
        ],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": written, "total_tokens": prompt_tokens + written},
    }
    return Answer(ask.key, body)
