"""The tracker as plain dictionaries: obviously right, and slow.

It says what the library promises and nothing of how the library does it. Every answer is made anew from all rows, every
number that can be is a fraction. Times are microseconds since the epoch.

Two things are left open by the promise, and asked rather than known:
- whether a label that comes after its prediction expired still finds the trace of it (`late_labels`) or is held as a
  label without a prediction: `is_late` says so, and is only asked where both are allowed;
- how many of the oldest predictions leave at once when `max_predictions` is reached: `drop` is told, and checks.
"""

from __future__ import annotations

import copy
import datetime
import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

MICROSECOND = datetime.timedelta(microseconds=1)
EPOCH = datetime.datetime(1970, 1, 1)
HOUR = 3_600_000_000
TOTALS = (
    "replaced_predictions",
    "corrected_labels",
    "duplicate_events",
    "stale_events",
    "expired_labelled",
    "expired_unlabelled",
    "dropped_orphans",
    "late_labels",
    "rejected",
    "skipped",
)

Identity = tuple[str, object]


def identity(request_id: object) -> Identity:
    """Ids are typed: 1, "1" and b"1" differ, but a UUID is its canonical text."""
    if isinstance(request_id, uuid.UUID):
        return ("str", str(request_id))
    return (type(request_id).__name__, request_id)


def naive_iso(time: int) -> str:
    """A time as the views show it: naive, in UTC."""
    return (EPOCH + time * MICROSECOND).isoformat()


@dataclass
class Label:
    actual: int
    time: int


@dataclass
class Prediction:
    request_id: object
    decision: int
    score: float | None
    features: Any
    time: int
    #: The place in the order of arrival; a renewed prediction may count from either.
    first_arrival: int
    last_arrival: int
    label: Label | None = None


@dataclass
class Orphan:
    request_id: object
    label: Label


