"""The watches of one tracker: made, looked after together, saved and restored."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict import detectors
from truthlag.verdict.detectors import EDetector
from truthlag.verdict.detectors.evidence import EvidenceDetector
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.watch.alarm import Alarm
from truthlag.verdict.watch.value_times import ValueTimes
from truthlag.verdict.watch.watch import Watch, check_order, read_columns, report_unraisable
from truthlag.verdict.watch.watched_loss import PROPORTIONS, WatchedLoss, watched_loss

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker

MOST_WATCHES = 1_000
# As many microseconds as an integer of 64 bits holds, and more than any prediction is old.
_LONGEST = timedelta(days=36_500_000)
_SAVED_TIMES = 256
# What a row costs however seldom one looks, and then some.
_SECONDS_A_ROW = 60e-9
# A look that takes so many seconds can be taken with every batch.
_QUICK = 200e-6
_SAVED_ALARMS = 100


class Watches:
    """The watches of one tracker."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._keeps_labelled = False
        self._took = 0.0

    def by_name(self) -> dict[str, Watch]:
        """A new dict of them."""
        return dict(self._watches)

    def add(
        self,
        tracker: ModelPerformanceTracker,
        metric_or_loss: Any,
        *,
        baseline: Any,
        tolerance: Any,
        arl: Any,
        detector: Any,
        min_age: Any,
        order: Any,
        on_alarm: Any,
        bound: Any,
        name: Any,
    ) -> Watch:
        """A new watch, from what the caller gave."""
        check_order(order)
        _check_min_age(min_age, order)
        if on_alarm is not None and not callable(on_alarm):
            raise TypeError(f"on_alarm must be a callable that takes an alarm, or None, got {described(on_alarm)}")
        loss = watched_loss(metric_or_loss, baseline, bound)
        start = (0, 0)
        if detector is None and loss.baseline is None and loss.name in PROPORTIONS and not callable(metric_or_loss):
            counted, start = _present(tracker, loss, min_age, order)
            loss = replace(loss, baseline=counted)
        if detector is None:
            given = {name: value for name, value in (("tolerance", tolerance), ("arl", arl)) if value is not None}
            detector = _default_detector(loss, given)
        else:
            for argument, value in (("baseline", baseline), ("tolerance", tolerance), ("arl", arl)):
                if value is not None and not (argument == "baseline" and loss.name in ("f_half_score", "f2_score")):
                    raise TypeError(f"{argument} must be None where a detector is given, got {described(value)}")
            _check_detector(detector, loss)
        title = self._name_for(loss.name, name)
        watch = Watch(tracker, title, loss, detector, min_age=min_age, order=order, on_alarm=on_alarm, start=start)
        self._take_in(tracker, watch)
        return watch

    def _name_for(self, metric: str, name: Any) -> str:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str or None, got {described(name)}")
        title = metric if name is None else name
        if title in self._watches:
            raise ValueError(f"name must be one that no other watch of the tracker has, got {title!r}")
        if len(self._watches) >= MOST_WATCHES:
            raise ValueError(f"a tracker has at most {MOST_WATCHES} watches")
        return title

    def _take_in(self, tracker: ModelPerformanceTracker, watch: Watch) -> None:
        self._watches[watch.name] = watch
        self._settle(tracker)

    def remove(self, tracker: ModelPerformanceTracker, watch: Watch) -> None:
        """Forgets one of them."""
        if self._watches.get(watch.name) is watch:
            del self._watches[watch.name]
            self._settle(tracker)

    def _settle(self, tracker: ModelPerformanceTracker) -> None:
        """What depends on how many there are: each asks for so many times the evidence, so that the family keeps the rate of one."""
        watches = list(self._watches.values())
        for watch in watches:
            if isinstance(watch._detector, EvidenceDetector):
                watch._detector._join(len(watches))
        self._keeps_labelled = any(watch.order == "arrival" for watch in watches)
        _core.keep_labelled(tracker, self._keeps_labelled)
        _core.be_watched(tracker, bool(watches))

    def look(self, tracker: ModelPerformanceTracker) -> None:
        """Has all of them look, unless the last look was long, and not long ago."""
        if self._took <= _QUICK or _core.may_look(tracker):
            self.look_now(tracker)

    def look_now(self, tracker: ModelPerformanceTracker) -> None:
        """Has all of them look."""
        began, taken = time.perf_counter(), self._taken()
        if self._keeps_labelled:
            self.look_at_arrivals(tracker)
        for watch in list(self._watches.values()):
            if watch.order == "prediction":
                _look_or_report(watch)
        took = time.perf_counter() - began - _SECONDS_A_ROW * (self._taken() - taken)
        self._took = max(took, 0.0)
        _core.note_look(tracker, self._took)

    def _taken(self) -> int:
        return sum(watch._times.count + watch._left_out for watch in list(self._watches.values()))

    def look_at_arrivals(self, tracker: ModelPerformanceTracker) -> None:
        """Hands the rows that have got their labels to those who take them in that order."""
        columns, lost = _core.labelled_rows(tracker)
        rows = read_columns(columns)
        for watch in list(self._watches.values()):
            if watch.order == "arrival":
                watch._take_turn(lambda watch=watch: watch._take_rows(tracker, rows, lost))  # type: ignore[misc]

    # -- to JSON and back ----------------------------------------------------------------------------------------------

    def saved(self, tracker: ModelPerformanceTracker) -> list[dict[str, Any]]:
        """What JSON can hold of them: all but functions, and detectors of others."""
        # Rows in order of arrival are nowhere but here.
        self.look_now(tracker)
        return [_saved(watch) for watch in self._watches.values() if isinstance(watch._detector, WatchedDetector)]

    def restore(self, tracker: ModelPerformanceTracker, saved: Any) -> None:
        """Takes what `saved` gave; the bytes may come from anywhere.

        Raises:
            ValueError: It is not what `saved` gives.
        """
        if not isinstance(saved, list) or len(saved) > MOST_WATCHES:
            raise ValueError("the saved tracker is inconsistent: its watches are no list")
        try:
            for one in saved:
                watch = _restored(tracker, one)
                self._watches[watch.name] = watch
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise ValueError(f"the saved tracker is inconsistent: a watch cannot be read: {error}") from error
        if self._watches:
            self._settle(tracker)


