"""How good a detector is, by simulation, and its threshold from a history; `truthlag.detectors` is where to import them from."""

from truthlag.verdict.evaluation.calibrate import calibrate
from truthlag.verdict.evaluation.calibration import Calibration
from truthlag.verdict.evaluation.dummies import AlwaysFires, NeverFires
from truthlag.verdict.evaluation.estimate import IntervalEstimate
from truthlag.verdict.evaluation.evaluate import evaluate
from truthlag.verdict.evaluation.evaluation import Evaluation, ScenarioResult
from truthlag.verdict.evaluation.fresh import DriftDetector
from truthlag.verdict.evaluation.run_length import RunLength
from truthlag.verdict.evaluation.scenario import Scenario

__all__ = [
    "AlwaysFires",
    "Calibration",
    "DriftDetector",
    "Evaluation",
    "IntervalEstimate",
    "NeverFires",
    "RunLength",
    "Scenario",
    "ScenarioResult",
    "calibrate",
    "evaluate",
]