@dataclass
class ReferenceTracker:
    """What a tracker holds, in dictionaries."""

    retention: int | None = None
    max_predictions: int | None = None
    max_orphan_labels: int = 10_000_000
    predictions: dict[Identity, Prediction] = field(default_factory=dict)
    orphans: dict[Identity, Orphan] = field(default_factory=dict)
    #: Ids whose prediction has expired or was dropped, was not logged again since, and may have left a trace.
    departed: set[Identity] = field(default_factory=set)
    gone: set[Identity] = field(default_factory=set)
    """Those of the departed whose trace was not found since the last comparison: of labels between two comparisons it is
    known how many found one, not which, so that the guess holds no longer than that."""
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOTALS, 0))
    newest: int | None = None
    cutoff: int | None = None
    last_stamp: int = 0
    arrivals: int = 0
    #: Predictions that have ever expired: an upper bound on the expired ones still in memory.
    expired: int = 0

    def copy(self) -> ReferenceTracker:
        return copy.deepcopy(self)

    # Time

    def stamp(self, clock: int) -> int:
        """The time of an event that says none."""
        self.last_stamp = max(clock, self.last_stamp)
        return self.last_stamp

    def _has_expired(self, time: int) -> bool:
        return self.cutoff is not None and time < self.cutoff

    def _advance(self, time: int, clock: int) -> None:
        if time > clock + HOUR or (self.newest is not None and time <= self.newest):
            return
        self.newest = time
        if self.retention is None:
            return
        step = max(1, self.retention // 64)
        cutoff = (time - self.retention) // step * step
        if self.cutoff is not None and cutoff <= self.cutoff:
            return
        self.cutoff = cutoff
        for key in [key for key, row in self.predictions.items() if row.time < cutoff]:
            self._depart(key)
            self.expired += 1
        for key in [key for key, orphan in self.orphans.items() if orphan.label.time < cutoff]:
            del self.orphans[key]
            self.totals["dropped_orphans"] += 1

    def _depart(self, key: Identity) -> None:
        row = self.predictions.pop(key)
        self.totals["expired_unlabelled" if row.label is None else "expired_labelled"] += 1
        self.departed.add(key)

    # Events

    def log_prediction(
        self, request_id: object, decision: int, score: float | None, features: Any, time: int | None, clock: int
    ) -> None:
        time = self.stamp(clock) if time is None else time
        self._advance(time, clock)
        features = features or {}
        key = identity(request_id)
        row = self.predictions.get(key)
        if row is not None:
            if (row.decision, row.score, row.features) == (decision, score, features):
                self.totals["duplicate_events"] += 1
                if time > row.time:
                    row.time = time
                    self._renew(row)
            elif time >= row.time:
                self.totals["replaced_predictions"] += 1
                row.decision, row.score, row.features, row.time = decision, score, features, time
                self._renew(row)
            else:
                self.totals["stale_events"] += 1
        elif self._has_expired(time):
            if self.orphans.pop(key, None) is None:
                self.totals["expired_unlabelled"] += 1
            else:
                self.totals["expired_labelled"] += 1
        else:
            self.arrivals += 1
            row = Prediction(request_id, decision, score, features, time, self.arrivals, self.arrivals)
            self.predictions[key] = row
            self.departed.discard(key)
            self.gone.discard(key)
            orphan = self.orphans.pop(key, None)
            if orphan is not None:
                row.label = orphan.label

    def _renew(self, row: Prediction) -> None:
        self.arrivals += 1
        row.last_arrival = self.arrivals

    def log_ground_truth(
        self, request_id: object, actual: int, time: int | None, clock: int, is_late: Callable[[], bool]
    ) -> None:
        time = self.stamp(clock) if time is None else time
        self._advance(time, clock)
        key = identity(request_id)
        row = self.predictions.get(key)
        if row is not None:
            row.label = Label(actual, time) if row.label is None else self._relabel(row.label, actual, time)
        elif self._finds_the_trace(key, is_late):
            self.totals["late_labels"] += 1
        elif self._has_expired(time):
            self.totals["dropped_orphans"] += 1
        elif key in self.orphans:
            orphan = self.orphans[key]
            orphan.label = self._relabel(orphan.label, actual, time)
        elif self.max_orphan_labels == 0:
            self.totals["dropped_orphans"] += 1
        else:
            if len(self.orphans) == self.max_orphan_labels:
                del self.orphans[next(iter(self.orphans))]
                self.totals["dropped_orphans"] += 1
            self.orphans[key] = Orphan(request_id, Label(actual, time))

    def _finds_the_trace(self, key: Identity, is_late: Callable[[], bool]) -> bool:
        if key not in self.departed or key in self.gone:
            return False
        if is_late():
            return True
        # A trace that is gone does not come back; but which it was is only known until the next comparison.
        self.gone.add(key)
        return False

    def _relabel(self, label: Label, actual: int, time: int) -> Label:
        if label.actual == actual:
            self.totals["duplicate_events"] += 1
            return Label(actual, max(label.time, time))
        if time >= label.time:
            self.totals["corrected_labels"] += 1
            return Label(actual, time)
        self.totals["stale_events"] += 1
        return label

    def forget(self, request_id: object) -> bool:
        key = identity(request_id)
        return self.predictions.pop(key, None) is not None or self.orphans.pop(key, None) is not None

    def retract_ground_truth(self, request_id: object) -> bool:
        key = identity(request_id)
        row = self.predictions.get(key)
        if row is None:
            return self.orphans.pop(key, None) is not None
        had_label, row.label = row.label is not None, None
        return had_label

    def drop(self, survivors: Iterable[object]) -> None:
        """Takes out what `max_predictions` made leave, after checking that it was allowed to leave."""
        kept = {identity(request_id) for request_id in survivors}
        gone = [key for key in self.predictions if key not in kept]
        if self.max_predictions is None:
            assert not gone, f"predictions vanished without a limit: {gone}"
            return
        assert len(self.predictions) - len(gone) <= self.max_predictions, (
            "more predictions are held than max_predictions"
        )
        if not gone:
            return
        assert len(self.predictions) + self.expired > self.max_predictions, f"predictions left below the limit: {gone}"
        oldest_kept = min((self.predictions[key].last_arrival for key in kept), default=math.inf)
        newest_gone = max(self.predictions[key].first_arrival for key in gone)
        assert newest_gone < oldest_kept, "a newer prediction left before an older one"
        for key in gone:
            self._depart(key)

    # Reads

    def counters(self) -> dict[str, int]:
        matched = sum(row.label is not None for row in self.predictions.values())
        gauges = {
            "predictions": len(self.predictions),
            "labels": matched + len(self.orphans),
            "matched": matched,
            "pending": len(self.predictions) - matched,
            "orphan_labels": len(self.orphans),
        }
        return gauges | self.totals

    def prediction_view(self, model_version: str) -> dict[Identity, dict[str, Any]]:
        return {
            key: {
                "prediction": row.decision,
                "score": row.score,
                "features": row.features,
                "timestamp": naive_iso(row.time),
                "model_version": model_version,
            }
            for key, row in self.predictions.items()
        }

    def ground_truth_view(self) -> dict[Identity, dict[str, Any]]:
        labels = {key: row.label for key, row in self.predictions.items() if row.label is not None}
        labels |= {key: orphan.label for key, orphan in self.orphans.items()}
        return {key: {"actual": label.actual, "timestamp": naive_iso(label.time)} for key, label in labels.items()}

    def window(self, first: int | None, last: int | None) -> Window:
        """The predictions from `first` to `last`, both included; `None` for no bound."""
        inside = [
            row
            for row in self.predictions.values()
            if (first is None or first <= row.time) and (last is None or row.time <= last)
        ]
        return Window([(row.decision, row.score, row.label and row.label.actual) for row in inside])


def quantised(score: float) -> Fraction:
    """The score as the aggregates hold it: fixed point with 40 bits after the point. `round` of a fraction is half-even."""
    return Fraction(round(Fraction(score) * 2**40), 2**40)


def ratio(numerator: int | Fraction, denominator: int | Fraction) -> Fraction | None:
    return Fraction(numerator) / Fraction(denominator) if denominator else None


@dataclass
class Window:
    """The metrics of rows (decision, score or None, label or None), from their definitions."""

    rows: list[tuple[int, float | None, int | None]]

    def at_threshold(self, threshold: float) -> Window:
        """The rows decided anew: positive when the score is at least the threshold. A row without a score has no decision."""
        return Window([(int(score >= threshold), score, actual) for _, score, actual in self.rows if score is not None])

    @property
    def matched(self) -> list[tuple[int, float | None, int]]:
        return [(decision, score, actual) for decision, score, actual in self.rows if actual is not None]

    @property
    def scored(self) -> list[tuple[float, int]]:
        return [(score, actual) for _, score, actual in self.matched if score is not None]

    def confusion(self) -> dict[str, int]:
        pairs = [(decision, actual) for decision, _, actual in self.matched]
        return {
            "tp": pairs.count((1, 1)),
            "fp": pairs.count((1, 0)),
            "fn": pairs.count((0, 1)),
            "tn": pairs.count((0, 0)),
        }

    def proportions(self) -> dict[str, Fraction | None]:
        """The metrics that are ratios of counts; `None` where the denominator is zero."""
        count = self.confusion()
        tp, fp, fn, tn = (count[name] for name in ("tp", "fp", "fn", "tn"))
        n = tp + fp + fn + tn
        sensitivity, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
        expected = ratio((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp), n * n)
        return {
            "accuracy": ratio(tp + tn, n),
            "precision": ratio(tp, tp + fp),
            "recall": sensitivity,
            "f1": ratio(2 * tp, 2 * tp + fp + fn),
            "specificity": specificity,
            "negative_predictive_value": ratio(tn, tn + fn),
            "balanced_accuracy": None if None in (sensitivity, specificity) else (sensitivity + specificity) / 2,
            "cohen_kappa": None if expected is None else ratio(Fraction(tp + tn, n) - expected, 1 - expected),
            "prevalence": ratio(tp + fn, n),
            "prediction_positive_rate": ratio(tp + fp, n),
        }

    def f_beta(self, beta: float) -> Fraction | None:
        count, square = self.confusion(), Fraction(beta) ** 2
        weighted = (1 + square) * count["tp"]
        return ratio(weighted, weighted + square * count["fn"] + count["fp"])

    def matthews_correlation(self) -> float | None:
        count = self.confusion()
        tp, fp, fn, tn = (count[name] for name in ("tp", "fp", "fn", "tn"))
        product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return (tp * tn - fp * fn) / math.sqrt(product) if product else None

    def mean_score(self) -> Fraction | None:
        return ratio(sum(quantised(score) for score, _ in self.scored), len(self.scored))

    def score_variance(self) -> Fraction | None:
        mean = self.mean_score()
        return (
            mean
            if mean is None
            else ratio(sum((quantised(score) - mean) ** 2 for score, _ in self.scored), len(self.scored))
        )

    def scores_are_probabilities(self) -> bool:
        return bool(self.scored) and all(0 <= score <= 1 for score, _ in self.scored)

    def brier_score(self) -> Fraction | None:
        if not self.scores_are_probabilities():
            return None
        return ratio(sum((quantised(score) - actual) ** 2 for score, actual in self.scored), len(self.scored))

    def log_loss(self) -> float | None:
        """With the likelihood clipped to at least the float's epsilon, as scikit-learn does."""
        if not self.scores_are_probabilities():
            return None
        likelihoods = [score if actual else 1.0 - score for score, actual in self.scored]
        return math.fsum(-math.log(max(likelihood, 2.0**-52)) for likelihood in likelihoods) / len(likelihoods)

    def roc_auc(self) -> Fraction | None:
        """The share of pairs of a positive and a negative that the score puts in the right order; ties count half."""
        positives = [score for score, actual in self.scored if actual]
        negatives = [score for score, actual in self.scored if not actual]
        won = sum(Fraction((one > other) + (one >= other), 2) for one in positives for other in negatives)
        return ratio(won, len(positives) * len(negatives))

    def average_precision(self) -> Fraction | None:
        """The sum over thresholds of the gain in recall times the precision there."""
        positives = sum(actual for _, actual in self.scored)
        if not positives:
            return None
        total, before = Fraction(0), 0
        for threshold in sorted({score for score, _ in self.scored}, reverse=True):
            above = [actual for score, actual in self.scored if score >= threshold]
            total += Fraction(sum(above) - before, positives) * Fraction(sum(above), len(above))
            before = sum(above)
        return total

    def expected_calibration_error(self) -> Fraction | None:
        """Ten bins of equal width, the last one closed: mean distance of mean score and share of positives."""
        if not self.scores_are_probabilities():
            return None
        total = Fraction(0)
        for number in range(10):
            inside = [(score, actual) for score, actual in self.scored if min(int(score * 10.0), 9) == number]
            total += abs(sum((quantised(score) - actual for score, actual in inside), Fraction(0)))
        return total / len(self.scored)


def plain_metrics(window: Window, predictions_held: int) -> Mapping[str, Any]:
    """The numbers of `compute_metrics` before they are rounded."""
    proportions, n = window.proportions(), len(window.matched)
    return {
        "sample_size": n,
        "confusion_matrix": window.confusion(),
        "ground_truth_coverage": Fraction(n, max(1, predictions_held)),
        "window_coverage": Fraction(n, max(1, len(window.rows))),
        "accuracy": proportions["accuracy"],
        "precision": proportions["precision"] or Fraction(0),
        "recall": proportions["recall"] or Fraction(0),
        "f1_score": proportions["f1"] or Fraction(0),
        "prediction_positive_rate": proportions["prediction_positive_rate"],
        "actual_positive_rate": proportions["prevalence"],
        "mean_score": window.mean_score(),
        "score_variance": window.score_variance(),
    }
