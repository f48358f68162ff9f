"""The difference of two debiased squared calibration errors."""

from __future__ import annotations

import math

import numpy as np

from truthlag.verdict.abtest.difference.bootstrapped import BootstrapEffect, Floats
from truthlag.verdict.abtest.difference.effect import Effect, Undefined
from truthlag.verdict.abtest.difference.skewed import SkewedEffect
from truthlag.verdict.abtest.statistics.calibration import Calibration

METHODS = ("skewness", "bootstrap")
_DRAWS = 5_000
_SEED = 0


def calibration_effect(control: Calibration, treatment: Calibration, method: str | None) -> Effect:
    """Treatment less control: squares of few bins are far from normal.

    `"skewness"`: with the variance and the skewness that squares of normal means have. `"bootstrap"`: by draws of the bins, which
    also let the number of rows in a bin vary.

    Raises:
        Undefined: An arm has no bin of two rows, or none of the bins has any spread.
    """
    (before, before_variance, before_third), (now, now_variance, now_third) = control.moments(), treatment.moments()
    if before is None or now is None or before_variance is None or now_variance is None:
        raise Undefined("an arm has no bin with two rows, so nothing tells how far its scores are from the rates.")
    variance = before_variance + now_variance
    if variance <= 0:
        raise Undefined("neither arm has any spread, so nothing tells how much chance could do.")
    name = "debiased squared calibration error by bins"
    if method == "bootstrap":
        random = np.random.default_rng(_SEED)
        errors = _errors(treatment, random) - _errors(control, random)
        error = float(errors.std(ddof=1))
        return BootstrapEffect(now - before, error, f"{name}, bootstrap", np.sort(errors))
    skewness = (now_third - before_third) / variance**1.5
    return SkewedEffect(now - before, math.sqrt(variance), skewness, name)


def _errors(arm: Calibration, random: np.random.Generator) -> Floats:
    """How far the debiased errors of draws are from the error that they are drawn with.

    Rows fall into bins as they did in the arm, and mean gaps are normal. They are drawn around the gaps of the arm, shrunk together so that
    their squared error is the debiased one: around the gaps as they are the bootstrap fails where scores are
    perfect, since noise would count as error (Beran 1997).
    """
    rows, gaps = np.array(arm.n_by_bin, dtype=np.float64), np.array(arm.gaps)
    used = rows > 1
    rows, gaps = rows[used], gaps[used]
    weights = rows / rows.sum()
    noise = (
        np.diag(np.array(arm.gaps_m2)[used] / (rows - 1) / rows)
        if arm.covariance is None
        else np.array(arm.covariance)[np.ix_(used, used)]
    )
    spread = np.diag(noise)
    plain = float(weights @ gaps**2)
    true = max(0.0, plain - float(weights @ spread))
    centre = gaps * math.sqrt(true / plain) if plain > 0 else gaps
    # As many rows as the arm has, in bins of such shares.
    drawn = random.multinomial(int(rows.sum()), weights, size=_DRAWS).astype(np.float64)
    share = np.divide(rows, drawn, out=np.zeros_like(drawn), where=drawn > 1)
    values, vectors = np.linalg.eigh(noise)
    normal = random.standard_normal((_DRAWS, len(rows))) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    # The estimate of the spread varies as well, by the units that it is from.
    units = rows if arm.clusters is None else np.full(len(rows), float(arm.clusters))
    estimated = spread * share * random.chisquare(np.maximum(units - 1, 1), size=drawn.shape) / np.maximum(units - 1, 1)
    squares = (centre + normal * np.sqrt(share)) ** 2 - estimated
    found = np.where(drawn > 1, drawn, 0.0)
    errors: Floats = (found * squares).sum(axis=1) / np.maximum(found.sum(axis=1), 1) - float(weights @ centre**2)
    return errors
