"""Packed rows do not see one another: what the model says of each is what it says of it alone."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM
from trl import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

LONGEST = 48


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Any:
    # A random model of two layers looks little at what came before; larger weights make it look.
    loaded = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32").eval()
    with torch.no_grad():
        for name, weight in loaded.named_parameters():
            if "_proj" in name:
                weight.mul_(6)
    return loaded


@pytest.fixture(scope="module")
def batch() -> dict[str, torch.Tensor]:
    """What the trainer's collator makes of two packed sequences: one long row of seven documents."""
    draw = torch.Generator().manual_seed(1)
    rows = [torch.randint(2, 300, (length,), generator=draw).tolist() for length in (20, 15, 13, 30, 11, 5, 2)]
    packed = pack_dataset(Dataset.from_dict({"input_ids": rows, "labels": rows}), LONGEST, "bfd")
    assert sorted(length for some in packed["seq_lengths"] for length in some) == [2, 5, 11, 13, 15, 20, 30]
    made: dict[str, torch.Tensor] = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(list(packed))
    assert "attention_mask" not in made
    return made


def alone(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Logits of each document by itself, one after the other: (1, tokens, vocabulary)."""
    bounds = batch["cu_seq_lens_q"].tolist()
    with torch.no_grad():
        parts = [model(input_ids=batch["input_ids"][:, first:last]).logits for first, last in pairwise(bounds)]
    return torch.cat(parts, dim=1)


def together(model: Any, **inputs: torch.Tensor | bool) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(**inputs).logits
    return logits


def test_packed_logits_are_those_of_each_document_alone(model: Any, batch: dict[str, torch.Tensor]) -> None:
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    logits = together(model, **inputs, use_cache=False)
    assert (logits - alone(model, batch)).abs().max() < 1e-4


@pytest.mark.parametrize("way", ["one position after the other", "a mask of ones"])
def test_the_wrong_ways_would_be_noticed(way: str, model: Any, batch: dict[str, torch.Tensor]) -> None:
    ids = batch["input_ids"]
    inputs: dict[str, torch.Tensor] = {"input_ids": ids}
    if way == "a mask of ones":
        inputs |= {"position_ids": batch["position_ids"], "attention_mask": torch.ones_like(ids)}
    assert (together(model, **inputs, use_cache=False) - alone(model, batch)).abs().max() > 1e-1


def test_nothing_is_learnt_across_a_border(batch: dict[str, torch.Tensor]) -> None:
    """The first token of a document would be foretold from the last of another one."""
    starts = batch["cu_seq_lens_q"][:-1].long()
    assert (batch["labels"][0, starts] == -100).all()
    assert int((batch["labels"] != -100).sum()) == batch["labels"].numel() - len(starts)
