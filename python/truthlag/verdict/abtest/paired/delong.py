"""The area under the ROC curve, and how much each row has to do with it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.statistics.column import Floats


def area_influence(is_positive: NDArray[np.bool_], scores: Floats) -> tuple[float, Floats]:
    """The area, and for each row its structural component less the area, scaled so that the mean square is a variance.

    A positive's component is the share of negatives below it (half of those at its score), a negative's that of positives above:
    DeLong, DeLong and Clarke-Pearson (1988), by midranks as Sun and Xu (2014). The sum of the squared influences over n² is
    their S10 / m + S01 / n, with m - 1 and n - 1 in the variances.

    Cost: three sorts.
    """
    n = len(scores)
    up, down = scores[is_positive], scores[~is_positive]
    m, rest = len(up), len(down)
    all_ranks = _midranks(scores)
    above = (all_ranks[is_positive] - _midranks(up)) / rest
    below = 1 - (all_ranks[~is_positive] - _midranks(down)) / m
    area = float(above.mean())
    influence = np.empty(n)
    influence[is_positive] = (above - area) * (n / m * math.sqrt(m / (m - 1)))
    influence[~is_positive] = (below - area) * (n / rest * math.sqrt(rest / (rest - 1)))
    return area, influence


def _midranks(values: Floats) -> Floats:
    """Ranks from 1, with their mean for equal values."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.append(begins[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((begins + ends + 1) / 2, ends - begins)
    return ranks
