"""Processes of ours must not outlive the one that started them, however it ended."""

import os
import signal
import sys
import threading
from multiprocessing import parent_process


def die_with_parent() -> None:
    """The kernel kills this process when the one that started it has ended, however, also in a computation that lets no thread of ours
    run. Linux only; others have no such call."""
    if sys.platform == "linux":
        import ctypes

        PR_SET_PDEATHSIG = 1  # noqa: N806
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_parent() -> None:
    """Called first thing in a child of multiprocessing. Ctrl+C and SIGTERM, which reach whole groups, are the parent's affair."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        die_with_parent()
        if os.getppid() != parent.pid:
            os._exit(1)
        return
    threading.Thread(target=_wait, args=(parent,), daemon=True).start()


def _wait(parent: object) -> None:
    parent.join()  # type: ignore[attr-defined]
    os._exit(1)
