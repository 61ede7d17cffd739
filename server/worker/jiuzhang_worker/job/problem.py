"""What went wrong, as data: every error says what happened, where, and what to do."""

from typing import Any

#: Exit codes by the first word of a problem's code (sysexits.h), so that a caller knows whether to mend the spec, the data or the host.
EXIT_CODES = {"spec": 64, "data": 65, "host": 69, "out": 73}
FAULT = 70


class Problem(Exception):
    """An error that a person can do something about.

    code: `family/what` in kebab case; the families are `spec` (settings), `data` (rows, files, models), `host` (memory, devices,
    packages), `out` (the output folder).
    """

    def __init__(self, code: str, message: str, *, remedy: str | None = None, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.data = data

    @property
    def exit_code(self) -> int:
        return EXIT_CODES.get(self.code.split("/")[0], FAULT)

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message}. {self.remedy}"


class Stopped(Exception):
    """The task was asked to stop, has saved what it needs to go on, and ends with exit code 75."""

    exit_code = 75
