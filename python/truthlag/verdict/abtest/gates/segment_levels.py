"""How the level of a test is divided among segments of which it is not known how many there will be."""

from __future__ import annotations


def segment_weight(place: int, known: int | None) -> float:
    """The share of the level that the segment at a place (from 0) gets; all of them add up to 1 at most.

    Equal shares where the segments are known beforehand. Else they fall by 1 / (j (j + 1)) in order of first appearance, so that
    a segment that comes later never changes what was said of an earlier one.
    """
    return 1 / known if known is not None else 1 / ((place + 1) * (place + 2))
