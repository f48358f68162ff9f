"""Pictures of a test, drawn without any package."""

from truthlag.verdict.abtest.pictures.interval_over_time import IntervalLook, IntervalOverTime, interval_over_time

__all__ = ["IntervalLook", "IntervalOverTime", "interval_over_time"]
