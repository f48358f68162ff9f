"""A metric of a live test at the looks that were taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.times import EPOCH
from truthlag.verdict.abtest.live.logged_look import LoggedLook, interval_of
from truthlag.verdict.abtest.live.metric_spec import plan_of
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.pictures.interval_over_time import IntervalLook, IntervalOverTime


def over_time(looks: Sequence[LoggedLook], settings: Settings, metric: str | None, arm: str) -> IntervalOverTime:
    """The difference of a metric with its interval, as each look logged it.

    Raises:
        ValueError: There is no such metric, or no look was taken.
    """
    names = list(settings.metrics)
    name = names[0] if metric is None and names else metric
    if name is None or name not in settings.metrics:
        raise ValueError(f"metric must be one of {', '.join(map(repr, names)) or 'none'}, got {described(metric)}")
    rows, confidence = [], None
    for look in looks:
        for result in look.results:
            if (result["arm"], result["metric"]) != (arm, name):
                continue
            at, confidence = EPOCH + timedelta(microseconds=look.moment), result["confidence"]
            rows.append(IntervalLook(at, result["n"], result["difference"], interval_of(result), result["verdict"]))
    if confidence is None:
        raise ValueError(f"the test must have been looked at to show {name} over time: call report")
    plan = plan_of(settings.metrics[name], "primary" if name == names[0] else "secondary")
    return IntervalOverTime(
        name,
        tuple(rows),
        settings.mode,
        plan.hypothesis or "superiority",
        plan.direction,
        plan.margin if plan.scale == "absolute" else None,
        "absolute",
        confidence,
        "time",
    )
