"""The test for a harmful shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import choice, count, real, share
from truthlag.verdict.detectors.value_array import value_array
from truthlag.verdict.detectors.watched import WatchedDetector

METHODS = ("empirical_bernstein", "betting")
MOST_LOSSES = 2**53
_LOWER_LIMIT = 8
"""Where the state of one by empirical Bernstein has its lower limit."""


class HarmfulShift(WatchedDetector):
    """The test of Podkopaev and Ramdas (2022) for a harmful shift: a deployed model's losses against those on a validation set.

    From "Tracking the risk of a deployed model and detecting harmful distribution shifts", ICLR (arXiv 2110.06177). Takes losses
    from 0 to 1, or 0 and 1 for errors. It alarms when the lower limit of the deployed risk, which holds at all times together, is
    above the upper limit of the risk on the validation set by more than a tolerance, and warns when it is above that limit at all.
    Each limit has half of alpha: it ever alarms with probability at most alpha as long as the mean of each loss, given those
    before, is not above the risk on the validation set by more than the tolerance. That holds up to the first alarm; each further
    start (`reset="auto"`, `reset()`) may fail again with half of alpha. What is shown stays shown until it is started afresh.

    It watches the mean since the start, so it finds a late change slowly: for a change at an unknown time take a detector.
    Constant memory and time.

    The upper limit of the source is that of Clopper and Pearson for counts and for losses that are all 0 or 1; for others it is by
    betting with a fixed number of losses (Waudby-Smith and Ramdas, 2024), for which they must be drawn alike, and which depends a
    little on their order.

    Args:
        source: The losses on the validation set, from 0 to 1.
        errors: In place of `source`: how many errors there are on the validation set,
        n: of how many rows.
        source_limit: In place of both: an upper limit of the source's risk that was found otherwise, at level `1 - alpha / 2`, above 0.
        tolerance: By how much the risk may grow without harm, from 0. Limit and tolerance together are below 1.
        alpha: The probability with which it ever alarms without harm, between 0 and 1.
        method: How the deployed risk is judged. "empirical_bernstein": by the confidence sequence of
            `EmpiricalBernsteinSequence`, of which `target_limit` shows the lower limit. "betting": by the capital of who bets that
            it is above what is allowed, and the more the further it looks to be (approximate GRAPA, Waudby-Smith and Ramdas, 2024).
            There is no lower limit then, but an alarm comes sooner, in half the time and less where the shift is small.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh. "manual": it stands until
            `reset()`; values meanwhile are not looked at. "never": it stands, and the detector goes on.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import HarmfulShift
        >>> detector = HarmfulShift(errors=200, n=4_000, tolerance=0.02, reset="manual")
        >>> round(detector.source_limit, 4)
        0.0572
        >>> detector.update_many([number % 5 == 0 for number in range(1_000)])
        array([130])
        >>> round(detector.target_limit, 4), detector.drift_detected
        (0.0789, True)
    """

    KIND = "HarmfulShift"

    def __init__(
        self,
        source: Sequence[float] | np.ndarray[Any, Any] | None = None,
        *,
        errors: int | None = None,
        n: int | None = None,
        source_limit: float | None = None,
        tolerance: float,
        alpha: float = 0.05,
        method: str = "empirical_bernstein",
        reset: str = "auto",
    ) -> None:
        half = share("alpha", alpha) / 2
        if sum(one is not None for one in (source, errors, source_limit)) != 1 or (errors is None) != (n is None):
            raise ValueError("give one of source, source_limit, and errors with n")
        parameters: dict[str, Any]
        if source_limit is not None:
            limit = real("source_limit", source_limit, 0.0, 1.0, above=True)
            parameters = {"source_limit": limit}
        elif source is not None:
            limit, parameters = _limit_of_losses(source, half)
        else:
            rows = int(count("n", n, 1, MOST_LOSSES))
            counted = int(count("errors", errors, 0, rows))
            limit, parameters = _core.rate_upper_limit(counted, rows, half), {"errors": counted, "n": rows}
        allowance = real("tolerance", tolerance, 0.0, 1.0)
        if not limit + allowance < 1.0:
            raise ValueError(
                f"tolerance must be less than 1 - {limit:g}, which is what the upper limit of the source leaves, "
                f"got {described(tolerance)}"
            )
        is_betting = choice("method", method, METHODS)
        parameters |= {"tolerance": allowance, "alpha": 2 * half, "method": method}
        self._source_limit = limit
        self._begin(parameters, [limit, allowance, half, float(is_betting)], reset)

    @property
    def source_limit(self) -> float:
        """The upper limit of the risk on the validation set, at level `1 - alpha / 2`."""
        return self._source_limit

    @property
    def target_limit(self) -> float | None:
        """The lower limit of the deployed risk by now, the largest so far, at level `1 - alpha / 2`; None for `method="betting"`."""
        return self._state()[_LOWER_LIMIT] if self._parameters["method"] == "empirical_bernstein" else None


def _limit_of_losses(source: Any, alpha: float) -> tuple[float, dict[str, Any]]:
    """The upper limit of the mean of losses, and the parameters that give it again."""
    losses = value_array("source", source)
    if losses.size == 0:
        raise ValueError("source must have at least one loss, got none")
    outside = np.flatnonzero(~((losses >= 0) & (losses <= 1)))
    if outside.size:
        place = int(outside[0])
        raise ValueError(f"source[{place}] must be a number from 0 to 1, got {losses[place]:g}")
    if bool(((losses == 0) | (losses == 1)).all()):
        errors, n = int(losses.sum()), losses.size
        return _core.rate_upper_limit(errors, n, alpha), {"errors": errors, "n": n}
    limit = _core.mean_upper_limit(losses, alpha)
    return limit, {"source_limit": limit}
