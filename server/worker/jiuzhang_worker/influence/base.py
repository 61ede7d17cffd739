"""The reference model below its adapters, and its device."""

import os
from typing import Any

from jiuzhang_worker.models.load import Source, load_model, pick_device


def open_device(launch: dict[str, Any]) -> Any:
    """The device of this process. On a GPU sums are added in an order that does not change, wherever there is a way to."""
    import torch

    # cuBLAS reads this when it is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = pick_device(launch)
    if device.type == "cuda":
        torch.use_deterministic_algorithms(True, warn_only=True)
    return device


class Base:
    """The base model, loaded when it is first needed: a run that only has scores left to compute never loads it."""

    def __init__(self, source: Source, spec: dict[str, Any], device: Any) -> None:
        self._source, self._spec, self._device = source, spec, device
        self._model: Any = None
        self.identity: dict[str, Any] = source.identity

    def get(self) -> Any:
        if self._model is None:
            self._model = load_model(self._source, self._spec, self._device)
            self._model.requires_grad_(False)
        return self._model

    @property
    def hashes(self) -> list[Any]:
        """Of its weights, and of the adapter that is merged into them."""
        return [self.identity["sha256"], self.identity.get("adapter_sha256")]
