"""Whether several means are the same."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from truthlag.verdict.abtest.many.groups import named_means
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.detectors.parameters import choice


@dataclass(frozen=True, slots=True)
class Anova:
    """The test of all arms together.

    Example:
        >>> from truthlag.abtest import anova
        >>> result = anova([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [5.0, 6.0, 9.0]])
        >>> print(result)
        Welch's F test: F = 5.217 on 2 and 3.776 degrees of freedom, p = 0.0819
        >>> result.statistic > 0, result.reason
        (True, None)
    """

    method: str
    """The test."""
    statistic: float | None
    """F; None where it is not defined."""
    degrees_of_freedom: tuple[float, float] | None
    """Of numerator and denominator."""
    p_value: float | None
    """How likely such a spread of the means, or a greater one, were if they were the same."""
    reason: str | None = None
    """Why there is none."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import anova
            >>> anova([[1.0], [2.0]]).to_dict()["reason"]
            'arm 1 has 1 value, and its spread needs 2.'
        """
        freedom = self.degrees_of_freedom
        return {**asdict(self), "degrees_of_freedom": None if freedom is None else list(freedom)}

    def __str__(self) -> str:
        if self.statistic is None or self.degrees_of_freedom is None or self.p_value is None:
            return f"{self.method}: none, since {self.reason}"
        first, second = self.degrees_of_freedom
        p_value = f"{self.p_value:.4f}" if self.p_value >= 1e-3 else f"{self.p_value:.2g}"
        return (
            f"{self.method}: F = {self.statistic:.4g} on {first:g} and {second:.4g} degrees of freedom, p = {p_value}"
        )


def anova(arms: Any, *, variance: Literal["unequal", "equal"] = "unequal") -> Anova:
    """Whether the means of several arms are the same: one test of all of them, which does not say which one differs.

    Args:
        arms: Two or more arms, by name or in a sequence: raw values, or statistics such as `Mean` and `Proportion`.
        variance: `"unequal"`: Welch's test (1951). `"equal"`: Fisher's analysis of variance, for arms of one spread.

    Returns:
        The test; without a p-value and with a reason where an arm has less than two values or no spread.

    Raises:
        TypeError: An arm is none of these.
        ValueError: There are fewer than two arms, or values are not finite.

    Cost: that of the means, and some microseconds.

    Source: Welch (1951), "On the comparison of several mean values: an alternative approach".

    Example:
        >>> from truthlag.abtest import Mean, anova
        >>> result = anova({"v1": Mean(500, 1.0, 99.0), "v2": Mean(400, 1.1, 90.0), "v3": Mean(450, 1.0, 95.0)})
        >>> round(result.statistic, 3), round(result.p_value, 5)
        (6.413, 0.00172)
    """
    choice("variance", variance, ("unequal", "equal"))
    means = named_means("arms", arms)
    if len(means) < 2:
        raise ValueError(f"arms must hold at least two arms, got {len(means)}")
    method = "Welch's F test" if variance == "unequal" else "analysis of variance"
    for name, mean in means.items():
        if mean.n < 2:
            reason = f"arm {name} has {mean.n} value{'' if mean.n == 1 else 's'}, and its spread needs 2."
            return Anova(method, None, None, None, reason)
        if variance == "unequal" and mean.m2 == 0:
            return Anova(method, None, None, None, f"arm {name} has no spread.")
    if variance == "equal" and not any(mean.m2 for mean in means.values()):
        return Anova(method, None, None, None, "no arm has any spread.")
    try:
        found, freedom = (_welch if variance == "unequal" else _fisher)(list(means.values()))
    except (OverflowError, ZeroDivisionError):
        found, freedom = math.nan, (math.nan, math.nan)
    if not (math.isfinite(found) and math.isfinite(freedom[1])):
        return Anova(method, None, None, None, "the arms are beyond what floats can be compared with.")
    from scipy import special

    return Anova(method, found, freedom, float(special.fdtrc(*freedom, found)))


def _fisher(means: list[Mean]) -> tuple[float, tuple[float, float]]:
    rows = sum(mean.n for mean in means)
    between, within = len(means) - 1.0, float(rows - len(means))
    centre = math.fsum(mean.n * mean.mean for mean in means) / rows
    squares = math.fsum(mean.n * (mean.mean - centre) ** 2 for mean in means)
    return squares / between / (math.fsum(mean.m2 for mean in means) / within), (between, within)


def _welch(means: list[Mean]) -> tuple[float, tuple[float, float]]:
    arms = len(means)
    weights = [mean.n * (mean.n - 1) / mean.m2 for mean in means]
    total = math.fsum(weights)
    centre = math.fsum(weight * mean.mean for weight, mean in zip(weights, means, strict=True)) / total
    squares = math.fsum(weight * (mean.mean - centre) ** 2 for weight, mean in zip(weights, means, strict=True))
    doubt = math.fsum((1 - weight / total) ** 2 / (mean.n - 1) for weight, mean in zip(weights, means, strict=True))
    statistic = squares / (arms - 1) / (1 + 2 * (arms - 2) / (arms * arms - 1) * doubt)
    return statistic, (arms - 1.0, (arms * arms - 1) / (3 * doubt))
