"""The classical test of a sample ratio, for one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truthlag.verdict.abtest.gates.gate import Gate, Status, shown
from truthlag.verdict.abtest.gates.weights import arm_counts, arm_weights
from truthlag.verdict.detectors.parameters import share

#: Below so many expected units of an arm the chi-square distribution is a poor approximation.
_FEW = 5


@dataclass(frozen=True, slots=True)
class ChiSquareRatio:
    """How far the sizes of the arms are from their shares, at one look.

    Example:
        >>> from truthlag.abtest import sample_ratio_chi_square
        >>> result = sample_ratio_chi_square([50_400, 49_600], [0.5, 0.5])
        >>> round(result.chi_square, 6), result.degrees_of_freedom, round(result.p_value, 4)
        (6.4, 1, 0.0114)
        >>> result.counts, result.expected, result.unexpected
        ({'0': 50400, '1': 49600}, {'0': 50000.0, '1': 50000.0}, 0)
    """

    counts: dict[str, int]
    """The units of each arm."""
    expected: dict[str, float]
    """Those that each arm should have got of the units in arms that should get any."""
    chi_square: float
    """Pearson's statistic; over the arms with a share."""
    degrees_of_freedom: int
    """One less than the arms with a share; 0 without units."""
    p_value: float
    """Of this one look. Repeated at every look it does not hold: see `SampleRatioTest`."""
    unexpected: int
    """The units in arms whose share is 0; they are not in the statistic, and fail the gate."""
    alpha: float
    """The level of the gate."""

    def gate(self) -> Gate:
        """What it says as a gate.

        Example:
            >>> from truthlag.abtest import sample_ratio_chi_square
            >>> sample_ratio_chi_square({"a": 500, "b": 500}, {"a": 1, "b": 1}).gate().status
            'passed'
        """
        numbers: dict[str, Any] = {
            "counts": dict(self.counts),
            "expected": dict(self.expected),
            "chi_square": self.chi_square,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
            "unexpected": self.unexpected,
            "alpha": self.alpha,
        }
        status, reason = self._answer()
        return Gate("sample_ratio", status, reason, numbers)

    def _answer(self) -> tuple[Status, str]:
        if self.unexpected:
            return "failed", unexpected_reason(self.unexpected)
        if self.degrees_of_freedom == 0:
            return "not_run", "there are no units in two arms with a share."
        if self.p_value <= self.alpha:
            return "failed", f"{mismatch(self.counts, self.expected)} ({shown(self.p_value)}, one look). {ADVICE}"
        reason = f"the sizes of the arms agree with their shares ({shown(self.p_value)}, one look)."
        if min(value for value in self.expected.values() if value > 0) < _FEW:
            return "passed", f"{reason} With fewer than {_FEW} expected units in an arm this says little."
        return "passed", reason


ADVICE = "Find out where units are lost or added before any metric is read: who is missing is rarely a random sample."


def mismatch(counts: dict[str, int], expected: dict[str, float]) -> str:
    """The sizes that were seen and expected, in a sentence."""
    seen = ", ".join(f"{arm} {number:,}" for arm, number in counts.items())
    wanted = ", ".join(f"{number:,.1f}".removesuffix(".0") for number in expected.values())
    return f"the sizes of the arms ({seen}) are not those of their shares ({wanted})"


def unexpected_reason(unexpected: int) -> str:
    """What is said of units in arms that should have none."""
    return f"{unexpected:,} units are in arms whose share is 0: the assignment is not the one that was configured."


def sample_ratio_chi_square(counts: Any, weights: Any, *, alpha: float = 0.01) -> ChiSquareRatio:
    """Pearson's chi-square test of the sizes of the arms, for a test that is looked at once.

    Args:
        counts: The units of each arm: a mapping by arm, or numbers in order.
        weights: The share of each arm: the same; they need not add up to 1.
        alpha: The level of the gate, between 0 and 1.

    Returns:
        The statistic, its p-value, and a gate.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A count or a weight is not allowed, or they are not of the same arms.

    Cost: some microseconds.

    Source: Pearson (1900); Fabijan and others (2019), "Diagnosing sample ratio mismatch in online controlled experiments".

    Example:
        >>> from truthlag.abtest import sample_ratio_chi_square
        >>> result = sample_ratio_chi_square({"control": 821_588, "treatment": 815_482}, {"control": 1, "treatment": 1})
        >>> f"{result.p_value:.2g}"
        '1.8e-06'
    """
    arms, shares = arm_weights(weights)
    numbers = arm_counts("counts", counts, arms)
    level = share("alpha", alpha)
    total = sum(number for number, part in zip(numbers, shares, strict=True) if part > 0)
    expected = [total * part for part in shares]
    statistic, freedom = 0.0, 0
    if total:
        used = [(number, wanted) for number, wanted in zip(numbers, expected, strict=True) if wanted > 0]
        statistic = sum((number - wanted) ** 2 / wanted for number, wanted in used)
        freedom = len(used) - 1
    return ChiSquareRatio(
        dict(zip(arms, numbers, strict=True)),
        dict(zip(arms, expected, strict=True)),
        statistic,
        freedom,
        _tail(statistic, freedom),
        sum(numbers) - total,
        level,
    )


def _tail(statistic: float, freedom: int) -> float:
    """The upper tail itself, so that small p-values have all their digits."""
    if freedom == 0:
        return 1.0
    from scipy import special

    return float(special.chdtrc(freedom, statistic))
