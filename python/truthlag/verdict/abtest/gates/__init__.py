"""What a test must pass before a verdict on any of its metrics is believed."""

from truthlag.verdict.abtest.gates.aged_arm import AgedArm, Arrivals
from truthlag.verdict.abtest.gates.arm_log import ArmLog, arm_logs
from truthlag.verdict.abtest.gates.chi_square import ChiSquareRatio, sample_ratio_chi_square
from truthlag.verdict.abtest.gates.double_exposure import DoubleExposure, double_exposure
from truthlag.verdict.abtest.gates.equal_age import ArmsAtAge, arms_at_age, compare_at_age
from truthlag.verdict.abtest.gates.gate import Gate, GateReport
from truthlag.verdict.abtest.gates.label_arrival import label_arrival_parity
from truthlag.verdict.abtest.gates.pre_period import pre_period_balance
from truthlag.verdict.abtest.gates.run_gates import run_gates
from truthlag.verdict.abtest.gates.sample_ratio import SampleRatioTest

__all__ = [
    "AgedArm",
    "ArmLog",
    "ArmsAtAge",
    "Arrivals",
    "ChiSquareRatio",
    "DoubleExposure",
    "Gate",
    "GateReport",
    "SampleRatioTest",
    "arm_logs",
    "arms_at_age",
    "compare_at_age",
    "double_exposure",
    "label_arrival_parity",
    "pre_period_balance",
    "run_gates",
    "sample_ratio_chi_square",
]
