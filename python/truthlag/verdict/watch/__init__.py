"""Detectors that are fed by a tracker: each row once, in order of prediction time, when its label has come."""

from truthlag.verdict.watch.alarm import Alarm
from truthlag.verdict.watch.watch import Watch

__all__ = ["Alarm", "Watch"]
