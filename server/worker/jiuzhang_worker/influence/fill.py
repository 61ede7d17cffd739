"""Fills a store with the gradients that are not yet in it."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from jiuzhang_worker.influence.adam import adam_direction
from jiuzhang_worker.influence.checkpoints import Checkpoint, load_moments, with_adapter
from jiuzhang_worker.influence.gradients import GradientTaker, collate
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.influence.plan import plan_batches
from jiuzhang_worker.influence.projection import Projection
from jiuzhang_worker.influence.store import Shard, Space
from jiuzhang_worker.influence.warmup import not_finite
from jiuzhang_worker.job.events import Progress
from jiuzhang_worker.job.job import Job


class Directions:
    """What one checkpoint makes of a batch: losses, and per direction (plain, adam) the projected vectors.

    It lives as long as the checkpoint's adapter is on the base model.
    """

    def __init__(self, job: Job, base: Any, checkpoint: Checkpoint, wanted: Sequence[str], device: Any) -> None:
        self.model = with_adapter(base, checkpoint).to(device)
        self.device = device
        self._taker = GradientTaker(self.model)
        self.projection = Projection(**job.spec["projection"], coordinates=self._taker.dim)
        self.weights = self._taker.weights
        self.moments: dict[str, tuple[Any, Any]] = {}
        if "adam" in wanted:
            held = load_moments(checkpoint, [weight.name for weight in self.weights])
            self.moments = {name: (m.to(device), v.to(device)) for name, (m, v) in held.items()}

    def of(self, items: Sequence[Item], directions: Sequence[str]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Losses (rows,) and {direction: (rows, dim)}, float32 on the device."""
        losses, blocks = self._taker.blocks(collate([(item.ids.tolist(), item.prompt) for item in items]).to(self.device))
        found = {name: self.projection.empty(len(items), self.device) for name in directions}
        for weight, block in blocks:
            for name, into in found.items():
                turned = block if name == "plain" else adam_direction(block, *self.moments[weight.name])
                self.projection.add(into, turned, weight.offset)
        return losses, found

    def close(self) -> None:
        self.model.unload()


def fill(
    job: Job,
    vectors: Directions,
    space: Space,
    needs: Mapping[str, Container[bytes]],
    shards: Sequence[Sequence[Item]],
    checkpoint: Checkpoint,
    progress: Progress,
) -> None:
    """Takes the rows of the planned shards that are needed (by direction) and that the space lacks. A shard is written when all of it is there."""
    for shard in shards:
        lacking = {name: [item for item in shard if item.key in some and item.key not in space.index[name]] for name, some in needs.items()}
        keys = {item.key for items in lacking.values() for item in items}
        if not keys:
            continue
        rows: dict[str, list[_Row]] = {name: [] for name, items in lacking.items() if items}
        wanted = {name: {item.key for item in items} for name, items in lacking.items()}
        for batch in plan_batches([item for item in shard if item.key in keys], job.spec["batch_tokens"]):
            # What of this shard is done is lost, and made again the same.
            job.stop.here()
            losses, found = vectors.of(batch, list(rows))
            for name, part in found.items():
                made = _rows(batch, part, losses, job.spec["store"]["precision"], checkpoint)
                rows[name] += [row for row in made if row.key in wanted[name]]
            count = sum(item.key in some for some in wanted.values() for item in batch)
            progress.advance(count, sum(len(item.ids) for item in batch))
        space.add({name: _stacked(made) for name, made in rows.items()}, job.spec["store"]["precision"])


class _Row(NamedTuple):
    key: bytes
    unit: torch.Tensor
    length: torch.Tensor
    loss: torch.Tensor


def _rows(batch: Sequence[Item], part: torch.Tensor, losses: torch.Tensor, precision: str, checkpoint: Checkpoint) -> list[_Row]:
    """Raises data/not-finite with the row."""
    lengths = part.norm(dim=1)
    units = (part / lengths.clamp_min(torch.finfo(torch.float32).tiny)[:, None]).to(getattr(torch, precision)).cpu()
    made = []
    for item, unit, length, loss in zip(batch, units, lengths.cpu(), losses.cpu(), strict=True):
        if not bool(loss.isfinite() & length.isfinite()):
            raise not_finite(item, "loss or gradient", f"at {checkpoint.folder.name}")
        made.append(_Row(item.key, unit, length, loss))
    return made


def _stacked(rows: Sequence[_Row]) -> Shard:
    units, lengths, losses = (torch.stack([row[place] for row in rows]) for place in (1, 2, 3))
    return Shard([row.key for row in rows], units, lengths, losses)
