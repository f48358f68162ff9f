"""The posterior of a normal effect."""

from __future__ import annotations

import math
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.bayesian.posterior import PEEKING, Posterior, expected_gain
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.words import SCALES, Scale
from truthlag.verdict.detectors.parameters import choice, real, share


def bayesian_effect(
    comparison: Comparison,
    *,
    prior_mean: float = 0.0,
    prior_standard_deviation: float | None = None,
    prior_scale: Scale = "relative",
    scale: Scale = "absolute",
    confidence: float = 0.95,
) -> Posterior:
    """What is believed of the effect of a comparison after the data, with a normal prior.

    The posterior of a normal mean: precisions add up. A prior of relative effects is rescaled by the size of the control where the
    absolute effect is asked for (its mean by it, its variance by its square), and the other way round, so that the same belief is meant
    on both scales.

    **It does not protect against peeking**: who stops when the probability is high enough is wrong far more often than it says.

    Args:
        comparison: A result of `compare`, `compare_paired` or `mcnemar`.
        prior_mean: What effect was expected before the data, treatment less control.
        prior_standard_deviation: How sure that was; None for no prior (a flat one).
        prior_scale: Whether the prior is of the `"relative"` effect (0.1 for ten percent of the control) or the `"absolute"` one.
        scale: Of which effect the posterior is.
        confidence: The level of the credible interval, between 0 and 1.

    Returns:
        The posterior; without numbers, and with the reason, where the comparison has no effect.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A value is not allowed.

    Cost: some microseconds.

    Source: Gelman and others (2013), "Bayesian Data Analysis", section 2.5; expected losses as Stucchio (2015).

    Example:
        >>> from truthlag.abtest import Proportion, bayesian_effect, compare
        >>> result = compare(Proportion(600, 5_000), Proportion(675, 5_000), metric="conversion")
        >>> found = bayesian_effect(result, prior_standard_deviation=0.05)
        >>> round(found.effect, 4), round(found.probability_better, 3)
        (0.0067, 0.934)
    """
    if not isinstance(comparison, Comparison):
        raise TypeError(f"comparison must be a Comparison, got {described(comparison)}")
    mean = real("prior_mean", prior_mean)
    deviation = None
    if prior_standard_deviation is not None:
        deviation = real("prior_standard_deviation", prior_standard_deviation, 0.0, above=True)
    elif mean:
        raise ValueError(f"prior_standard_deviation must be given where there is a prior_mean ({mean:g}), got None")
    choice("prior_scale", prior_scale, SCALES)
    choice("scale", scale, SCALES)
    level = share("confidence", confidence)
    fixed: dict[str, Any] = {
        "metric": comparison.metric,
        "confidence": level,
        "scale": scale,
        "direction": comparison.direction,
    }
    effect, error, why = _likelihood(comparison, scale)
    size = None if comparison.control.estimate is None else abs(comparison.control.estimate)
    if not why and deviation is not None and prior_scale != scale:
        if not size:
            why = "the control is 0 or not known, so that the prior cannot be rescaled to the effect."
        else:
            factor = size if scale == "absolute" else 1 / size
            mean, deviation = mean * factor, deviation * factor
    prior = "flat" if deviation is None else f"normal with mean {mean:.4g} and standard deviation {deviation:.4g}"
    if why or effect is None or error is None:
        return Posterior(**_empty(), **fixed, prior=prior, reasons=(why,))
    if deviation is not None:
        # The share of the data: 1 for a flat prior, 0 for a prior that is sure.
        weight = deviation * deviation / (deviation * deviation + error * error)
        effect, error = weight * effect + (1 - weight) * mean, math.sqrt(weight) * error
    return Posterior(**_numbers(effect, error, level, comparison.direction), **fixed, prior=prior, reasons=(PEEKING,))


def _numbers(effect: float, error: float, level: float, direction: str) -> dict[str, Any]:
    from scipy import special

    reach = -float(special.ndtri((1 - level) / 2)) * error
    gain, loss = expected_gain(effect, error), expected_gain(-effect, error)
    sign = 1 if direction == "higher" else -1
    return {
        "effect": effect,
        "standard_deviation": error,
        "interval": (effect - reach, effect + reach),
        "probability_better": float(special.ndtr(sign * effect / error)),
        "expected_loss_if_kept": gain if sign > 0 else loss,
        "expected_loss_if_shipped": loss if sign > 0 else gain,
    }


def _empty() -> dict[str, Any]:
    return dict.fromkeys(
        (
            "effect",
            "standard_deviation",
            "interval",
            "probability_better",
            "expected_loss_if_kept",
            "expected_loss_if_shipped",
        )
    )


def _likelihood(comparison: Comparison, scale: str) -> tuple[float | None, float | None, str]:
    """Estimate and standard error of the effect, or why there is none."""
    if comparison.difference is None or not comparison.standard_error:
        return None, None, "the comparison has no difference with a standard error."
    if scale == "absolute":
        return comparison.difference, comparison.standard_error, ""
    before, now = comparison.control, comparison.treatment
    if not before.estimate or before.standard_error is None or now.standard_error is None:
        return (
            None,
            None,
            "the control is 0, or an arm cannot tell its standard error, so that there is no relative effect.",
        )
    ratio = (before.estimate + comparison.difference) / before.estimate
    variance = now.standard_error**2 + (ratio * before.standard_error) ** 2
    if isinstance(comparison, PairedComparison):
        # What the two estimates share.
        both = before.standard_error**2 + now.standard_error**2 - comparison.standard_error**2
        variance -= ratio * both
    error = math.sqrt(max(0.0, variance)) / abs(before.estimate)
    if error == 0 or not math.isfinite(error):
        return None, None, "there is no spread on the relative scale."
    return comparison.difference / abs(before.estimate), error, ""
