"""What is believed of an effect after the data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from truthlag.verdict.abtest.result.text import number, percent

PEEKING = (
    "a posterior does not protect against peeking: who ships at the first look at which this probability is above 95% ships versions"
    " that are no better in far more than 5% of tests; decide at a planned size, or by a confidence sequence."
)


@dataclass(frozen=True, slots=True)
class Posterior:
    """The effect of the treatment given the data and a prior, and what either decision may cost.

    Made by `bayesian_effect` and `beta_binomial`.

    Example:
        >>> from truthlag.abtest import Proportion, beta_binomial
        >>> found = beta_binomial(Proportion(5, 50), Proportion(9, 48))
        >>> round(found.probability_better, 4), round(found.expected_loss_if_shipped, 5)
        (0.886, 0.00397)
    """

    metric: str | None
    """What the metric is called."""
    effect: float | None
    """The mean of the posterior of treatment less control; None where nothing can be said."""
    standard_deviation: float | None
    """Its standard deviation."""
    interval: tuple[float, float] | None
    """Its central credible interval at `confidence`."""
    probability_better: float | None
    """The probability that the treatment is the better one."""
    expected_loss_if_kept: float | None
    """How much is lost on average, in units of the effect, by keeping the control."""
    expected_loss_if_shipped: float | None
    """How much is lost on average by shipping the treatment."""
    confidence: float
    """The level of the interval."""
    scale: str
    """What the effect is: the `"absolute"` difference or the `"relative"` one."""
    direction: str
    """Which values are better."""
    prior: str
    """The prior, in words, on the scale of the effect."""
    reasons: tuple[str, ...]
    """What should be known of it."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Proportion, beta_binomial
            >>> beta_binomial(Proportion(5, 50), Proportion(9, 48)).to_dict()["scale"]
            'absolute'
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def __str__(self) -> str:
        shown = percent if self.scale == "relative" else number
        lines = [f"effect on {self.metric or 'the metric'}, {self.scale}: {shown(self.effect)}"]
        if self.interval is not None:
            low, high = map(shown, self.interval)
            lines[0] += f" ({100 * self.confidence:g}% credible: {low} to {high})"
        if self.probability_better is not None:
            lines.append(f"better with probability {self.probability_better:.4f} ({self.direction} is better)")
            kept, shipped = shown(self.expected_loss_if_kept), shown(self.expected_loss_if_shipped)
            lines.append(f"expected loss: {kept} if the control is kept, {shipped} if the treatment is shipped")
        return "\n".join([*lines, f"prior: {self.prior}", *self.reasons])


def expected_gain(mean: float, deviation: float) -> float:
    """The mean of the positive part of a normal variable."""
    from scipy import special

    if deviation == 0:
        return max(0.0, mean)
    z = mean / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if z >= 0:
        return mean * float(special.ndtr(z)) + deviation * density
    # By the scaled tail, so that small gains do not drown in the difference of two small numbers.
    mills = float(special.erfcx(-z / math.sqrt(2))) * math.sqrt(math.pi / 2)
    return max(0.0, deviation * density * (1 + z * mills))
