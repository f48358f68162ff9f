"""Exact limits of one proportion."""

from functools import lru_cache


@lru_cache(maxsize=64)
def clopper_pearson(successes: float, trials: float, tail: float) -> tuple[float, float]:
    """Limits that the true proportion is beyond with a probability of `tail` at most on each side.

    Clopper and Pearson (1934), as quantiles of beta distributions.
    """
    from scipy import special

    low = float(special.betaincinv(successes, trials - successes + 1, tail)) if successes > 0 else 0.0
    high = float(special.betainccinv(successes + 1, trials - successes, tail)) if successes < trials else 1.0
    return low, high
