"""Streaming change detectors, and intervals that hold at all times.

`EDetector` holds a mean loss against a baseline and has a stated rate of false alarms; `EProcess` tests it at any time;
`HarmfulShift` holds losses against a validation set. The others go by the names that people know: those that River has by its
parameters, defaults and arithmetic, so that they alarm at the same values; the others by their papers. But for the charts `CUSUM` and
`EWMA`, which are given a target, none of those knows a baseline, so what they find depends on how long they have watched. A
`ConfidenceSequence` is an interval for a rate or a mean that may be looked at after every value. `evaluate` measures how good a
detector is, and `calibrate` chooses its threshold by a history.
"""

from truthlag.verdict.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    ECDD,
    EDDM,
    EWMA,
    FHDDM,
    HDDMA,
    HDDMW,
    KSWIN,
    RDDM,
    STEPD,
    EDetector,
    EProcess,
    HarmfulShift,
    PageHinkley,
)
from truthlag.verdict.evaluation import (
    AlwaysFires,
    Calibration,
    DriftDetector,
    Evaluation,
    IntervalEstimate,
    NeverFires,
    RunLength,
    Scenario,
    ScenarioResult,
    calibrate,
    evaluate,
)
from truthlag.verdict.sequences import (
    BetaBinomialSequence,
    BettingSequence,
    ConfidenceSequence,
    EmpiricalBernsteinSequence,
)

__all__ = [
    "ADWIN",
    "CUSUM",
    "DDM",
    "ECDD",
    "EDDM",
    "EWMA",
    "FHDDM",
    "HDDMA",
    "HDDMW",
    "KSWIN",
    "RDDM",
    "STEPD",
    "AlwaysFires",
    "BetaBinomialSequence",
    "BettingSequence",
    "Calibration",
    "ConfidenceSequence",
    "DriftDetector",
    "EDetector",
    "EProcess",
    "EmpiricalBernsteinSequence",
    "Evaluation",
    "HarmfulShift",
    "IntervalEstimate",
    "NeverFires",
    "PageHinkley",
    "RunLength",
    "Scenario",
    "ScenarioResult",
    "calibrate",
    "evaluate",
]
