"""A detector at work on a tracker."""

from __future__ import annotations

import math
import os
import weakref
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors import DDM, HDDMA, PageHinkley
from truthlag.verdict.detectors.evidence import EvidenceDetector
from truthlag.verdict.detectors.harmful_shift import HarmfulShift
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.process_lock import ProcessLock
from truthlag.verdict.watch.alarm import Alarm, finite
from truthlag.verdict.watch.watched_loss import Column, WatchedLoss

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker

RaisedAlarm: TypeAlias = tuple[int, float, float | None, int | None]
Means: TypeAlias = tuple[float | None, float | None]
FoundAlarm: TypeAlias = tuple[int, int, float, float | None, int | None, Means]

ORDERS = ("prediction", "arrival")
MOST_ALARMS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MEANS_OF_ALL = (EvidenceDetector, DDM, HDDMA, PageHinkley)
"""Detectors whose estimation is the mean of all the values that they have taken since they began afresh."""

_living: weakref.WeakSet[Watch] = weakref.WeakSet()
_living_lock = ProcessLock()


class Watch:
    """A detector that takes the loss of each labelled row of a tracker once; made by `ModelPerformanceTracker.watch`.

    Rows are taken in order of prediction time, when their time has come: with `min_age`, when so much time lies between the
    prediction and the newest label; without it, when the row and every earlier prediction that is held have their labels. The label that
    a row has then is final for the detector: corrections change the metrics, and not the past of a detector. Rows that get
    their label, or are logged, after their turn are passed over.

    Looks are taken with each batch of labels, with the first label some milliseconds after the last look (after some thousand
    labels where they come faster than that), and whenever the watch or the tracker is asked anything; so an alarm is raised by
    the thread that logs or asks. A look that had to scan many rows, as at shuffled times, is followed by a rest of twenty times
    its length, a second at most, unless one is asked for: who replays a log calls `look` after each part of it, so that alarms
    do not depend on how quick the machine is. While the model stays bad a detector
    with `reset="auto"` alarms again and again; `truthlag.AlertPolicy` makes one incident of that.

    A prediction that is logged anew with a later timestamp is one of that time, and is taken again.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> import numpy as np
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector", "v2", retention=None)
        >>> watch = tracker.watch("accuracy", baseline=0.90)
        >>> rng = np.random.default_rng(7)
        >>> actuals = rng.random(8_000) < 0.3
        >>> is_wrong = rng.random(8_000) < np.repeat([0.10, 0.20], [5_000, 3_000])
        >>> times = datetime(2026, 3, 1, tzinfo=UTC).timestamp() + 60 * np.arange(8_000)
        >>> _ = tracker.log_predictions(np.arange(8_000), actuals ^ is_wrong, timestamps=times)
        >>> _ = tracker.log_ground_truths(np.arange(8_000), actuals, timestamps=times + 3_600)
        >>> print(watch.alarms[0])
        fraud-detector v2: accuracy is worse than its baseline, by predictions up to 2026-03-04 14:16, probably since 2026-03-04 11:43

    What it is, and how far it has come:

        >>> watch.name, watch.order, watch.min_age, watch.is_guaranteed, watch.on_alarm
        ('accuracy', 'prediction', None, True, None)
        >>> watch.drift_detected, watch.warning_detected, str(watch.judged_until)
        (False, False, '2026-03-06 13:19:00+00:00')
        >>> watch.detector.parameters["arl"]
        100000.0
    """

    def __init__(
        self,
        tracker: ModelPerformanceTracker,
        name: str,
        loss: WatchedLoss | None,
        detector: Any,
        *,
        min_age: timedelta | None,
        order: str,
        on_alarm: Callable[[Alarm], Any] | None,
        start: tuple[int, int] = (0, 0),
        intake: Any = None,
    ) -> None:
        self._tracker = weakref.ref(tracker)
        self._name = name
        self._loss = loss
        self._detector = detector
        self._min_age = None if min_age is None else min_age // _MICROSECOND
        self._order = order
        self.on_alarm = on_alarm
        self._intake: _core.Intake = _core.Intake(self._min_age, start) if intake is None else intake
        self._alarms: deque[Alarm] = deque(maxlen=MOST_ALARMS)
        self._alarm_count = 0
        self._lost = 0
        self._is_closed = False
        self._stood = False
        self._lock = ProcessLock()
        self._looking_in: int | None = None
        self._untold: list[Alarm] = []
        with _living_lock:
            _living.add(self)

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the tracker calls the watch."""
        return self._name

    @property
    def min_age(self) -> timedelta | None:
        """The age at which a row's time has come."""
        return None if self._min_age is None else self._min_age * _MICROSECOND

    @property
    def order(self) -> str:
        """`"prediction"` or `"arrival"`."""
        return self._order

    @property
    def is_guaranteed(self) -> bool:
        """Whether the detector promises how rare false alarms are, and the promise holds for these rows.

        True of `EDetector`, `EProcess` and `HarmfulShift`, but not for rows in the order in which labels came.
        """
        return self._order == "prediction" and isinstance(self._detector, EvidenceDetector | HarmfulShift)

    @property
    def detector(self) -> Any:
        """The detector, which has taken every row whose time has come by now."""
        self.look()
        return self._detector

    # -- what it says --------------------------------------------------------------------------------------------------

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The last 1 000 alarms, oldest first."""
        self.look()
        return tuple(self._alarms)

    @property
    def drift_detected(self) -> bool:
        """Whether the last row raised the alarm, or one stands."""
        return bool(self.detector.drift_detected)

    @property
    def warning_detected(self) -> bool:
        """Whether the detector warns since the last row."""
        return bool(getattr(self.detector, "warning_detected", False))

    def since_alarm(self) -> tuple[int, float] | None:
        """How many rows the detector has taken since the last alarm, and their mean loss.

        Returns:
            Both; None before the first alarm and while there is no row since the last, and where that is not known: it is of
            `EDetector`, `EProcess`, `DDM`, `HDDMA` and `PageHinkley` with `reset="auto"`, which begin afresh after an alarm.

        Cost: that of `look`.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("accuracy", baseline=0.9)
            >>> _ = tracker.log_predictions(list(range(100)), [1] * 100)
            >>> _ = tracker.log_ground_truths(list(range(100)), [0] * 8 + [1] * 92)
            >>> watch.alarms[0].position, watch.since_alarm()
            (6, (94, 0.02127659574468085))
        """
        self.look()
        with self._lock:
            detector = self._detector
            if not self._alarms or not isinstance(detector, _MEANS_OF_ALL) or detector.parameters["reset"] != "auto":
                return None
            rows, mean = detector.statistics["n"], float(detector.estimation)
            # In the update of an alarm the detector shows the values that led to it.
            if not rows or detector.drift_detected or not math.isfinite(mean):
                return None
            return int(rows), mean

    def has_raised(self, alarm: Alarm) -> bool:
        """Whether it is one of the last 1 000 alarms.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("accuracy", baseline=0.9)
            >>> _ = tracker.log_predictions(list(range(100)), [1] * 100)
            >>> _ = tracker.log_ground_truths(list(range(100)), [0] * 100)
            >>> watch.has_raised(watch.alarms[0])
            True
        """
        return alarm.watch == self._name and alarm in list(self._alarms)

    def counters(self) -> dict[str, int]:
        """What has become of the rows whose time has come.

        Returns:
            `taken`: rows that were handed to the detector (with `reset="manual"` it looks at none while an alarm stands);
            `left_out`: rows of which the metric takes no account, or without a score that it needs; `passed_over`: rows that got their
            label, or were logged with a label, when their turn was over; `alarms`; `lost`: in order of arrival, rows that nobody
            asked for among a million others.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("recall", baseline=0.8)
            >>> _ = tracker.log_predictions([1, 2, 3], [1, 0, 0])
            >>> _ = tracker.log_ground_truths([1, 2, 3], [1, 0, 1])
            >>> watch.counters()
            {'taken': 2, 'left_out': 1, 'passed_over': 0, 'alarms': 0, 'lost': 0}
        """
        self.look()
        return {
            "taken": self._intake.count,
            "left_out": self._intake.left_out,
            "passed_over": self._passed_over(),
            "alarms": self._alarm_count,
            "lost": self._lost,
        }

    def _passed_over(self) -> int:
        tracker = self._tracker()
        return 0 if tracker is None or self._order == "arrival" else self._intake.passed_over(tracker)

    @property
    def judged_until(self) -> datetime | None:
        """Up to where predictions have been looked at, by their time; None before the first, and in order of arrival."""
        self.look()
        time, _ = self._intake.frontier
        return _moment(time) if time > 0 and self._order == "prediction" else None

    # -- what it does --------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Have the detector take the rows whose time has come since the last look, and call `on_alarm` for each alarm.

        Done by itself with the logging calls, and whenever the watch or its tracker is asked. What `on_alarm` raises goes to
        `sys.unraisablehook`, and nowhere else.

        Cost: some tens of microseconds, and some nanoseconds for each row.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("accuracy", baseline=0.9)
            >>> watch.look()
        """
        tracker = self._tracker()
        if tracker is None or self._is_closed or self._loss is None:
            return
        if self._order == "arrival":
            # The rows are handed out once, for all.
            tracker._look_at_arrivals()
            return
        self._take_turn(lambda: self._advance(tracker))

    def reset(self) -> None:
        """Have the detector forget all values and the alarm; rows that were taken stay taken.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("accuracy", baseline=0.9)
            >>> watch.reset()
            >>> watch.drift_detected
            False
        """
        with self._lock:
            self._detector.reset()
            self._stood = False

    def _take_turn(self, work: Callable[[], None]) -> None:
        untold: list[Alarm] = []
        try:
            with self._lock:
                # A loss of the caller's own may ask the tracker, which looks. In a child of a fork nobody looks yet.
                if self._looking_in == os.getpid():
                    return
                self._looking_in = os.getpid()
                try:
                    work()
                finally:
                    self._looking_in = None
                    untold, self._untold = self._untold, []
        finally:
            # What was found before something failed is told too.
            for alarm in untold:
                self._tell(alarm)

    def _advance(self, tracker: ModelPerformanceTracker) -> None:
        loss, has_more = self._loss, True
        while has_more and loss is not None:
            if loss.kind is None:
                columns, has_more = self._intake.next_rows(tracker)
                self._take_columns(tracker, loss, read_columns(columns))
            elif isinstance(self._detector, WatchedDetector):
                # The core hands what it finds to its own detector.
                found, has_more = self._intake.take(tracker, loss.kind, list(loss.numbers), self._detector)
                self._raise(tracker, found)
            else:
                (losses, times), has_more = self._intake.next_losses(tracker, loss.kind, list(loss.numbers))
                self._feed(tracker, np.frombuffer(losses), np.frombuffer(times, np.int64), 0)

    def _take_rows(self, tracker: ModelPerformanceTracker, columns: tuple[Column, ...], lost: int) -> None:
        """Takes rows in the order in which their labels came."""
        self._lost += lost
        if self._loss is not None:
            self._take_columns(tracker, self._loss, columns)

    def _take_columns(self, tracker: ModelPerformanceTracker, loss: WatchedLoss, columns: tuple[Column, ...]) -> None:
        predictions, actuals, scores, moments = columns
        if predictions.size:
            values = loss.of_rows(predictions, actuals, scores)
            is_taken = ~np.isnan(values)
            left_out = int(values.size - np.count_nonzero(is_taken))
            self._feed(tracker, values[is_taken], moments[is_taken], left_out)

    def _feed(self, tracker: ModelPerformanceTracker, values: Column, moments: Column, left_out: int) -> None:
        raised: list[RaisedAlarm] = []
        if isinstance(self._detector, WatchedDetector):
            raised = self._detector._update_telling(np.ascontiguousarray(values))
        else:
            for position, value in enumerate(values.tolist()):
                self._detector.update(value)
                stands = bool(self._detector.drift_detected)
                # An alarm that goes on is one.
                if stands and not self._stood:
                    raised.append((position, float(getattr(self._detector, "estimation", 0.0)), None, None))
                self._stood = stands
        values, moments = np.ascontiguousarray(values), np.ascontiguousarray(moments)
        self._raise(tracker, self._intake.add(values, moments, raised, left_out))

    def _raise(self, tracker: ModelPerformanceTracker, found: list[FoundAlarm]) -> None:
        for number, moment, estimation, log_evidence, change, (before, after) in found:
            alarm = Alarm(
                model=tracker.model_name,
                version=tracker.model_version,
                watch=self._name,
                time=_moment(moment),
                position=number,
                change=None if change is None else _moment(change),
                reference=self._detector.reference if isinstance(self._detector, EvidenceDetector) else None,
                estimation=estimation,
                log_evidence=None if log_evidence is None else finite(log_evidence),
                detector=type(self._detector).__name__,
                is_guaranteed=self.is_guaranteed,
                order=self._order,
                before=before,
                after=after,
            )
            self._alarms.append(alarm)
            self._untold.append(alarm)
            self._alarm_count += 1

    def _tell(self, alarm: Alarm) -> None:
        if self.on_alarm is None:
            return
        try:
            self.on_alarm(alarm)
        except Exception as error:  # noqa: BLE001 - whatever it is, who logs or asks is not to be stopped by it
            _core.report_unraisable(error, self.on_alarm)

    def close(self) -> None:
        """End the watch: its tracker forgets it, and nothing is taken any more. What it has said stays.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.watch("accuracy", baseline=0.9).close()
            >>> tracker.watches
            {}
        """
        self._is_closed = True
        tracker = self._tracker()
        if tracker is not None:
            tracker._forget_watch(self)

    def __repr__(self) -> str:
        order = "" if self._order == "prediction" else " in order of arrival"
        return (
            f"<Watch {self._name!r}{order}: {self._detector!r}, {self._intake.count} rows, {self._alarm_count} alarms>"
        )


