"""How the learning rate runs: pure functions from a step to a share of the maximum."""

import math
from collections.abc import Callable
from typing import Any

Schedule = Callable[[int], float]


def schedule_of(settings: dict[str, Any], total: int) -> Schedule:
    """The share of the learning rate with which step 0, 1, … total - 1 is made.

    settings: kind, warmup (share of the steps in which it rises from 0), stable (wsd only), floor. After the warm-up the share never
    falls below the floor; the warm-up itself is not lifted by it. wsd follows JiuZhang3.0's repository (src/utils/train_utils.py):
    level until `stable` of all steps, then linear towards zero at the end, stopped by the floor.
    """
    shape = {"cosine": _cosine, "linear": _linear, "constant": _constant, "wsd": _wsd}[settings["kind"]]
    warmup = warmup_steps(settings["warmup"], total)
    floor = settings["floor"]

    def at(step: int) -> float:
        if step < warmup:
            return step / warmup
        return float(max(floor, shape(step, warmup, total, settings)))

    return at


def warmup_steps(share: float, total: int) -> int:
    """Rounded up, as transformers does; a product that is a whole number but for rounding stays that number."""
    return math.ceil(round(share * total, 6))


def mean_rate(at: Schedule, maximum: float, first: int, last: int) -> float:
    """Mean learning rate of the steps first … last - 1, as LESS weights its checkpoints."""
    return maximum * math.fsum(at(step) for step in range(first, last)) / (last - first)


def _cosine(step: int, warmup: int, total: int, settings: dict[str, Any]) -> float:
    floor: float = settings["floor"]
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * _through(step, warmup, total)))


def _linear(step: int, warmup: int, total: int, settings: dict[str, Any]) -> float:
    return 1 - _through(step, warmup, total)


def _constant(step: int, warmup: int, total: int, settings: dict[str, Any]) -> float:
    return 1.0


def _wsd(step: int, warmup: int, total: int, settings: dict[str, Any]) -> float:
    stable = settings["stable"] * total
    return 1.0 if step < stable else (total - step) / max(1.0, total - stable)


def _through(step: int, first: int, total: int) -> float:
    """0 at the first step, 1 at the end."""
    return min(1.0, (step - first) / max(1, total - first))
