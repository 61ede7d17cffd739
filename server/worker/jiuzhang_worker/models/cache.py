"""Where converted models are kept: the same folder as on the other side (`server/src/project/cache.ts`)."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    named = os.environ.get("JIUZHANG_CACHE")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "jiuzhang"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "jiuzhang"
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path there is to be ignored.
    return (Path(chosen) if chosen.startswith("/") else Path.home() / ".cache") / "jiuzhang"
