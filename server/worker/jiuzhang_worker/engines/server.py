"""Any OpenAI-compatible server: bodies go over the wire as they were made, several at once; what is worth it is tried again."""

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Answer, Ask, RowError
from jiuzhang_worker.engines.http import Final, Post, Retry
from jiuzhang_worker.job.problem import Problem, Stopped

#: So many different requests must fail one after the other before it is the server's fault and not theirs.
_MOST_FAILED = 3
#: Seconds that answers on their way get when a run stops; how often it looks whether it should.
GRACE, _LOOK = 3.0, 0.2


@dataclass(frozen=True)
class ServerSettings:
    """key_variable: the environment variable that holds the key; the key itself is in no file."""

    base_url: str
    key_variable: str | None
    concurrency: int
    retries: int
    stall_seconds: float


@dataclass(frozen=True)
class _Failed:
    """A request whose tries are used up."""

    key: str
    said: str

    def row(self) -> Answer:
        return RowError("model/server-error", f"The server failed at this request again and again: {self.said}").answer(self.key)


class ServerEngine:
    """The server honours the fields, or refuses with a status that becomes the row's error. Only streams are refused here: they have another form."""

    unit = 1
    whole_units = False

    def __init__(self, settings: ServerSettings, stopped: Callable[[], bool]) -> None:
        self._settings, self._stopped = settings, stopped
        key = None
        if settings.key_variable is not None:
            key = os.environ.get(settings.key_variable)
            if not key:
                raise Problem(
                    "host/missing-key",
                    f"The environment variable {settings.key_variable}, which the spec names for the key, is not set",
                    remedy="Set it where the task runs.",
                )
        self._post = Post(settings.base_url, key, settings.concurrency, settings.stall_seconds, self._over)
        self._closed = threading.Event()

    def _over(self) -> bool:
        return self._closed.is_set() or self._stopped()

    def run(self, units: Iterator[list[Ask]]) -> Iterator[list[Answer]]:
        asks = (ask for unit in units for ask in unit)
        waiting: queue.Queue[Ask | None] = queue.Queue()
        done: queue.Queue[Answer | _Failed | BaseException] = queue.Queue()
        threads = [
            threading.Thread(target=self._work, args=(waiting, done), daemon=True, name=f"asker-{number}")
            for number in range(self._settings.concurrency)
        ]
        for thread in threads:
            thread.start()
        flying = 0
        exhausted = False
        failed: list[_Failed] = []
        while not self._stopped():
            while not exhausted and flying < self._settings.concurrency:
                ask = next(asks, None)
                if ask is None:
                    exhausted = True
                    break
                waiting.put(ask)
                flying += 1
            if flying == 0:
                if failed:
                    raise self._down(failed[-1])
                return
            try:
                answer = done.get(timeout=_LOOK)
            except queue.Empty:
                continue
            flying -= 1
            if isinstance(answer, BaseException):
                yield from _last(done, flying)
                raise answer
            if isinstance(answer, _Failed):
                failed.append(answer)
                if len(failed) >= _MOST_FAILED:
                    yield from _last(done, flying)
                    raise self._down(answer)
                continue
            # The server answers others: what it fails at is the request. Else a single one would stop every run at the same place.
            yield [answer, *(one.row() for one in failed)]
            failed.clear()
        yield from _last(done, flying)
        raise Stopped

    def close(self) -> None:
        self._closed.set()

    def _work(self, waiting: "queue.Queue[Ask | None]", done: "queue.Queue[Answer | _Failed | BaseException]") -> None:
        while not self._closed.is_set():
            try:
                ask = waiting.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if ask is None:
                return
            try:
                done.put(self._ask(ask))
            except BaseException as error:
                done.put(error)

    def _down(self, failed: "_Failed") -> Problem:
        return Problem(
            "host/endpoint",
            f"{self._settings.base_url} did not answer after {self._settings.retries + 1} tries: {failed.said}",
            remedy="Look at the server; started again, the task goes on with what is missing.",
        )

    def _ask(self, ask: Ask) -> "Answer | _Failed":
        if ask.url not in (CHAT, COMPLETION):
            return RowError("model/bad-request", f"url must be {CHAT} or {COMPLETION}, not {ask.url!r}").answer(ask.key)
        if ask.body.get("stream"):
            return RowError("model/bad-request", "stream must not be set: answers are taken whole").answer(ask.key)
        try:
            return self._post.ask(ask, self._settings.retries)
        except Final as refusal:
            return RowError(refusal.code, str(refusal)).answer(ask.key)
        except Retry as failure:
            return _Failed(ask.key, str(failure))


def _last(done: "queue.Queue[Any]", flying: int) -> Iterator[list[Answer]]:
    """What is on its way was paid for and gets a moment to arrive."""
    until = time.monotonic() + GRACE
    while flying > 0 and (left := until - time.monotonic()) > 0:
        try:
            answer = done.get(timeout=left)
        except queue.Empty:
            return
        flying -= 1
        if isinstance(answer, Answer):
            yield [answer]
