"""Streaming change detectors: each takes one value after the other and says when they are not what they were.

Under the names that people know, with River's parameters, defaults, and arithmetic: they alarm at the same values. None
of them knows a baseline, so what they find depends on how long they have watched.
"""

from truthlag.verdict.detectors import ADWIN, DDM, EDDM, FHDDM, HDDMA, HDDMW, PageHinkley

__all__ = ["ADWIN", "DDM", "EDDM", "FHDDM", "HDDMA", "HDDMW", "PageHinkley"]
