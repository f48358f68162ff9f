"""The observation in an alarm of a watch."""

from datetime import datetime
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.observation import Observation
from truthlag.verdict.watch import Alarm


def observation_of(alarm: Any, at: datetime, model: str | None = None) -> Observation:
    """What an alarm is to a policy that hears of it then.

    Args:
        alarm: The alarm. The time of the change that it estimates is that since which it is bad.
        at: When it is heard of.
        model: What the model is called; None for the alarm's `model`.

    Raises:
        TypeError: It is no alarm.
    """
    if not isinstance(alarm, Alarm):
        raise TypeError(f"alarm must be an Alarm of a watch, got {described(alarm)}")
    since = None if alarm.change is None else min(alarm.change, at)
    evidence = {"sentence": str(alarm), **alarm.to_dict()}
    if alarm.reference is None and (alarm.before is None or alarm.after is None):
        evidence["direction"] = "unknown"
    name = alarm.model if model is None else model
    return Observation(name, alarm.watch, "critical", at, evidence, since, "alarm")
