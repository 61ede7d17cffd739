"""The one loop that keeps rows: the best that every budget has room for, until the selection is full."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jiuzhang_worker.select.ledger import Ledger, Quota


class Picker(Protocol):
    """Which of the rows that are still open comes next."""

    def best(self, open_rows: Any) -> int:
        """A row of those that are marked in a boolean array with at least one."""
        ...

    def took(self, row: int) -> None: ...

    def again(self) -> None:
        """Rows that were closed have been opened again."""
        ...


class InOrder:
    """Rows by a fixed order, the best first."""

    def __init__(self, order: Any) -> None:
        self._order = order
        self._next = 0

    def best(self, open_rows: Any) -> int:
        while not open_rows[self._order[self._next]]:
            self._next += 1
        return int(self._order[self._next])

    def took(self, row: int) -> None:
        pass

    def again(self) -> None:
        self._next = 0


@dataclass(frozen=True)
class Choice:
    """rows: kept, in the order in which they were. extra: of these, those that stand in for groups which could not fill their quota."""

    rows: list[int]
    extra: set[int]
    full: bool


def choose(picker: Picker, allowed: Any, weights: Any, total: Ledger, quotas: list[Quota]) -> Choice:
    """Keeps rows until `total` is closed or nothing is left.

    allowed: bool per candidate. weights: rows or tokens per candidate, positive.
    A quota with `rest: others` no longer binds once no row is left that has room in all of its groups.
    """
    kept: list[int] = []
    extra: set[int] = set()
    open_rows = allowed.copy()
    bound = list(quotas)
    for quota in quotas:
        _close(quota, open_rows)
    while not total.closed:
        if not open_rows.any():
            lenient = [quota for quota in bound if quota.rest == "others"]
            if not lenient:
                break
            bound = [quota for quota in bound if quota.rest == "leave"]
            open_rows = allowed.copy()
            open_rows[kept] = False
            for quota in bound:
                _close(quota, open_rows)
            picker.again()
            continue
        row = picker.best(open_rows)
        weight = float(weights[row])
        open_rows[row] = False
        ledgers = [quota.ledgers[quota.codes[row]] for quota in bound]
        refusing = [ledger for ledger in (total, *ledgers) if not ledger.accepts(weight)]
        if refusing:
            for ledger in refusing:
                ledger.closed = True
        else:
            for ledger in (total, *ledgers):
                ledger.add(weight)
            kept.append(row)
            if len(bound) < len(quotas):
                extra.add(row)
            picker.took(row)
        for quota in bound:
            if quota.ledgers[quota.codes[row]].closed:
                _close(quota, open_rows, int(quota.codes[row]))
    return Choice(kept, extra, total.closed)


def _close(quota: Quota, open_rows: Any, code: int | None = None) -> None:
    """Rows of full groups are no longer looked at."""
    full = [place for place, ledger in enumerate(quota.ledgers) if ledger.closed and code in (None, place)]
    open_rows[np.isin(quota.codes, full)] = False
