"""Fills a store with the gradients that are not yet in it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from jiuzhang_worker.influence.adam import adam_direction
from jiuzhang_worker.influence.checkpoints import Checkpoint, load_moments, with_adapter
from jiuzhang_worker.influence.gradients import GradientTaker, collate
from jiuzhang_worker.influence.items import Item
from jiuzhang_worker.influence.plan import missing, plan_batches
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
    job: Job, vectors: Directions, spaces: Mapping[str, Space], shards: Sequence[Sequence[Item]], checkpoint: Checkpoint, progress: Progress
) -> None:
    """Takes every row of the planned shards that some of the spaces (direction → space) lack. A shard is written when all of it is there."""
    for shard in shards:
        lacking = {name: missing(shard, space.index) for name, space in spaces.items()}
        todo = {item.key: item for items in lacking.values() for item in items}
        items = [item for item in shard if item.key in todo]
        if items:
            _fill_shard(job, vectors, spaces, lacking, items, checkpoint, progress)
        progress.advance(len(shard) - len(items))


def _fill_shard(
    job: Job,
    vectors: Directions,
    spaces: Mapping[str, Space],
    lacking: Mapping[str, Sequence[Item]],
    items: Sequence[Item],
    checkpoint: Checkpoint,
    progress: Progress,
) -> None:
    names = [name for name, some in lacking.items() if some]
    rows: dict[str, dict[bytes, tuple[Any, Any, Any]]] = {name: {} for name in names}
    precision = job.spec["store"]["precision"]
    for batch in plan_batches(items, job.spec["batch_tokens"]):
        # What of this shard is done is lost, and made again the same.
        job.stop.here()
        losses, found = vectors.of(batch, names)
        for name, part in found.items():
            lengths = part.norm(dim=1)
            units = (part / lengths.clamp_min(torch.finfo(torch.float32).tiny)[:, None]).to(getattr(torch, precision)).cpu()
            for item, unit, length, loss in zip(batch, units, lengths.cpu(), losses.cpu(), strict=True):
                if not bool(loss.isfinite() & length.isfinite()):
                    raise not_finite(item, "loss or gradient", f"at {checkpoint.folder.name}")
                rows[name][item.key] = unit, length, loss
        progress.advance(len(batch), sum(len(item.ids) for item in batch))
    for name in names:
        keys = [item.key for item in lacking[name]]
        units_, lengths_, losses_ = (torch.stack(list(column)) for column in zip(*(rows[name][key] for key in keys), strict=True))
        spaces[name].add(Shard(keys, units_, lengths_, losses_), precision)
