"""SIGTERM and SIGINT ask a task to stop. It sees that at its next safe place, saves what it needs, and ends with 75."""

import signal
from types import FrameType

from jiuzhang_worker.job.problem import Stopped


class Stop:
    requested = False

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            # Whoever presses Ctrl+C twice does not want to wait.
            raise KeyboardInterrupt
        self.requested = True

    def here(self) -> None:
        """A safe place: everything done so far is on disk."""
        if self.requested:
            raise Stopped
