"""A guardrail of one treatment in a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.result.comparison import Comparison

_STATUSES = {"non_inferior": "pass", "worse": "block", "invalid": "invalid"}


@dataclass(frozen=True, slots=True)
class GuardrailRow:
    """A guardrail of one treatment.

    Example:
        >>> from truthlag.abtest import Mean, ab_test_report, compare
        >>> latency = compare(
        ...     Mean(900, 120.0, 9e5), Mean(900, 121.0, 9e5), mode="fixed", hypothesis="non_inferiority", margin=5.0, direction="lower"
        ... )
        >>> row = ab_test_report(metrics={}, guardrails={"latency": latency}).guardrails[0]
        >>> row.arm, row.name, row.status
        ('treatment', 'latency', 'pass')
    """

    arm: str
    """The treatment."""
    metric: str
    """What is guarded."""
    status: str
    """`"pass"`, `"block"`, `"undecided"` or `"invalid"`."""
    comparison: Comparison
    """The test of non-inferiority."""
    quantile: float | None = None
    """Which quantile is guarded; None for another statistic."""

    @property
    def name(self) -> str:
        """The metric, with the quantile."""
        return self.metric if self.quantile is None else f"p{100 * self.quantile:.10g} of {self.metric}"

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import GuardrailRow, Mean, compare
            >>> result = compare(Mean(9, 1.0, 2.0), Mean(9, 1.0, 2.0), hypothesis="non_inferiority", margin=5.0)
            >>> GuardrailRow("v2", "cost", "pass", result).to_dict()["status"]
            'pass'
        """
        return {
            "arm": self.arm,
            "metric": self.metric,
            "status": self.status,
            "quantile": self.quantile,
            "comparison": self.comparison.to_dict(),
        }


def guardrail_row(name: str, arm: str, given: Any, metric: str | None = None) -> GuardrailRow:
    """The row of what `Guardrail.check` gave, or of a comparison that is a test of non-inferiority."""
    if isinstance(given, GuardrailRow):
        return given
    if isinstance(given, Comparison):
        if given.hypothesis != "non_inferiority":
            raise ValueError(f"{name} must be tests of non-inferiority, got one of {given.hypothesis}")
        return GuardrailRow(
            arm, metric or given.metric or "guardrail", _STATUSES.get(given.verdict, "undecided"), given
        )
    comparison, status = getattr(given, "comparison", None), getattr(given, "status", None)
    if not isinstance(comparison, Comparison) or not isinstance(status, str):
        raise TypeError(
            f"{name} must be results of guardrails, or comparisons by non-inferiority, got {described(given)}"
        )
    return GuardrailRow(arm, str(given.metric), status, comparison, getattr(given, "quantile", None))
