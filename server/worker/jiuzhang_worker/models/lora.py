"""Low-rank adapters: which linears of which layers get one."""

import re
from typing import Any

from jiuzhang_worker.job.problem import Problem


def add_lora(model: Any, spec: dict[str, Any], seed: int) -> Any:
    """Wraps a model with a fresh adapter; the same seed gives the same first weights.

    spec: rank, alpha, dropout, targets (names of linears, or `all-linear`), layers (`all`, or `last:N`).
    Raises spec/lora where the model has none of the targets.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    layers = layers_of(spec["layers"], model.config.num_hidden_layers)
    config = LoraConfig(
        r=spec["rank"],
        lora_alpha=spec["alpha"],
        lora_dropout=spec["dropout"],
        target_modules=spec["targets"][0] if spec["targets"] == ["all-linear"] else spec["targets"],
        layers_to_transform=layers,
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(seed)
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise Problem(
            "spec/lora",
            f"The adapter does not fit the model: {error}",
            remedy="Check lora.targets against the names of the model's linears.",
        ) from None


def layers_of(wanted: str, count: int) -> list[int] | None:
    """Numbers of the layers, or None for all of them."""
    if wanted == "all":
        return None
    parts = re.fullmatch(r"last:([1-9]\d*)", wanted)
    if parts is None or int(parts[1]) > count:
        raise Problem(
            "spec/lora",
            f"lora.layers is `{wanted}`, and the model has {count} layers",
            remedy="Write `all`, or `last:N` with N of at most that.",
        )
    return list(range(count - int(parts[1]), count))
