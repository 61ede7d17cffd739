"""What influence needs of each epoch: `out/checkpoints/epoch-<n>/`, written where `checkpoints.optimizer` is `keep`.

Layout of one such folder (n counts from 1; a last epoch that max_steps cuts short has its folder, too):

adapter_config.json, adapter_model.safetensors
    The adapter at the end of the epoch, as PEFT writes it: `PeftModel.from_pretrained(base, folder)`.
moments.safetensors
    Adam's moments, float32, by the parameter's name in the PEFT model (`model.named_parameters()` of a model whose adapter is called
    `default`, say `base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight`): the tensors `exp_avg.<name>` and
    `exp_avg_sq.<name>`, each of the parameter's shape, without bias correction. One pair for every trainable parameter.
epoch.json
    {"version": 1, "epoch": n, "step": steps of the optimizer so far, "steps": those of this epoch, "learning_rate": mean learning rate
    of the epoch's steps, "betas": [β1, β2], "epsilon": ε, "names": trainable parameters in the model's order}.
complete.json
    The files of the folder with their sizes and hashes. A folder without it is not finished.
"""

import shutil
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.train.adapter import save_adapter
from jiuzhang_worker.train.checkpoints import complete, flaw


def save_epoch(job: Job, model: Any, optimizer: Any, *, epoch: int, step: int, steps: int, learning_rate: float) -> Path:
    """Writes one epoch's folder, or leaves it where a run that went on from before has already written it."""
    from safetensors.torch import save_file

    folder = job.out / "checkpoints" / f"epoch-{epoch}"
    if flaw(folder) is None:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    save_adapter(model, partial)
    moments, names = {}, []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        names.append(name)
        state = optimizer.state[parameter]
        for moment in ("exp_avg", "exp_avg_sq"):
            moments[f"{moment}.{name}"] = state[moment].detach().float().cpu().contiguous()
    save_file(moments, partial / "moments.safetensors")
    write_json(
        partial / "epoch.json",
        {
            "version": 1,
            "epoch": epoch,
            "step": step,
            "steps": steps,
            "learning_rate": learning_rate,
            "betas": job.spec["betas"],
            "epsilon": job.spec["epsilon"],
            "names": names,
        },
    )
    complete(partial)
    partial.rename(folder)
    return folder
