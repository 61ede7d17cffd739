"""The direction that Adam would take, as LESS takes it for a candidate."""

from torch import Tensor

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def adam_direction(gradients: Tensor, m: Tensor, v: Tensor) -> Tensor:
    """m' / √(v' + ε) with m' = 0.9 m + 0.1 g and v' = 0.999 v + 0.001 g²: (rows, coordinates).

    ε stands inside the root and there is no bias correction, as in princeton-nlp/LESS, less/data_selection/collect_grad_reps.py.
    """
    first = BETA1 * m + (1 - BETA1) * gradients
    second = BETA2 * v + (1 - BETA2) * gradients.square()
    return first / (second + EPSILON).sqrt()
