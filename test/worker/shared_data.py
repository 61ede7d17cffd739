"""The public data that tests read in place (the same folder as test/shared-data.ts finds)."""

import os
from pathlib import Path

import pytest

_NAMED = os.environ.get("JIUZHANG_SHARED_DATA")
_FOLDERS = [Path(_NAMED)] if _NAMED else []
_FOLDERS.append(Path(__file__).resolve().parents[3] / "shared" / "data")

SHARED_DATA: Path | None = next((folder for folder in _FOLDERS if folder.is_dir()), None)

needs_shared_data = pytest.mark.skipif(
    SHARED_DATA is None, reason="the shared data folder does not lie beside the checkout (set JIUZHANG_SHARED_DATA)"
)