def _look_or_report(watch: Watch) -> None:
    try:
        watch.look()
    except Exception as error:  # noqa: BLE001 - a loss of the caller's own may raise anything; the others go on
        report_unraisable(error, watch)


def _check_min_age(min_age: Any, order: str) -> None:
    if min_age is None:
        return
    if not isinstance(min_age, timedelta):
        raise TypeError(f"min_age must be a timedelta or None, got {described(min_age)}")
    if not timedelta(0) <= min_age <= _LONGEST:
        raise ValueError(f"min_age must be a timedelta from zero to {_LONGEST.days} days, got {described(min_age)}")
    if order == "arrival":
        raise ValueError(f"min_age must be None in order of arrival, which waits for nothing, got {described(min_age)}")


def _default_detector(loss: WatchedLoss, given: Mapping[str, Any]) -> EDetector:
    if loss.baseline is None:
        raise TypeError(f"baseline of {loss.name} must be given, or a detector that needs none")
    return EDetector(loss.baseline, **given)


def _check_detector(detector: Any, loss: WatchedLoss) -> None:
    if isinstance(detector, type) or not (hasattr(detector, "update") and hasattr(detector, "drift_detected")):
        raise TypeError(
            f"detector must be one of truthlag.detectors, or have update and drift_detected, got {described(detector)}"
        )
    if isinstance(detector, WatchedDetector) and not loss.is_binary:
        try:
            type(detector)(**detector.parameters).update(0.5)
        except ValueError as error:
            raise ValueError(
                f"detector must take losses between 0 and 1 for {loss.name}, got {type(detector).__name__}: {error}"
            ) from error


def _present(
    tracker: ModelPerformanceTracker, loss: WatchedLoss, min_age: timedelta | None, order: str
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The losses among the rows whose time has come by now, as k of n, and where the rows after them begin."""
    age = None if min_age is None else min_age // timedelta(microseconds=1)
    if order == "arrival":
        age = 0
    losses, trials, frontier, has_more = 0, 0, (0, 0), True
    while has_more:
        (values, _, _), (moment, taken, has_more) = _core.matured_losses(
            tracker, frontier, age, "outcome", list(loss.numbers)
        )
        frontier = (moment, taken)
        found = np.frombuffer(values)
        losses, trials = losses + int(np.count_nonzero(found)), trials + int(found.size)
    if not trials:
        raise ValueError(
            f"baseline of {loss.name} must be given where the tracker holds no labelled predictions whose time has come: "
            "a value, (k, n), ConfusionCounts or a snapshot"
        )
    return (losses, trials), frontier


def _saved(watch: Watch) -> dict[str, Any]:
    with watch._lock:
        loss = watch._loss
        return {
            "name": watch.name,
            "loss": None
            if loss is None or loss.kind is None
            else {
                "name": loss.name,
                "kind": loss.kind,
                "numbers": [None if number != number else number for number in loss.numbers],
            },
            "detector": type(watch._detector).__name__,
            "state": base64.b64encode(watch._detector.to_bytes()).decode(),
            "min_age": watch._min_age,
            "order": watch.order,
            "frontier": list(watch._frontier),
            "count": watch._times.count,
            "times": watch._times.saved(_SAVED_TIMES),
            "alarms": [alarm.to_dict() for alarm in list(watch._alarms)[-_SAVED_ALARMS:]],
            "alarm_count": watch._alarm_count,
            "left_out": watch._left_out,
            "lost": watch._lost,
        }


def _restored(tracker: ModelPerformanceTracker, saved: Any) -> Watch:
    if saved["detector"] not in detectors.__all__:
        raise ValueError(f"there is no detector {described(saved['detector'])}")
    kind: Any = getattr(detectors, saved["detector"])
    watch = Watch(
        tracker,
        str(saved["name"]),
        _restored_loss(saved["loss"]),
        kind.from_bytes(base64.b64decode(saved["state"], validate=True)),
        min_age=None if saved["min_age"] is None else timedelta(microseconds=_whole(saved["min_age"])),
        order=check_order(saved["order"]),
        on_alarm=None,
    )
    first, taken = (_whole(number) for number in saved["frontier"])
    watch._frontier = (first, taken)
    marks = [(_whole(one), _whole(other)) for one, other in saved["times"]]
    watch._times = ValueTimes.restored(_whole(saved["count"]), marks)
    watch._alarms.extend(Alarm.from_dict(alarm) for alarm in saved["alarms"])
    watch._alarm_count, watch._left_out, watch._lost = (
        _whole(saved[key]) for key in ("alarm_count", "left_out", "lost")
    )
    return watch


def _restored_loss(saved: Any) -> WatchedLoss | None:
    if saved is None:
        return None
    numbers = tuple(float("nan") if number is None else float(number) for number in saved["numbers"])
    kind, name = saved["kind"], saved["name"]
    if not isinstance(name, str) or {"outcome": 4, "brier": 1, "logarithmic": 1}.get(kind) != len(numbers):
        raise ValueError(f"there is no loss {described(kind)} of {len(numbers)} numbers")
    return WatchedLoss(name, kind, numbers, None)


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 62:
        raise ValueError(f"a count or a time must be an int from 0 to 2**62, got {described(number)}")
    return number
