"""Detectors that watch a stream of values for a change; `truthlag.detectors` is where to import them from."""

from truthlag.verdict.detectors.adwin import ADWIN
from truthlag.verdict.detectors.ddm import DDM
from truthlag.verdict.detectors.eddm import EDDM
from truthlag.verdict.detectors.fhddm import FHDDM
from truthlag.verdict.detectors.harmful_shift import HarmfulShift
from truthlag.verdict.detectors.hddm_a import HDDMA
from truthlag.verdict.detectors.hddm_w import HDDMW
from truthlag.verdict.detectors.page_hinkley import PageHinkley

__all__ = ["ADWIN", "DDM", "EDDM", "FHDDM", "HDDMA", "HDDMW", "HarmfulShift", "PageHinkley"]
