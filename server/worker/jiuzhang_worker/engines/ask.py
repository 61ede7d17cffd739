"""A request to a model and its answer, in the wire form of the OpenAI API, whichever engine answers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

CHAT = "/v1/chat/completions"
COMPLETION = "/v1/completions"


@dataclass(frozen=True)
class Ask:
    """One request. key: its `custom_id`. body: exactly as it was made."""

    key: str
    url: str
    body: dict[str, Any]

    @property
    def size(self) -> int:
        """Characters of the prompt: requests of like size share a batch."""
        prompt = self.body.get("prompt", self.body.get("messages"))
        return len(prompt) if isinstance(prompt, str) else len(str(prompt))


@dataclass(frozen=True)
class Answer:
    """What came of a request: a complete `chat.completion` or `text_completion` body, or the error that is final for it.

    timing: only of an engine whose answers are not the same each time; the files of the others are.
    """

    key: str
    body: dict[str, Any] | None = None
    status: int = 200
    request_id: str | None = None
    error: dict[str, str] | None = None
    timing: dict[str, Any] | None = None

    @property
    def tokens(self) -> int:
        """Tokens that were written."""
        return usage_of(self.body)[1]

    def line(self) -> dict[str, Any]:
        """As one line of a response shard."""
        response = None if self.body is None else {"status_code": self.status, "request_id": self.request_id, "body": self.body}
        line = {"custom_id": self.key, "response": response, "error": self.error}
        return line if self.timing is None else {**line, "timing": self.timing}


class RowError(Exception):
    """This request can never be answered, others can. code: as on the other side (`server/src/protocol/errors.ts`)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def answer(self, key: str) -> Answer:
        return Answer(key, error={"code": self.code, "message": str(self)})


class Engine(Protocol):
    """What answers requests. Units come lazily and are taken as they are needed; answers come back as they are done.

    unit: how many requests one unit should have. whole_units: a unit is always asked as a whole, because the last bits of an answer
    may depend on what is computed beside it; a run that goes on asks again for what it lacks in the same company.
    """

    unit: int
    whole_units: bool

    def run(self, units: Iterator[list[Ask]]) -> Iterator[list[Answer]]: ...

    def close(self) -> None: ...


def usage_of(body: dict[str, Any] | None) -> tuple[int, int]:
    """Tokens of prompt and completion; 0 where a server does not say."""
    usage = (body or {}).get("usage")
    if not isinstance(usage, dict):
        return 0, 0
    prompt, completion = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return prompt if isinstance(prompt, int) else 0, completion if isinstance(completion, int) else 0


def digest(key: str) -> bytes:
    """16 bytes in place of a key: of millions of requests every one is remembered."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
