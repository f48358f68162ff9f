"""The precision of a mixture whose boundary is narrow at a chosen intrinsic time."""

from __future__ import annotations

import math

#: Of one side, twice alpha counts; where that is nearly all, this.
_MOST = 0.9


def precision(tuned_at: float, alpha: float, side: str) -> float:
    """Rho of the normal mixture whose boundary is narrowest, beside its growth, at an intrinsic time.

    `v / (2 l + log(1 + 2 l))` with `l = log(1 / alpha)`, for one side with twice alpha: Howard, Ramdas, McAuliffe and Sekhon
    (2021), section 3.5, by the approximation of the lower branch of Lambert's function. All mixtures are near the normal one.
    """
    double = -2 * math.log(alpha if side == "both" else min(2 * alpha, _MOST))
    return tuned_at / (double + math.log1p(double))
