"""Numbers over seeds: areas under the curve, means with their spread, and a paired test without assumptions on the distribution."""

import math
from itertools import product
from statistics import fmean, stdev

import numpy as np


def auc(scores: list[float], good: list[bool]) -> float:
    """Probability that a good row scores above a bad one, ties counted half (Mann–Whitney's U over its maximum); nan without both kinds."""
    values, marks = np.asarray(scores, dtype=float), np.asarray(good)
    if marks.all() or not marks.any():
        return math.nan
    above, below = values[marks][:, None], values[~marks][None, :]
    return float(((above > below) + 0.5 * (above == below)).mean())


def summary(values: list[float]) -> dict[str, float | int]:
    """mean, sd (n − 1; nan of one value), least, most, n."""
    return {
        "mean": fmean(values),
        "sd": stdev(values) if len(values) > 1 else math.nan,
        "least": min(values),
        "most": max(values),
        "n": len(values),
    }


def sign_flip_test(differences: list[float]) -> float:
    """Two-sided p of Fisher's randomisation test for pairs: under no difference each sign is as likely as the other.

    Exact, over all 2ⁿ signs, up to n = 16 (The Design of Experiments, 1935, §21). With n pairs the least p is 2 / 2ⁿ.
    """
    if len(differences) > 16:
        raise ValueError("Exact up to 16 pairs")
    seen = abs(fmean(differences)) - 1e-12
    sums = [
        abs(fmean(sign * value for sign, value in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(value >= seen for value in sums) / len(sums)
