"""Streaming change detectors: each takes one value after the other and says when they are not what they were.

Under the names that people know. Those that River has go by its parameters, defaults and arithmetic: they alarm at the same
values; the others go by their papers. But for the charts `CUSUM` and `EWMA`, which are given a target, none of them knows a
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
    "PageHinkley",
]
