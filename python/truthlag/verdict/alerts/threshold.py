"""A plain number as a verdict, with a gap between what opens an incident and what closes it."""

import math
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.parameters import choice, finite


@dataclass(frozen=True, slots=True)
class Threshold:
    """Turns the value of a metric into a verdict, for metrics that no detector judges.

    A value at `critical` or worse is critical, one at `warning` or worse a warning, one at `close` or better is ok. What
    lies between is `undecided`: it neither opens an incident nor closes one (hysteresis).

    Args:
        critical: The best value that is critical.
        warning: The best value that is a warning; None for no warnings.
        close: The worst value that is ok; None for all that is better than a warning.
        worse: Which values are worse: `lower` (accuracy) or `higher` (log loss).

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed, or the three are not in order.

    Example:
        >>> from truthlag.alerts import Threshold
        >>> accuracy = Threshold(0.85, warning=0.88, close=0.90)
        >>> [accuracy.verdict(value) for value in (0.84, 0.87, 0.89, 0.91, None)]
        ['critical', 'warning', 'undecided', 'ok', 'no_data']
        >>> Threshold(0.60, close=0.50, worse="higher").verdict(0.70)
        'critical'
    """

    critical: float
    """The best value that is critical."""
    warning: float | None = None
    """The best value that is a warning."""
    close: float | None = None
    """The worst value that is ok."""
    worse: str = "lower"
    """Which values are worse."""

    def __post_init__(self) -> None:
        choice("worse", self.worse, ("lower", "higher"))
        finite("critical", self.critical)
        for name in ("warning", "close"):
            if getattr(self, name) is not None:
                finite(name, getattr(self, name))
        given = [value for value in (self.critical, self.warning, self.close) if value is not None]
        if given != sorted(given, reverse=self.worse == "higher"):
            order = "critical <= warning <= close" if self.worse == "lower" else "critical >= warning >= close"
            raise ValueError(f"the thresholds must be in the order {order}, got {', '.join(map(described, given))}")

    def verdict(self, value: Any) -> str:
        """The verdict of a value; `no_data` for None and NaN.

        Args:
            value: A number, or None.

        Returns:
            `ok`, `undecided`, `warning`, `critical` or `no_data`.

        Raises:
            TypeError: The value is no number.

        Cost: nothing to speak of.

        Example:
            >>> from truthlag.alerts import Threshold
            >>> Threshold(0.85).verdict(0.86)
            'ok'
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "no_data"
        number = finite("value", value, "a finite number, NaN or None")
        sign = 1 if self.worse == "lower" else -1
        for name, limit in (("critical", self.critical), ("warning", self.warning)):
            if limit is not None and sign * number <= sign * limit:
                return name
        return "ok" if self.close is None or sign * number >= sign * self.close else "undecided"

    def loss(self, value: float) -> float:
        """How much worse a value is than the worst that is ok; negative for better.

        Example:
            >>> from truthlag.alerts import Threshold
            >>> Threshold(0.50, close=0.75).loss(0.25)
            0.5
        """
        limits = [limit for limit in (self.close, self.warning, self.critical) if limit is not None]
        return limits[0] - value if self.worse == "lower" else value - limits[0]


def judged(value: float | None, threshold: Any) -> tuple[str, dict[str, Any]]:
    """The verdict of a value and what is to be kept of it; TypeError where either is none."""
    if not isinstance(threshold, Threshold):
        raise TypeError(f"threshold must be a Threshold, got {described(threshold)}")
    verdict = threshold.verdict(value)
    if value is None or verdict == "no_data":
        return verdict, {}
    return verdict, {"value": value, "loss": threshold.loss(float(value))}
