"""The metrics of a window: counts to numbers, with intervals.

The numbers themselves are made in the core, which is pure functions of integer counts; here they get their types, names
and faces. See `PerformanceSnapshot`.
"""

from truthlag.metrics.counts import ConfusionCounts
from truthlag.metrics.histogram import ScoreBin, ScoreHistogram
from truthlag.metrics.metric import Metric, MetricTable
from truthlag.metrics.points import CalibrationRow, PrecisionRecallPoint, RocPoint
from truthlag.metrics.snapshot import PerformanceSnapshot

__all__ = [
    "CalibrationRow",
    "ConfusionCounts",
    "Metric",
    "MetricTable",
    "PerformanceSnapshot",
    "PrecisionRecallPoint",
    "RocPoint",
    "ScoreBin",
    "ScoreHistogram",
]
