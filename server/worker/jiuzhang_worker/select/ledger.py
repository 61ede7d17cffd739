"""Budgets that are filled row by row: one for the whole selection and one for each group that a quota names."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

OTHERS = "*"


@dataclass
class Ledger:
    """How much of a budget is used. It closes with the row that fills or would pass it.

    limit: rows or tokens; infinite where nothing bounds it.
    """

    limit: float
    overshoot: str = "nearest"
    used: float = 0
    closed: bool = False

    def __post_init__(self) -> None:
        self.closed = self.limit <= 0

    def accepts(self, weight: float) -> bool:
        """Whether a row of this weight is kept, by the rule for the row that passes the budget. nearest: a tie is not kept."""
        left = self.limit - self.used
        if weight <= left:
            return True
        return self.overshoot == "over" or (self.overshoot == "nearest" and weight - left < left)

    def add(self, weight: float) -> None:
        self.used += weight
        self.closed = self.used >= self.limit

    @property
    def short(self) -> float:
        """What was not used because rows were missing."""
        return 0 if self.closed else self.limit - self.used


def largest_remainder(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to the weights whose sum is `total` (Hamilton's method); ties go to the earlier one."""
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda place: (counts[place] - exact[place], place))
    for place in order[: total - sum(counts)]:
        counts[place] += 1
    return counts


@dataclass(frozen=True)
class Quota:
    """codes: for each candidate, which of the ledgers is its own."""

    column: str
    names: list[str]
    ledgers: list[Ledger]
    codes: Any
    rest: str


def make_quota(spec: dict[str, Any], groups: list[str], limit: float, overshoot: str) -> Quota:
    """One quota over the candidates' groups. Groups that it does not name share what it leaves, as `*`.

    limit: of the whole selection, in rows or tokens. Raises ValueError with what is wrong with the spec.
    """
    present = sorted(set(groups))
    amounts = _amounts(spec, present, groups, int(limit))
    names = list(amounts)
    code = {name: place for place, name in enumerate(names)}
    codes = np.array([code[group] if group in code else code[OTHERS] for group in groups])
    return Quota(spec["column"], names, [Ledger(amounts[name], overshoot) for name in names], codes, spec["rest"])


def _amounts(spec: dict[str, Any], present: list[str], groups: list[str], limit: int) -> dict[str, int]:
    if ("shares" in spec) == ("counts" in spec):
        raise ValueError("needs either `shares` or `counts`")
    if "counts" in spec:
        counts: dict[str, int] = spec["counts"]
        if sum(counts.values()) > limit:
            raise ValueError(f"gives away {sum(counts.values()):,}, and the selection has {limit:,}")
        return _with_others(dict(counts), present, limit - sum(counts.values()))
    if isinstance(spec["shares"], str):
        sizes = Counter(groups)
        weights = [1.0 if spec["shares"] == "equal" else float(sizes[name]) for name in present]
        return dict(zip(present, largest_remainder(limit, weights), strict=True))
    shares: dict[str, float] = spec["shares"]
    left = 1 - sum(shares.values())
    if left < -1e-9:
        raise ValueError(f"has shares whose sum is {sum(shares.values()):.3g}")
    parts = largest_remainder(limit, [*shares.values(), left if left > 1e-9 else 0.0])
    return _with_others(dict(zip(shares, parts[:-1], strict=True)), present, parts[-1])


def _with_others(amounts: dict[str, int], present: list[str], left: int) -> dict[str, int]:
    return {**amounts, OTHERS: left} if left or any(name not in amounts for name in present) else amounts
