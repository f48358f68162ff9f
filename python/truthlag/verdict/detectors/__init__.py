"""Detectors that watch a stream of values for a change; `truthlag.detectors` is where to import them from."""

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
from truthlag.verdict.detectors.rddm import RDDM
from truthlag.verdict.detectors.stepd import STEPD

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
    "EDetector",
    "EProcess",
    "HarmfulShift",
    "PageHinkley",
]
