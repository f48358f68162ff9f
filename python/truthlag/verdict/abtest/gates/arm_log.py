"""The rows of one arm with the times of prediction and label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.verdict.abtest.gates.times import NEVER, Times, times

Flags = NDArray[np.uint8]


class ArmLog:
    """The rows of one arm: when each was predicted and when its label became known, decision and label.

    Args:
        predicted_at: The time of each prediction: datetimes (naive ones are UTC), numpy datetimes, or seconds since the epoch.
        labelled_at: When the label of each became known; None, NaN or NaT where it is not.
        actuals: The labels, 0 or 1; what stands there without a time of the label is not looked at. None where every label that
            comes is 1.
        predictions: The decisions, 0 or 1; None for a metric that is about labels alone (`"prevalence"`, the rate of positives): then
            every decision is 1.

    Raises:
        TypeError: A column has the wrong type.
        ValueError: Columns differ in length, or a value is not allowed.

    Cost: some passes over the columns, and a sort by time.

    Example:
        >>> from truthlag.abtest import ArmLog
        >>> day = 86_400
        >>> log = ArmLog([0, day, 2 * day], [5 * day, None, 2 * day], actuals=[1, 0, 0], predictions=[1, 1, 0])
        >>> len(log), log.labels
        (3, 2)
    """

    __slots__ = ("actuals", "labelled_at", "predicted_at", "predictions")

    #: In order of prediction time, in which tests that may be looked at any time take the rows.
    predicted_at: Times
    labelled_at: Times
    actuals: Flags
    predictions: Flags

    def __init__(self, predicted_at: Any, labelled_at: Any, actuals: Any = None, predictions: Any = None) -> None:
        predicted = times("predicted_at", predicted_at)
        labelled = times("labelled_at", labelled_at, may_lack=True)
        rows = len(predicted)
        if len(labelled) != rows:
            raise ValueError(f"labelled_at must have a time for each of the {rows} rows, got {len(labelled)}")
        labels = _flags("actuals", actuals, rows, labelled != NEVER)
        decisions = _flags("predictions", predictions, rows, np.ones(rows, bool))
        self._hold(predicted, labelled, labels, decisions)

    def _hold(self, predicted: Times, labelled: Times, actuals: Flags, predictions: Flags) -> None:
        order = np.argsort(predicted, kind="stable")
        self.predicted_at, self.labelled_at = predicted[order], labelled[order]
        self.actuals, self.predictions = actuals[order], predictions[order]

    def __len__(self) -> int:
        return len(self.predicted_at)

    def __repr__(self) -> str:
        return f"<ArmLog of {len(self)} rows, {self.labels} labels>"

    @property
    def labels(self) -> int:
        """The rows with a label."""
        return int(np.count_nonzero(self.labelled_at != NEVER))

    @classmethod
    def of_tracker(cls, tracker: ModelPerformanceTracker) -> ArmLog:
        """The rows that a tracker holds.

        A label counts from its newest event: one that was corrected later counts as known since then.

        Args:
            tracker: One with `keep_ids=True`.

        Raises:
            TypeError: It is no tracker.
            ValueError: It does not keep its ids, by which rows are asked for.

        Cost: one or two microseconds a row, and more for rows with features.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> from truthlag.abtest import ArmLog
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_predictions(["a", "b"], [1, 0], timestamps=[0.0, 60.0])
            >>> tracker.log_ground_truth("a", 1, timestamp=90.0)
            >>> log = ArmLog.of_tracker(tracker)
            >>> len(log), log.labels
            (2, 1)
        """
        if not isinstance(tracker, ModelPerformanceTracker):
            raise TypeError(f"tracker must be a ModelPerformanceTracker, got {described(tracker)}")
        if not tracker._keeps_ids():
            raise ValueError("tracker must be one with keep_ids=True, since the times of labels are asked for by id")
        predicted, labelled, actuals, decisions = [], [], [], []
        for request in tracker.predictions:
            row = tracker._prediction(request)
            if row is None:  # It has left meanwhile.
                continue
            label = tracker._ground_truth(request)
            decisions.append(row[0])
            predicted.append(row[3])
            actuals.append(0 if label is None else label[0])
            labelled.append(NEVER if label is None else label[1])
        log = cls.__new__(cls)
        log._hold(
            np.array(predicted, np.int64),
            np.array(labelled, np.int64),
            np.array(actuals, np.uint8),
            np.array(decisions, np.uint8),
        )
        return log


def arm_logs(
    arms: Any, predicted_at: Any, labelled_at: Any, actuals: Any = None, predictions: Any = None
) -> dict[str, ArmLog]:
    """One log with a column that says the arm, as a log of each arm.

    Args:
        arms: The arm of each row.
        predicted_at: As in `ArmLog`.
        labelled_at: As in `ArmLog`.
        actuals: As in `ArmLog`.
        predictions: As in `ArmLog`.

    Returns:
        The logs by arm, in order of the arms' names.

    Raises:
        TypeError: A column has the wrong type.
        ValueError: Columns differ in length, or a value is not allowed.

    Cost: some passes over the columns for each arm, and a sort.

    Example:
        >>> from truthlag.abtest import arm_logs
        >>> logs = arm_logs(["old", "new", "old"], [0, 1, 2], [10, None, 11])
        >>> {arm: (len(log), log.labels) for arm, log in logs.items()}
        {'new': (1, 0), 'old': (2, 2)}
    """
    names = np.asarray(arms)
    if names.ndim != 1:
        raise ValueError(f"arms must be a sequence of one dimension, got {names.ndim} dimensions")
    predicted = times("predicted_at", predicted_at)
    labelled = times("labelled_at", labelled_at, may_lack=True)
    columns: dict[str, Any] = {
        "predicted_at": predicted.view("datetime64[us]"),
        "labelled_at": labelled.view("datetime64[us]"),
    }
    for name, given in (("actuals", actuals), ("predictions", predictions)):
        if given is not None:
            columns[name] = np.asarray(given)
    for name, one in columns.items():
        if one.shape != names.shape:
            raise ValueError(f"{name} must have a value for each of the {len(names)} rows, got {one.size}")
    text = names.astype(str)
    return {
        arm: ArmLog(**{name: one[text == arm] for name, one in columns.items()}) for arm in np.unique(text).tolist()
    }


def _flags(name: str, values: Any, length: int, matters: NDArray[np.bool_]) -> Flags:
    if values is None:
        return np.ones(length, np.uint8)
    array = np.asarray(values)
    if array.ndim != 1 or len(array) != length:
        raise ValueError(f"{name} must have one value for each of the {length} rows, got {array.size}")
    if array.dtype == object:
        array = np.array([-1.0 if one is None else _number(f"{name}[{place}]", one) for place, one in enumerate(array)])
    if array.size and array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be 0 or 1, got values of dtype {array.dtype}")
    wrong = matters & (array != 0) & (array != 1)
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{name}[{place}] must be 0 or 1, got {described(array[place].item())}")
    flags: Flags = (array == 1).astype(np.uint8)
    return flags


def _number(name: str, value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"{name} must be 0 or 1, got {described(value)}")
    return float(value)
