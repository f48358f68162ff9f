"""Streaming change detectors: each takes one value after the other and says when they are not what they were.

`EDetector` holds a mean loss against a baseline and has a stated rate of false alarms; `EProcess` tests it at any time. The
others go by the names that people know, with River's parameters, defaults and arithmetic where River has them. None of those
knows a baseline, so what they find depends on how long they have watched.
"""

from truthlag.verdict.detectors import (
    ADWIN,
    DDM,
    EDDM,
    FHDDM,
    HDDMA,
    HDDMW,
    EDetector,
    EProcess,
    PageHinkley,
)

__all__ = [
    "ADWIN",
    "DDM",
    "EDDM",
    "FHDDM",
    "HDDMA",
    "HDDMW",
    "EDetector",
    "EProcess",
    "PageHinkley",
]
