"""Streaming change detectors, and intervals that hold at all times.

Detectors under the names that people know, with River's parameters, defaults, and arithmetic: they alarm at the same values.
None of those knows a baseline, so what they find depends on how long they have watched. `HarmfulShift` holds losses against a
validation set; a `ConfidenceSequence` is an interval for a rate or a mean that may be looked at after every value.
"""

from truthlag.verdict.detectors import ADWIN, DDM, EDDM, FHDDM, HDDMA, HDDMW, HarmfulShift, PageHinkley
from truthlag.verdict.sequences import (
    BetaBinomialSequence,
    BettingSequence,
    ConfidenceSequence,
    EmpiricalBernsteinSequence,
)

__all__ = [
    "ADWIN",
    "DDM",
    "EDDM",
    "FHDDM",
    "HDDMA",
    "HDDMW",
    "BetaBinomialSequence",
    "BettingSequence",
    "ConfidenceSequence",
    "EmpiricalBernsteinSequence",
    "HarmfulShift",
    "PageHinkley",
]
