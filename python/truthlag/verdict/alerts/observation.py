"""What a policy takes: a look at a metric, an alarm of a detector, the number of labels of a period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.evidence import Evidence, evidence_of
from truthlag.verdict.alerts.moment import moment, optional_moment
from truthlag.verdict.alerts.parameters import choice, labels_counted, word
from truthlag.verdict.alerts.plain_copy import plain_copy

RANKS = {"ok": 0, "improved": 0, "warning": 1, "critical": 2}
"""Verdicts that decide something, and how bad they are."""
UNDECIDED = ("undecided", "immature", "no_data")
"""Verdicts that neither open nor close."""
SEVERITIES = ("ok", "warning", "critical")
"""What ranks are called."""
ALARM = "alarm"
SOURCES = ("check", ALARM)
LABELS = "labels"
"""The metric and the source of a label feed."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was found of one metric of one model at one moment; checked when it is made.

    Args:
        model: The model, with its version where versions are watched one by one.
        metric: The metric.
        verdict: `ok`, `improved`, `warning`, `critical`, or one that decides nothing: `undecided`, `immature`, `no_data`. Of an
            alarm `warning` or `critical`; `ok` where the detector's rows prove that it is good again.
        at: When; a naive datetime is taken as UTC.
        evidence: What was seen, by name. `current` (or `value`), `baseline`, `loss`, `margin`, `p_value` and `sentence` are
            understood, each a number or a mapping with a `value`; all else is kept as it is.
        first_bad: When the loss is thought to have begun, where that is known; not after `at`.
        source: `check`, or `alarm` for a detector that has weighed the evidence over time by itself.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from datetime import datetime
        >>> from truthlag.alerts import Observation
        >>> Observation("fraud", "accuracy", "warning", datetime(2026, 3, 1)).at.isoformat()
        '2026-03-01T00:00:00+00:00'
    """

    model: str
    """The model."""
    metric: str
    """The metric."""
    verdict: str
    """What it was found to be."""
    at: datetime
    """When, in UTC."""
    evidence: Mapping[str, Any] | None = None
    """What was seen."""
    first_bad: datetime | None = None
    """When the loss is thought to have begun."""
    source: str = "check"
    """`check` or `alarm`."""

    def __post_init__(self) -> None:
        word("model", self.model)
        word("metric", self.metric)
        choice("verdict", self.verdict, (*RANKS, *UNDECIDED))
        choice("source", self.source, SOURCES)
        if self.source == "alarm":
            choice("verdict", self.verdict, SEVERITIES)
        if self.evidence is not None and not isinstance(self.evidence, Mapping):
            raise TypeError(f"evidence must be a mapping or None, got {described(self.evidence)}")
        at = moment("at", self.at)
        first_bad = optional_moment("first_bad", self.first_bad)
        if first_bad is not None and first_bad > at:
            raise ValueError(f"first_bad must not be after at ({at.isoformat()}), got {first_bad.isoformat()}")
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "first_bad", first_bad)
        # A copy, so that what the caller does with it afterwards changes nothing here.
        object.__setattr__(self, "evidence", None if self.evidence is None else plain_copy(self.evidence))

    def seen(self) -> Evidence:
        """The evidence as an incident keeps it.

        Example:
            >>> from datetime import datetime
            >>> from truthlag.alerts import Observation
            >>> Observation("fraud", "f1_score", "ok", datetime(2026, 3, 1), {"current": 0.9}).seen().value
            0.9
        """
        return evidence_of(self.at, self.metric, self.source, self.verdict, self.evidence)


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many labels of a model came in one period; checked when it is made.

    Args:
        model: The model.
        count: How many; 0 where none came.
        at: The end of the period; a naive datetime is taken as UTC.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from datetime import datetime
        >>> from truthlag.alerts import LabelCount
        >>> LabelCount("fraud", 40, datetime(2026, 3, 1)).count
        40
    """

    model: str
    """The model."""
    count: int
    """How many labels."""
    at: datetime
    """The end of the period, in UTC."""

    def __post_init__(self) -> None:
        word("model", self.model)
        object.__setattr__(self, "count", labels_counted(self.count))
        object.__setattr__(self, "at", moment("at", self.at))
