"""What `check` says: a verdict for each metric, and all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from truthlag.metrics import ConfusionCounts, Metric
from truthlag.verdict.degradation.labels import Labels
from truthlag.verdict.degradation.report_text import as_text

__all__ = [
    "Cause",
    "DegradationReport",
    "Evidence",
    "MaskedLoss",
    "MetricVerdict",
    "Severity",
    "Verdict",
    "VerdictTable",
]

Verdict: TypeAlias = Literal["ok", "warning", "critical", "improved", "undecided", "immature", "no_data"]
"""What is said of a metric."""

Severity: TypeAlias = Literal["ok", "warning", "critical", "undecided", "immature", "no_data"]
"""What is said of all metrics together."""

Evidence: TypeAlias = Literal["one look", "any time"]
"""Whether the p-values hold for this look alone, or for looking again and again."""

Cause: TypeAlias = Literal["model", "prevalence", "both", "masked"]
"""What a loss comes from, where that can be told, or that a change of prevalence hides it."""

Basis: TypeAlias = Literal["labelled rows"]
"""Which rows a window is judged by. Windows adjusted for the delay of their labels will be another."""


@dataclass(frozen=True, slots=True)
class MaskedLoss:
    """What a metric has lost at the baseline's prevalence, where a change of prevalence hides it.

    The metric itself has lost no more than its margin; at the share of labels of 1 that the baseline has, it would have.

    Example:
        >>> from truthlag import DegradationDetector
        >>> from truthlag.metrics import ConfusionCounts
        >>> baseline = ConfusionCounts(2040, 280, 360, 5320)  # of 2,400 positives 85 percent are found
        >>> now = ConfusionCounts(480, 360, 320, 6840)  # of 800, 60 percent
        >>> detector = DegradationDetector(baseline, metrics=["accuracy"])
        >>> verdict = detector.check({"confusion_matrix": now})["accuracy"]
        >>> verdict.verdict, verdict.cause, round(verdict.loss, 3), round(verdict.masked.loss, 3)
        ('warning', 'masked', 0.005, 0.075)
        >>> print(verdict.sentence)
        accuracy is 0.9150, 0.9200 in the baseline: 0.0022 better to 0.0122 worse. The change of prevalence hides a loss: 10 percent ...
    """

    loss: float
    """How much worse it would be than the baseline."""
    low: float | None = None
    """The lower one-sided limit of that at 1 - alpha; None where it is not tested: at any time, for metrics without limits at
    another prevalence, and for fewer than 25 rows of a class (50 for Brier score and log loss)."""
    high: float | None = None
    """The upper one."""
    p_value: float | None = None
    """How likely such a loss would be if there were none at that prevalence."""
    adjusted_p_value: float | None = None
    """The same by Holm, in the place of the loss of the metric itself: at most alpha is a `"warning"`."""

    def to_dict(self) -> dict[str, object]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.verdict.degradation import MaskedLoss
            >>> MaskedLoss(0.07).to_dict()["loss"]
            0.07
        """
        return {
            "loss": self.loss,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
        }


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """What is said of one metric, and what it rests on.

    The loss is in units of the metric and positive for the worse: baseline less current where higher is better. All its
    limits are one-sided at 1 - alpha, so that its interval is at 1 - 2 alpha and agrees with the unadjusted tests: its lower
    end is above the margin exactly where `p_value` is below alpha, and `"ok"` means that its upper end is below the margin.

    Example:
        >>> from truthlag import DegradationDetector
        >>> detector = DegradationDetector({"accuracy": (950, 1000)}, margins=0.02)
        >>> verdict = detector.check({"accuracy": (880, 1000)})["accuracy"]
        >>> verdict.verdict, verdict.is_alarm, round(verdict.loss, 3)
        ('critical', True, 0.07)
        >>> low, high = verdict.loss_interval
        >>> low > verdict.margin
        True
    """

    name: str
    """The metric, such as `"recall"`."""
    verdict: Verdict
    """`"critical"`, `"warning"`, `"ok"`, `"improved"`, `"undecided"`, `"immature"` or `"no_data"`."""
    sentence: str
    """The same in plain words."""
    current: Metric
    """The value of the window with its interval and its rows."""
    baseline: Metric
    """That of the baseline; one that was given as an exact number has no interval and 0 rows."""
    higher_is_better: bool
    """The direction."""
    margin: float | None = None
    """The loss that is tolerated, in units of the metric; None without a baseline to take it from."""
    loss: float | None = None
    """How much worse than the baseline it is; None where it was not compared."""
    loss_low: float | None = None
    """The lower one-sided limit of the loss at 1 - alpha."""
    loss_high: float | None = None
    """The upper one."""
    p_value: float | None = None
    """How likely such a loss would be if the true one were the margin or less."""
    adjusted_p_value: float | None = None
    """The same by Holm, over all metrics that were compared: at most alpha is `"critical"`."""
    loss_p_value: float | None = None
    """How likely such a loss would be if there were none."""
    adjusted_loss_p_value: float | None = None
    """The same by Holm: at most alpha is a `"warning"`."""
    gain_p_value: float | None = None
    """How likely such a gain would be if there were none."""
    adjusted_gain_p_value: float | None = None
    """The same by Holm: at most alpha is `"improved"`."""
    verdict_p_value: float | None = None
    """The p-value of what is said, by Holm: that of a loss beyond the margin where it is critical, of a gain where it is improved,
    of the loss that is hidden where it is a warning of one, else of any loss; None where nothing was tested."""
    method: str | None = None
    """The test."""
    coverage: float | None = None
    """The share of predictions that have a label: of all in the window, or of those that the metric is about (for precision
    those predicted positive), whichever is smaller; None where predictions are not known."""
    at_baseline_prevalence: Metric | None = None
    """What the metric would be if labels of 1 were as common as in the baseline and the model treated each class as it
    does; None for metrics that do not depend on it."""
    cause: Cause | None = None
    """What an alarm or an improvement comes from: `"prevalence"` where most of it is gone at that of the baseline and the rest
    would be none, `"model"`, or `"both"`. `"masked"`, whatever the verdict: the metric would be worse than the margin allows
    at that of the baseline, and its change hides that. None where it cannot be told, and for other verdicts."""
    masked: MaskedLoss | None = None
    """What the change of prevalence hides; None where it hides nothing."""
    proven_at: datetime | None = None
    """When the look was that the verdict rests on, where an earlier one had stronger evidence; at any time alone."""

    @property
    def is_alarm(self) -> bool:
        """Whether it is critical or a warning."""
        return self.verdict in {"critical", "warning"}

    @property
    def loss_interval(self) -> tuple[float, float] | None:
        """Both limits of the loss."""
        return None if self.loss_low is None or self.loss_high is None else (self.loss_low, self.loss_high)

    def to_dict(self) -> dict[str, object]:
        """All content as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag import DegradationDetector
            >>> report = DegradationDetector({"accuracy": 0.95}).check({"accuracy": (950, 1000)})
            >>> report["accuracy"].to_dict()["baseline"]["reason"]
            'a given number, taken as exact'
        """
        adjusted = self.at_baseline_prevalence
        return {
            "name": self.name,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "current": self.current.to_dict(),
            "baseline": self.baseline.to_dict(),
            "higher_is_better": self.higher_is_better,
            "margin": self.margin,
            "loss": self.loss,
            "loss_low": self.loss_low,
            "loss_high": self.loss_high,
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
            "loss_p_value": self.loss_p_value,
            "adjusted_loss_p_value": self.adjusted_loss_p_value,
            "gain_p_value": self.gain_p_value,
            "adjusted_gain_p_value": self.adjusted_gain_p_value,
            "verdict_p_value": self.verdict_p_value,
            "method": self.method,
            "coverage": self.coverage,
            "at_baseline_prevalence": None if adjusted is None else adjusted.to_dict(),
            "cause": self.cause,
            "masked": None if self.masked is None else self.masked.to_dict(),
            "proven_at": None if self.proven_at is None else self.proven_at.isoformat(),
        }

    def __str__(self) -> str:
        return self.sentence


