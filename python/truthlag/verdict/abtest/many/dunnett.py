"""Several treatments against one control."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from truthlag.metrics.text import aligned
from truthlag.verdict.abtest.inference.fixed import upper_tail
from truthlag.verdict.abtest.many.common_control import CommonControl
from truthlag.verdict.abtest.many.groups import as_mean, named_means
from truthlag.verdict.abtest.result.comparison import Interval
from truthlag.verdict.abtest.result.text import number, probability
from truthlag.verdict.abtest.result.words import ALTERNATIVES, Alternative
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.detectors.parameters import choice, share
from truthlag.verdict.two_sample.mean import degrees_of_freedom

Variance: TypeAlias = Literal["equal", "unequal"]


@dataclass(frozen=True, slots=True)
class DunnettComparison:
    """One treatment beside the control.

    Example:
        >>> from truthlag.abtest import dunnett
        >>> one = dunnett([1.0, 2.0, 3.0], {"v2": [2.0, 3.0, 4.5], "v3": [5.0, 6.0, 9.0]}).treatments[1]
        >>> one.name, round(one.difference, 3), round(one.p_value, 4)
        ('v3', 4.667, 0.0166)
    """

    name: str
    """The treatment's."""
    difference: float | None
    """Treatment less control."""
    standard_error: float | None
    """Of the difference."""
    statistic: float | None
    """The difference over it; None where it is not defined."""
    degrees_of_freedom: float | None
    """Those of the statistic."""
    p_value: float | None
    """Adjusted for all treatments."""
    unadjusted_p_value: float | None
    """That of this treatment as if it were the only one."""
    interval: Interval | None
    """Of the difference; those of all treatments hold together."""
    reason: str | None = None
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class Dunnett:
    """Several treatments against one control; made by `dunnett`.

    Example:
        >>> from truthlag.abtest import dunnett
        >>> print(dunnett([1.0, 2.0, 3.0], {"v2": [2.0, 3.0, 4.5], "v3": [5.0, 6.0, 9.0]}))
        treatment  difference     95% interval  statistic  p
        v2              1.167  -2.382 to 4.716      0.941  0.5728
        v3              4.667   1.118 to 8.216      3.764  0.0166
    """

    treatments: tuple[DunnettComparison, ...]
    """One for each, in their order."""
    alternative: Alternative
    """Which differences were looked for."""
    alpha: float
    """The chance of any false rejection, and of any interval without the difference."""
    variance: Variance
    """Whether one spread was taken for all arms."""

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too: infinite numbers are `"Infinity"` and `"-Infinity"`.

        Example:
            >>> from truthlag.abtest import dunnett
            >>> dunnett([1.0, 2.0, 3.0], [[2.0, 3.0, 4.5]]).to_dict()["treatments"][0]["name"]
            '1'
        """
        return {
            "treatments": [
                {field.name: _plain(getattr(one, field.name)) for field in fields(one)} for one in self.treatments
            ],
            "alternative": self.alternative,
            "alpha": self.alpha,
            "variance": self.variance,
        }

    def __str__(self) -> str:
        rows = [("treatment", "difference", f"{100 * (1 - self.alpha):.6g}% interval", "statistic", "p")]
        for one in self.treatments:
            p_value = one.reason or "none" if one.p_value is None else probability(one.p_value)
            limits = "none" if one.interval is None else " to ".join(map(number, one.interval))
            rows.append((one.name, number(one.difference), limits, number(one.statistic), p_value))
        return "\n".join(aligned(rows, left=1, free=True))


def dunnett(
    control: Any,
    treatments: Any,
    *,
    alternative: Alternative = "two_sided",
    alpha: float = 0.05,
    variance: Variance = "equal",
) -> Dunnett:
    """Each of several treatments against one control, so that the chance of any false difference is at most alpha.

    All differences share the control, so that they go up and down together: Dunnett's test counts with that, and finds more than
    Holm's or Bonferroni's, which do not. Its intervals hold together, and agree with its p-values.

    Args:
        control: Raw values, a `Mean` or a `Proportion`, as the mean of zeros and ones.
        treatments: The same of each treatment, by name or in a sequence. The sizes may differ.
        alternative: Which differences are looked for; the intervals of `"greater"` and `"less"` have one infinite limit.
        alpha: The chance of any error among all treatments, between 0 and 0.5.
        variance: `"equal"`: one spread for all arms, as in the paper, for which the test is exact where values are normal.
            `"unequal"`: each arm its own, as in Welch's test (Hasler and Hothorn 2008).

    Returns:
        The comparisons. Where nothing can be said of one, it has a reason.

    Raises:
        TypeError: An arm is none of these.
        ValueError: There is no treatment, values are not finite, or another argument is not allowed.

    Cost: some tens of milliseconds: two integrals by the trapezoid rule, to ten digits.

    Source: Dunnett (1955), "A multiple comparison procedure for comparing several treatments with a control".

    Example:
        >>> from truthlag.abtest import Mean, dunnett
        >>> result = dunnett(Mean(900, 1.0, 890.0), {"v2": Mean(300, 1.1, 310.0), "v3": Mean(300, 1.2, 290.0)})
        >>> [(one.name, round(one.p_value, 4)) for one in result.treatments]
        [('v2', 0.2434), ('v3', 0.0053)]
    """
    choice("alternative", alternative, ALTERNATIVES)
    choice("variance", variance, ("equal", "unequal"))
    level = share("alpha", alpha)
    if level >= 0.5:
        raise ValueError(f"alpha must be below 0.5, got {level}")
    before = as_mean("control", control)
    named = named_means("treatments", treatments)
    usable = {name: mean for name, mean in named.items() if mean.n and before.n}
    pooled, freedom = _pooled([before, *usable.values()])
    found: dict[str, tuple[float, float, float]] = {}
    loadings: list[float] = []
    for name, mean in usable.items():
        if variance == "equal":
            first, second = math.sqrt(pooled / before.n), math.sqrt(pooled / mean.n)
            of_t: float = freedom
        else:
            first, second = before.standard_error or 0.0, mean.standard_error or 0.0
            of_t = degrees_of_freedom(first, before.n, second, mean.n)
        error = math.hypot(first, second)
        if error > 0 and of_t > 0 and math.isfinite(error) and math.isfinite(mean.mean - before.mean):
            found[name] = (mean.mean - before.mean, error, of_t)
            loadings.append(first / error)
    results = []
    # Of one spread for all arms it is the same for each.
    freedoms = {of_t for _, _, of_t in found.values()}
    quantiles = {
        of_t: CommonControl(tuple(loadings), of_t, alternative == "two_sided").quantile(level) for of_t in freedoms
    }
    for name, mean in named.items():
        if name not in found:
            difference = mean.mean - before.mean if name in usable else None
            reason = "an arm has no rows." if name not in usable else "nothing tells how much chance could do."
            results.append(DunnettComparison(name, difference, None, None, None, None, None, None, reason))
            continue
        results.append(_judged(name, *found[name], tuple(loadings), alternative, quantiles[found[name][2]]))
    return Dunnett(tuple(results), alternative, level, variance)


def _judged(
    name: str,
    difference: float,
    error: float,
    freedom: float,
    loadings: tuple[float, ...],
    alternative: Alternative,
    quantile: float,
) -> DunnettComparison:
    largest = CommonControl(loadings, freedom, alternative == "two_sided")
    statistic = difference / error
    against = {"two_sided": abs(statistic), "greater": statistic, "less": -statistic}[alternative]
    alone = upper_tail(against, freedom) * (2 if alternative == "two_sided" else 1)
    # Rounding of the integrals must not take a p-value below that of the treatment alone.
    p_value = min(1.0, max(largest.tail(against), alone))
    reach = quantile * error
    low = -math.inf if alternative == "less" else difference - reach
    high = math.inf if alternative == "greater" else difference + reach
    return DunnettComparison(name, difference, error, statistic, freedom, p_value, min(1.0, alone), (low, high))


def _pooled(means: list[Mean]) -> tuple[float, int]:
    freedom = sum(mean.n for mean in means) - len(means)
    return (math.fsum(mean.m2 for mean in means) / freedom if freedom > 0 else 0.0), freedom


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
