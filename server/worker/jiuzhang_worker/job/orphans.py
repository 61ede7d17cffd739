"""Processes of ours must not outlive the one that started them, however it ended."""

import os
import signal
import sys
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Called first thing in a child of multiprocessing. Ctrl+C and SIGTERM, which reach whole groups, are the parent's affair."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        # The kernel sees to it also while a long computation lets no thread of ours run.
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent.pid:
            os._exit(1)
        return
    threading.Thread(target=_wait, args=(parent,), daemon=True).start()


def _wait(parent: object) -> None:
    parent.join()  # type: ignore[attr-defined]
    os._exit(1)
