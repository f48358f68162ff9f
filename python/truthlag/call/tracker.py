"""The tracker: predictions in, labels in whenever they come, metrics out at once."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.call.report import IngestReport
from truthlag.call.views import GroundTruthView, PredictionView
from truthlag.keep import file_path, write_whole
from truthlag.metrics import PerformanceSnapshot

if TYPE_CHECKING:
    from truthlag.verdict.watch import Alarm, Watch
    from truthlag.verdict.watch.watched_loss import Baseline, LossFunction
    from truthlag.verdict.watch.watches import Watches

Time: TypeAlias = datetime | np.datetime64 | int | float
"""A moment: a datetime (naive ones are UTC), a numpy datetime64, or seconds since the epoch."""

FilePath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
"""The path of a file."""

_HOUR = 3_600_000_000
_MOST_HOURS = 1_000_000_000

# What `to_bytes` writes, or has its own place in a pickle.
_SAVED_ATTRIBUTES = frozenset({"model_name", "model_version", "_history_limit", "_clock", "_history", "_watches"})
_HISTORY_ALLOWED = "dicts of what JSON can hold (str, int, float, bool, None, lists and dicts of these)"


class ModelPerformanceTracker(_core.Tracker):
    """Tracks a deployed binary classifier whose labels come late, in any order, or never.

    Each prediction and each label is taken at about the cost of a function call. For one request id, prediction and label
    are each *last writer wins* by event time (at equal times the later arrival wins), so that duplicates, replays,
    corrections and labels before their prediction all come out right. Every count is exact.

    Args:
        model_name: What the results call the model.
        model_version: What the results call its version.
        retention: Predictions older than the newest event by more than this leave; None keeps all. The default is 120
            days.
        max_predictions: The most predictions held; the oldest arrivals leave first. None for no limit.
        max_orphan_labels: The most labels without a prediction held; the oldest arrivals leave first.
        keep_ids: Whether the ids themselves are kept, for iteration and so that a look-up compares them. Without them a
            pending prediction takes about half the memory. Joins never compare ids, kept or not: they go by some 76 bits of
            a keyed 128-bit hash, a stored tag of 64 and the place where it lies. With 100 million predictions the chance
            that any two ids are taken for one is about one in ten million.
        keep_features: Whether features are kept.
        history_limit: The most results that `metrics_history` holds.
        clock: A callable that returns the present time, instead of the system's clock.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector", "v2")
        >>> tracker.log_prediction("req-123", prediction=1, score=0.92, features={"amount": 500})
        >>> tracker.log_ground_truth("req-123", actual=1)
        >>> metrics = tracker.compute_metrics(window_hours=24)
        >>> metrics["accuracy"], metrics["confusion_matrix"]
        (1.0, {'tp': 1, 'fp': 0, 'fn': 0, 'tn': 0})
    """

    # None until something is watched, so that a server that only logs never loads what watches.
    _watches: "Watches | None" = None

    def __init__(
        self,
        model_name: str,
        model_version: str = "latest",
        *,
        retention: timedelta | None = timedelta(days=120),
        max_predictions: int | None = None,
        max_orphan_labels: int = 10_000_000,
        keep_ids: bool = True,
        keep_features: bool = True,
        history_limit: int = 10_000,
        clock: Callable[[], Time] | None = None,
    ) -> None:
        _check_text("model_name", model_name)
        _check_text("model_version", model_version)
        history_limit = _history_limit(history_limit)
        self._initialise(
            retention=retention,
            max_predictions=max_predictions,
            max_orphan_labels=max_orphan_labels,
            keep_ids=keep_ids,
            keep_features=keep_features,
            clock=clock,
        )
        self._describe(model_name, model_version, history_limit, clock, [])

    def _describe(
        self,
        model_name: str,
        model_version: str,
        history_limit: int,
        clock: Callable[[], Time] | None,
        history: list[dict[str, Any]],
    ) -> None:
        self.model_name = model_name
        self.model_version = model_version
        self._history_limit = history_limit
        self._clock = clock
        self._history = history

    # -- what comes in -------------------------------------------------------------------------------------------------

    def log_predictions(
        self,
        request_ids: Any,
        predictions: Any,
        scores: Any = None,
        *,
        features: Any = None,
        timestamps: Any = None,
        on_error: str = "raise",
    ) -> IngestReport:
        """Log many predictions at once.

        Columns are lists, tuples, ranges, numpy arrays of one dimension or what has `__array__`, or anything with the Arrow
        PyCapsule interface (pyarrow, polars, pandas, duckdb), a table of one column included; all of one length. The batch
        is checked whole before any of it is applied.

        Args:
            request_ids: str, bytes, int or uuid.UUID.
            predictions: 0 or 1.
            scores: Finite numbers from -65536 to 65536; None or null for no score.
            features: A sequence of dicts with str keys (a list, an object array, a pandas column), or None. Not looked at
                with `keep_features=False`.
            timestamps: When each prediction was made; None for now, the same time for all.
            on_error: `"raise"`: a bad row raises and nothing is applied. `"skip"`: the good rows are applied, the others
                are reported and counted as `rejected`.

        Returns:
            What became of the rows.

        Raises:
            TypeError: A column or a value has the wrong type.
            ValueError: A value is not allowed, or lengths differ.

        Cost: proportional to the number of rows, and least for columns of numpy and Arrow: those are read without an object
        a row, and long ones while other threads run.

        Example:
            >>> import numpy as np
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.log_predictions(np.arange(3), np.array([0, 1, 1]), np.array([0.1, 0.7, 0.9])).accepted
            3
        """
        accepted, skipped, rejected, errors = self._log_predictions(
            request_ids, predictions, scores, features, timestamps, on_error
        )
        return IngestReport(accepted, skipped, rejected, tuple(errors))

    def log_ground_truths(
        self, request_ids: Any, actuals: Any, *, timestamps: Any = None, on_error: str = "raise"
    ) -> IngestReport:
        """Log many labels at once; null and NaN labels are skipped and counted, whatever their ids and times are.

        Args:
            request_ids: As in `log_predictions`.
            actuals: 0 or 1; None, null or NaN where the truth is not known.
            timestamps: When each label became known; None for now, the same time for all.
            on_error: As in `log_predictions`.

        Returns:
            What became of the rows.

        Raises:
            TypeError: A column or a value has the wrong type.
            ValueError: A value is not allowed, or lengths differ.

        Cost: as that of `log_predictions`.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.log_ground_truths(["a", "b", "c"], [1, None, 0])
            IngestReport(accepted=2, skipped=1, rejected=0, errors=())
        """
        accepted, skipped, rejected, errors = self._log_ground_truths(request_ids, actuals, timestamps, on_error)
        self._look()
        return IngestReport(accepted, skipped, rejected, tuple(errors))

    # -- what goes out -------------------------------------------------------------------------------------------------

    def compute_metrics(self, window_hours: float = 24, *, now: Time | None = None) -> dict[str, Any]:
        """Metrics of the predictions of the last hours that have their label, rounded to 4 decimals.

        Args:
            window_hours: The length of the window, in hours, by the time of the prediction.
            now: The end of the window; None for the clock, and then the window has no upper bound. It places the window
                only: labels count whenever they arrived.

        Returns:
            A dict that `json.dumps` takes: `status`, `total_predictions` and `ground_truth_coverage` when no prediction of
            the window has a label; else `model, version, window_hours, timestamp, sample_size, ground_truth_coverage`
            (labelled predictions of the window over all predictions held), `window_coverage` (over those of the window),
            `accuracy, precision, recall, f1_score` (0 where undefined), `confusion_matrix, prediction_positive_rate,
            actual_positive_rate, mean_score, score_std` (None without any score). It is appended to `metrics_history`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: `window_hours` is negative or above 1e9 (114 000 years).

        Cost: a few microseconds for times in order, whatever the number of rows; a scan of the rows for shuffled ones.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.compute_metrics()
            {'status': 'no_matched_data', 'total_predictions': 0, 'ground_truth_coverage': 0.0}
        """
        self._look()
        result = self._plain_metrics(_window_microseconds(window_hours), now)
        if "status" in result:
            return result
        metrics = {
            "model": self.model_name,
            "version": self.model_version,
            "window_hours": window_hours.item() if isinstance(window_hours, np.generic) else window_hours,
            "timestamp": self._timestamp(),
            **result,
        }
        # A copy: the caller may do as it likes with the answer.
        self._history.append({**metrics, "confusion_matrix": dict(metrics["confusion_matrix"])})
        if len(self._history) > self._history_limit:
            del self._history[: -self._history_limit or None]
        return metrics

    def snapshot(
        self,
        window: timedelta | None = None,
        *,
        start: Time | None = None,
        end: Time | None = None,
        min_age: timedelta | None = None,
        now: Time | None = None,
        threshold: float | None = None,
        confidence: float = 0.95,
        exact: bool = False,
    ) -> PerformanceSnapshot:
        """All metrics of a window of prediction time, in full precision, with an interval for each.

        Args:
            window: The length of the window; None for all predictions held. Without `now` the window has no upper bound;
                with it, it is `[now - window, now]`.
            start: The first moment of the window, instead of `window`.
            end: The moment at which the window ends, itself not part of it.
            min_age: Moves the window back, to predictions that have had this long to get their label:
                `[now - min_age - window, now - min_age]`.
            now: The end of the window; None for the clock.
            threshold: Decide anew: positive when the score is at least this. Predictions without a score are left out.
            confidence: The level of the intervals, between 0 and 1.
            exact: Rank by the scores themselves. By default ranking metrics come from histograms of the scores, with a
                certified error bound.

        Returns:
            The snapshot.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed, or arguments contradict each other.

        Cost: that of `compute_metrics` and one pass over the histograms; with `exact=True` a sort of the window's scores.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_predictions([1, 2, 3, 4], [1, 1, 0, 0], [0.9, 0.6, 0.4, 0.1])
            >>> _ = tracker.log_ground_truths([1, 2, 3, 4], [1, 0, 1, 0])
            >>> snapshot = tracker.snapshot()
            >>> snapshot.accuracy, snapshot.roc_auc
            (0.5, 0.75)
        """
        self._look()
        raw = self._snapshot(window, start, end, min_age, now, threshold, confidence, exact)
        return PerformanceSnapshot.from_core(raw, model=self.model_name, version=self.model_version)

    @property
    def predictions(self) -> PredictionView:
        """The predictions held: a read-only mapping from request id to a dict.

        Each access makes a view of its own, which shows the tracker as it is when it is asked; see `PredictionView`.

        Cost: constant for the view, its length and a look-up; iteration needs `keep_ids=True`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", "v2")
            >>> tracker.log_prediction("req-1", 1, 0.9, timestamp=datetime(2026, 3, 1, 12))
            >>> tracker.predictions["req-1"]["timestamp"], len(tracker.predictions)
            ('2026-03-01T12:00:00', 1)
        """
        return PredictionView(self)

    @property
    def ground_truths(self) -> GroundTruthView:
        """The labels held, with and without a prediction: a read-only mapping from request id to a dict.

        Each access makes a view of its own, which shows the tracker as it is when it is asked; see `GroundTruthView`.

        Cost: constant for the view, its length and a look-up; iteration needs `keep_ids=True`.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.log_ground_truth("nobody-yet", 0)
            >>> tracker.ground_truths["nobody-yet"]["actual"], "nobody-yet" in tracker.predictions
            (0, False)
        """
        return GroundTruthView(self)

    @property
    def metrics_history(self) -> list[dict[str, Any]]:
        """What `compute_metrics` returned, oldest first, without `no_matched_data`; at most `history_limit` of them.

        It is the tracker's own list and may be changed; `save` writes it. The dicts in it are copies of those returned.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", history_limit=2)
            >>> tracker.log_prediction("req-1", 1, 0.9)
            >>> tracker.log_ground_truth("req-1", 1)
            >>> for hours in (1, 24, 168):
            ...     _ = tracker.compute_metrics(hours)
            >>> [metrics["window_hours"] for metrics in tracker.metrics_history]
            [24, 168]
        """
        return self._history

    def _timestamp(self) -> str:
        if self._clock is None:
            return datetime.now(UTC).replace(tzinfo=None).isoformat()
        microseconds = _core.microseconds("clock()", self._clock())
        return (datetime(1970, 1, 1) + timedelta(microseconds=microseconds)).isoformat()  # noqa: DTZ001 - naive UTC text

    # -- what is watched -----------------------------------------------------------------------------------------------

    def watch(
        self,
        metric_or_loss: "str | Mapping[str, float] | LossFunction",
        *,
        baseline: "Baseline | None" = None,
        tolerance: float | None = None,
        arl: float | None = None,
        detector: Any = None,
        min_age: timedelta | None = None,
        order: str = "prediction",
        on_alarm: "Callable[[Alarm], Any] | None" = None,
        bound: float | None = None,
        name: str | None = None,
        since: Time | None = None,
    ) -> "Watch":
        """Have a detector look at each prediction once, when its label has come, and be told when the model gets worse.

        By default an `EDetector`: its false alarms come after `arl` rows or more on average, as long as the metric is no worse than
        its baseline by more than the tolerance. Where several things are watched, each asks for so many times the evidence, so that
        this holds for the first alarm among all of them. While the model stays bad it alarms again and again.

        Args:
            metric_or_loss: `"accuracy"`, `"precision"`, `"recall"`, `"specificity"`, `"negative_predictive_value"` and `"f1_score"`
                are watched on the rows that each counts; `"f_half_score"` and `"f2_score"` linearised at their baseline;
                `"brier_score"` and `"log_loss"` up to a `bound`. Or a loss of your own: a mapping of losses from 0 to 1 by
                `true_positives`, `false_positives`, `false_negatives`, `true_negatives` (those not named are left out), or a function of
                arrays of predictions, actuals and scores that gives an array of losses from 0 to 1, NaN for rows that are left out.
                Metrics that are no mean over rows, such as `roc_auc`, are refused.
            baseline: What is normal, in terms of the metric: a value that is known, (k, n) successes, `ConfusionCounts`, a
                `PerformanceSnapshot` or a dict by metric such as that of `compute_metrics`; of a loss, its mean or (k, n) losses of
                1. With counts and snapshots, the baseline's own uncertainty is accounted for. None for the predictions held whose
                time has come already, which are counted and not looked at (of `accuracy`, `precision`, `recall`, `specificity`,
                `negative_predictive_value` and `f1_score`).
            tolerance: How much worse than the baseline is no reason for an alarm, in units of the loss (errors; a share of the
                bound); None for 0.
            arl: The least average run length to a false alarm, in rows; None for 100 000.
            detector: Another detector, one of `truthlag.detectors` or anything with `update` and `drift_detected`; then
                `baseline`, `tolerance` and `arl` are its own business.
            min_age: When the time of a row has come: when so much time lies between its prediction and the newest label. Labels
                that come later are not looked at. None to wait for every label: then one that never comes holds all later rows up until
                its prediction is about to leave by `retention`.
            order: `"prediction"`, by prediction time, or `"arrival"`, as labels come. In order of arrival there is **no
                guarantee**: where labels of one class come faster than those of the other, it alarms on nothing.
            on_alarm: Called with each `Alarm`, outside of all locks, by the thread that logs or asks. What it raises goes to
                `sys.unraisablehook`.
            bound: Of `"brier_score"` and `"log_loss"`, the loss of a row that counts as the most; larger ones count as this. 1.0 by
                default for the former, to be given for the latter. The baseline is a mean of losses so bounded.
            name: What the watch is called; None for the name of the metric.
            since: The first prediction time that is looked at; None for all predictions held whose labels are not the baseline.

        Returns:
            The watch.

        Raises:
            TypeError: An argument has the wrong type, or a baseline is missing.
            ValueError: A value is not allowed, the metric cannot be watched, or the name is taken.

        Cost: some 20 nanoseconds for each labelled row from then on, where predictions come in order of time.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", "v2")
            >>> incidents = []
            >>> watch = tracker.watch("accuracy", baseline=0.95, arl=10_000, on_alarm=incidents.append)
            >>> for number in range(200):
            ...     tracker.log_prediction(number, 1)
            ...     tracker.log_ground_truth(number, number < 100)
            >>> watch.alarms[0].position, incidents[0] == watch.alarms[0]
            (104, True)
        """
        from truthlag.verdict.watch.watches import Watches

        if self._watches is None:
            self._watches = Watches()
        return self._watches.add(
            self,
            metric_or_loss,
            baseline=baseline,
            tolerance=tolerance,
            arl=arl,
            detector=detector,
            min_age=min_age,
            order=order,
            on_alarm=on_alarm,
            bound=bound,
            name=name,
            since=since,
        )

    @property
    def watches(self) -> "dict[str, Watch]":
        """What is watched, by name: a new dict.

        After `load` and the like it holds what was watched before, with the detectors of `truthlag.detectors` as they were (others are not
        saved, with a warning). Functions are not saved: set `on_alarm` again, and call `watch` with a loss of your own and the same
        name, which goes on where it was.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.watch("recall", baseline=0.9)
            >>> list(ModelPerformanceTracker.from_bytes(tracker.to_bytes()).watches)
            ['recall']
        """
        return {} if self._watches is None else self._watches.by_name()

    def _look(self) -> None:
        """Has those who watch look; called by the logging calls from time to time."""
        if self._watches is not None:
            self._watches.look(self)

    def _look_at_arrivals(self) -> None:
        if self._watches is not None:
            self._watches.look_at_arrivals(self)

    def _forget_watch(self, watch: "Watch") -> None:
        if self._watches is not None:
            self._watches.remove(self, watch)

    # -- to bytes and back ---------------------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """The whole state: predictions, labels, counters, options, history; not the clock, nor other attributes.

        Returns:
            Bytes with a format version and a checksum, for `from_bytes`.

        Raises:
            TypeError: `model_name` or `model_version` has been set to anything but a str, or `metrics_history` been given
                anything but dicts of what JSON can hold.
            ValueError: An entry of `metrics_history` holds itself, is nested too deep, or has an int of too many digits.

        Cost: two copies of the state, about 0.1 seconds for each million predictions. During the first, a half of that, calls
        of other threads are staged and applied after it; when 4 096 are, they wait, and let other threads run.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> tracker.log_prediction("req-1", 1, 0.9)
            >>> ModelPerformanceTracker.from_bytes(tracker.to_bytes()).counters()["pending"]
            1
        """
        # Anybody may have changed these since they were checked.
        _check_text("model_name", self.model_name)
        _check_text("model_version", self.model_version)
        history = list(self._history)
        header = {
            "model_name": self.model_name,
            "model_version": self.model_version,
            "history_limit": self._history_limit,
            "metrics_history": history,
        }
        if self._watches is not None:
            header["watches"] = self._watches.saved(self)
        try:
            written = json.dumps(header)
        except (TypeError, ValueError, RecursionError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"metrics_history must hold {_HISTORY_ALLOWED}: {error}") from error
        for position, entry in enumerate(history):
            if not isinstance(entry, dict):
                raise TypeError(
                    f"metrics_history must hold {_HISTORY_ALLOWED}, got {described(entry)} at position {position}"
                )
        return self._to_bytes(written.encode())

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, *, clock: Callable[[], Time] | None = None) -> Self:
        """The tracker that `to_bytes` wrote.

        Args:
            data: The bytes. They may come from anywhere: bad ones give an error, never a crash.
            clock: The clock of the new tracker; None for the system's.

        Raises:
            TypeError: `data` are no bytes, or `clock` cannot be called.
            ValueError: `data` are not a saved tracker, are damaged, or were written by a newer version.

        Cost: proportional to the state, about the time that `to_bytes` took.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", "v2")
            >>> tracker.log_ground_truth("req-1", 1)
            >>> again = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
            >>> again.model_version, again.ground_truths == tracker.ground_truths
            ('v2', True)
            >>> ModelPerformanceTracker.from_bytes(b"anything else")
            Traceback (most recent call last):
                ...
            ValueError: ...
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data must be bytes, a bytearray or a memoryview, got {described(data)}")
        tracker = cls.__new__(cls)
        # Bytes are not copied by this; the others could be changed while they are read.
        tracker._load_state(bytes(data), clock)
        return tracker

    def _load_state(self, data: bytes, clock: Callable[[], Time] | None) -> None:
        header = _parse_header(self._restore(data, clock))
        self._describe(
            header["model_name"],
            header["model_version"],
            header["history_limit"],
            clock,
            header["metrics_history"],
        )
        if header.get("watches"):
            from truthlag.verdict.watch.watches import Watches

            self._watches = Watches()
            self._watches.restore(self, header["watches"])

    def save(self, path: FilePath) -> None:
        """Write the whole state to a file.

        It is written to a new file beside it first, which then takes its name, so that a crash leaves either the old file
        or the new one. A file that is there already hands down its permissions; a link stays, and the file it leads to
        is replaced.

        Args:
            path: The file: str, bytes or a path object.

        Raises:
            OSError: The file cannot be written, or what stands at `path` is no file.
            TypeError: `path` is no path, or the state cannot be written; see `to_bytes`.
            ValueError: As in `to_bytes`.

        Cost: that of `to_bytes`, and of writing the file down to the disk.

        Example:
            >>> import os, tempfile
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = os.path.join(folder, "tracker.truthlag")
            ...     tracker.save(path)
            ...     ModelPerformanceTracker.load(path).model_name
            'fraud-detector'
        """
        write_whole(_file_path(path), self.to_bytes())

    @classmethod
    def load(cls, path: FilePath, *, clock: Callable[[], Time] | None = None) -> Self:
        """The tracker that `save` wrote.

        Args:
            path: The file: str, bytes or a path object.
            clock: The clock of the new tracker; None for the system's.

        Raises:
            OSError: The file cannot be read.
            TypeError: `path` is no path, or `clock` cannot be called.
            ValueError: It is not a saved tracker, is damaged, or was written by a newer version.

        Cost: that of reading the file, which is held in memory, and of `from_bytes`.

        Example:
            >>> import os, tempfile
            >>> from datetime import datetime
            >>> from truthlag import ModelPerformanceTracker
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = os.path.join(folder, "tracker.truthlag")
            ...     ModelPerformanceTracker("fraud-detector", "v2").save(path)
            ...     tracker = ModelPerformanceTracker.load(path, clock=lambda: datetime(2026, 3, 1))
            >>> tracker.model_version
            'v2'
        """
        return cls.from_bytes(_file_path(path).read_bytes(), clock=clock)

    def __getstate__(self) -> dict[str, Any]:
        return {"data": self.to_bytes(), "clock": self._clock, **_own_attributes(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._load_state(state["data"], state["clock"])
        # States of older versions have neither.
        self.__dict__.update(state.get("attributes", {}))
        for name, value in state.get("slots", {}).items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _new, (type(self),), self.__getstate__()

    def __repr__(self) -> str:
        counters = self.counters()
        return (
            f"<ModelPerformanceTracker {self.model_name!r} {self.model_version!r}: {counters['predictions']} predictions,"
            f" {counters['matched']} with label>"
        )


def _new(cls: type[ModelPerformanceTracker]) -> ModelPerformanceTracker:
    """An instance that is about to be given its state."""
    return cls.__new__(cls)


def _own_attributes(tracker: ModelPerformanceTracker) -> dict[str, dict[str, Any]]:
    """What subclasses and callers have added to a tracker, in its dictionary and in slots."""
    state: Any = object.__getstate__(tracker)
    attributes, slots = state if isinstance(state, tuple) else (state, {})
    kept = {name: value for name, value in attributes.items() if name not in _SAVED_ATTRIBUTES}
    return {"attributes": kept, "slots": slots}


# The interpreter makes short work of methods that belong to the very class of the object.
_core.quicken(ModelPerformanceTracker)


def _check_text(argument: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a str, got {described(value)}")


def _history_limit(limit: object) -> int:
    allowed = "an int of at least 0"
    # numpy counts its time spans among its integers.
    number = limit.item() if isinstance(limit, np.integer) and limit.dtype.kind in "iu" else limit
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"history_limit must be {allowed}, got {described(limit)}")
    if number < 0:
        raise ValueError(f"history_limit must be {allowed}, got {described(limit)}")
    # No list is longer, and an int of any number of digits could not be saved.
    return min(number, sys.maxsize)


def _file_path(path: FilePath) -> Path:
    try:
        return file_path(path)
    except TypeError as error:
        raise TypeError(f"path must be a str, bytes or a path object, got {described(path)}") from error


def _window_microseconds(window_hours: object) -> int:
    allowed = f"a number of hours from 0 to {_MOST_HOURS}"
    if isinstance(window_hours, np.generic):
        window_hours = window_hours.item()
    if isinstance(window_hours, bool) or not isinstance(window_hours, int | float):
        raise TypeError(f"window_hours must be {allowed}, got {described(window_hours)}")
    # An int may have any number of digits: compared before it is converted.
    if not 0 <= window_hours <= _MOST_HOURS:
        raise ValueError(f"window_hours must be {allowed}, got {described(window_hours)}")
    return round(window_hours * _HOUR)


def _parse_header(header: bytes) -> dict[str, Any]:
    """The Python part of a saved tracker, checked: the bytes may come from anywhere."""
    expected = {"model_name": str, "model_version": str, "history_limit": int, "metrics_history": list}
    # An exact type, since True is an int too.
    try:
        parsed = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise ValueError("the saved tracker is inconsistent: its header is not JSON") from error
    if not isinstance(parsed, dict) or any(type(parsed.get(key)) is not kind for key, kind in expected.items()):
        raise ValueError("the saved tracker is inconsistent: its header lacks a part")
    if parsed["history_limit"] < 0:
        raise ValueError(
            f"the saved tracker is inconsistent: its history_limit is {described(parsed['history_limit'])}"
        )
    if not all(isinstance(entry, dict) for entry in parsed["metrics_history"]):
        raise ValueError("the saved tracker is inconsistent: its metrics_history holds more than dicts")
    return parsed
