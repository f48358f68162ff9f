"""The watches of one tracker: made, looked after together, saved and restored."""

from __future__ import annotations

import base64
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict import detectors
from truthlag.verdict.detectors import EDetector
from truthlag.verdict.detectors.evidence import EvidenceDetector
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.process_lock import ProcessLock
from truthlag.verdict.watch.alarm import Alarm
from truthlag.verdict.watch.watch import Watch, check_order, read_columns
from truthlag.verdict.watch.watched_loss import DELTA, PROPORTIONS, WatchedLoss, watched_loss

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker

MOST_WATCHES = 1_000
# As many microseconds as an integer of 64 bits holds, and more than any prediction is old.
_LONGEST = timedelta(days=36_500_000)
_ARL = 100_000.0
_SAVED_TIMES = 256
# Times at the end that are saved exactly.
_SAVED_EXACTLY = 2_048
# What a row costs however seldom one looks, and then some.
_SECONDS_A_ROW = 60e-9
# A look that takes so many seconds can be taken with every batch.
_QUICK = 200e-6
_SAVED_ALARMS = 100


# Detectors at work in a watch of this process.
_WATCHED: WeakSet[WatchedDetector] = WeakSet()


class Watches:
    """The watches of one tracker."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._keeps_labelled = False
        self._took = 0.0
        self._lock = ProcessLock()
        self._is_handing_out = False

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
        since: Any,
    ) -> Watch:
        """A new watch, from what the caller gave."""
        check_order(order)
        _check_min_age(min_age, order, _core.retention(tracker))
        if on_alarm is not None and not callable(on_alarm):
            raise TypeError(f"on_alarm must be a callable that takes an alarm, or None, got {described(on_alarm)}")
        loss = watched_loss(metric_or_loss, baseline, bound)
        taken_over = self._restored_without_function(loss, name)
        if taken_over is not None:
            with taken_over._lock:
                taken_over._loss, taken_over.on_alarm = loss, on_alarm
            return taken_over
        start = (0, 0) if since is None else (_core.microseconds("since", since), 0)
        title = self._name_for(loss.name, name)
        if detector is None and loss.baseline is None and loss.kind is not None and loss.name in PROPORTIONS:
            if since is not None:
                raise TypeError(
                    f"since must be None where the predictions held are the baseline, got {described(since)}"
                )
            if order == "arrival":
                # What has come by now is counted, and what comes from now on is taken.
                _core.keep_labelled(tracker, keeps=True)
                self.look_at_arrivals(tracker)
            counted, start = _present(tracker, loss, min_age, order)
            loss = replace(loss, baseline=counted)
        if detector is None:
            given = {name: value for name, value in (("tolerance", tolerance), ("arl", arl)) if value is not None}
            detector = self._default_detector(loss, given)
        else:
            for argument, value in (("baseline", baseline), ("tolerance", tolerance), ("arl", arl)):
                if value is not None and not (argument == "baseline" and loss.name in ("f_half_score", "f2_score")):
                    raise TypeError(f"{argument} must be None where a detector is given, got {described(value)}")
            _check_detector(detector, loss)
        watch = Watch(tracker, title, loss, detector, min_age=min_age, order=order, on_alarm=on_alarm, start=start)
        with self._lock:
            self._name_for(title, None)
            self._watches[title] = watch
            self._settle(tracker)
        if order == "prediction":
            watch._intake.count_passed_over(tracker)
        if isinstance(detector, WatchedDetector):
            _WATCHED.add(detector)
        return watch

    def _restored_without_function(self, loss: WatchedLoss, name: Any) -> Watch | None:
        """The watch of this name that was saved without its function, if this is one."""
        watch = self._watches.get(loss.name if name is None else name) if isinstance(name, str | None) else None
        return watch if watch is not None and watch._loss is None and loss.kind is None else None

    def _default_detector(self, loss: WatchedLoss, given: dict[str, Any]) -> EDetector:
        if loss.baseline is None:
            raise TypeError(f"baseline of {loss.name} must be given, or a detector that needs none")
        if loss.is_measured:
            return EDetector(loss.baseline, **{**given, "arl": given.get("arl", _ARL) / (1 - DELTA)})
        if not isinstance(loss.baseline, tuple | list):
            return EDetector(loss.baseline, **given)
        # The limits of all baselines hold together at 1 - DELTA: the k-th is given 1 / (k (k + 1)) of it.
        number = 1 + sum(isinstance(watch._detector, EvidenceDetector) for watch in self._watches.values())
        return EDetector(loss.baseline, delta=DELTA * (1 if number == 1 else 1 / (number * (number + 1))), **given)

    def _name_for(self, metric: str, name: Any) -> str:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str or None, got {described(name)}")
        title = metric if name is None else name
        if title in self._watches:
            raise ValueError(f"name must be one that no other watch of the tracker has, got {title!r}")
        if len(self._watches) >= MOST_WATCHES:
            raise ValueError(f"a tracker has at most {MOST_WATCHES} watches")
        return title

    def remove(self, tracker: ModelPerformanceTracker, watch: Watch) -> None:
        """Forgets one of them."""
        with self._lock:
            if self._watches.get(watch.name) is watch:
                del self._watches[watch.name]
                self._settle(tracker)
                watch._intake.end(tracker)
        if isinstance(watch._detector, WatchedDetector):
            _WATCHED.discard(watch._detector)

    def _settle(self, tracker: ModelPerformanceTracker) -> None:
        """What depends on how many there are: each asks for so many times the evidence, so that the family keeps the rate of one."""
        watches = list(self._watches.values())
        for watch in watches:
            if isinstance(watch._detector, EvidenceDetector):
                watch._detector._join(len(watches) * _level_again(watch._detector))
        self._keeps_labelled = any(watch.order == "arrival" for watch in watches)
        _core.keep_labelled(tracker, self._keeps_labelled)
        _core.be_watched(tracker, bool(watches))

    def look(self, tracker: ModelPerformanceTracker) -> None:
        """Has all of them look, unless the last look was long, and not long ago."""
        if self._took <= _QUICK or _core.may_look(tracker) or self._is_pressed(tracker):
            self.look_now(tracker)

    def _is_pressed(self, tracker: ModelPerformanceTracker) -> bool:
        """Whether rows that were not taken yet are about to expire."""
        fronts = [watch._intake.frontier[0] for watch in list(self._watches.values()) if watch.order == "prediction"]
        return bool(fronts) and min(fronts) < _core.about_to_expire(tracker)

    def look_now(self, tracker: ModelPerformanceTracker) -> None:
        """Has all of them look."""
        began, taken = time.perf_counter(), self._taken()
        if self._keeps_labelled:
            self.look_at_arrivals(tracker)
        for watch in list(self._watches.values()):
            if watch.order == "prediction":
                _look_or_report(watch, watch.look)
        took = time.perf_counter() - began - _SECONDS_A_ROW * (self._taken() - taken)
        self._took = max(took, 0.0)
        _core.note_look(tracker, self._took)

    def _taken(self) -> int:
        return sum(watch._intake.count + watch._intake.left_out for watch in list(self._watches.values()))

    def look_at_arrivals(self, tracker: ModelPerformanceTracker) -> None:
        """Hands the rows that have got their labels to those who take them in that order."""
        with self._lock:
            # A loss of the caller's own may ask the tracker, which looks.
            if self._is_handing_out:
                return
            self._is_handing_out = True
            try:
                columns, lost = _core.labelled_rows(tracker)
                rows = read_columns(columns)
                for watch in list(self._watches.values()):
                    if watch.order == "arrival":
                        _look_or_report(watch, lambda watch=watch: _take(watch, tracker, rows, lost))  # type: ignore[misc]
            finally:
                self._is_handing_out = False

    # -- to JSON and back ----------------------------------------------------------------------------------------------

    def saved(self, tracker: ModelPerformanceTracker) -> list[dict[str, Any]]:
        """What JSON can hold of them: all but functions, and detectors of others."""
        # Rows in order of arrival are nowhere but here.
        self.look_now(tracker)
        watches = list(self._watches.values())
        others = [watch.name for watch in watches if not isinstance(watch._detector, WatchedDetector)]
        if others:
            told = f"watches whose detectors are not of truthlag.detectors are not saved: {', '.join(others)}"
            warnings.warn(told, RuntimeWarning, stacklevel=4)
        return [_saved(watch) for watch in watches if watch.name not in others]

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
                self._name_for(watch.name, None)
                self._watches[watch.name] = watch
                if watch.order == "prediction":
                    watch._intake.count_passed_over(tracker)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise ValueError(f"the saved tracker is inconsistent: a watch cannot be read: {error}") from error
        if self._watches:
            self._settle(tracker)


def _take(watch: Watch, tracker: ModelPerformanceTracker, rows: Any, lost: int) -> None:
    watch._take_turn(lambda: watch._take_rows(tracker, rows, lost))


def _look_or_report(watch: Watch, look: Callable[[], None]) -> None:
    try:
        look()
    except Exception as error:  # noqa: BLE001 - a loss of the caller's own may raise anything; the others go on
        _core.report_unraisable(error, watch)


def _level_again(detector: EvidenceDetector) -> float:
    """What makes up for a baseline whose limit was given less than DELTA, so that all have the level of one."""
    delta = detector.parameters.get("delta", DELTA)
    is_counted = isinstance(detector.parameters["baseline"], list)
    return (1 - delta) / (1 - DELTA) if is_counted and delta < DELTA else 1.0


def _check_min_age(min_age: Any, order: str, retention: int | None) -> None:
    if min_age is None:
        return
    if not isinstance(min_age, timedelta):
        raise TypeError(f"min_age must be a timedelta or None, got {described(min_age)}")
    if not timedelta(0) <= min_age <= _LONGEST:
        raise ValueError(f"min_age must be a timedelta from zero to {_LONGEST.days} days, got {described(min_age)}")
    if retention is not None and min_age >= timedelta(microseconds=retention - retention // 32):
        kept = timedelta(microseconds=retention)
        raise ValueError(
            f"min_age must be well below the retention of {kept}, else rows leave first, got {described(min_age)}"
        )
    if order == "arrival":
        raise ValueError(f"min_age must be None in order of arrival, which waits for nothing, got {described(min_age)}")


def _check_detector(detector: Any, loss: WatchedLoss) -> None:
    if isinstance(detector, type):
        raise TypeError(f"detector must be a detector and not its class: call {detector.__name__}(...)")
    if not (hasattr(detector, "update") and hasattr(detector, "drift_detected")):
        raise TypeError(
            f"detector must be one of truthlag.detectors, or have update and drift_detected, got {described(detector)}"
        )
    if isinstance(detector, WatchedDetector) and detector in _WATCHED:
        raise ValueError("detector must be one of its own for each watch, got one that is at work in another")
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
    intake, losses, trials, has_more = _core.Intake(age, (0, 0)), 0, 0, True
    while has_more:
        (values, _), has_more = intake.next_losses(tracker, "outcome", list(loss.numbers))
        found = np.frombuffer(values)
        losses, trials = losses + int(np.count_nonzero(found)), trials + int(found.size)
    if not trials:
        raise ValueError(
            f"baseline of {loss.name} must be given where the tracker holds no labelled predictions whose time has come: "
            "a value, (k, n), ConfusionCounts or a snapshot"
        )
    return (losses, trials), intake.frontier


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
            "frontier": list(watch._intake.frontier),
            "count": watch._intake.count,
            "times": watch._intake.saved_times(_SAVED_TIMES, _SAVED_EXACTLY),
            "alarms": [alarm.to_dict() for alarm in list(watch._alarms)[-_SAVED_ALARMS:]],
            "alarm_count": watch._alarm_count,
            "left_out": watch._intake.left_out,
            "passed_over": watch._passed_over(),
            "lost": watch._lost,
        }


def _restored(tracker: ModelPerformanceTracker, saved: Any) -> Watch:
    if saved["detector"] not in detectors.__all__:
        raise ValueError(f"there is no detector {described(saved['detector'])}")
    kind: Any = getattr(detectors, saved["detector"])
    min_age = None if saved["min_age"] is None else _whole(saved["min_age"])
    order = check_order(saved["order"])
    if not isinstance(saved["name"], str) or (order == "arrival" and min_age is not None):
        raise ValueError("its name is no text, or it has a min_age in order of arrival")
    first, taken = (_whole(number) for number in saved["frontier"])
    watch = Watch(
        tracker,
        saved["name"],
        _restored_loss(saved["loss"]),
        kind.from_bytes(base64.b64decode(saved["state"], validate=True)),
        min_age=None if min_age is None else timedelta(microseconds=min_age),
        order=order,
        on_alarm=None,
        intake=_core.Intake(
            min_age,
            (first, taken),
            _whole(saved["count"]),
            [(_whole(one), _whole(other)) for one, other in saved["times"]],
            _whole(saved["left_out"]),
            _whole(saved.get("passed_over", 0)),
        ),
    )
    watch._alarms.extend(Alarm.from_dict(alarm) for alarm in saved["alarms"])
    watch._alarm_count, watch._lost = (_whole(saved[key]) for key in ("alarm_count", "lost"))
    return watch


def _restored_loss(saved: Any) -> WatchedLoss | None:
    if saved is None:
        return None
    numbers = tuple(float("nan") if number is None else float(number) for number in saved["numbers"])
    kind, name = saved["kind"], saved["name"]
    if not isinstance(name, str) or {"outcome": 4, "brier": 1, "logarithmic": 1}.get(kind) != len(numbers):
        raise ValueError(f"there is no loss {described(kind)} of {len(numbers)} numbers")
    if not all(0 <= number <= 1 if kind == "outcome" else 0 < number <= 1e6 for number in numbers if number == number):
        raise ValueError("a loss lies outside [0, 1], or a bound outside (0, 1e6]")
    return WatchedLoss(name, kind, numbers, None)


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 62:
        raise ValueError(f"a count or a time must be an int from 0 to 2**62, got {described(number)}")
    return number
