"""A snapshot as lines of text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truthlag.metrics.metric import Metric
    from truthlag.metrics.snapshot import PerformanceSnapshot

__all__ = ["aligned", "as_html", "as_text", "html_table"]


def as_text(snapshot: PerformanceSnapshot) -> str:
    """Aligned lines: what was looked at, the counts, one line for each metric."""
    facts = list(_facts(snapshot))
    width = max(len(label) for label, _ in facts)
    lines = [f"{label.ljust(width)}  {text}" for label, text in facts]
    lines += ["", *aligned(_count_rows(snapshot), left=1)]
    rows = [("metric", "value", _interval_heading(snapshot), "rows", "")]
    rows += _metric_rows(snapshot)
    lines += ["", *aligned(rows, left=1, free=True)]
    return "\n".join(lines)


def as_html(snapshot: PerformanceSnapshot) -> str:
    """The same as tables of a notebook, with the reliability table; every text escaped, nothing loaded from elsewhere."""
    parts = [html_table([(label, text) for label, text in _facts(snapshot)], header=False)]
    parts.append(html_table(_count_rows(snapshot)))
    rows = [("metric", "value", _interval_heading(snapshot), "rows", "remark")]
    rows += _metric_rows(snapshot)
    parts.append(html_table(rows))
    if snapshot.calibration:
        reliability = [("score", "rows", "mean score", "positive rate", _interval_heading(snapshot))]
        reliability += [
            (
                f"{row.lower:.1f} to {row.upper:.1f}",
                f"{row.n:,}",
                f"{row.mean_score:.4f}",
                f"{row.positive_rate:.4f}",
                f"{row.low:.4f} to {row.high:.4f}",
            )
            for row in snapshot.calibration
        ]
        parts.append(html_table(reliability))
    return f'<div class="truthlag-snapshot">{"".join(parts)}</div>'


def _facts(snapshot: PerformanceSnapshot) -> Iterable[tuple[str, str]]:
    yield "model", f"{snapshot.model} {snapshot.version}"
    yield "window", f"predictions from {_moment(snapshot.start, 'the first')} to {_moment(snapshot.end, 'the last')}"
    coverage = "" if snapshot.coverage is None else f" (coverage {snapshot.coverage:.4f})"
    yield (
        "rows",
        f"{snapshot.predictions:,} predictions, {snapshot.sample_size:,} labelled{coverage}, {snapshot.scored:,} of them scored",
    )
    decided = "as logged" if snapshot.threshold is None else f"1 where the score is at least {snapshot.threshold:g}"
    yield "decisions", decided


def _moment(moment: datetime | None, otherwise: str) -> str:
    return otherwise if moment is None else moment.isoformat(sep=" ")


def _interval_heading(snapshot: PerformanceSnapshot) -> str:
    return f"{100 * snapshot.confidence:.6g}% interval"


def _count_rows(snapshot: PerformanceSnapshot) -> list[tuple[str, ...]]:
    counts = snapshot.counts
    return [
        ("", "label 1", "label 0", "pending"),
        ("decision 1", f"{counts.true_positives:,}", f"{counts.false_positives:,}", f"{counts.pending_positives:,}"),
        ("decision 0", f"{counts.false_negatives:,}", f"{counts.true_negatives:,}", f"{counts.pending_negatives:,}"),
    ]


def _metric_rows(snapshot: PerformanceSnapshot) -> Iterable[tuple[str, str, str, str, str]]:
    """One row for each metric. A reason that several of them share is written once; the others name the first."""
    first: dict[str, str] = {}
    for metric in snapshot.metrics.values():
        reason = metric.reason or ""
        if reason and first.setdefault(reason, metric.name) != metric.name:
            reason = f"see {first[reason]}"
        yield _metric_row(metric, reason)


def _metric_row(metric: Metric, reason: str) -> tuple[str, str, str, str, str]:
    if metric.value is None:
        return metric.name, "undefined", "", f"{metric.n:,}", reason
    interval = "none" if metric.interval is None else "{:.4f} to {:.4f}".format(*metric.interval)
    remarks = [reason] if reason else []
    # What could not change the digits that are shown is not worth a remark.
    if metric.error_bound is not None and metric.error_bound >= 5e-6:
        remarks.append(f"exact ranks: within {metric.error_bound:.1g}")
    return metric.name, f"{metric.value:.4f}", interval, f"{metric.n:,}", "; ".join(remarks)


def aligned(rows: Sequence[tuple[str, ...]], *, left: int, free: bool = False) -> Iterable[str]:
    """Columns padded to their widest cell: the first `left` to the left, others to the right, a `free` last one not at all."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if index < left or (free and index == len(row) - 1) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def html_table(rows: Sequence[tuple[str, ...]], *, header: bool = True) -> str:
    """A table whose cells are escaped; its first row is a heading where `header` says so."""

    def line(cells: tuple[str, ...], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    head = f"<thead>{line(rows[0], 'th')}</thead>" if header else ""
    body = "".join(line(row, "td") for row in (rows[1:] if header else rows))
    return f"<table>{head}<tbody>{body}</tbody></table>"
