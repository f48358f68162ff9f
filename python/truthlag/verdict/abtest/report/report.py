"""The report of a test at one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truthlag.verdict.abtest.gates.gate import GateReport
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.report.recommendation import Recommendation
from truthlag.verdict.abtest.report.rows import GuardrailRow
from truthlag.verdict.abtest.report.text import as_html, as_text


@dataclass(frozen=True, slots=True)
class ABTestReport:
    """What a test says at one look: gates first, then metrics, then guardrails, then one recommendation.

    Made by `ab_test_report`, or by `ModelABTest.report`.

    Example:
        >>> from truthlag.abtest import Proportion, SampleRatioTest, ab_test_report, compare, run_gates
        >>> ratio = SampleRatioTest({"v1": 1, "v2": 1})
        >>> ratio.update({"v1": 5_000, "v2": 5_000})
        >>> result = compare(Proportion(600, 5_000), Proportion(690, 5_000), metric="conversion", mode="fixed")
        >>> report = ab_test_report(
        ...     name="ranker", gates=run_gates(sample_ratio=ratio), metrics={"conversion": result}, control="v1", treatment="v2"
        ... )
        >>> report.status, report.recommendation.arm, report.metric("conversion").verdict
        ('ship', 'v2', 'better')
        >>> report.primary.metric, len(report.guardrails), [one.status for one in report.by_arm]
        ('conversion', 0, ['ship'])
    """

    name: str | None
    """What the test is called."""
    control: str
    """The arm that others are held against."""
    units: dict[str, int] | None
    """The units of each arm, where they are known."""
    gates: GateReport
    """What is looked at before any metric is."""
    metrics: tuple[ComparisonRow, ...]
    """The metrics of each treatment, the primary one first, as they stand behind the gates."""
    guardrails: tuple[GuardrailRow, ...]
    """The guardrails of each treatment, as they stand behind the gates."""
    by_arm: tuple[Recommendation, ...]
    """What to do about each treatment."""
    recommendation: Recommendation
    """What to do."""
    looked_at: str | None = None
    """The time of the look in ISO format, where it is known."""
    notes: tuple[str, ...] = ()
    """What else a reader should know: what was left out, and what was dropped."""

    @property
    def status(self) -> str:
        """That of the recommendation."""
        return self.recommendation.status

    @property
    def primary(self) -> ComparisonRow | None:
        """The row that decides, of the first treatment; None without a primary metric."""
        return next((row for row in self.metrics if row.role == "primary"), None)

    def metric(self, name: str, arm: str | None = None) -> ComparisonRow:
        """The row of a metric of all units.

        Args:
            name: The metric.
            arm: The treatment; the first one by default.

        Raises:
            KeyError: There is no such row.

        Example:
            >>> from truthlag.abtest import Mean, ab_test_report, compare
            >>> result = compare(Mean(90, 1.0, 90.0), Mean(80, 1.2, 70.0), metric="revenue")
            >>> ab_test_report(metrics={"revenue": result}).metric("revenue").comparison == result
            True
        """
        for row in self.metrics:
            if row.metric == name and arm in (None, row.arm) and row.segment is None:
                return row
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> import json
            >>> from truthlag.abtest import Mean, ab_test_report, compare
            >>> report = ab_test_report(metrics={"revenue": compare(Mean(90, 1.0, 90.0), Mean(80, 1.2, 70.0))})
            >>> list(json.loads(json.dumps(report.to_dict(), allow_nan=False)))[4:8]
            ['gates', 'metrics', 'guardrails', 'recommendation']
        """
        return {
            "name": self.name,
            "control": self.control,
            "units": None if self.units is None else dict(self.units),
            "looked_at": self.looked_at,
            "gates": self.gates.to_dict(),
            "metrics": [row.to_dict() for row in self.metrics],
            "guardrails": [row.to_dict() for row in self.guardrails],
            "recommendation": self.recommendation.to_dict(),
            "by_arm": [one.to_dict() for one in self.by_arm],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)
