"""How a comparison stands behind the gates that the caller gives with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.metrics import ConfusionCounts, PerformanceSnapshot
from truthlag.verdict.abtest.gates.gate import Gate, GateReport, invalidated
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.statistics.calibration import Calibration
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.labelled_rows import LabelledRows
from truthlag.verdict.abtest.statistics.prediction_powered import PredictionPowered
from truthlag.verdict.abtest.statistics.prediction_powered_ratio import PredictionPoweredRatio

#: Arms that exist only of rows with a label.
_OF_LABELS = (
    Counts,
    ConfusionCounts,
    FMeasure,
    Calibration,
    LabelledRows,
    PredictionPowered,
    PredictionPoweredRatio,
    PerformanceSnapshot,
    ModelPerformanceTracker,
)
_UNSAID = "that makes a metric over labelled rows invalid; of such arms labelled_only must say whether it is one."


@dataclass(frozen=True, slots=True)
class Standing:
    """The gates of a test, checked."""

    report: GateReport

    @classmethod
    def of(cls, gates: Any) -> Self:
        """From a report, a gate, or several gates.

        Raises:
            TypeError: They are none.
        """
        if isinstance(gates, GateReport):
            return cls(gates)
        several = (gates,) if isinstance(gates, Gate) else gates
        if isinstance(several, Iterable) and not isinstance(several, str | bytes):
            several = tuple(several)
            if all(isinstance(gate, Gate) for gate in several):
                return cls(GateReport(several))
        raise TypeError(f"gates must be a GateReport, a Gate or several of these, got {described(gates)}")

    def applied_to(self, result: Comparison, arm: Any, labelled_only: bool | None) -> Comparison:
        """The comparison, invalid where a gate failed for it; `arm` is the control as the caller gave it."""
        if not self.report.failed:
            return result
        is_of_labels = isinstance(arm, _OF_LABELS) if labelled_only is None else labelled_only
        against = self.report.against(labelled_only=is_of_labels)
        if labelled_only is None:
            spared = [gate for gate in self.report.failed if gate not in against]
            told = tuple(f"{gate.name} failed: {gate.reason} {_UNSAID.capitalize()}" for gate in spared)
            result = replace(result, reasons=(*result.reasons, *told))
        return invalidated(result, against)


def checked_labelled_only(value: Any) -> bool | None:
    """Whether a metric is over labelled rows; None leaves it to the arms.

    Raises:
        TypeError: It is neither.
    """
    if value is None or isinstance(value, bool):
        return value
    raise TypeError(f"labelled_only must be True, False or None, got {described(value)}")
