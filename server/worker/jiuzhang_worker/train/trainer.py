"""TRL's trainer with our order, our schedule, exact evaluation, checkpoints that are whole, and errors that say what to do."""

import math
from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import SequentialSampler
from transformers import PrinterCallback
from trl import SFTTrainer

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.life import translate
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.train.checkpoints import complete, tidy
from jiuzhang_worker.train.order import Order
from jiuzhang_worker.train.schedule import Schedule


class Trainer(SFTTrainer):
    lr_scheduler: Any

    def __init__(self, job: Job, order: Order, schedule: Schedule, **options: Any) -> None:
        self.job, self.order, self.schedule = job, order, schedule
        self._judged = (0.0, 0)
        super().__init__(**options)
        self.remove_callback(PrinterCallback)

    def _send_telemetry(self) -> None:
        """Nobody is told anything."""

    def create_model_card(self, *args: Any, **options: Any) -> None:
        """Checkpoints are for going on, not for publishing."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        return self.order

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        return SequentialSampler(eval_dataset)

    def _run_epoch(self, *args: Any, **options: Any) -> None:
        self.order.epoch = options["epoch"]
        super()._run_epoch(*args, **options)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        if self.lr_scheduler is None:
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, self.schedule)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    @property
    def tokens_seen(self) -> int:
        """Tokens trained on since this process began, on all processes."""
        return int(self._total_train_tokens)

    def training_step(self, model: Any, inputs: dict[str, Any], *args: Any, **options: Any) -> torch.Tensor:
        shape = tuple(inputs["input_ids"].shape)
        try:
            loss: torch.Tensor = super().training_step(model, inputs, *args, **options)
        except (RuntimeError, MemoryError) as error:
            raise self._full(error, shape) or error from None
        if not torch.isfinite(loss):
            raise self._not_finite("loss", loss.item())
        return loss

    def _full(self, error: Exception, shape: tuple[int, ...]) -> Problem | None:
        if translate(error).code != "host/out-of-memory":
            return None
        rows, tokens = shape
        size = self.args.per_device_train_batch_size
        ways = [f"lower micro_batch_size ({size})"] if size > 1 else []
        ways += [] if self.args.gradient_checkpointing else ["set activation_checkpointing"]
        # These decide what comes out, or how checkpoints lie on disk.
        anew = f"lower max_length ({self.job.spec['max_length']})"
        anew += "" if self.job.spec["sharding"] != "none" else ", or spread the model over several GPUs by `sharding`,"
        remedy = (
            f"{' or '.join(ways)}; started again, it goes on from its last checkpoint. Or {anew} in another folder."
            if ways
            else f"{anew} in another folder."
        )
        return Problem(
            "host/out-of-memory",
            f"The memory is full at step {self.state.global_step + 1}, with a batch of {rows} × {tokens} tokens on process "
            f"{self.args.process_index}: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}",
            remedy=remedy[0].upper() + remedy[1:],
            step=self.state.global_step + 1,
            rows=rows,
            tokens=tokens,
        )

    def _not_finite(self, what: str, value: float) -> Problem:
        step = self.state.global_step + 1
        first = step == 1
        return Problem(
            "data/loss-not-finite",
            f"The {what} is {value} at step {step}; the weights are those of step {step - 1}, and nothing was overwritten",
            remedy="The model's own weights give it: check them, or use another precision than float16."
            if first
            else f"Lower learning_rate ({self.job.spec['learning_rate']:g}) or raise schedule.warmup, and begin in another folder.",
            step=step,
        )

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """Comes before the optimizer's step: gradients that are not numbers never reach the weights."""
        norm = super()._get_grad_norm(model, grad_norm)
        value = float(norm)
        if not math.isfinite(value):
            raise self._not_finite("gradient's norm", value)
        return norm

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        labels = inputs["labels"]
        loss = super().compute_loss(model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch)
        if not self.model.training:
            count = int((labels[:, 1:] != -100).sum())
            self._judged = (self._judged[0] + float(loss) * count, self._judged[1] + count)
        return loss

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
        """The mean over all learnt tokens of the held-out rows, whatever the batches are; transformers' own is a mean of batches' means."""
        self._judged = (0.0, 0)
        metrics: dict[str, float] = super().evaluate(*args, **options)
        sums = self.accelerator.reduce(torch.tensor(self._judged, dtype=torch.float64, device=self.args.device), "sum").tolist()
        if self.args.world_size == 1:
            sums = list(self._judged)
        loss = sums[0] / max(1.0, sums[1])
        self.job.events.metric("eval_loss", loss, self.state.global_step)
        self.state.log_history.append({"step": self.state.global_step, "held_out_loss": loss})
        return metrics

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.args.process_index == 0:
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            complete(
                folder, step=self.state.global_step, micro_batch_size=self.args.per_device_train_batch_size, processes=self.args.world_size
            )
            tidy(self.job, self.job.spec["checkpoints"]["keep"])
            self.job.events.say("checkpoint", path=folder.relative_to(self.job.out).as_posix(), step=self.state.global_step)
        self.accelerator.wait_for_everyone()
