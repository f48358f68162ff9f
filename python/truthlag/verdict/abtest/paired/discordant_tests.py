"""Tests of whether discordant pairs fall to either side alike, as quantiles of the normal distribution.

Of pairs on which one model alone is right, treatment is the one in half of the cases if both are right as often: the count is
binomial with 1/2, whatever the rest.
"""

from __future__ import annotations

import math

from truthlag.verdict.abtest.paired.mixed_sequence import EARLIER
from truthlag.verdict.detectors.parameters import choice
from truthlag.verdict.sequences.beta_binomial import BetaBinomialSequence

METHODS = ("score", "mid_p", "exact", "corrected", "wald")


def quantile(method: str, control_only: int, treatment_only: int) -> float:
    """The normal quantile of a test; positive where treatment is right more often. 0 without discordant pairs.

    `"score"`: McNemar's (1947). `"corrected"`: with Edwards' (1948) correction for continuity. `"exact"`: the binomial test. `"mid_p"`:
    with half of the chance of what was seen (Fagerland, Lydersen and Laake 2013).

    Cost: some microseconds.
    """
    choice("method", method, METHODS)
    apart, both = treatment_only - control_only, treatment_only + control_only
    if apart == 0:
        return 0.0
    if method == "score":
        return apart / math.sqrt(both)
    if method == "corrected":
        return math.copysign(abs(apart) - 1, apart) / math.sqrt(both)
    logarithm = _log_tail(min(control_only, treatment_only), both, is_mid=method == "mid_p")
    from scipy import special

    return math.copysign(max(0.0, -float(special.ndtri_exp(logarithm))), apart)


def _log_tail(k: int, n: int, *, is_mid: bool) -> float:
    """The logarithm of the chance of at most k of n heads, k with half of its weight for the mid-p value."""
    from scipy import special

    log_seen = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
    if log_seen > -600:
        tail = float(special.bdtr(k, n, 0.5))
        return math.log(tail - 0.5 * math.exp(log_seen)) if is_mid else math.log(tail)
    # Beyond the floats: the terms fall quickly, and are summed over the largest.
    term, total, place = 1.0, 0.5 if is_mid else 1.0, k
    while place > 0 and term > 1e-18 * total:
        term *= place / (n - place + 1)
        total += term
        place -= 1
    return log_seen + math.log(total)


def concentrations(expected_discordant: int) -> tuple[float, float]:
    """The sums of the parameters of the two betas: 100 and 6.25 for the 800 discordant pairs that are 0.16 of 5 000."""
    return max(2.0, expected_discordant / 8), max(2.0, expected_discordant / 8 / EARLIER)


def log_e_value(control_only: int, treatment_only: int, concentrations: tuple[float, ...], side: str = "both") -> float:
    """The logarithm of the e-value against 1/2: how much likelier the pairs are under a mixture of rates around it.

    The mean over beta mixtures with equal parameters, whose sums are the concentrations: Robbins (1970). It is a test martingale in the
    discordant pairs, in the order of their predictions; for one side the mixtures are of the rates beyond 1/2 alone.

    Cost: some microseconds.
    """
    found = [_of_one(control_only, treatment_only, one, side) for one in concentrations]
    most = max(found)
    return most + math.log(sum(math.exp(one - most) for one in found) / len(found))


def _of_one(control_only: int, treatment_only: int, concentration: float, side: str) -> float:
    sequence = BetaBinomialSequence(side=side, prior=(concentration / 2, concentration / 2))
    sequence.update_counts(treatment_only, control_only + treatment_only)
    return float(sequence.log_e_value(0.5))
