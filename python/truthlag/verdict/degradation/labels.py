"""Whether enough labels have come for a window to be judged, and whether labels of 0 come at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from truthlag.metrics import ConfusionCounts

if TYPE_CHECKING:
    from truthlag.verdict.degradation.sample import Sample

__all__ = ["Labels", "least_coverage", "only_positives"]

Labels = Literal["both", "positives_only"]
"""Which labels are reported: both, or those of 1 alone, as chargebacks are."""

_SHARE_OF_BASELINE = 0.8
_WITHOUT_BASELINE = 0.5
_ENOUGH = 30


def least_coverage(baseline: Sample) -> float:
    """The share of predictions that need a label where the caller names none.

    With a baseline of known coverage: 0.8 of that. Most models never see all their labels, so that what can be expected is
    what the baseline had; when a fifth of it is missing, the labels that have come are the fast ones, and they are not like
    the slow ones. Else half: a sample that leaves out more than it holds says little of the whole.
    """
    return _WITHOUT_BASELINE if not baseline.coverage else _SHARE_OF_BASELINE * baseline.coverage


def only_positives(*samples: ConfusionCounts | None) -> bool:
    """Whether all labels in all of these counts are 1, enough of them to say so, while predictions still wait.

    A window alone cannot tell a feed of chargebacks from a feed whose labels of 0 take longer: ask for all that is known of
    the feed.
    """
    known = [counts for counts in samples if counts is not None]
    zeros = sum(counts.true_negatives + counts.false_positives for counts in known)
    ones = sum(counts.true_positives + counts.false_negatives for counts in known)
    return zeros == 0 and ones >= _ENOUGH and any(counts.pending for counts in known)
