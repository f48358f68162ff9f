"""A report as lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from truthlag.metrics import Metric
from truthlag.metrics.text import aligned

if TYPE_CHECKING:
    from truthlag.verdict.degradation.report import DegradationReport, MetricVerdict

__all__ = ["as_text", "decimals", "probability", "worse_or_better"]


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
    digits = decimals(verdict.current.value, verdict.baseline.value, verdict.loss)
    return (
        verdict.name,
        verdict.verdict,
        _value(verdict.current, digits),
        _value(verdict.baseline, digits),
        "" if verdict.loss is None else f"{verdict.loss:+.{digits}f}",
        "" if limits is None else f"{limits[0]:+.{digits}f} to {limits[1]:+.{digits}f}",
        "" if verdict.margin is None else f"{verdict.margin:.{digits}f}",
        "" if verdict.verdict_p_value is None else probability(verdict.verdict_p_value),
    )


def _value(metric: Metric, digits: int) -> str:
    return "none" if metric.value is None else f"{metric.value:.{digits}f}"


def decimals(now: float | None, before: float | None, loss: float | None) -> int:
    """As many decimals as show two figures of the smallest of these, and how near 1 a share is; 4 at least."""
    sizes = [abs(value) for value in (now, before, loss) if value]
    sizes += [abs(1 - value) for value in (now, before) if value is not None and value != 1]
    # A loss that is next to nothing beside the values is not worth a line of zeros.
    smallest = min(sizes, default=1.0)
    return min(10, max(4, 1 - math.floor(math.log10(smallest)))) if smallest > 1e-12 else 4


def worse_or_better(low: float, high: float, digits: int) -> str:
    """A range of losses in words: `0.0143 better to 0.0184 worse`."""
    least, most = (f"{abs(end):.{digits}f}" for end in (low, high))
    # What rounds to nothing is neither.
    is_below, is_above = low < 0 and float(least) > 0, high > 0 and float(most) > 0
    if not is_below:
        return f"{least} to {most} worse"
    return f"{least} better to {most} worse" if is_above else f"{most} to {least} better"


def probability(p: float) -> str:
    """A p-value as people read it."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}" if p >= 1e-300 else "below 1e-300"
