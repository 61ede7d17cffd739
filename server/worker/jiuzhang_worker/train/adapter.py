"""Adapters on disk: PEFT's folder without what changes from run to run."""

import json
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import write_json


def save_adapter(model: Any, folder: Path) -> None:
    """adapter_config.json and adapter_model.safetensors of a PEFT model. The same weights give the same bytes."""
    model.save_pretrained(folder)
    steady(folder)


def steady(folder: Path) -> None:
    """Takes out the model card, and sorts what PEFT writes in the order of a set, which every process draws anew."""
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    write_json(
        path,
        {name: sorted(value) if name == "target_modules" and isinstance(value, list) else value for name, value in sorted(config.items())},
    )
