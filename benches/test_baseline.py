"""The baseline is an honest one: it gives the answers of the tracker that it is compared with."""

from datetime import UTC, datetime, timedelta

from benches.answers import ROUNDED, answered, expected
from benches.baseline import LeanFloor, PlainTracker
from benches.contenders import new_tracker
from benches.streams import make_stream

ROWS = 2_000
SHARED_KEYS = (
    "sample_size",
    "accuracy",
    "precision",
    "recall",
    "f1_score",
    "confusion_matrix",
    "prediction_positive_rate",
    "actual_positive_rate",
    "mean_score",
    "score_std",
)


def test_baseline_and_tracker_answer_alike() -> None:
    stream = make_stream(ROWS)
    baseline, tracker = PlainTracker(), new_tracker()
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = zip(stream.predictions.tolist(), stream.scores.tolist(), stream.actuals.tolist(), strict=True)
    for number, (prediction, score, actual) in enumerate(rows):
        timestamp = now - timedelta(minutes=number)
        for one in (baseline, tracker):
            one.log_prediction(f"request-{number}", prediction, score, timestamp=timestamp)
            if number % 3:
                one.log_ground_truth(f"request-{number}", actual, timestamp=timestamp)
    for hours in (6, 24, 48):
        plain, tracked = baseline.compute_metrics(hours), tracker.compute_metrics(hours)
        assert {key: plain[key] for key in SHARED_KEYS} == {key: tracked[key] for key in SHARED_KEYS}


def test_baseline_counts_as_numpy_does() -> None:
    stream = make_stream(ROWS)
    baseline = PlainTracker()
    for number in range(ROWS):
        baseline.log_prediction(number, int(stream.predictions[number]), float(stream.scores[number]))
        baseline.log_ground_truth(number, int(stream.actuals[number]))
    expected(stream).require(answered(baseline.compute_metrics(24)), ROUNDED)


def test_baseline_without_labels() -> None:
    baseline = PlainTracker()
    baseline.log_prediction("request-1", 1, 0.9)
    assert baseline.compute_metrics(24) == {"status": "no_matched_data", "total_predictions": 1}


def test_floor_keeps_every_event() -> None:
    floor = LeanFloor()
    floor.log_prediction("request-1", 1, 0.9)
    floor.log_ground_truth("request-1", 0)
    assert floor.counters() == {"predictions": 1, "labels": 1}
