"""Several copies of an engine, one per GPU, each in a process of its own. Whoever is free takes the next unit."""

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from jiuzhang_worker.engines.ask import Answer, Ask, Engine
from jiuzhang_worker.job.orphans import end_with_parent
from jiuzhang_worker.job.problem import Problem, Stopped

_CONTEXT = multiprocessing.get_context("spawn")
#: How often the parent looks whether it should stop or a copy has died, in seconds.
_LOOK = 0.5


class Replicas:
    """build: makes the engine inside its process (so it must be picklable), given a function that says whether to stop.

    devices: what CUDA_VISIBLE_DEVICES is in each process; None leaves it as it is. ahead: units that wait for each copy.
    """

    def __init__(
        self,
        build: "Callable[[Callable[[], bool]], Engine]",
        devices: list[str | None],
        *,
        unit: int,
        whole_units: bool,
        ahead: int,
        stopped: Callable[[], bool],
    ) -> None:
        self.unit, self.whole_units, self._stopped = unit, whole_units, stopped
        self._tasks: Any = _CONTEXT.Queue(maxsize=ahead * len(devices))
        self._results: Any = _CONTEXT.Queue()
        self._closed = threading.Event()
        self._processes = [_start(build, self._tasks, self._results, device) for device in devices]

    def run(self, units: Iterator[list[Ask]]) -> Iterator[list[Answer]]:
        failure: list[BaseException] = []
        feeder = threading.Thread(target=self._feed, args=(units, failure), daemon=True)
        feeder.start()
        ended = 0
        while ended < len(self._processes):
            try:
                kind, value = self._results.get(timeout=_LOOK)
            except queue.Empty:
                if self._stopped():
                    raise Stopped from None
                if failure:
                    raise failure[0] from None
                if any(process.exitcode not in (None, 0) for process in self._processes):
                    raise Problem(
                        "host/replica-lost",
                        "A process with a copy of the model has died; its standard error output may say why",
                        remedy="Look whether the memory was full; started again, the task goes on with what is missing.",
                    ) from None
                continue
            if kind == "answers":
                yield value
                if self._stopped():
                    raise Stopped
            elif kind == "problem":
                code, message, remedy = value
                raise Problem(code, message, remedy=remedy)
            else:
                ended += 1
        if failure:
            raise failure[0]

    def _feed(self, units: Iterator[list[Ask]], failure: list[BaseException]) -> None:
        try:
            for unit in units:
                self._put(unit)
        except BaseException as error:
            failure.append(error)
        for _ in self._processes:
            self._put(None)

    def _put(self, unit: list[Ask] | None) -> None:
        while not self._closed.is_set():
            try:
                self._tasks.put(unit, timeout=_LOOK)
                return
            except queue.Full:
                continue

    def close(self) -> None:
        self._closed.set()
        for process in self._processes:
            process.kill()
            process.join()


def _start(build: Any, tasks: Any, results: Any, device: str | None) -> Any:
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    process = _CONTEXT.Process(target=_serve, args=(build, tasks, results), daemon=False)
    try:
        if device is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = device
        process.start()
    finally:
        if device is not None:
            if before is None:
                del os.environ["CUDA_VISIBLE_DEVICES"]
            else:
                os.environ["CUDA_VISIBLE_DEVICES"] = before
    return process


def _serve(build: Any, tasks: Any, results: Any) -> None:
    """The life of one copy. The parent alone decides when it ends; when the parent is killed, so are its copies."""
    from jiuzhang_worker.job.life import translate

    end_with_parent()
    try:
        engine = build(lambda: False)
        for answers in engine.run(iter(tasks.get, None)):
            results.put(("answers", answers))
        results.put(("end", None))
    except Exception as error:
        problem = error if isinstance(error, Problem) else translate(error)
        results.put(("problem", (problem.code, problem.message, problem.remedy)))
