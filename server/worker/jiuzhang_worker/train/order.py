"""In which order the sequences of an epoch come."""

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import Sampler


class Order(Sampler[int]):
    """Part after part, each shuffled by seed and epoch; then blank rows until the length is a multiple of `at_once`.

    parts: sequences of each part; the blank row stands after all of them. at_once: what all processes take together, so that each
    gets equally many and none sees a row twice.
    """

    def __init__(self, parts: list[int], seed: int, at_once: int) -> None:
        self.parts, self.seed, self.at_once = parts, seed, at_once
        #: Set before each epoch; not by `set_epoch`, which does not get through every wrapper that a loader may have.
        self.epoch = 0

    def __len__(self) -> int:
        return -(-sum(self.parts) // self.at_once) * self.at_once

    def __iter__(self) -> Iterator[int]:
        first = 0
        for number, count in enumerate(self.parts):
            generator = torch.Generator().manual_seed(_mixed(self.seed, self.epoch, number))
            drawn: Any = torch.randperm(count, generator=generator).tolist()
            yield from (first + index for index in drawn)
            first += count
        yield from [first] * (len(self) - first)


def _mixed(*numbers: int) -> int:
    """One seed of several, so that neighbouring seeds and epochs have nothing in common."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 0x9E3779B97F4A7C15 + number + 0xD1B54A32D192ED03) % 2**63
    return mixed
