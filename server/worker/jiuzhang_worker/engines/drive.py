"""Asks an engine for everything that is missing, in a plan that is the same each time."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from jiuzhang_worker.engines.ask import Answer, Ask, Engine
from jiuzhang_worker.job.job import Job

#: Requests are sorted by size among so many units.
WINDOW = 64


def plan(asks: Iterable[Ask], unit: int) -> Iterator[list[Ask]]:
    """Units of requests of like size, the largest first in each window; in order where a unit is one request.

    It depends on the requests alone, not on what is answered.
    """
    source = iter(asks)
    while window := list(islice(source, unit * WINDOW)):
        if unit > 1:
            window.sort(key=lambda ask: -ask.size)
        for first in range(0, len(window), unit):
            yield window[first : first + unit]


def drive(
    job: Job,
    engine: Engine,
    asks: Iterable[Ask],
    *,
    answered: Callable[[str], bool],
    record: Callable[[list[Answer]], None],
    total: int,
    done: int,
) -> None:
    """Records an answer for every request that has none. answered: tells by key, also for answers of this run.

    Raises Stopped, which engines do when they see that they should, with everything recorded that had come.
    """

    def missing() -> Iterator[list[Ask]]:
        for unit in plan(asks, engine.unit):
            lacking = [ask for ask in unit if not answered(ask.key)]
            if lacking:
                yield unit if engine.whole_units else lacking

    progress = job.progress("requests", total, done)
    try:
        for answers in engine.run(missing()):
            new = [answer for answer in answers if not answered(answer.key)]
            record(new)
            for answer in new:
                progress.advance(1, answer.tokens)
    finally:
        engine.close()
