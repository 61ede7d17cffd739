"""From a request to token ids, by the serialization that training used, and to the number of tokens that its answer may have."""

from typing import Any

from jiuzhang_worker.engines.ask import RowError
from jiuzhang_worker.engines.body import Parsed
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.text.serialization import SERIALIZATION


def encode(parsed: Parsed, tokenizer: Any) -> list[int]:
    """Raises RowError where the chat template refuses the messages, data/chat-template where the model has none: no row could be asked."""
    try:
        ids = SERIALIZATION.encode_prompt(parsed.prompt, tokenizer)
    except Problem:
        raise
    except Exception as error:
        # Templates refuse conversations by raising, each in its own way.
        raise RowError("model/bad-request", f"The model's chat template refuses the messages: {error}") from None
    if not ids:
        raise RowError("model/bad-request", "The prompt is empty")
    return ids


def limit_of(parsed: Parsed, prompt: int, context: int | None) -> int:
    """Tokens that the answer may have. prompt: how many the prompt has. Raises RowError model/context-too-long."""
    wanted = parsed.sampling.max_tokens
    if context is None:
        if wanted is None:
            raise RowError("model/bad-request", "max_tokens is missing, and the model does not say how long its context is")
        return wanted
    if prompt + (wanted or 1) > context:
        raise RowError(
            "model/context-too-long",
            f"The prompt has {prompt:,} tokens and {wanted or 1:,} are asked for, but the context is {context:,} tokens long",
        )
    return wanted or context - prompt
