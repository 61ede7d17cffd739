"""Gradients on disk: one folder per space, in it shards of safetensors. A shard is complete or absent, and found by its rows' content.

A space is everything that a vector depends on but its row and its direction: model, checkpoint, projection, precision. A shard holds, for
each direction (plain, adam) that was asked for, `<direction>.keys` (rows, 16) uint8, `.vectors` (rows, dim) of unit length, and float32
`.lengths` and `.losses`. Both directions stand in one file, so that they are there together or not at all. Later runs look rows up by key.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from jiuzhang_worker.job.files import sha256_json, whole_file, write_json

DIRECTIONS = ("adam", "plain")


class Shard(NamedTuple):
    keys: list[bytes]
    vectors: Tensor
    lengths: Tensor
    losses: Tensor


class Space:
    """One space of a store.

    index: by direction, which shard and which row in it each key has; of a key in two shards, the one in the first by name.
    """

    def __init__(self, root: Path, about: dict[str, Any]) -> None:
        self.folder = root / sha256_json(about)[:24]
        self.about = about
        self.broken: list[Path] = []
        self.index: dict[str, dict[bytes, tuple[Path, int]]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Looks at what is on disk. Shards that cannot be read are passed over and named in `broken`."""
        self.index = {name: {} for name in DIRECTIONS}
        self.broken = []
        for path in sorted(self.folder.glob("shard-*.safetensors"), reverse=True):
            try:
                keys = shard_keys(path)
            except Exception:
                # The library raises errors of its own kind for every way in which a file can be torn.
                self.broken.append(path)
                continue
            for name, some in keys.items():
                for row, key in enumerate(some):
                    self.index[name][key] = path, row

    def add(self, parts: Mapping[str, Shard], precision: str) -> Path:
        """Writes a shard under a name that its rows decide. parts: by direction."""
        from safetensors.torch import save

        if not (self.folder / "space.json").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self.folder / "space.json", self.about)
        name = sha256_json({direction: [key.hex() for key in part.keys] for direction, part in parts.items()})[:24]
        path = self.folder / f"shard-{name}.safetensors"
        tensors = {}
        for direction, part in parts.items():
            tensors[f"{direction}.keys"] = torch.frombuffer(bytearray(b"".join(part.keys)), dtype=torch.uint8).reshape(len(part.keys), -1)
            tensors[f"{direction}.vectors"] = part.vectors.to("cpu", getattr(torch, precision)).contiguous()
            tensors[f"{direction}.lengths"] = part.lengths.cpu()
            tensors[f"{direction}.losses"] = part.losses.cpu()
        data = save(tensors)
        with whole_file(path, "wb") as file:
            file.write(data)
        for direction, part in parts.items():
            for row, key in enumerate(part.keys):
                self.index[direction][key] = path, row
        return path

    def read(self, direction: str, keys: Sequence[bytes]) -> Shard:
        """The rows of these keys, in their order; vectors as they are stored."""
        parts = list(self.blocks(direction, keys))
        order = torch.empty(len(keys), dtype=torch.int64)
        order[torch.cat([places for places, _ in parts])] = torch.arange(len(keys))
        shards = [shard for _, shard in parts]
        return Shard(
            list(keys),
            torch.cat([shard.vectors for shard in shards])[order],
            torch.cat([shard.lengths for shard in shards])[order],
            torch.cat([shard.losses for shard in shards])[order],
        )

    def blocks(self, direction: str, keys: Sequence[bytes]) -> Iterator[tuple[Tensor, Shard]]:
        """The same rows shard by shard, in an order that the store decides: places among the keys, and the rows."""
        from safetensors import safe_open

        by_shard: dict[Path, list[tuple[int, int]]] = {}
        for place, key in enumerate(keys):
            path, row = self.index[direction][key]
            by_shard.setdefault(path, []).append((place, row))
        for path in sorted(by_shard):
            places, rows = (torch.tensor(numbers) for numbers in zip(*by_shard[path], strict=True))
            with safe_open(path, "pt") as file:
                vectors, lengths, losses = (file.get_tensor(f"{direction}.{part}")[rows] for part in ("vectors", "lengths", "losses"))
            yield places, Shard([keys[place] for place in places.tolist()], vectors, lengths, losses)


def shard_keys(path: Path) -> dict[str, list[bytes]]:
    """Keys of a shard's rows, by direction."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        names = [name for name in DIRECTIONS if f"{name}.keys" in file.keys()]  # noqa: SIM118
        return {name: [bytes(row) for row in file.get_tensor(f"{name}.keys").numpy()] for name in names}
