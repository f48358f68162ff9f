"""A report as lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from truthlag.metrics import Metric
from truthlag.metrics.text import aligned

if TYPE_CHECKING:
    from truthlag.verdict.degradation.report import DegradationReport, MetricVerdict

__all__ = ["as_text"]


def as_text(report: DegradationReport) -> str:
    """What was compared with what, one line for each metric, and what is said of each in words."""
    facts = list(_facts(report))
    width = max(len(label) for label, _ in facts)
    lines = [f"{label.ljust(width)}  {text}" for label, text in facts]
    heading = (
        "metric",
        "verdict",
        "now",
        "baseline",
        "loss",
        f"{100 * report.loss_confidence:.6g}% limits",
        "margin",
        "p",
    )
    rows = [heading, *(_row(verdict) for verdict in report.verdicts.values())]
    lines += ["", *aligned(rows, left=2), ""]
    lines += [verdict.sentence for verdict in report.verdicts.values()]
    lines += report.notes
    return "\n".join(lines)


def _facts(report: DegradationReport) -> Iterable[tuple[str, str]]:
    yield "severity", f"{report.severity} ({report.evidence} at alpha {report.alpha:g}, p adjusted by Holm)"
    if report.model is not None:
        yield "model", f"{report.model} {report.version or ''}".rstrip()
    if report.start is not None or report.end is not None:
        first = "the first" if report.start is None else report.start.isoformat(sep=" ")
        last = "the last" if report.end is None else report.end.isoformat(sep=" ")
        yield "window", f"predictions from {first} to {last}"
    if report.counts is not None:
        seen = report.counts.labelled + report.counts.pending
        coverage = "" if report.coverage is None else f" (coverage {report.coverage:.4f})"
        yield "labels", f"{report.counts.labelled:,} of {seen:,} predictions{coverage}"
    yield "baseline", report.baseline


def _row(verdict: MetricVerdict) -> tuple[str, ...]:
    limits = verdict.loss_interval
    return (
        verdict.name,
        verdict.verdict,
        _value(verdict.current),
        _value(verdict.baseline),
        "" if verdict.loss is None else f"{verdict.loss:+.4f}",
        "" if limits is None else f"{limits[0]:+.4f} to {limits[1]:+.4f}",
        "" if verdict.margin is None else f"{verdict.margin:.4f}",
        "" if verdict.adjusted_p_value is None else probability(verdict.adjusted_p_value),
    )


def _value(metric: Metric) -> str:
    return "none" if metric.value is None else f"{metric.value:.4f}"


def probability(p: float) -> str:
    """A p-value as people read it."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}"
