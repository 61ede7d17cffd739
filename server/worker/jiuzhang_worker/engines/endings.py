"""Where an answer ends: an end token, a stop text, or its limit of tokens."""

from typing import Any

from jiuzhang_worker.engines.wire import Choice


class Ending:
    """Watches one answer while it grows."""

    def __init__(self, tokenizer: Any, ends: frozenset[int], stop: tuple[str, ...], limit: int) -> None:
        self._tokenizer, self._ends, self._stop, self._limit = tokenizer, ends, stop, limit
        # A token holds at least one byte, and a character at most four.
        self._reach = 4 * max((len(text) for text in stop), default=0) + 8
        self.tokens: list[int] = []
        self.finish: str | None = None

    def push(self, token: int) -> None:
        """The next token; nothing happens any more once the answer has ended."""
        if self.finish is not None:
            return
        self.tokens.append(token)
        if token in self._ends or (self._stop and self._stopped()):
            self.finish = "stop"
        elif len(self.tokens) >= self._limit:
            self.finish = "length"

    def _stopped(self) -> bool:
        text = self._text(self.tokens[-self._reach :])
        return any(stop in text for stop in self._stop)

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def choice(self) -> Choice:
        """What was written, without the stop text and what stands behind it."""
        ended = self.finish or "length"
        text = self._text(self.tokens)
        if ended == "stop":
            places = [place for stop in self._stop if (place := text.find(stop)) >= 0]
            text = text[: min(places)] if places else text
        return Choice(text, ended, len(self.tokens))
