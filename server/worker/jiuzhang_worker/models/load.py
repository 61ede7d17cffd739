"""Loads a model and its tokenizer from a folder, a GGUF file or, where the spec names one, the hub."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import sha256_of
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.gguf import converted
from jiuzhang_worker.models.weights import weights_of


@dataclass(frozen=True)
class Source:
    """Where a model lies on this machine. identity: what goes into manifests; sha256 is over the hashes of its weight files."""

    folder: Path
    identity: dict[str, Any]
    adapter: Path | None


def find_model(job: Job, spec: dict[str, Any], role: str = "model") -> Source:
    """Resolves a model of a spec and notes it in the manifest under its role.

    Raises spec/model for a member too few or too many, data/missing-model, data/not-a-model.
    """
    if ("path" in spec) == ("hub" in spec):
        raise Problem("spec/model", f"`{role}` needs either `path` or `hub`", remedy="Name a folder, a .gguf file, or a model of the hub.")
    if "hub" in spec:
        folder, identity = _from_hub(spec)
    else:
        # Nothing is looked up on the network unless the spec names a model of the hub.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        folder, identity = _from_path(job.path(spec["path"]))
    adapter = None
    if "adapter" in spec:
        adapter = job.path(spec["adapter"])
        if not (adapter / "adapter_config.json").is_file():
            raise Problem(
                "data/not-a-model", f"{adapter} holds no adapter (adapter_config.json)", remedy="Name the folder that a training wrote."
            )
        identity = {**identity, "adapter_sha256": weights_of(adapter)}
    job.manifest.model(role, **identity)
    return Source(folder, identity, adapter)


def _from_path(path: Path) -> tuple[Path, dict[str, Any]]:
    if path.suffix == ".gguf" and path.is_file():
        sha256 = sha256_of(path)
        return converted(path, sha256), {"path": str(path), "sha256": sha256}
    if not path.exists():
        raise Problem("data/missing-model", f"There is no model {path}", remedy="Check the path in the spec.")
    if not (path / "config.json").is_file():
        raise Problem("data/not-a-model", f"{path} is neither a .gguf file nor a folder with config.json", remedy="Name a model's folder.")
    return path, {"path": str(path), "sha256": weights_of(path)}


def _from_hub(spec: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(spec["hub"], revision=spec.get("revision"), ignore_patterns=["*.gguf", "*.pth", "original/*"]))
    except Exception as error:
        raise Problem(
            "data/missing-model",
            f"The model {spec['hub']} could not be had: {str(error).splitlines()[0][:300]}",
            remedy="Check its name and revision and the network, or fetch it first and name its folder.",
        ) from None
    # The folder of a snapshot is named by its commit.
    return folder, {"hub": spec["hub"], "revision": folder.name, "sha256": weights_of(folder)}


def load_tokenizer(source: Source) -> Any:
    """The tokenizer; padding on the left is set by whoever generates."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source.folder)
    if tokenizer.eos_token is None:
        raise Problem(
            "data/not-a-model", f"The tokenizer of {source.folder} has no end token", remedy="Use a model whose tokenizer has one."
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(source: Source, spec: dict[str, Any], device: Any, *, adapter: bool = True) -> Any:
    """The model on its device, in the spec's precision, without gradients where nothing asks for them.

    adapter: whether the adapter that the spec names is merged into it.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = spec.get("dtype", "auto")
    if dtype == "auto":
        dtype = "bfloat16" if getattr(device, "type", device) == "cuda" else "float32"
    options = {} if spec.get("attention", "auto") == "auto" else {"attn_implementation": spec["attention"]}
    if spec.get("attention") == "flash_attention_2" and find_spec("flash_attn") is None:
        raise Problem(
            "host/missing-package",
            "attention is flash_attention_2, and this environment has no flash_attn",
            remedy="Install it there, or leave `attention` out.",
        )
    model = AutoModelForCausalLM.from_pretrained(source.folder, dtype=getattr(torch, dtype), **options)
    if source.adapter is not None and adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, source.adapter).merge_and_unload()
    check_vocabulary(model, load_tokenizer(source))
    return model.to(device)


def check_vocabulary(model: Any, tokenizer: Any) -> None:
    """A tokenizer of another model gives ids that the embedding does not have, or means other words by them."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise Problem(
            "data/wrong-tokenizer",
            f"The tokenizer has {len(tokenizer):,} tokens and the model's embedding {rows:,} rows",
            remedy="Use the tokenizer that came with the model.",
        )


def pick_device(launch: dict[str, Any]) -> Any:
    """The device of this process: `auto` takes a GPU where there is one."""
    import torch

    wanted = launch.get("device", "auto")
    if launch.get("threads"):
        torch.set_num_threads(launch["threads"])
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Problem(
            "host/no-gpu",
            "The spec asks for a GPU, and there is none that torch can use",
            remedy="Run `doctor`, or set launch.device to cpu.",
        )
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if number >= torch.cuda.device_count():
        raise Problem(
            "host/no-gpu",
            f"Process {number + 1} of this node has no GPU: torch sees {torch.cuda.device_count()}",
            remedy="Set launch.processes to the number of GPUs, or CUDA_VISIBLE_DEVICES.",
        )
    # Libraries that load to "cuda" mean the current one.
    torch.cuda.set_device(number)
    return torch.device("cuda", number)
