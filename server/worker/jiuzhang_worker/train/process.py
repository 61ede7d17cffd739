"""One process of a training: alone, or one of several under torchrun (`python -m jiuzhang_worker.train.process WORK/process.json`)."""

import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from jiuzhang_worker.job.events import Events
from jiuzhang_worker.job.files import write_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.life import leader, translate
from jiuzhang_worker.job.problem import Problem, Stopped
from jiuzhang_worker.job.stop import Stop
from jiuzhang_worker.models.load import Source, load_model, load_tokenizer, pick_device
from jiuzhang_worker.models.lora import add_lora
from jiuzhang_worker.train.adapter import steady
from jiuzhang_worker.train.checkpoints import about, listing, newest_valid
from jiuzhang_worker.train.data import Prepared
from jiuzhang_worker.train.settings import accumulation, processes


def run_training(job: Job, source: Source, data: Prepared) -> None:
    """Trains from the newest valid checkpoint, or from the beginning, and leaves `adapter/` or `model/` and `work/trained.json`.

    Raises Stopped once it has saved where it is.
    """
    from datasets import load_from_disk

    from jiuzhang_worker.train.follow import Follow
    from jiuzhang_worker.train.order import Order
    from jiuzhang_worker.train.schedule import schedule_of
    from jiuzhang_worker.train.trainer import Trainer

    spec = job.spec
    at_once = spec["micro_batch_size"] * processes(spec)
    order = Order(data.parts, spec["seed"], at_once)
    per_epoch = -(-len(order) // spec["batch_size"])
    total = min(spec["epochs"] * per_epoch, spec.get("max_steps") or sys.maxsize)
    tokenizer = load_tokenizer(source)
    follow = Follow(job, per_epoch, total, data.held)
    held = load_from_disk(str(data.folder / "held"))
    trainer = Trainer(
        job,
        order,
        schedule_of(spec["schedule"], total),
        model=_model(job, source),
        args=_arguments(job, total),
        train_dataset=load_from_disk(str(data.folder / "train")),
        # Blank rows at the end, so that each process has equally many.
        eval_dataset=held.select([*range(data.held), *[data.held] * (-data.held % at_once)]) if data.held else None,
        processing_class=tokenizer,
        callbacks=[follow],
    )
    follow.trainer = trainer
    trainer.train(resume_from_checkpoint=_resume(job))
    if trainer.state.global_step < total:
        raise Stopped
    _save(job, trainer, per_epoch)


def _resume(job: Job) -> str | None:
    """The first process looks, and removes what is broken; the others take the newest that is left."""
    import torch.distributed as dist

    found = [newest_valid(job) if leader() else None]
    if dist.is_initialized():
        dist.broadcast_object_list(found)
    folder = found[0]
    if folder is None:
        return None
    before = about(folder)
    if leader() and (before["micro_batch_size"], before["processes"]) != (job.spec["micro_batch_size"], processes(job.spec)):
        job.warn(
            "train/other-batches",
            "It goes on with other micro-batches or processes than before: the result is the same but for the last digits of sums",
        )
    return str(folder)


def precision_of(spec: dict[str, Any]) -> str:
    import torch

    if spec["precision"] != "auto":
        return str(spec["precision"])
    return "bfloat16" if spec["launch"]["device"] != "cpu" and torch.cuda.is_available() else "float32"


def _model(job: Job, source: Source) -> Any:
    """Weights that are trained are float32, whatever they are multiplied in: steps of 1e-5 get lost in bfloat16. Frozen ones need not be."""
    spec = job.spec
    pick_device(spec["launch"])
    dtype = spec["model"]["dtype"]
    if dtype == "auto":
        dtype = precision_of(spec) if spec["method"] == "lora" else "float32"
    model = load_model(source, {**spec["model"], "dtype": dtype}, "cpu")
    model.config.use_cache = False
    return add_lora(model, spec["lora"], spec["seed"]) if spec["method"] == "lora" else model


def _arguments(job: Job, total: int) -> Any:
    import torch
    from trl import SFTConfig

    spec = job.spec
    cpu = spec["launch"]["device"] == "cpu" or not torch.cuda.is_available()
    sharding: dict[str, Any] = {}
    if spec["sharding"] == "fsdp2":
        sharding = {"fsdp": True, "fsdp_config": {"version": 2, "reshard_after_forward": True}}
    elif spec["sharding"] == "deepspeed":
        sharding = {"deepspeed": str(job.path(spec["deepspeed"]))}
    arguments = SFTConfig(
        output_dir=str(job.work / "checkpoints"),
        max_steps=total,
        per_device_train_batch_size=spec["micro_batch_size"],
        per_device_eval_batch_size=spec["micro_batch_size"],
        gradient_accumulation_steps=accumulation(spec),
        learning_rate=spec["learning_rate"],
        weight_decay=spec["weight_decay"],
        adam_beta1=spec["betas"][0],
        adam_beta2=spec["betas"][1],
        adam_epsilon=spec["epsilon"],
        max_grad_norm=spec["max_grad_norm"],
        optim="adamw_torch" if cpu else "adamw_torch_fused",
        bf16=precision_of(spec) == "bfloat16",
        gradient_checkpointing=spec["activation_checkpointing"],
        gradient_checkpointing_kwargs={"use_reentrant": False} if spec["activation_checkpointing"] else None,
        packing=spec["packing"] != "none",
        packing_strategy="bfd",
        max_length=spec["max_length"],
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=spec["seed"],
        dataloader_pin_memory=not cpu,
        use_cpu=cpu,
        ddp_find_unused_parameters=False,
        **({"ddp_backend": "gloo"} if cpu and processes(spec) > 1 else {}),
        **sharding,
    )
    if processes(spec) == 1 and arguments.n_gpu > 1:
        # One process was asked for: transformers would spread it over all the GPUs that it sees, in threads.
        arguments._n_gpu = 1
    return arguments


def _save(job: Job, trainer: Any, per_epoch: int) -> None:
    name = "adapter" if job.spec["method"] == "lora" else "model"
    partial = job.work / f"{name}.partial"
    if leader():
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(partial))
    trainer.accelerator.wait_for_everyone()
    if not leader():
        return
    (partial / "training_args.bin").unlink(missing_ok=True)
    if name == "adapter":
        steady(partial)
    elif precision_of(job.spec) == "bfloat16" and job.spec["model"]["dtype"] == "auto":
        _halve(partial)
    files = listing(partial)
    shutil.rmtree(job.out / name, ignore_errors=True)
    partial.rename(job.out / name)
    write_json(job.work / "trained.json", {"folder": name, "files": files, "results": _results(trainer.state, per_epoch)})


