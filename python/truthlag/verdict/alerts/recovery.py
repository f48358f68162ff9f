"""Whether what a watch has seen since its last alarm proves that the loss it alarmed of is gone."""

import math
import weakref
from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from truthlag.verdict.watch.alarm import Alarm
from truthlag.verdict.watch.watch import Watch, watch_that_raised

FALSE_RECOVERY = 0.01
"""The chance that a mean loss at the limit, or above it, is ever taken for good between one alarm and the next."""
USUAL_ROWS = 1_000
"""After about so many rows at the reference it is proven; after more, where the loss is smaller than they can exclude."""
_SURE = 1.645
"""Standard errors by which the loss that is alarmed of is taken to be smaller than it was found."""
_LARGEST_RATIO = 8.0
"""Of the mean losses that are told apart, so that one bad row among very good ones does not undo hundreds."""


class AskedWatches:
    """The watches whose alarms a policy has taken, for as long as somebody else keeps them."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], weakref.ref[Watch]] = {}

    def note(self, alarm: Alarm) -> None:
        """Remember which one has raised it."""
        watch = watch_that_raised(alarm)
        if watch is not None:
            # Copied, since another thread may ask meanwhile.
            living = {name: reference for name, reference in self._by_name.items() if reference() is not None}
            self._by_name = {**living, (alarm.model, alarm.watch): weakref.ref(watch)}

    def that_raised(self, given: Mapping[str, Any]) -> Watch | None:
        """The one that raised an alarm, given as `Alarm.to_dict` gives it; None where it is not in this process."""
        try:
            alarm = Alarm.from_dict({one.name: given[one.name] for one in fields(Alarm)})
        except (KeyError, ValueError):
            return None
        noted = self._by_name.get((alarm.model, alarm.watch))
        watch = None if noted is None else noted()
        return watch if watch is not None and watch.has_raised(alarm) else watch_that_raised(alarm)


def recovery(watch: Watch, first: Mapping[str, Any]) -> dict[str, Any] | None:
    """What proves that it is good again, as the evidence of an observation; None while nothing does.

    Args:
        watch: The watch.
        first: Its first alarm of this loss, as `Alarm.to_dict` gives it.
    """
    since, reference = watch.since_alarm(), _reference(first)
    if since is None or reference is None:
        return None
    limit = _limit(reference, watch, first)
    rows, mean = since
    if limit is None or log_evidence_below(limit, reference, rows, mean) < -math.log(FALSE_RECOVERY):
        return None
    sentence = (
        f"good again: a mean loss of {mean:.3g} in {rows:,} rows since the last alarm, where {reference:.3g} is good, "
        f"proves that it is below {limit:.3g}"
    )
    return {"sentence": sentence, "rows": rows, "mean_loss": mean, "reference": reference, "limit": limit}


def log_evidence_below(limit: float, good: float, rows: int, mean: float) -> float:
    """The logarithm of the evidence that the mean loss is below the limit.

    It is the likelihood ratio of errors at the rate `good` against errors at that of the limit. For losses from 0 to 1 whose
    mean, given those before, is at least the limit it is a supermartingale: its factor for a loss x is at most the chord
    `(1 - x) (1 - q) / (1 - p) + x q / p`, with q for `good` and p for the limit (Wald 1945; Waudby-Smith and Ramdas 2024,
    "Estimating means of bounded random variables by betting"). So the chance that it ever reaches 1 / a is at most a
    (Ville 1939).
    """
    good = max(good, limit / _LARGEST_RATIO)
    return rows * (mean * math.log(good / limit) + (1 - mean) * math.log((1 - good) / (1 - limit)))


def _reference(first: Mapping[str, Any]) -> float | None:
    """The mean loss that is good: that of the baseline, or else the one before the change."""
    found = first.get("before") if first.get("reference") is None else first["reference"]
    return float(found) if isinstance(found, float | int) and 0 <= found < 1 else None


def _limit(reference: float, watch: Watch, first: Mapping[str, Any]) -> float | None:
    """What must be proven: less than `USUAL_ROWS` rows exclude, and less than half of the loss; None where it is none.

    The loss is that of the rows between the alarms, which leaves out the rows that led to the first: those since the change it
    estimates were chosen for being bad, and the more so the fewer they are.
    """
    limit = _excluded(reference)
    levels = [first["after"]] if isinstance(first.get("after"), float | int) else []
    alarms = [alarm for alarm in watch.alarms if alarm.position >= first["position"]]
    stretches = [(later.position - earlier.position, later.estimation) for earlier, later in pairwise(alarms)]
    rows = sum(number for number, _ in stretches)
    if rows:
        mean = sum(number * estimation for number, estimation in stretches) / rows
        levels.append(mean - _SURE * math.sqrt(max(mean * (1 - mean), 0.0) / rows))
    limits = [(reference + level) / 2 for level in levels if level > reference]
    return min(limit, *limits) if limits else None


def _excluded(reference: float) -> float:
    """The mean loss that `USUAL_ROWS` rows at the reference are expected to exclude, by their evidence."""
    low, high = reference, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if log_evidence_below(middle, reference, USUAL_ROWS, reference) < -math.log(FALSE_RECOVERY):
            low = middle
        else:
            high = middle
    return high
