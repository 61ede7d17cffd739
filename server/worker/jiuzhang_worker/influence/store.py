"""Gradients on disk: one folder per space, in it shards of safetensors. A shard is complete or absent, and found by its rows' content.

A space is everything that a vector depends on but its row: model, checkpoint, projection, direction, precision. A shard holds `keys`
(rows, 16) uint8, `vectors` (rows, dim) of unit length, and float32 `lengths` and `losses`. Later runs look a row up by its key.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from jiuzhang_worker.job.files import sha256_json, whole_file, write_json


class Shard(NamedTuple):
    keys: list[bytes]
    vectors: Tensor
    lengths: Tensor
    losses: Tensor


class Space:
    """One space of a store.

    index: which shard and which row in it each key has; of a key in two shards, the one in the first by name.
    """

    def __init__(self, root: Path, about: dict[str, Any]) -> None:
        self.folder = root / sha256_json(about)[:24]
        self.about = about
        self.broken: list[Path] = []
        self.index: dict[bytes, tuple[Path, int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Looks at what is on disk. Shards that cannot be read are passed over and named in `broken`."""
        self.index.clear()
        self.broken.clear()
        for path in sorted(self.folder.glob("shard-*.safetensors"), reverse=True):
            try:
                keys = _keys(path)
            except Exception:
                # The library raises errors of its own kind for every way in which a file can be torn.
                self.broken.append(path)
                continue
            for row, key in enumerate(keys):
                self.index[key] = path, row

    def add(self, shard: Shard, precision: str) -> Path:
        """Writes a shard under a name that its rows decide."""
        from safetensors.torch import save

        if not (self.folder / "space.json").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self.folder / "space.json", self.about)
        path = self.folder / f"shard-{sha256_json([key.hex() for key in shard.keys])[:24]}.safetensors"
        keys = torch.frombuffer(bytearray(b"".join(shard.keys)), dtype=torch.uint8).reshape(len(shard.keys), -1)
        data = save(
            {
                "keys": keys,
                "vectors": shard.vectors.to("cpu", getattr(torch, precision)).contiguous(),
                "lengths": shard.lengths.cpu(),
                "losses": shard.losses.cpu(),
            }
        )
        with whole_file(path, "wb") as file:
            file.write(data)
        for row, key in enumerate(shard.keys):
            self.index[key] = path, row
        return path

    def read(self, keys: Sequence[bytes]) -> Shard:
        """The rows of these keys, in their order; vectors as they are stored."""
        parts = list(self.blocks(keys))
        order = torch.empty(len(keys), dtype=torch.int64)
        order[torch.cat([places for places, _ in parts])] = torch.arange(len(keys))
        shards = [shard for _, shard in parts]
        return Shard(
            list(keys),
            torch.cat([shard.vectors for shard in shards])[order],
            torch.cat([shard.lengths for shard in shards])[order],
            torch.cat([shard.losses for shard in shards])[order],
        )

    def blocks(self, keys: Sequence[bytes]) -> Iterator[tuple[Tensor, Shard]]:
        """The same rows shard by shard, in an order that the store decides: places among the keys, and the rows."""
        from safetensors.torch import load_file

        by_shard: dict[Path, list[tuple[int, int]]] = {}
        for place, key in enumerate(keys):
            path, row = self.index[key]
            by_shard.setdefault(path, []).append((place, row))
        for path in sorted(by_shard):
            held = load_file(path)
            places, rows = (torch.tensor(numbers) for numbers in zip(*by_shard[path], strict=True))
            chosen = [keys[place] for place in places.tolist()]
            yield places, Shard(chosen, held["vectors"][rows], held["lengths"][rows], held["losses"][rows])


def _keys(path: Path) -> list[bytes]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return [bytes(row) for row in file.get_tensor("keys").numpy()]
