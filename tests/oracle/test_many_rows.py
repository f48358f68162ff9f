"""Hundreds of thousands of rows against columns of numpy: whole cells, several generations, sums kept up to date.

The small reference would take too long here; this one keeps only the last event of each id, and counts with masks. Scores
are quantised to 1/1024, so that fixed point holds them exactly and every sum can be checked to the last bit.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker

IDS = 400_000
SECOND = 1_000_000
START = 1_700_000_000 * SECOND
SPAN = 10 * 24 * 3600 * SECOND
NOW = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=START + SPAN)
UNLABELLED, UNSCORED = -1, -1


class Columns:
    """Row `i` is the state of id `i`; a time of -1 is an id without a prediction."""

    def __init__(self) -> None:
        self.time = np.full(IDS, -1)
        self.decision = np.zeros(IDS, dtype=np.int64)
        self.score = np.full(IDS, UNSCORED)
        self.label = np.full(IDS, UNLABELLED)
        self.label_time = np.full(IDS, -1)

    def predict(self, ids: Any, decisions: Any, scores: Any, times: Any) -> None:
        """Ids are distinct; a prediction that is older than the one there changes nothing, unless it says the same."""
        newer = times >= self.time[ids]
        ids, decisions, scores, times = ids[newer], decisions[newer], scores[newer], times[newer]
        self.time[ids], self.decision[ids], self.score[ids] = times, decisions, scores

    def label_them(self, ids: Any, actuals: Any, times: Any) -> None:
        newer = times >= self.label_time[ids]
        ids, actuals, times = ids[newer], actuals[newer], times[newer]
        self.label[ids], self.label_time[ids] = actuals, times

    def take_out(self, ids: Any) -> None:
        self.time[ids], self.label[ids], self.label_time[ids] = -1, UNLABELLED, -1

    def window(self, first: int, last: int) -> dict[str, Any]:
        inside = (self.time >= max(first, 0)) & (self.time <= last)
        labelled = inside & (self.label != UNLABELLED)
        scored = labelled & (self.score != UNSCORED)
        confusion = {
            (decision, actual): int((labelled & (self.decision == decision) & (self.label == actual)).sum())
            for decision in (0, 1)
            for actual in (0, 1)
        }
        return {
            "predictions": int(inside.sum()),
            "confusion": confusion,
            "scores": self.score[scored],
            "labels": self.label[scored],
        }


def feed(columns: Columns, tracker: ModelPerformanceTracker, generator: Any, *, in_order: bool, rounds: int) -> None:
    for number in range(rounds):
        size = int(generator.integers(20_000, 60_000))
        ids = generator.permutation(IDS)[:size]
        times = START + (generator.permutation(SPAN // SECOND)[:size] * SECOND + number)
        if in_order:
            times.sort()
        kind = number % 5
        if kind in (0, 1, 2):
            decisions, scores = generator.integers(0, 2, size), generator.integers(-1, 1025, size)
            columns.predict(ids, decisions, scores, times)
            as_list: Any = (scores / 1024).astype(object)
            as_list[scores == UNSCORED] = None
            tracker.log_predictions(ids, decisions, as_list, timestamps=times.astype("M8[us]"))
        elif kind == 3:
            actuals = generator.integers(0, 2, size)
            columns.label_them(ids, actuals, times)
            tracker.log_ground_truths(ids, actuals, timestamps=times.astype("M8[us]"))
        else:
            for request_id in ids[:300].tolist():
                tracker.forget(request_id)
            columns.take_out(ids[:300])
            for request_id in ids[300:600].tolist():
                tracker.retract_ground_truth(request_id)
            columns.label[ids[300:600]], columns.label_time[ids[300:600]] = UNLABELLED, -1
        if number % 4 == 3:
            # Sums of scores are kept up to date from the first snapshot on.
            check(columns, tracker, START, START + SPAN)


def check(columns: Columns, tracker: ModelPerformanceTracker, first: int, last: int) -> None:
    expected = columns.window(first, last)
    # The end is not part of the window that is asked for.
    window = {"start": np.datetime64(first, "us"), "end": np.datetime64(last + 1, "us")}
    for exact in (False, True):
        snapshot = tracker.snapshot(**window, exact=exact)
        counts = snapshot.counts
        found = (counts.true_negatives, counts.false_negatives, counts.false_positives, counts.true_positives)
        assert found == tuple(expected["confusion"].values())
        assert snapshot.predictions == expected["predictions"]
        scores, labels = expected["scores"], expected["labels"]
        assert snapshot.scored == len(scores)
        if not len(scores):
            continue
        assert snapshot.mean_score == int(scores.sum()) / (len(scores) * 1024)
        brier = int(((scores - 1024 * labels) ** 2).sum()) / (len(scores) * 1024**2)
        assert snapshot.brier_score == pytest.approx(brier, rel=8 * 2.0**-53, abs=0)
        variance = (len(scores) * int((scores**2).sum()) - int(scores.sum()) ** 2) / (len(scores) * 1024) ** 2
        assert snapshot.score_std == pytest.approx(variance**0.5, rel=8 * 2.0**-53, abs=0)
        likelihood = np.maximum(np.where(labels == 1, scores, 1024 - scores) / 1024, 2.0**-52)
        assert snapshot.log_loss == pytest.approx(-np.log(likelihood).mean(), rel=1e-11, abs=2.0**-40)
        check_ranks(snapshot, scores, labels, exact=exact)


def check_ranks(snapshot: Any, scores: Any, labels: Any, *, exact: bool) -> None:
    by_score = np.bincount(scores * 2 + labels, minlength=2050).reshape(-1, 2)
    negatives, positives = by_score.sum(axis=0).tolist()
    if not (negatives and positives):
        return
    below = np.cumsum(by_score[:, 0]) - by_score[:, 0]
    twice_won = int((by_score[:, 1] * (2 * below + by_score[:, 0])).sum())
    metric = snapshot.metrics["roc_auc"]
    bound = metric.error_bound
    assert bound == 0.0 or not exact
    # Scores in steps of 1/1024 near 1 and 1/2 share bins; bins of the top bits of the float keep them well apart.
    assert bound < 1e-2
    assert metric.value == pytest.approx(twice_won / (2 * positives * negatives), rel=0, abs=bound + 2.0**-48)
    above_positives, above = np.cumsum(by_score[::-1, 1]), np.cumsum(by_score[::-1].sum(axis=1))
    steps = by_score[::-1, 1] > 0
    expected = float((by_score[::-1, 1][steps] / positives * (above_positives[steps] / above[steps])).sum())
    metric = snapshot.metrics["average_precision"]
    assert metric.value == pytest.approx(expected, rel=0, abs=metric.error_bound + 1e-12)


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "shuffled"])
def test_columns(in_order: bool) -> None:
    generator = np.random.default_rng(20 + in_order)
    tracker = ModelPerformanceTracker("m", retention=None, clock=lambda: NOW, keep_features=False)
    columns = Columns()
    feed(columns, tracker, generator, in_order=in_order, rounds=25)
    for _ in range(6):
        first, last = sorted(generator.integers(START - SECOND, START + SPAN + SECOND, 2).tolist())
        check(columns, tracker, first, last)
    check(columns, tracker, 0, START + 2 * SPAN)
    again = ModelPerformanceTracker.from_bytes(tracker.to_bytes(), clock=lambda: NOW)
    check(columns, again, START, START + SPAN // 2)
    counters = tracker.counters()
    predicted = columns.time >= 0
    labelled = columns.label != UNLABELLED
    assert counters["predictions"] == int(predicted.sum())
    assert counters["matched"] == int((predicted & labelled).sum())
    assert counters["orphan_labels"] == int((~predicted & labelled).sum())
    metrics = tracker.compute_metrics(100_000)
    confusion = columns.window(0, 2 * START)["confusion"]
    assert tuple(metrics["confusion_matrix"].values()) == tuple(
        confusion[key] for key in ((1, 1), (1, 0), (0, 1), (0, 0))
    )
