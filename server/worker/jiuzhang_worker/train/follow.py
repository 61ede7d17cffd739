"""What happens beside the steps: progress and figures, when to save, when to stop, what influence needs of each epoch."""

from time import monotonic
from typing import TYPE_CHECKING, Any

import torch
from transformers import TrainerCallback

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.train.epochs import save_epoch
from jiuzhang_worker.train.schedule import mean_rate

if TYPE_CHECKING:
    from jiuzhang_worker.train.trainer import Trainer


class Follow(TrainerCallback):
    """steps_per_epoch: of the optimizer. The decisions are the first process's, so that all save and stop at the same step."""

    trainer: "Trainer"

    def __init__(self, job: Job, steps_per_epoch: int, total: int, held: int) -> None:
        self.job, self.steps_per_epoch, self.total, self.held = job, steps_per_epoch, total, held
        self._saved = monotonic()
        self._tokens = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        self._progress = self.job.progress("steps", self.total, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        step = state.global_step
        seen = self.trainer.tokens_seen
        self._progress.advance(tokens=seen - self._tokens)
        self._tokens = seen
        ends = step % self.steps_per_epoch == 0 or step == self.total
        every = self.job.spec.get("evaluate_every")
        if self.held and (ends or (every and step % every == 0)):
            control.should_evaluate = True
        if ends and self.job.spec["checkpoints"]["optimizer"] == "keep" and args.process_index == 0:
            self._keep(step)
        stop, due = self._decide(step)
        if stop:
            control.should_training_stop = True
        control.should_save = stop or due

    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        self._saved = monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **others: Any) -> None:
        for name in ("loss", "learning_rate", "grad_norm"):
            if logs is not None and name in logs:
                self.job.events.metric(name, float(logs[name]), state.global_step)

    def _decide(self, step: int) -> tuple[bool, bool]:
        """Whether it was asked to stop, and whether a checkpoint is due; the last step always has one."""
        rules = self.job.spec["checkpoints"]
        stop = self.job.stop.requested or (self.job.work / "stop").exists()
        due = step % rules["every_steps"] == 0 or step == self.total or monotonic() - self._saved >= rules["every_seconds"]
        if self.trainer.args.world_size == 1:
            return stop, due
        told = torch.tensor([stop, due], dtype=torch.int32, device=self.trainer.args.device)
        first, second = self.trainer.accelerator.reduce(told, "sum").tolist()
        return first > 0, second > 0

    def _keep(self, step: int) -> None:
        epoch = -(-step // self.steps_per_epoch)
        first = (epoch - 1) * self.steps_per_epoch
        trainer = self.trainer
        save_epoch(
            self.job,
            trainer.accelerator.unwrap_model(trainer.model),
            trainer.optimizer,
            epoch=epoch,
            step=step,
            steps=step - first,
            learning_rate=mean_rate(trainer.schedule, self.job.spec["learning_rate"], first, step),
        )
