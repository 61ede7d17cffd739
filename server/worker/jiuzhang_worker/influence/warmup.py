"""The reference model's warm-up: a LoRA trained on a share of the candidates; every epoch leaves adapter, moments and mean learning rate.

Its folders are laid out as `train/epochs.py` says. Order and dropout are drawn from (seed, epoch, step), so a run that was killed goes on
from its last folder and ends with the same bytes.
"""

import hashlib
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from jiuzhang_worker.influence.checkpoints import Checkpoint, open_checkpoint
from jiuzhang_worker.influence.gradients import collate, example_losses
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.influence.plan import plan_batches
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.models.lora import add_lora
from jiuzhang_worker.train.adapter import save_adapter
from jiuzhang_worker.train.checkpoints import about, complete, flaw

#: Seconds of work that a killed process may lose.
SAVE_EVERY = 600.0
BETAS, ADAM_EPSILON, MAX_NORM = (0.9, 0.999), 1e-8, 1.0


def finished(job: Job) -> list[Checkpoint] | None:
    """The checkpoints of a warm-up that is already done."""
    folders = [job.out / "warmup" / f"epoch-{number}" for number in range(1, job.spec["warmup"]["epochs"] + 1)]
    if any(flaw(folder) is not None for folder in folders):
        return None
    return [open_checkpoint(folder) for folder in folders]


def warm_up(job: Job, base: Any, items: Sequence[Item], device: Any) -> list[Checkpoint]:
    """Trains on the items; gives the base back as it was. Raises data/not-finite where a row's loss is none."""
    spec = job.spec["warmup"]
    steps = math.ceil(len(items) / spec["batch_size"])
    total = steps * spec["epochs"]
    rates = [spec["learning_rate"] * share for share in rate_shares(total, spec["warmup"])]
    model = add_lora(base, job.spec["lora"], job.spec["seed"])
    model.train()
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW([parameter for _, parameter in named], lr=0.0, betas=BETAS, eps=ADAM_EPSILON, weight_decay=0.0)
    step = _go_on(job, model, optimizer, named)
    progress = job.progress("steps", total, step)
    saved = monotonic()
    drawn_epoch, order = -1, list(items)
    while step < total:
        if job.stop.requested or monotonic() - saved > SAVE_EVERY:
            _save(job, model, optimizer, named, _state(job, step), step=step)
            job.stop.here()
            saved = monotonic()
        epoch, number = divmod(step, steps)
        if epoch != drawn_epoch:
            drawn_epoch, order = epoch, _order(items, job.spec["seed"], epoch)
        rows = order[number * spec["batch_size"] : (number + 1) * spec["batch_size"]]
        for group in optimizer.param_groups:
            group["lr"] = rates[step]
        torch.manual_seed(_number(job.spec["seed"], epoch, number))
        loss = _step(job, model, optimizer, rows, device)
        step += 1
        job.events.metric("warmup/loss", loss, step)
        progress.advance(tokens=sum(len(item.ids) for item in rows))
        if step % steps == 0:
            rate = math.fsum(rates[step - steps : step]) / steps
            folder = job.out / "warmup" / f"epoch-{epoch + 1}"
            _save(job, model, optimizer, named, folder, step=step, epoch=epoch + 1, steps=steps, learning_rate=rate)
            job.events.say("checkpoint", path=folder.relative_to(job.out).as_posix(), step=step)
            saved = monotonic()
    model.unload()
    shutil.rmtree(job.work / "warmup", ignore_errors=True)
    found = finished(job)
    assert found is not None
    return found


def rate_shares(total: int, warmup: float) -> list[float]:
    """The share of the learning rate of each step: it rises linearly for that share of the steps, is 1, and falls linearly. It is never 0,
    so that even an epoch of one step has learnt something."""
    rising = min(total - 1, math.ceil(round(warmup * total, 6)))
    return [(step + 1) / (rising + 1) if step < rising else (total - step) / (total - rising) for step in range(total)]


def _step(job: Job, model: Any, optimizer: Any, rows: Sequence[Item], device: Any) -> float:
    """One step on the mean of the rows' losses, each the mean over its completion tokens. Returns that mean."""
    whole = 0.0
    for batch in plan_batches(sorted(rows, key=lambda item: (-len(item.ids), item.key)), job.spec["batch_tokens"]):
        losses = example_losses(model, collate([(item.ids.tolist(), item.prompt) for item in batch]).to(device))
        for item, loss in zip(batch, losses.tolist(), strict=True):
            if not math.isfinite(loss):
                raise not_finite(item, f"loss ({loss})", "in the warm-up")
        (losses.sum() / len(rows)).backward()
        whole += float(losses.detach().sum()) / len(rows)
    torch.nn.utils.clip_grad_norm_([parameter for group in optimizer.param_groups for parameter in group["params"]], MAX_NORM)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return whole


def not_finite(item: Item, what: str, where: str) -> Problem:
    return Problem(
        "data/not-finite",
        f"The row {item.place} (`{item.id}`) has a {what} that is no number {where}",
        remedy="Look at the row; lower the learning rate, or use float32 where the model overflows.",
        id=item.id,
        place=item.place,
    )


def _order(items: Sequence[Item], seed: int, epoch: int) -> list[Item]:
    return sorted(items, key=lambda item: hashlib.sha256(f"{seed} {epoch} ".encode() + item.key).digest())


def _number(*parts: int) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "little")


def _state(job: Job, step: int) -> Path:
    return job.work / "warmup" / f"step-{step}"


def _save(job: Job, model: Any, optimizer: Any, named: Sequence[tuple[str, Any]], folder: Path, *, step: int, **more: Any) -> None:
    from safetensors.torch import save_file

    partial = folder.with_name(f".{folder.name}.partial")
    for old in (partial, folder):
        shutil.rmtree(old, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    save_adapter(model, partial)
    moments = {
        f"{moment}.{name}": optimizer.state[parameter][moment].detach().float().cpu().contiguous()
        for name, parameter in named
        if parameter in optimizer.state
        for moment in ("exp_avg", "exp_avg_sq")
    }
    save_file(moments, partial / "moments.safetensors")
    write_json(
        partial / "epoch.json",
        {"version": 1, "step": step, **more, "betas": list(BETAS), "epsilon": ADAM_EPSILON, "names": [name for name, _ in named]},
    )
    complete(partial, step=step)
    partial.rename(folder)


def _go_on(job: Job, model: Any, optimizer: Any, named: Sequence[tuple[str, Any]]) -> int:
    """Puts the newest folder's state into model and optimizer and gives the number of its steps."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    best = max(_folders(job), default=None)
    if best is None:
        return 0
    step, folder = best
    set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))
    moments = load_file(folder / "moments.safetensors")
    for name, parameter in named:
        if f"exp_avg.{name}" in moments:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                **{moment: moments[f"{moment}.{name}"].to(parameter.device) for moment in ("exp_avg", "exp_avg_sq")},
            }
    return step


def _folders(job: Job) -> Iterator[tuple[int, Path]]:
    for folder in [*(job.out / "warmup").glob("epoch-*"), *(job.work / "warmup").glob("step-*")]:
        if flaw(folder) is None:
            yield int(about(folder)["step"]), folder
