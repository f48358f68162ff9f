"""The difference of two debiased squared calibration errors."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.difference.effect import Undefined
from truthlag.verdict.abtest.difference.skewed import SkewedEffect
from truthlag.verdict.abtest.statistics.calibration import Calibration


def calibration_effect(control: Calibration, treatment: Calibration) -> SkewedEffect:
    """Treatment less control, with its variance and its skewness: squares of few bins are far from normal.

    Raises:
        Undefined: An arm has no bin of two rows, or none of the bins has any spread.
    """
    (before, before_variance, before_third), (now, now_variance, now_third) = control.moments(), treatment.moments()
    if before is None or now is None or before_variance is None or now_variance is None:
        raise Undefined("an arm has no bin with two rows, so nothing tells how far its scores are from the rates.")
    variance = before_variance + now_variance
    if variance <= 0:
        raise Undefined("neither arm has any spread, so nothing tells how much chance could do.")
    skewness = (now_third - before_third) / variance**1.5
    return SkewedEffect(now - before, math.sqrt(variance), skewness, "debiased squared calibration error by bins")
