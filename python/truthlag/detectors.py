"""Streaming change detectors: each takes one value after the other and says when they are not what they were.

`EDetector` holds a mean loss against a baseline and has a stated rate of false alarms; `EProcess` tests it at any time. The
others go by the names that people know: those that River has by its parameters, defaults and arithmetic, so that they alarm at
the same values; the others by their papers. But for the charts `CUSUM` and `EWMA`, which are given a target, none of those knows a
baseline, so what they find depends on how long they have watched.
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
    PageHinkley,
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
    "EDetector",
    "EProcess",
    "PageHinkley",
]
