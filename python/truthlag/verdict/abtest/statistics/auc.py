"""The area under the ROC curve with its variance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.statistics.clusters import sums
from truthlag.verdict.abtest.statistics.column import Floats
from truthlag.verdict.abtest.statistics.known import Known


def roc_auc(labels: NDArray[Any], scores: Floats, clusters: tuple[NDArray[np.intp], int] | None = None) -> Known:
    """The AUC by DeLong, DeLong and Clarke-Pearson (1988), or by Obuchowski (1997) where rows come in clusters.

    Not defined without rows of both labels; its standard error needs two of each.

    Cost: a sort of the scores.
    """
    is_positive = labels == 1
    positives, negatives = np.sort(scores[is_positive]), np.sort(scores[~is_positive])
    m, n = len(positives), len(negatives)
    rows = m + n if clusters is None else clusters[1]
    if not m or not n:
        return Known(rows, None, None, (0.0, 1.0))
    # The share of the other class that each row is rightly ranked against; ties count half.
    placement = np.empty(len(scores))
    mine = scores[is_positive]
    placement[is_positive] = (np.searchsorted(negatives, mine, "left") + np.searchsorted(negatives, mine, "right")) / (
        2 * n
    )
    mine = scores[~is_positive]
    placement[~is_positive] = 1 - (
        np.searchsorted(positives, mine, "left") + np.searchsorted(positives, mine, "right")
    ) / (2 * m)
    area = float(placement[is_positive].mean())
    if clusters is None:
        if min(m, n) < 2:
            return Known(rows, area, None, (0.0, 1.0), min(m, n))
        variance = float(placement[is_positive].var(ddof=1)) / m + float(placement[~is_positive].var(ddof=1)) / n
        return Known(rows, area, math.sqrt(variance), (0.0, 1.0), min(m, n))
    where, units = clusters
    if units < 2:
        return Known(rows, area, None, (0.0, 1.0))
    influence = sums((placement - area) * np.where(is_positive, 1 / m, 1 / n), where, units)
    variance = units / (units - 1) * float(influence @ influence)
    of_class = min(len(np.unique(where[is_positive])), len(np.unique(where[~is_positive])))
    return Known(rows, area, math.sqrt(variance), (0.0, 1.0), of_class)