def _halve(folder: Path) -> None:
    """What was trained in float32 is used in bfloat16, as the base model was."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype="bfloat16")
    for file in folder.glob("*.safetensors*"):
        file.unlink()
    model.save_pretrained(folder)


def _results(state: Any, per_epoch: int) -> dict[str, Any]:
    losses = {entry["step"]: entry["loss"] for entry in state.log_history if "loss" in entry}
    held = {entry["step"]: entry["held_out_loss"] for entry in state.log_history if "held_out_loss" in entry}
    last = [loss for step, loss in losses.items() if step > state.global_step - per_epoch]
    return {
        "steps": state.global_step,
        "steps_per_epoch": per_epoch,
        "loss": losses.get(state.global_step),
        "last_epoch_loss": sum(last) / len(last) if last else None,
        "eval_loss": held.get(state.global_step),
        "eval_losses": [{"step": step, "loss": loss} for step, loss in sorted(held.items())],
    }


def main(path: Path) -> int:
    """One process under torchrun. How it ended stands in `work/outcome-<rank>.json`, since torchrun tells only that something failed."""
    from jiuzhang_worker.job.orphans import die_with_parent
    from jiuzhang_worker.train.launch import outcome_path
    from jiuzhang_worker.train.task import quiet

    die_with_parent()
    quiet()
    told = json.loads(path.read_text(encoding="utf-8"))
    stop = Stop()
    stop.listen()
    events = Events(Path(told["events"]) if leader() and told["events"] else None)
    job = Job(told["spec"], Path(told["base"]), Path(told["out"]), events, stop)
    source = Source(
        Path(told["model"]["folder"]), told["model"]["identity"], Path(told["model"]["adapter"]) if told["model"]["adapter"] else None
    )
    outcome: dict[str, Any] = {"code": 0}
    try:
        run_training(job, source, Prepared.read(job))
    except Stopped:
        outcome = {"code": Stopped.exit_code}
    except Exception as error:
        if not isinstance(error, Problem):
            traceback.print_exc()
            error = translate(error)
        outcome = {"code": 1, "problem": [error.code, error.message, error.remedy, error.data]}
    write_json(outcome_path(job.work, int(os.environ["RANK"])), outcome)
    return 1 if "problem" in outcome else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
