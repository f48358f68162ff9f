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

#: What is integrated is smooth between the breaks, and known to the last digits from so many points there (Gauss and Legendre).
_POINTS_A_PANEL = 16
#: So many panels between the ends of a distribution, and so long ones around even odds, where logarithms of odds bend.
_PANELS = 24
_AROUND = np.arange(-34.0, 35.0, 2.0)
#: What of a distribution lies beyond the points on each side.
_BEYOND = 1e-25
#: Log odds nearer to 0 or 1 than that are none.
_FURTHEST = 700.0
#: Chances whose normal quantiles are finite.
_LEAST, _NEAREST = 1e-300, 1 - 2.0**-53


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

    Cost: some milliseconds.

    Source: Stucchio (2015), "Bayesian A/B testing at VWO"; integrals over log odds by the rule of Gauss and Legendre, between breaks
    that are as near to each other as the narrower distribution needs.

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
    is_above, gain, loss = _integrals(before, now)
    deviation = math.sqrt(before.variance + now.variance)
    effect = now.mean - before.mean
    is_higher = direction == "higher"
    return Posterior(
        metric=metric,
        effect=effect,
        standard_deviation=deviation,
        interval=_interval(before, now, level),
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

    def breaks(self) -> NDArray[Any]:
        """Log odds between which its density is smooth."""
        low, high = self.ends()
        inside = _AROUND[(low < _AROUND) & (high > _AROUND)]
        return np.union1d(np.linspace(low, high, _PANELS + 1), inside)

    def density(self, t: NDArray[Any]) -> NDArray[Any]:
        """Of log odds, as a share of that at the mode.

        The logarithm is taken from the mode on, since its terms are as large as the counts there.
        """
        mode = math.log(self.a / self.b)
        p, q = self.a / (self.a + self.b), self.b / (self.a + self.b)
        with np.errstate(over="ignore"):
            logarithm = -self.a * np.log1p(q * np.expm1(mode - t)) - self.b * np.log1p(p * np.expm1(t - mode))
        return np.asarray(np.exp(logarithm))

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
    return math.log(share) - math.log1p(-share) if 0 < share < 1 else math.copysign(_FURTHEST, share - 0.5)


def _nodes(breaks: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points between breaks, and the weight of each in an integral."""
    points, weights = np.polynomial.legendre.leggauss(_POINTS_A_PANEL)
    half = np.diff(breaks)[:, None] / 2
    return (breaks[:-1, None] + half * (1 + points)).ravel(), (half * weights).ravel()


def _mass(beta: _Beta) -> float:
    """What the density integrates to."""
    points, weights = _nodes(beta.breaks())
    return float(weights @ beta.density(points))


def _integrals(before: _Beta, now: _Beta) -> tuple[float, float, float]:
    """The chance that the treatment is above, and the means of what it is above and below by; no difference of large numbers."""
    from scipy import special

    points, weights = _nodes(np.union1d(before.breaks(), now.breaks()))
    is_above = float(weights @ (now.density(points) * before.below(points))) / _mass(now)
    # dp = p (1 - p) dt.
    slope = special.expit(points) * special.expit(-points) * weights
    gain = float(slope @ (before.below(points) * now.above(points)))
    loss = float(slope @ (now.below(points) * before.above(points)))
    return min(1.0, is_above), gain, loss


def _interval(before: _Beta, now: _Beta, level: float) -> tuple[float, float]:
    """The differences with so much of the distribution beyond them on each side."""
    from scipy import special

    tail = (1 - level) / 2
    spread = math.sqrt(before.variance + now.variance)
    middle = now.mean - before.mean
    if now.variance < before.variance:
        # Over the rates of the arm that is better known, beside which the other one is smooth. Of the failures, with arms reversed,
        # the difference is the same.
        before, now = _Beta(now.b, now.a), _Beta(before.b, before.a)
    mass = _mass(before)

    def statistic(difference: float) -> float:
        chance = _above(before, now, difference, mass)
        return float(special.ndtri(min(_NEAREST, max(_LEAST, chance))))

    low, high = (
        falling_crossing(
            statistic,
            side * -float(special.ndtri(tail)),
            (-1.0, 1.0),
            max(-0.999, min(0.999, middle - side * 2 * spread)),
            spread,
            1e-11,
        )
        for side in (1, -1)
    )
    return low, high


def _above(before: _Beta, now: _Beta, difference: float, mass: float) -> float:
    """The chance that the rates differ by more than that, which falls with it.

    Over the control's rates beside which the treatment's is one: over the log odds of their place between the ends of these, where
    what is integrated has no kink.
    """
    from scipy import special

    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    # Below them any rate of the treatment is further above.
    certain = float(special.betainc(before.a, before.b, low))
    width = high - low
    if width <= 0:
        return certain
    places = (special.expit(before.breaks()) - low) / width
    inner = places[(places > 0) & (places < 1)]
    ends = [_log_odds(min(1.0, max(0.0, float(end)))) for end in (places[0], places[-1])]
    breaks = np.unique(np.concatenate([np.log(inner) - np.log1p(-inner), _AROUND, ends]))
    points, weights = _nodes(breaks[(breaks >= ends[0]) & (breaks <= ends[1])])
    up, down = special.expit(points), special.expit(-points)
    rates, rest = low + width * up, (1.0 - high) + width * down
    is_in = (rates > 0) & (rest > 0)
    rates, rest = rates[is_in], rest[is_in]
    density = before.density(np.log(rates) - np.log(rest)) / mass
    slope = width * (up * down * weights)[is_in] / (rates * rest)
    # By the treatment's rate or by what is left of 1, whichever is the smaller one.
    above = np.where(
        rates + difference < 0.5,
        special.betaincc(now.a, now.b, np.clip(rates + difference, 0.0, 1.0)),
        special.betainc(now.b, now.a, np.clip(rest - difference, 0.0, 1.0)),
    )
    return certain + float(slope @ (density * above))
