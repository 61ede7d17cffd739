"""math-verify in processes of its own. Some answers keep a parser busy for ever: whoever takes too long is killed from outside."""

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from time import monotonic
from typing import Any

from jiuzhang_worker.job.orphans import end_with_parent
from jiuzhang_worker.job.problem import Problem

_CONTEXT = multiprocessing.get_context("spawn")
#: Bytes of address space of one process: an answer can ask for 10^10^10.
_MEMORY = 4 << 30
#: Seconds until a fresh process has read its packages.
_START = 300

Pair = tuple[str, str]
Verdict = tuple[bool, str]


@dataclass
class _Comparer:
    process: Any
    pipe: Any
    ready: bool = False
    pair: Pair | None = None
    deadline: float = 0.0


class Comparers:
    """compare_all gives each pair's verdict as it comes, with what it rests on: symbolic, timeout or error. Only `symbolic` is a judgement."""

    def __init__(self, count: int, timeout: float, judge: "Callable[[str, str], bool] | None" = None) -> None:
        self._timeout, self._judge, self._count = timeout, judge or agrees, count
        self._pool: list[_Comparer] = []

    def compare_all(self, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Verdict]]:
        waiting = list(pairs)[::-1]
        while len(self._pool) < min(self._count, len(waiting)):
            self._pool.append(self._start())
        while waiting or any(comparer.pair for comparer in self._pool):
            for comparer in self._pool:
                if comparer.ready and comparer.pair is None and waiting:
                    self._give(comparer, waiting.pop())
            yield from self._take()

    def _give(self, comparer: _Comparer, pair: Pair) -> None:
        comparer.pair, comparer.deadline = pair, monotonic() + self._timeout
        # One that has died meanwhile is found out when its answer is looked for.
        with contextlib.suppress(OSError):
            comparer.pipe.send(pair)

    def _take(self) -> Iterator[tuple[Pair, Verdict]]:
        busy = [comparer for comparer in self._pool if comparer.pair is not None or not comparer.ready]
        soonest = min(comparer.deadline for comparer in busy)
        heard = wait([comparer.pipe for comparer in busy], timeout=max(0.0, soonest - monotonic()))
        for comparer in busy:
            if comparer.pipe in heard:
                verdict = self._hear(comparer)
            elif monotonic() >= comparer.deadline:
                if not comparer.ready:
                    raise Problem("host/no-process", "A process for comparing answers did not start", remedy="Lower `workers`.")
                verdict = (False, "timeout")
                self._replace(comparer)
            else:
                continue
            pair, comparer.pair = comparer.pair, None
            if pair is not None and verdict is not None:
                yield pair, verdict

    def _hear(self, comparer: _Comparer) -> Verdict | None:
        try:
            said = comparer.pipe.recv()
        except (EOFError, OSError):
            if not comparer.ready:
                raise Problem(
                    "host/no-process", "A process for comparing answers died as it began; its standard error output says why"
                ) from None
            self._replace(comparer)
            return False, "error"
        if not comparer.ready:
            comparer.ready = True
            return None
        verdict: Verdict = said
        return verdict

    def _start(self) -> _Comparer:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_serve, args=(theirs, self._judge), daemon=True)
        process.start()
        theirs.close()
        return _Comparer(process, ours, deadline=monotonic() + _START)

    def _replace(self, comparer: _Comparer) -> None:
        _end(comparer)
        fresh = self._start()
        comparer.process, comparer.pipe, comparer.ready, comparer.deadline = fresh.process, fresh.pipe, False, fresh.deadline

    def close(self) -> None:
        for comparer in self._pool:
            _end(comparer)
        self._pool = []


def _end(comparer: _Comparer) -> None:
    comparer.process.kill()
    comparer.process.join()
    comparer.pipe.close()


def _serve(pipe: Any, judge: Callable[[str, str], bool]) -> None:
    end_with_parent()
    _limit_memory()
    import logging

    import math_verify  # noqa: F401

    logging.disable(logging.CRITICAL)
    pipe.send("ready")
    while True:
        try:
            gold, answer = pipe.recv()
        except EOFError:
            return
        try:
            verdict = (bool(judge(gold, answer)), "symbolic")
        except Exception:
            verdict = (False, "error")
        pipe.send(verdict)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def agrees(gold: str, answer: str) -> bool:
    """Whether math-verify holds two answers for equal. Its own time limits are off: the one outside holds whatever the parser does."""
    from math_verify import parse, verify

    right, given = (parse(f"\\boxed{{{text}}}", parsing_timeout=None, raise_on_error=False) for text in (gold, answer))
    return bool(right) and bool(given) and verify(right, given, timeout_seconds=None)