def watch_that_raised(alarm: Alarm) -> Watch | None:
    """The watch of this process that has raised this alarm, if it lives and remembers it.

    It is the one that has this very object; else one with its equal, as after a restart, and of several, restored from the same
    bytes, the one that has come farthest.
    """
    with _living_lock:
        living = list(_living)
    found = [watch for watch in living if watch.has_raised(alarm)]
    exact = [watch for watch in found if any(one is alarm for one in list(watch._alarms))]
    return max(exact or found, key=lambda watch: watch._intake.count, default=None)


def read_columns(columns: tuple[bytes, bytes, bytes, bytes]) -> tuple[Column, Column, Column, Column]:
    """Predictions, actuals, scores and times, as the extension gives them."""
    predictions, actuals, scores, times = columns
    return (
        np.frombuffer(predictions, np.uint8),
        np.frombuffer(actuals, np.uint8),
        np.frombuffer(scores),
        np.frombuffer(times, np.int64),
    )


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def check_order(order: Any) -> str:
    """The order, if it is one."""
    if not isinstance(order, str):
        raise TypeError(f"order must be 'prediction' or 'arrival', got {described(order)}")
    if order not in ORDERS:
        raise ValueError(f"order must be 'prediction' or 'arrival', got {described(order)}")
    return order
