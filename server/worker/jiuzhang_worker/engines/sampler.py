"""Draws the next tokens of a batch: every row by its own settings and its own random stream, so that no row depends on another."""

import hashlib
from typing import Any

import numpy as np
import torch

from jiuzhang_worker.engines.body import Sampling

#: Below this a temperature means the most likely token, as in vLLM.
GREEDY = 1e-5


def stream(sampling: Sampling, key: str, choice: int) -> np.random.Generator:
    """The random numbers of one answer: the same on every device and in every company. A request without a seed is seeded by its id."""
    text = f"{key if sampling.seed is None else sampling.seed}\n{choice}"
    return np.random.Generator(np.random.Philox(key=int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")))


class Sampler:
    """Chooses one token per row and step. rows: settings of each row. prompts: their token ids, for the repetition penalty."""

    def __init__(self, rows: list[Sampling], streams: list[np.random.Generator], prompts: list[list[int]]) -> None:
        self._rows, self._streams, self._prompts = rows, streams, prompts
        self._counts: torch.Tensor | None = None
        self._seen: torch.Tensor | None = None
        self._penalised = any(row.frequency_penalty or row.presence_penalty or row.repetition_penalty != 1 for row in rows)
        self._drawn = [index for index, row in enumerate(rows) if row.temperature >= GREEDY]

    def choose(self, logits: torch.Tensor, last: torch.Tensor | None) -> torch.Tensor:
        """logits: rows × vocabulary. last: the tokens of the step before, None at the first. Gives one token id per row."""
        if self._penalised:
            logits = self._penalise(logits, last)
        chosen = logits.argmax(dim=-1)
        if self._drawn:
            draws = torch.tensor([self._streams[index].random() for index in self._drawn], dtype=torch.float64, device=logits.device)
            chosen[self._drawn] = draw(logits[self._drawn], [self._rows[index] for index in self._drawn], draws)
        return chosen

    def _penalise(self, logits: torch.Tensor, last: torch.Tensor | None) -> torch.Tensor:
        """Frequency and presence count what was written; repetition the prompt, too, and divides or multiplies (CTRL, Keskar et al. 2019)."""
        if self._counts is None or self._seen is None:
            self._counts = torch.zeros_like(logits)
            self._seen = torch.zeros_like(logits, dtype=torch.bool)
            for row, prompt in enumerate(self._prompts):
                self._seen[row, prompt] = True
        if last is not None:
            self._counts.scatter_add_(1, last[:, None], torch.ones_like(last[:, None], dtype=logits.dtype))
            self._seen.scatter_(1, last[:, None], True)
        repetition, frequency, presence = (
            self._column(logits, [getattr(row, name) for row in self._rows])
            for name in ("repetition_penalty", "frequency_penalty", "presence_penalty")
        )
        repeated = torch.where(logits > 0, logits / repetition, logits * repetition)
        logits = torch.where(self._seen, repeated, logits)
        return logits - frequency * self._counts - presence * (self._counts > 0)

    @staticmethod
    def _column(like: torch.Tensor, values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None]


def draw(logits: torch.Tensor, rows: list[Sampling], draws: torch.Tensor) -> torch.Tensor:
    """One token per row by inversion of the distribution that is left after min_p, top_k and top_p (in vLLM's order).

    draws: uniform in [0, 1), 64-bit. The tokens are sorted by probability, so a last bit of a logit moves the outcome only where a draw
    falls on the very border of two tokens.
    """

    def column(values: list[Any]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64, device=logits.device)[:, None]

    probabilities = torch.softmax(logits.double() / column([row.temperature for row in rows]), dim=-1)
    ordered, tokens = torch.sort(probabilities, dim=-1, descending=True, stable=True)
    ranks = torch.arange(ordered.shape[1], device=logits.device)[None, :]
    keep = ordered >= column([row.min_p for row in rows]) * ordered[:, :1]
    keep &= ranks < column([row.top_k or ordered.shape[1] for row in rows])
    kept = torch.where(keep, ordered, 0)
    kept = kept / kept.sum(dim=-1, keepdim=True)
    # A token stays while those before it have not yet the share; the first one always does.
    before = kept.cumsum(dim=-1) - kept
    kept = torch.where((before < column([row.top_p for row in rows])) | (ranks == 0), kept, 0)
    sums = kept.cumsum(dim=-1)
    places = torch.searchsorted(sums, draws[:, None] * sums[:, -1:], right=True).clamp(max=sums.shape[1] - 1)
    return tokens.gather(1, places).squeeze(1)
