"""The posterior of two proportions with beta priors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.bayesian.posterior import PEEKING, Posterior
from truthlag.verdict.abtest.result.words import DIRECTIONS, Direction
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.detectors.parameters import choice, real, share
from truthlag.verdict.two_sample.falling import falling_crossing

#: Into so many panels a distribution is cut.
_PANELS = 64
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
#: What of a distribution lies beyond the points on each side.
_BEYOND = 1e-25


def beta_binomial(
    control: Proportion,
    treatment: Proportion,
    *,
    prior: tuple[float, float] = (1.0, 1.0),
    metric: str | None = None,
    direction: Direction = "higher",
    confidence: float = 0.95,
) -> Posterior:
    """What is believed of two proportions after the data, with a beta prior for each: exact, without draws.

    **It does not protect against peeking**: who stops when the probability is high enough is wrong far more often than it says.

    Args:
        control: The successes of the control.
        treatment: Those of the treatment.
        prior: The parameters of the beta prior, above 0, to which successes and failures are added; (1, 1) is uniform.
        metric: What the metric is called.
        direction: Whether more successes are better.
        confidence: The level of the credible interval of the difference, between 0 and 1.

    Returns:
        The posterior of the difference of the proportions.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A value is not allowed.

    Cost: about a millisecond.

    Source: Stucchio (2015), "Bayesian A/B testing at VWO"; integrals by the trapezoidal rule over log odds, which converges
    geometrically (Trefethen and Weideman 2014).

    Example:
        >>> from truthlag.abtest import Proportion, beta_binomial
        >>> found = beta_binomial(Proportion(5, 50), Proportion(9, 48), metric="conversion")
        >>> for line in str(found).splitlines()[:3]:
        ...     print(line)
        effect on conversion, absolute: 0.08462 (95% credible: -0.05382 to 0.2266)
        better with probability 0.8860 (higher is better)
        expected loss: 0.08859 if the control is kept, 0.00397 if the treatment is shipped
    """
    for name, arm in (("control", control), ("treatment", treatment)):
        if not isinstance(arm, Proportion):
            raise TypeError(f"{name} must be a Proportion, got {described(arm)}")
    choice("direction", direction, DIRECTIONS)
    level = share("confidence", confidence)
    first, second = _checked_prior(prior)
    before = _Beta(first + control.k, second + control.n - control.k)
    now = _Beta(first + treatment.k, second + treatment.n - treatment.k)
    points, widths = _points(before, now)
    is_above, gain, loss = _integrals(before, now, points, widths)
    deviation = math.sqrt(before.variance + now.variance)
    effect = now.mean - before.mean
    is_higher = direction == "higher"
    return Posterior(
        metric=metric,
        effect=effect,
        standard_deviation=deviation,
        interval=_interval(before, now, points, widths, level),
        probability_better=is_above if is_higher else 1 - is_above,
        expected_loss_if_kept=gain if is_higher else loss,
        expected_loss_if_shipped=loss if is_higher else gain,
        confidence=level,
        scale="absolute",
        direction=direction,
        prior=f"beta({first:g}, {second:g}) for each arm",
        reasons=(PEEKING,),
    )


def _checked_prior(prior: Any) -> tuple[float, float]:
    if not isinstance(prior, tuple | list):
        raise TypeError(f"prior must be a tuple of two numbers above 0, got {described(prior)}")
    if len(prior) != 2:
        raise ValueError(f"prior must be a tuple of two numbers above 0, got {len(prior)}")
    first, second = (real(f"prior[{place}]", one, 0.0, above=True) for place, one in enumerate(prior))
    return first, second


class _Beta:
    """A beta distribution, over log odds t: p = 1 / (1 + exp(-t))."""

    __slots__ = ("a", "b")

    def __init__(self, a: float, b: float) -> None:
        self.a = a
        self.b = b

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    @property
    def variance(self) -> float:
        both = self.a + self.b
        return self.a * self.b / (both * both * (both + 1))

    def ends(self) -> tuple[float, float]:
        """Log odds beyond which next to nothing lies."""
        from scipy import special

        low = float(special.betaincinv(self.a, self.b, _BEYOND))
        # One less the upper quantile, which near 1 has no digits of its own.
        rest = float(special.betaincinv(self.b, self.a, _BEYOND))
        return _log_odds(low), -_log_odds(rest)

    def weights(self, t: NDArray[Any], widths: NDArray[Any]) -> NDArray[Any]:
        """Of log odds that count for so much, with a sum of 1.

        The logarithm of the density is taken from the mode on, since its terms are as large as the counts there.
        """
        mode = math.log(self.a / self.b)
        p, q = self.a / (self.a + self.b), self.b / (self.a + self.b)
        with np.errstate(over="ignore"):
            logarithm = -self.a * np.log1p(q * np.expm1(mode - t)) - self.b * np.log1p(p * np.expm1(t - mode))
        density = np.exp(logarithm) * widths
        return np.asarray(density / density.sum())

    def below(self, t: NDArray[Any]) -> NDArray[Any]:
        """The chance of lower log odds."""
        from scipy import special

        # Near 1 a rate has no digits of its own.
        low = special.betainc(self.a, self.b, special.expit(np.minimum(t, 0)))
        return np.asarray(np.where(t <= 0, low, special.betaincc(self.b, self.a, special.expit(-np.maximum(t, 0)))))

    def above(self, t: NDArray[Any]) -> NDArray[Any]:
        """The chance of higher ones."""
        from scipy import special

        high = special.betainc(self.b, self.a, special.expit(-np.maximum(t, 0)))
        return np.asarray(np.where(t > 0, high, special.betaincc(self.a, self.b, special.expit(np.minimum(t, 0)))))


def _log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share) if share > 0 else -700.0


def _points(before: _Beta, now: _Beta) -> tuple[NDArray[Any], NDArray[Any]]:
    """Log odds at which all is summed up, and what each counts for: Gauss and Legendre's rule in panels.

    Each distribution is cut into as many, however much narrower than the other one it is or how far from it, and so is the slope of
    rates by log odds.
    """
    ends = [before.ends(), now.ends()]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    cuts = [np.linspace(*one, _PANELS + 1) for one in ends]
    breaks = np.unique(np.concatenate([*cuts, np.clip(np.arange(-40.0, 41.0), low, high)]))
    halves = np.diff(breaks)[:, None] / 2
    return (breaks[:-1, None] + halves * (1 + _NODES)).ravel(), (halves * _WEIGHTS).ravel()


def _integrals(before: _Beta, now: _Beta, points: NDArray[Any], widths: NDArray[Any]) -> tuple[float, float, float]:
    """The chance that the treatment is above, and the means of what it is above and below by; no difference of large numbers."""
    from scipy import special

    is_above = float((now.weights(points, widths) * before.below(points)).sum())
    # dp = p (1 - p) dt.
    slope = special.expit(points) * special.expit(-points) * widths
    gain = float((before.below(points) * now.above(points) * slope).sum())
    loss = float((now.below(points) * before.above(points) * slope).sum())
    return min(1.0, is_above), gain, loss


def _interval(
    before: _Beta, now: _Beta, points: NDArray[Any], widths: NDArray[Any], level: float
) -> tuple[float, float]:
    """The differences with so much of the distribution beyond them on each side."""
    from scipy import special

    # The narrower one is summed over, in whose place the other one's chances hardly move.
    is_after = now.variance < before.variance
    weights = (now if is_after else before).weights(points, widths)
    rates = special.expit(points)

    def not_above(difference: float) -> float:
        shifted = np.clip(rates - difference if is_after else rates + difference, 0.0, 1.0)
        # Falls with the difference.
        other = special.betainc(before.a, before.b, shifted) if is_after else special.betaincc(now.a, now.b, shifted)
        return float((weights * other).sum())

    tail = (1 - level) / 2
    spread = math.sqrt(before.variance + now.variance)
    middle = now.mean - before.mean
    low, high = (
        falling_crossing(
            not_above, wanted, (-1.0, 1.0), max(-0.999, min(0.999, middle + side * 2 * spread)), spread, 1e-12
        )
        for wanted, side in ((1 - tail, -1), (tail, 1))
    )
    return low, high
