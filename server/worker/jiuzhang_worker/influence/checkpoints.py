"""Checkpoints of the reference model: an adapter, Adam's moments and the mean learning rate of the epoch that they end.

The folders are those that `train/epochs.py` describes, whether a training or the warm-up here has written them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import sha256_json, sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.train.checkpoints import flaw

#: What of an adapter's settings decides what it computes; the others are names and places.
_COMPUTES = ("r", "lora_alpha", "target_modules", "layers_to_transform", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "bias")


@dataclass(frozen=True)
class Checkpoint:
    """sha256: of everything that gradients at this point depend on, the base model aside."""

    folder: Path
    learning_rate: float
    sha256: str


def open_checkpoint(folder: Path, learning_rate: float | None = None) -> Checkpoint:
    """Raises data/missing-checkpoint, data/bad-checkpoint."""
    if not folder.is_dir():
        raise Problem("data/missing-checkpoint", f"There is no checkpoint {folder}", remedy="Name a folder `epoch-<n>`.")
    wrong = flaw(folder)
    if wrong is not None:
        raise Problem(
            "data/bad-checkpoint",
            f"The checkpoint {folder} cannot be used: {wrong}",
            remedy="Name a folder `epoch-<n>` that a warm-up, or a training with checkpoints.optimizer: keep, has finished.",
        )
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        rate = learning_rate or json.loads((folder / "epoch.json").read_text(encoding="utf-8"))["learning_rate"]
        moments = folder / "moments.safetensors"
        parts = [sha256_of(folder / "adapter_model.safetensors"), sha256_of(moments) if moments.exists() else None]
    except (OSError, ValueError, KeyError) as error:
        raise Problem(
            "data/bad-checkpoint",
            f"The checkpoint {folder} lacks {getattr(error, 'filename', None) or error}",
            remedy="Name a folder `epoch-<n>` with an adapter; say its learning_rate where it has no epoch.json.",
        ) from None
    if not rate > 0:
        raise Problem(
            "data/bad-checkpoint",
            f"The checkpoint {folder} was made with a mean learning rate of {rate}, so it would count nothing",
            remedy="Say its learning_rate, or leave it out.",
        )
    computes = {name: sorted(value) if isinstance(value := config.get(name), list) else value for name in _COMPUTES}
    return Checkpoint(folder, float(rate), sha256_json([*parts, computes]))


def given_checkpoints(job: Job) -> list[Checkpoint]:
    return [open_checkpoint(job.path(entry["path"]), entry.get("learning_rate")) for entry in job.spec["checkpoints"]]


def with_adapter(base: Any, checkpoint: Checkpoint) -> Any:
    """The base model with the checkpoint's adapter, its weights trainable and dropout off. `.unload()` gives the base back."""
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(base, checkpoint.folder, is_trainable=True).eval()
    except (RuntimeError, ValueError) as error:
        raise Problem(
            "data/bad-checkpoint",
            f"The adapter of {checkpoint.folder} does not fit the model: {str(error).splitlines()[0][:300]}",
            remedy="Name the model that it was trained on.",
        ) from None


def load_moments(checkpoint: Checkpoint, names: list[str]) -> dict[str, tuple[Any, Any]]:
    """Adam's (m, v) of each parameter, float32, flattened."""
    from safetensors.torch import load_file

    path = checkpoint.folder / "moments.safetensors"
    held = load_file(path) if path.exists() else {}
    missing = next((name for name in names if f"exp_avg.{name}" not in held or f"exp_avg_sq.{name}" not in held), None)
    if missing is not None:
        raise Problem(
            "data/no-moments",
            f"The checkpoint {checkpoint.folder} has no moments of Adam for {missing}, which the score `less` needs",
            remedy="Train with checkpoints.optimizer: keep, or choose another score.",
        )
    return {name: (held[f"exp_avg.{name}"].flatten(), held[f"exp_avg_sq.{name}"].flatten()) for name in names}
