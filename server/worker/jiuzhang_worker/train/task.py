"""Trains a model on rows: data, training, exports. Each of the three is whole on disk before the next begins."""

import json
import os
import shutil
import warnings
from typing import Any

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.models.export import export
from jiuzhang_worker.models.load import Source, check_vocabulary, find_model, load_tokenizer
from jiuzhang_worker.train.checkpoints import differs
from jiuzhang_worker.train.data import Prepared, forget, prepare
from jiuzhang_worker.train.launch import launch
from jiuzhang_worker.train.process import precision_of, run_training
from jiuzhang_worker.train.settings import processes, settle

#: Everything that the task may leave beside `manifest.json`, `checkpoints/` and `work/`.
RESULTS = ("adapter", "model", "merged", "adapter.gguf", "model.gguf")


def train(job: Job) -> None:
    """Leaves `adapter/` (LoRA) or `model/` (all weights), what `export` names, and `checkpoints/epoch-*/` (see train/epochs.py)."""
    quiet()
    spec = settle(job)
    source = find_model(job, spec["model"])
    tokenizer = load_tokenizer(source)
    _check(source, tokenizer)
    if spec["launch"]["node_rank"] > 0:
        # The first node makes the data and everything that comes after the training.
        launch(job, source)
        return
    trained = _trained(job)
    data = prepare(job, tokenizer, source.identity, needed=trained is None)
    job.stop.here()
    if trained is None:
        for name in RESULTS:
            path = job.out / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        if processes(spec) > 1:
            launch(job, source)
        else:
            run_training(job, source, data)
        trained = _trained(job)
        assert trained is not None
    job.stop.here()
    export(job, source, job.out / trained["folder"], "bfloat16" if precision_of(spec) == "bfloat16" else "float32")
    _finish(job, data, trained)


def _finish(job: Job, data: Prepared, trained: dict[str, Any]) -> None:
    for path in [job.out / name for name in set(RESULTS) - _wanted(job, trained)]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    job.manifest.results = {**trained["results"], "data": data.counts}
    for name in (*RESULTS, "checkpoints"):
        path = job.out / name
        for file in [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file()):
            job.artifact(file)
    shutil.rmtree(job.work / "checkpoints", ignore_errors=True)
    forget(job)


def _wanted(job: Job, trained: dict[str, Any]) -> set[str]:
    names = {"merged": "merged", "gguf-adapter": "adapter.gguf", "gguf-model": "model.gguf"}
    return {trained["folder"], *(names[name] for name in job.spec["export"])}


def _trained(job: Job) -> dict[str, Any] | None:
    """What an earlier run, or this one, has trained to the end, unless it was damaged since."""
    path = job.work / "trained.json"
    if not path.exists():
        return None
    trained: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return trained if differs(job.out / trained["folder"], trained["files"]) is None else None


def _check(source: Source, tokenizer: Any) -> None:
    """Before hours are spent on tokenizing with the wrong tokenizer: the model's shape is enough to tell."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        check_vocabulary(AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(source.folder)), tokenizer)


def quiet() -> None:
    """Libraries that would report to their makers are told not to, before they are imported; bars and advice to programmers stay away."""
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", TQDM_DISABLE="1")
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    warnings.filterwarnings("ignore", category=FutureWarning)
