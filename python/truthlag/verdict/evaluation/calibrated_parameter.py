"""Which parameter of a detector decides how often it alarms, and within which values it is looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.detectors.adwin import ADWIN
from truthlag.verdict.detectors.cusum import CUSUM
from truthlag.verdict.detectors.ddm import DDM
from truthlag.verdict.detectors.e_detector import EDetector
from truthlag.verdict.detectors.e_process import EProcess
from truthlag.verdict.detectors.ecdd import ECDD
from truthlag.verdict.detectors.eddm import EDDM
from truthlag.verdict.detectors.ewma import EWMA
from truthlag.verdict.detectors.fhddm import FHDDM
from truthlag.verdict.detectors.harmful_shift import HarmfulShift
from truthlag.verdict.detectors.hddm_a import HDDMA
from truthlag.verdict.detectors.hddm_w import HDDMW
from truthlag.verdict.detectors.kswin import KSWIN
from truthlag.verdict.detectors.page_hinkley import PageHinkley
from truthlag.verdict.detectors.parameters import real
from truthlag.verdict.detectors.rddm import RDDM
from truthlag.verdict.detectors.stepd import STEPD
from truthlag.verdict.detectors.watched import WatchedDetector


@dataclass(frozen=True, slots=True)
class CalibratedParameter:
    """A parameter, and the values between which it is looked for.

    Attributes:
        name: The parameter.
        often: The value at which the detector alarms most often.
        seldom: The value at which it alarms least often.
        is_logarithmic: Whether equal ratios count as equal steps, rather than equal differences.
    """

    name: str
    often: float
    seldom: float
    is_logarithmic: bool = True

    def at(self, share: float) -> float:
        """The value so far on the way from `often` to `seldom`."""
        if self.is_logarithmic:
            low, high = math.log(self.often), math.log(self.seldom)
            # The ends are given back as they are, not as a logarithm rounds them.
            return {0.0: self.often, 1.0: self.seldom}.get(share, math.exp(low + share * (high - low)))
        return self.often + share * (self.seldom - self.often)


LEAST_CHANCE = 1e-40
"""A confidence that is asked of one comparison need not be smaller for any run length that can be simulated."""
MOST_CHANCE = 0.999

PARAMETERS: dict[type[WatchedDetector], CalibratedParameter] = {
    ADWIN: CalibratedParameter("delta", MOST_CHANCE, LEAST_CHANCE),
    CUSUM: CalibratedParameter("h", 1e-3, 1e4),
    DDM: CalibratedParameter("drift_threshold", 1e-2, 1e2),
    EDDM: CalibratedParameter("beta", 1.0, 0.0, is_logarithmic=False),
    EDetector: CalibratedParameter("arl", 1.001, 1e15),
    EWMA: CalibratedParameter("control_limit", 1e-3, 1e3),
    FHDDM: CalibratedParameter("confidence_level", MOST_CHANCE, LEAST_CHANCE),
    HDDMA: CalibratedParameter("drift_confidence", MOST_CHANCE, LEAST_CHANCE),
    HDDMW: CalibratedParameter("drift_confidence", MOST_CHANCE, LEAST_CHANCE),
    KSWIN: CalibratedParameter("alpha", 1.0, 1e-17),
    PageHinkley: CalibratedParameter("threshold", 1e-3, 1e6),
    RDDM: CalibratedParameter("drift_threshold", 1e-2, 1e2),
    STEPD: CalibratedParameter("alpha_drift", MOST_CHANCE, LEAST_CHANCE),
}

REASONS: dict[type[WatchedDetector], str] = {
    ECDD: "whose limits are printed for three run lengths and for nothing between them; `EWMA` is the chart that has any limit",
    EProcess: "which has a chance of ever alarming, alpha, and no run length; `EDetector` has one",
    HarmfulShift: "which has a chance of ever alarming, alpha, and no run length; `EDetector` has one",
}


def parameter_of(detector: WatchedDetector) -> CalibratedParameter:
    """The parameter of a detector that is calibrated.

    Raises:
        ValueError: It has none.
    """
    reason = next((f"{kind.__name__}, {why}" for kind, why in REASONS.items() if isinstance(detector, kind)), None)
    if reason is not None:
        raise ValueError(f"detector must be one with a threshold to choose, got {reason}")
    found = next((one for kind, one in PARAMETERS.items() if isinstance(detector, kind)), None)
    if found is None:
        raise ValueError(f"detector must be one with a threshold to choose, got {described(detector)}")
    if isinstance(detector, EDDM):
        # An alarm is a worse warning.
        return CalibratedParameter(found.name, float(detector.parameters["alpha"]), found.seldom, is_logarithmic=False)
    return found


def parameter_between(bounds: Any) -> CalibratedParameter:
    """That of a function that makes detectors: the value that is given to it."""
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise TypeError(f"bounds must be two numbers, that of often and that of seldom, got {described(bounds)}")
    often, seldom = real("bounds[0]", bounds[0]), real("bounds[1]", bounds[1])
    if often == seldom:
        raise ValueError(f"bounds must be two numbers that differ, got {often:g} twice")
    return CalibratedParameter("value", often, seldom, is_logarithmic=often > 0 and seldom > 0)
