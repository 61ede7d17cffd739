"""`events.jsonl`: what a task tells while it runs, one object a line, by the schema that both sides share."""

import json
import math
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic
from typing import Any

from jiuzhang_worker.job.schemas import first_error


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Events:
    """Appends events. A torn last line, left by a kill, is ended first, so that no event is glued to it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        self._file = path.open("a", encoding="utf-8")
        if torn:
            self._file.write("\n")

    def say(self, event: str, **members: Any) -> None:
        """Writes one event; members that are None are left out.

        Raises ValueError for an event that the schema does not know: a fault of the program.
        """
        line = {"event": event, "at": now(), **{name: value for name, value in members.items() if value is not None}}
        error = first_error("event", line)
        if error is not None:
            raise ValueError(f"The event {line} is not what its schema says: {error.message}")
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def metric(self, name: str, value: float, step: int | None = None) -> None:
        """A number to plot. What is not finite cannot stand in JSON and is told as a warning."""
        if math.isfinite(value):
            self.say("metric", name=name, value=float(value), step=step)
        else:
            self.say("warning", code="metric/not-finite", message=f"{name} is {value}" + ("" if step is None else f" at step {step}"))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Progress:
    """Tells how far a piece of work is, at most once a second, with the rate since it began (or went on)."""

    def __init__(self, events: Events, unit: str, total: int | None = None, done: int = 0, every: float = 1.0) -> None:
        self._events, self._unit, self._total, self._every = events, unit, total, every
        self.done = done
        self.tokens = 0
        self._first = done
        self._began = monotonic()
        self._told = -math.inf

    def advance(self, count: int = 1, tokens: int = 0) -> None:
        self.done += count
        self.tokens += tokens
        if monotonic() - self._told >= self._every or self.done == self._total:
            self.tell()

    def tell(self) -> None:
        self._told = monotonic()
        seconds = max(self._told - self._began, 1e-9)
        self._events.say(
            "progress",
            done=self.done,
            total=self._total,
            unit=self._unit,
            rate=round((self.done - self._first) / seconds, 6),
            tokens=self.tokens or None,
            tokens_per_second=round(self.tokens / seconds, 3) if self.tokens else None,
        )