class VerdictTable(Mapping[str, MetricVerdict]):
    """Verdicts by metric: a mapping that cannot be changed, and that pickles, copies and hashes.

    Example:
        >>> from truthlag import DegradationDetector
        >>> report = DegradationDetector({"accuracy": 0.95}).check({"accuracy": (950, 1000)})
        >>> list(report.verdicts)
        ['accuracy']
    """

    __slots__ = ("_by_name",)

    def __init__(self, verdicts: Iterable[MetricVerdict] = ()) -> None:
        self._by_name = {verdict.name: verdict for verdict in verdicts}

    def __getitem__(self, name: str) -> MetricVerdict:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f"no verdict of {name!r}; there are {', '.join(self._by_name)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __hash__(self) -> int:
        return hash(frozenset(self._by_name.values()))

    def __reduce__(self) -> tuple[type[VerdictTable], tuple[tuple[MetricVerdict, ...]]]:
        return type(self), (tuple(self._by_name.values()),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self._by_name.values()))}])"


@dataclass(frozen=True, slots=True)
class DegradationReport:
    """Whether a window is worse than the baseline: a verdict for each metric.

    `report["recall"]` is the verdict of a metric. With `evidence` `"one look"` the p-values hold for this look: the chance
    that any metric which has not lost is called a warning or critical is at most `alpha`, whatever their number; a window that
    is looked at every hour has that chance every hour. A metric has lost, too, where it would have at the prevalence of the
    baseline and the change of prevalence hides it.

    Example:
        >>> from truthlag import DegradationDetector
        >>> detector = DegradationDetector({"accuracy": (950, 1000), "recall": (180, 200)}, margins=0.02)
        >>> report = detector.check({"accuracy": (880, 1000), "recall": (178, 200)})
        >>> report.severity, report.alarms, report.evidence
        ('critical', ('accuracy',), 'one look')
        >>> report.coverage is None, round(report.loss_confidence, 2)
        (True, 0.9)
        >>> print(report["accuracy"].sentence)
        accuracy fell from 0.9500 to 0.8800: 0.0700 worse (0.0... to 0.0...), beyond the margin of 0.0200 (adjusted p = ...).
    """

    asked: datetime
    """When it was asked (UTC)."""
    model: str | None
    """The name of the model, where that is known."""
    version: str | None
    """Its version."""
    start: datetime | None
    """The first moment of the window by prediction time; None when it has none."""
    end: datetime | None
    """The last moment, itself included."""
    baseline: str
    """What the window was compared with, in words."""
    verdicts: VerdictTable
    """A verdict for each metric."""
    alpha: float
    """The level of the alarms."""
    confidence: float
    """The level of the intervals of the values."""
    counts: ConfusionCounts | None = None
    """The predictions of the window by decision and label, where they are known."""
    min_coverage: float | None = None
    """The share of predictions that must have a label; None where the rule was off."""
    labels: Labels = "both"
    """Whether labels of both classes are reported, or those of 1 alone."""
    evidence: Evidence = "one look"
    """`"one look"`: the p-values hold for this look. `"any time"`: also for looking again and again."""
    basis: Basis = "labelled rows"
    """Which rows the window was judged by: those that have their label."""
    notes: tuple[str, ...] = ()
    """What else a reader must know."""

    @property
    def severity(self) -> Severity:
        """The worst of the verdicts.

        `"critical"` or `"warning"` where any metric is; `"ok"` where every metric is ok or improved; `"immature"` or
        `"no_data"` where nothing at all could be judged; else `"undecided"`: some of it is not known.
        """
        said = {verdict.verdict for verdict in self.verdicts.values()}
        if "critical" in said:
            return "critical"
        if "warning" in said:
            return "warning"
        if said and said <= {"ok", "improved"}:
            return "ok"
        if said <= {"no_data"}:
            return "no_data"
        return "immature" if said <= {"immature", "no_data"} else "undecided"

    @property
    def alarms(self) -> tuple[str, ...]:
        """The metrics that are critical or a warning."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict.is_alarm)

    @property
    def coverage(self) -> float | None:
        """The share of the window's predictions that have a label; None where predictions are not known."""
        counts = self.counts
        return None if counts is None or not (seen := counts.labelled + counts.pending) else counts.labelled / seen

    @property
    def loss_confidence(self) -> float:
        """The level of the intervals of losses, 1 - 2 alpha: each of their ends is a one-sided limit at 1 - alpha."""
        return 1 - 2 * self.alpha

    def __getitem__(self, name: str) -> MetricVerdict:
        return self.verdicts[name]

    def to_dict(self) -> dict[str, object]:
        """All content as a dict that `json.dumps` takes; times in ISO format.

        Example:
            >>> import json
            >>> from truthlag import DegradationDetector
            >>> report = DegradationDetector({"accuracy": 0.95}).check({"accuracy": (950, 1000)})
            >>> json.loads(json.dumps(report.to_dict()))["severity"]
            'ok'
        """
        return {
            "severity": self.severity,
            "evidence": self.evidence,
            "basis": self.basis,
            "asked": self.asked.isoformat(),
            "model": self.model,
            "version": self.version,
            "start": None if self.start is None else self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "baseline": self.baseline,
            "alpha": self.alpha,
            "confidence": self.confidence,
            "loss_confidence": self.loss_confidence,
            "counts": None if self.counts is None else self.counts.to_dict(),
            "coverage": self.coverage,
            "min_coverage": self.min_coverage,
            "labels": self.labels,
            "verdicts": {name: verdict.to_dict() for name, verdict in self.verdicts.items()},
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return as_text(self)
