"""From a test of non-inferiority to what is to be done."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from truthlag.verdict.abtest.result.comparison import Comparison, Interval

Status: TypeAlias = Literal["pass", "block", "undecided", "invalid"]
"""What is to be done about the treatment."""

STATUSES: tuple[str, ...] = get_args(Status)
_VERDICTS: dict[str, Status] = {"non_inferior": "pass", "worse": "block", "invalid": "invalid"}


def status_of(comparison: Comparison) -> Status:
    """What a test of non-inferiority says, where its interval says the same."""
    told = _VERDICTS.get(comparison.verdict, "undecided")
    return told if told in {"invalid", position(comparison)} else "undecided"


def position(comparison: Comparison) -> Status:
    """Where the interval lies beside the margin, whether or not a verdict may be given by now."""
    interval, margin = judged_interval(comparison), comparison.margin
    if interval is None or margin is None:
        return "undecided"
    low, high = interval if comparison.direction == "lower" else (-interval[1], -interval[0])
    return "pass" if high < margin else "block" if low > margin else "undecided"


def judged_interval(comparison: Comparison) -> Interval | None:
    """That of the difference, or of the relative difference."""
    return comparison.relative_interval if comparison.scale == "relative" else comparison.difference_interval
