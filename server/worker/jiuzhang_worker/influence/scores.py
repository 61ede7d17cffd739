"""Scores from gradients: pure functions of matrices. Solves and sums are in float64; scores come back as float64.

Candidates are one (n, d) matrix per checkpoint, targets one {task: (items, d)} per checkpoint. For LESS the candidates are Adam's
directions (`influence.adam`), for everything else plain gradients. A score is higher where training on the candidate helps more.

Sources: LESS (Xia et al. 2024, princeton-nlp/LESS); TRAK (Park et al. 2023), its estimator without the loss weights and in the dual.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

Candidates = Sequence[Tensor]
Targets = Sequence[Mapping[str, Tensor]]
Pairs = Callable[[Tensor, Tensor], Tensor]
Solve = Literal["auto", "dual", "primal"]
#: How many columns of long vectors are held in float64 at a time.
_COLUMNS = 1 << 16


def unit(vectors: Tensor) -> Tensor:
    """Rows of length one, float64; a row of zeros stays one."""
    wide = vectors.double()
    return wide / wide.norm(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)


def cosine_pairs(candidates: Tensor, targets: Tensor) -> Tensor:
    """(n, items): cosine of every candidate with every target item."""
    return unit(candidates) @ unit(targets).T


def dot_pairs(candidates: Tensor, targets: Tensor) -> Tensor:
    """(n, items): the inner product, in which long gradients count more."""
    return candidates.double() @ targets.double().T


def damping_of(count: int, damping: float, diagonal: float = 1.0) -> float:
    """λ = damping × mean diagonal of the Gram matrix × n / 100; the diagonal of unit vectors is 1."""
    return damping * diagonal * count / 100


def whitened_pairs(candidates: Tensor, targets: Tensor, damping: float = 1.0) -> Tensor:
    """(n, items): TRAK's estimator in the dual, (K_tc (K_cc + λI)⁻¹)ᵀ over unit gradients. One n × n solve."""
    c, t = unit(candidates), unit(targets)
    gram = c @ c.T
    gram.diagonal().add_(damping_of(len(c), damping, float(gram.diagonal().mean())))
    return torch.linalg.solve(gram, c @ t.T)


def trak_projected_pairs(candidates: Tensor, targets: Tensor, damping: float = 1.0) -> Tensor:
    """The same numbers by a d × d solve: C (CᵀC + λI)⁻¹ Tᵀ. For pools with more candidates than dimensions."""
    c, t = unit(candidates), unit(targets)
    gram = c.T @ c
    gram.diagonal().add_(damping_of(len(c), damping, float((c * c).sum(1).mean())))
    return c @ torch.linalg.solve(gram, t.T)


def whitened_targets(blocks: Callable[[], Iterable[Tensor]], targets: Tensor, damping: float = 1.0, solve: Solve = "auto") -> Tensor:
    """Target directions W (items, d) with whitened_pairs = unit(candidates) @ Wᵀ: what scores blocks, and later candidates' tokens.

    blocks: gives the candidates part by part, as often as asked. dual: (T − TCᵀ (K + λI)⁻¹ C) / λ, n × n; primal: T (CᵀC + λI)⁻¹, d × d.
    auto takes the smaller.
    """
    t = unit(targets)
    count = sum(len(block) for block in blocks())
    if solve == "primal" or (solve == "auto" and count > t.shape[1]):
        gram = torch.zeros(t.shape[1], t.shape[1], dtype=torch.float64, device=t.device)
        for block in blocks():
            c = unit(block)
            gram += c.T @ c
        diagonal = float(gram.diagonal().sum()) / count
        gram.diagonal().add_(damping_of(count, damping, diagonal))
        return torch.linalg.solve(gram, t.T).T
    # The pool stays as it was given; only some columns at a time are wide.
    pool = torch.cat(list(blocks()))
    lengths = _lengths(pool)
    gram = _product(pool, pool) / lengths[:, None] / lengths
    across = _product(pool, t) / lengths[:, None]
    ridge = damping_of(count, damping, float(gram.diagonal().mean()))
    gram.diagonal().add_(ridge)
    weights = torch.linalg.solve(gram, across) / lengths[:, None]
    for at in range(0, t.shape[1], _COLUMNS):
        t[:, at : at + _COLUMNS] -= weights.T @ pool[:, at : at + _COLUMNS].double()
    return t / ridge


def _lengths(vectors: Tensor) -> Tensor:
    squares = sum(part.double().square().sum(1) for part in vectors.split(_COLUMNS, dim=1))
    return torch.as_tensor(squares).sqrt().clamp_min(torch.finfo(torch.float64).tiny)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ in float64, by columns."""
    found = torch.zeros(len(a), len(b), dtype=torch.float64, device=a.device)
    for left, right in zip(a.split(_COLUMNS, dim=1), b.split(_COLUMNS, dim=1), strict=True):
        found += left.double() @ right.double().T
    return found


def pairs_by_task(pairs: Pairs, candidates: Candidates, targets: Targets, learning_rates: Sequence[float]) -> dict[str, Tensor]:
    """{task: (n, items)}: the checkpoints' pairs, weighted by their share of the learning rates. Of these the nearest items are told."""
    whole = sum(learning_rates)
    found: dict[str, Tensor] = {}
    for c, by_task, rate in zip(candidates, targets, learning_rates, strict=True):
        tasks = list(by_task)
        together = pairs(c, torch.cat([by_task[task] for task in tasks])) * (rate / whole)
        for task, part in zip(tasks, together.split([len(by_task[task]) for task in tasks], dim=1), strict=True):
            found[task] = found[task] + part if task in found else part
    return found


def means(pairs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """{task: (n,)}: the mean over the task's items."""
    return {task: part.mean(1) for task, part in pairs.items()}


def cosine(candidates: Candidates, targets: Targets, learning_rates: Sequence[float]) -> dict[str, Tensor]:
    """Cosine of plain gradients (LESS without Adam)."""
    return means(pairs_by_task(cosine_pairs, candidates, targets, learning_rates))


def less(candidates: Candidates, targets: Targets, learning_rates: Sequence[float]) -> dict[str, Tensor]:
    """LESS: cosine of the candidates' Adam directions with the targets' plain gradients, both already projected."""
    return cosine(candidates, targets, learning_rates)


def dot(candidates: Candidates, targets: Targets, learning_rates: Sequence[float]) -> dict[str, Tensor]:
    """TracIn: inner products of plain gradients."""
    return means(pairs_by_task(dot_pairs, candidates, targets, learning_rates))


def whitened(candidates: Candidates, targets: Targets, learning_rates: Sequence[float], damping: float = 1.0) -> dict[str, Tensor]:
    """The design's default, in the dual; each checkpoint is whitened by its own Gram matrix."""
    return means(pairs_by_task(lambda c, t: whitened_pairs(c, t, damping), candidates, targets, learning_rates))


def trak_projected(candidates: Candidates, targets: Targets, learning_rates: Sequence[float], damping: float = 1.0) -> dict[str, Tensor]:
    """`whitened` by the projected (primal) form."""
    return means(pairs_by_task(lambda c, t: trak_projected_pairs(c, t, damping), candidates, targets, learning_rates))
