"""Whether targets differ from the candidates at all: where both are of one distribution, the most relevant candidates are no better than
any, and their sameness costs variety."""

import torch
from torch import Tensor

from jiuzhang_worker.influence.scores import unit

#: Fewer items than this tell nothing, and more than MOST cost time without telling more.
FEWEST, MOST, SHUFFLES = 20, 400, 999


def differs(candidates: Tensor, targets: Tensor, seed: int = 0) -> float:
    """p of a permutation test: how often chance alone sets two groups of unit gradients as far apart (squared distance of their means,
    the maximum mean discrepancy with a linear kernel; Gretton et al. 2012)."""
    rows = torch.cat([unit(targets), unit(candidates)])
    sides = torch.cat([torch.full((len(targets),), 1 / len(targets)), torch.full((len(candidates),), -1 / len(candidates))]).double()
    gram = rows @ rows.T
    random = torch.Generator().manual_seed(seed)
    shuffled = torch.stack([sides, *(sides[torch.randperm(len(sides), generator=random)] for _ in range(SHUFFLES))])
    distances = ((shuffled @ gram) * shuffled).sum(1)
    # A shuffle that is the same division again differs by rounding alone.
    return float((distances >= distances[0] * (1 - 1e-9)).double().mean())
