"""What every comparison of a metric with its baseline answers."""

from typing import Protocol


class LossTest(Protocol):
    """How much a metric lost between a baseline and now, and how sure that is.

    The loss is in units of the metric: baseline minus current where higher is better, current minus baseline where lower is
    better, so that a positive loss is bad news for all metrics.
    """

    @property
    def estimate(self) -> float:
        """The loss that was seen."""

    @property
    def method(self) -> str:
        """The name of the test, in a few words."""

    def p_value(self, margin: float = 0.0) -> float:
        """How likely a loss as large as the one seen is at most, where the true loss is `margin` or less."""

    def gain_p_value(self) -> float:
        """How likely a gain as large as the one seen is at most, where nothing was gained."""

    def interval(self, confidence: float) -> tuple[float, float]:
        """A two-sided interval of the loss: each limit is where the one-sided test at (1 - confidence) / 2 turns."""
