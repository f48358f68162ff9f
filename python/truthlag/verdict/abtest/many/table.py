"""What many comparisons say together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from truthlag.verdict.abtest.many.plan import Role
from truthlag.verdict.abtest.many.table_text import as_html, as_text
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.words import Verdict

_SHOWN: frozenset[str] = frozenset({"better", "non_inferior", "equivalent"})


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One comparison among many.

    Example:
        >>> from truthlag.abtest import Proportion, compare_many
        >>> arms = {name: {"clicks": Proportion(k, 5_000)} for name, k in (("v1", 600), ("v2", 680), ("v3", 690))}
        >>> row = compare_many(arms, mode="fixed").rows[0]
        >>> row.arm, row.metric, row.verdict, round(row.comparison.p_value, 4), round(row.adjusted_p_value, 4)
        ('v2', 'clicks', 'better', 0.0166, 0.0313)
    """

    arm: str
    """The treatment."""
    metric: str
    """The metric."""
    segment: str | None
    """The segment; None for all units."""
    role: Role
    """What hangs on the metric."""
    comparison: Comparison
    """The comparison by itself, whose p-value, interval and verdict know nothing of the others."""
    adjustment: str
    """By which procedure it was adjusted for the others of its family; `"none"` where it needs none."""
    family_size: int
    """How many comparisons of its family have a p-value."""
    adjusted_p_value: float | None
    """The least alpha at which the procedure rejects."""
    adjusted_interval: Interval | None
    """The interval of the difference that allows for the others: together with them at the level (`"dunnett"`, `"holm"` and its
    like, the latter by Bonferroni), or for what was found (`"bh"`, `"by"` and `"e_bh"`, where others have none)."""
    verdict: Verdict
    """What remains of the comparison's verdict."""

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, the comparison as its own `to_dict` has it.

        Example:
            >>> from truthlag.abtest import Proportion, compare_many
            >>> arms = {"v1": {"clicks": Proportion(600, 5_000)}, "v2": {"clicks": Proportion(680, 5_000)}}
            >>> compare_many(arms, mode="fixed").rows[0].to_dict()["adjustment"]
            'none'
        """
        interval = self.adjusted_interval
        return {
            "arm": self.arm,
            "metric": self.metric,
            "segment": self.segment,
            "role": self.role,
            "comparison": self.comparison.to_dict(),
            "adjustment": self.adjustment,
            "family_size": self.family_size,
            "adjusted_p_value": self.adjusted_p_value,
            "adjusted_interval": None if interval is None else [_plain(limit) for limit in interval],
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class ComparisonTable:
    """Many comparisons against one control; made by `compare_many`.

    Example:
        >>> from truthlag.abtest import MetricPlan, Proportion, compare_many
        >>> arms = {
        ...     "v1": {"clicks": Proportion(600, 5_000), "errors": Proportion(100, 5_000)},
        ...     "v2": {"clicks": Proportion(690, 5_000), "errors": Proportion(98, 5_000)},
        ... }
        >>> plans = {"clicks": "primary", "errors": MetricPlan("guardrail", direction="lower", margin=0.01)}
        >>> table = compare_many(arms, metrics=plans, mode="fixed")
        >>> table.ready, table.treatments, len(table)
        (('v2',), ('v2',), 2)
        >>> table.find(metric="errors")[0].verdict
        'non_inferior'
    """

    control: str
    """The arm that all others are held against."""
    rows: tuple[ComparisonRow, ...]
    """All comparisons: of all units first, then by segment."""
    mode: str
    """When one may look."""
    alpha: float
    """The probability of a wrong verdict that is allowed in each family."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[ComparisonRow]:
        return iter(self.rows)

    @property
    def treatments(self) -> tuple[str, ...]:
        """The arms that are judged."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    @property
    def ready(self) -> tuple[str, ...]:
        """The treatments that have shown what was asked of the primary metric, and pass every guardrail, in every segment too.

        Without a primary metric there are none.
        """
        ready = []
        for arm in self.treatments:
            primary = [row for row in self.rows if row.arm == arm and row.role == "primary" and row.segment is None]
            guardrails = [row for row in self.rows if row.arm == arm and row.role == "guardrail"]
            if primary and all(row.verdict in _SHOWN for row in primary + guardrails):
                ready.append(arm)
        return tuple(ready)

    def find(
        self, *, arm: str | None = None, metric: str | None = None, segment: str | None = None
    ) -> tuple[ComparisonRow, ...]:
        """The rows of an arm, a metric, a segment, or of several of these; those of all units have no segment.

        Args:
            arm: A treatment; None for all.
            metric: A metric; None for all.
            segment: A segment; None for all rows, those of all units among them.

        Cost: a walk over the rows.

        Example:
            >>> from truthlag.abtest import Mean, compare_many
            >>> arms = {"v1": {"revenue": Mean(90, 1.0, 90.0)}, "v2": {"revenue": Mean(80, 1.2, 70.0)}}
            >>> [row.arm for row in compare_many(arms).find(metric="revenue")]
            ['v2']
        """
        return tuple(
            row
            for row in self.rows
            if (arm is None or row.arm == arm)
            and (metric is None or row.metric == metric)
            and (segment is None or row.segment == segment)
        )

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import Mean, compare_many
            >>> arms = {"v1": {"revenue": Mean(90, 1.0, 90.0)}, "v2": {"revenue": Mean(80, 1.2, 70.0)}}
            >>> list(compare_many(arms).to_dict())
            ['control', 'mode', 'alpha', 'ready', 'rows']
        """
        return {
            "control": self.control,
            "mode": self.mode,
            "alpha": self.alpha,
            "ready": list(self.ready),
            "rows": [row.to_dict() for row in self.rows],
        }

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)


def _plain(value: float) -> float | str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
