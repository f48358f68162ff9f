"""A trend in plain words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from truthlag.verdict.trend.line import FEWEST_FOR_SERIAL

if TYPE_CHECKING:
    from truthlag.verdict.trend.report import TrendReport

__all__ = ["FEWEST_RATES", "sentence"]

FEWEST_RATES = 3
"""Rates carry their own variance, and their spread about a line needs one period more than the line."""


def sentence(report: TrendReport) -> str:
    """One sentence: what the metric does, how sure that is, what does not fit, when the limit is met."""
    if report.verdict == "undecided":
        return f"{_too_few(report)}{_skipped(report)}."
    if report.verdict == "outlier":
        return f"{_outlier(report)}{_skipped(report)}."
    if report.verdict == "stable":
        told = f"{report.metric} shows no trend ({_signed_range(report)}; {_evidence(report)})"
    else:
        told = f"{_movement(report)} ({_range(report)}; {_evidence(report)}){_crossing(report)}"
    return f"{told}{_left_out(report)}{_doubt(report)}{_skipped(report)}."


def _movement(report: TrendReport) -> str:
    rises = (report.slope or 0.0) > 0
    verb = report.verdict.removesuffix("ing") + "s" if report.higher_is_better else "rises" if rises else "falls"
    verb = {"declins": "declines", "improvs": "improves"}.get(verb, verb)
    remark = "" if report.higher_is_better else ", which is worse" if rises else ", which is better"
    return f"{report.metric} {verb} by {abs(report.slope or 0.0):.2g} a day{remark}"


def _range(report: TrendReport) -> str:
    ends = sorted(abs(end) for end in report.interval or ())
    return " to ".join(f"{end:.2g}" for end in ends)


def _signed_range(report: TrendReport) -> str:
    """The limits of the slope, the worse first: `0.0024 worse to 0.0011 better a day`."""
    ends = [end if report.higher_is_better else -end for end in (report.low, report.high) if end is not None]
    if len(ends) < 2:
        return "without limits"
    worst, best = min(ends), max(ends)
    if worst < 0 < best:
        return f"{-worst:.2g} worse to {best:.2g} better a day"
    least, most = sorted((abs(worst), abs(best)))
    return f"{least:.2g} to {most:.2g} {'worse' if worst < 0 else 'better'} a day"


def _evidence(report: TrendReport) -> str:
    p_value = report.p_value or 0.0
    told = "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.4f}" if p_value < 0.01 else f"p = {p_value:.2f}"
    return f"{told}, {report.periods - len(report.outliers)} periods"


def _crossing(report: TrendReport) -> str:
    if report.crossing_days is None or report.limit is None:
        return ""
    early, late = report.crossing_days
    if late <= 0:
        return f": {report.limit:.4g} was crossed {-late:.0f} to {_days(-early)} before the last period"
    if early <= 0:
        return f": {report.limit:.4g} is crossed already, or within {_days(late)}"
    return f": {report.limit:.4g} is crossed in {early:.0f} to {_days(late)}"


def _days(number: float) -> str:
    return f"{number:.0f} day{'' if f'{number:.0f}' == '1' else 's'}"


def _outlier(report: TrendReport) -> str:
    one = len(report.outliers) == 1
    named = _named(report)
    rest = report.periods - len(report.outliers)
    told = f"{report.metric} of {named} {'does' if one else 'do'} not fit the other {rest} periods"
    judged = "which are too few to show a trend" if report.p_value is None else "which show no trend"
    return f"{told}, {judged}"


def _left_out(report: TrendReport) -> str:
    return f"; left out: {_named(report)}" if report.outliers else ""


def _named(report: TrendReport) -> str:
    shown = [f"{_time(outlier.index, outlier.time)} ({outlier.value:.4g})" for outlier in report.outliers[:5]]
    more = len(report.outliers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _time(index: int, time: Any) -> str:
    if isinstance(time, dt.datetime):
        midnight = time.time() == dt.time()
        return f"{time:%Y-%m-%d}" if midnight else f"{time:%Y-%m-%d %H:%M}"
    return time.isoformat() if isinstance(time, dt.date) else f"period {index + 1}"


def _doubt(report: TrendReport) -> str:
    robust = report.robust
    if report.verdict == "stable" or robust is None or robust.p_value is None or robust.p_value <= report.alpha:
        return ""
    return f"; the robust view is not sure (p = {robust.p_value:.2f})"


def _too_few(report: TrendReport) -> str:
    needed = FEWEST_RATES if report.kind == "rate" else FEWEST_FOR_SERIAL
    what = {"rate": "rates", "mean": "means", "value": "values without a size"}[report.kind]
    seen = report.periods - len(report.outliers)
    number = f"{seen} period{'' if seen == 1 else 's'}"
    return f"{number} of {report.metric} cannot show a trend: {what} need at least {needed}"


def _skipped(report: TrendReport) -> str:
    words = {"no_data": "without data", "immature": "immature"}
    told = [f"{number} {words[reason]}" for reason, number in sorted(report.skipped.items())]
    return f"; not looked at: {', '.join(told)}" if told else ""
