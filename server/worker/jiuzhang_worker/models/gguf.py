"""A GGUF file as a model of transformers: converted once, to 32-bit weights, and kept."""

import os
import shutil
from pathlib import Path

from jiuzhang_worker.models.cache import cache_folder

#: Raised when the conversion changes.
VERSION = 1


def converted(path: Path, sha256: str) -> Path:
    """The folder with the converted model. Two processes may convert at once; the first one's folder stays."""
    folder = cache_folder() / "worker" / f"gguf-{VERSION}-{sha256[:32]}"
    if (folder / "config.json").is_file():
        return folder
    from transformers import AutoModelForCausalLM, AutoTokenizer

    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        read = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype="float32")
        config = read.config
        # A model that was read from GGUF says that it is quantized and refuses to be saved; its weights are plain by now.
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        fresh = AutoModelForCausalLM.from_config(config)
        fresh.load_state_dict(read.state_dict())
        fresh.save_pretrained(partial)
        AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).save_pretrained(partial)
        try:
            partial.rename(folder)
        except OSError:
            if not (folder / "config.json").is_file():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder
