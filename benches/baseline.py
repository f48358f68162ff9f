"""What the tracker replaces: two dicts of dicts, and the least that pure Python can do, two dicts of tuples.

`PlainTracker` spends what the tracker of a lesson on monitoring spends: a dict an event, a timestamp as ISO text,
a walk over every prediction for every query. It is the baseline of the ratios, and an oracle of the answers.
`LeanFloor` keeps no timestamp and answers nothing; whoever logs from Python cannot be much below it.
"""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np

Metrics = dict[str, object]


def present() -> datetime:
    """Return the present in naive UTC by the cheapest silent call that the interpreter has."""
    return datetime.now(UTC).replace(tzinfo=None)


if sys.version_info < (3, 12):
    # Silent until 3.12 and half the cost: the baseline gets every chance.
    present = datetime.utcnow


class PlainTracker:
    """Two dicts of dicts: O(1) and some microseconds an event, O(predictions held) a query."""

    def __init__(self, model_name: str = "baseline", model_version: str = "latest") -> None:
        self.model_name = model_name
        self.model_version = model_version
        self.predictions: dict[object, dict[str, object]] = {}
        self.ground_truths: dict[object, dict[str, object]] = {}

    def log_prediction(
        self,
        request_id: object,
        prediction: int,
        score: float | None = None,
        features: dict[str, object] | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """Keep one prediction; the last arrival wins."""
        self.predictions[request_id] = {
            "prediction": prediction,
            "score": score,
            "features": features or {},
            "timestamp": (timestamp or present()).isoformat(),
            "model_version": self.model_version,
        }

    def log_ground_truth(self, request_id: object, actual: int, timestamp: datetime | None = None) -> None:
        """Keep one label; the last arrival wins."""
        self.ground_truths[request_id] = {"actual": actual, "timestamp": (timestamp or present()).isoformat()}

    def counters(self) -> dict[str, int]:
        """Return what is held; nothing is ever staged here, so this costs nothing."""
        return {"predictions": len(self.predictions), "labels": len(self.ground_truths)}

    def compute_metrics(self, window_hours: float = 24) -> Metrics:
        """Return the metrics of the labelled predictions of the last `window_hours`."""
        oldest = present() - timedelta(hours=window_hours)
        decisions: list[object] = []
        truths: list[object] = []
        scores: list[object] = []
        for request_id, logged in self.predictions.items():
            if datetime.fromisoformat(str(logged["timestamp"])) < oldest:
                continue
            label = self.ground_truths.get(request_id)
            if label is not None:
                decisions.append(logged["prediction"])
                truths.append(label["actual"])
                scores.append(logged["score"])
        if not truths:
            return {"status": "no_matched_data", "total_predictions": len(self.predictions)}
        decided = np.array(decisions)
        actual = np.array(truths)
        score = np.array(scores, dtype=np.float64)
        tp = int(np.sum((decided == 1) & (actual == 1)))
        fp = int(np.sum((decided == 1) & (actual == 0)))
        fn = int(np.sum((decided == 0) & (actual == 1)))
        tn = int(np.sum((decided == 0) & (actual == 0)))
        precision = tp / (tp + fp) if tp + fp else 0.0
        recall = tp / (tp + fn) if tp + fn else 0.0
        return {
            "sample_size": len(truths),
            "accuracy": round((tp + tn) / len(truths), 4),
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1_score": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
            "confusion_matrix": {"tp": tp, "fp": fp, "fn": fn, "tn": tn},
            "prediction_positive_rate": round(float(np.mean(decided)), 4),
            "actual_positive_rate": round(float(np.mean(actual)), 4),
            "mean_score": round(float(np.mean(score)), 4),
            "score_std": round(float(np.std(score)), 4),
        }


class LeanFloor:
    """Two dicts of tuples: no timestamp, no query, no check. The floor of logging from Python."""

    def __init__(self) -> None:
        self.predictions: dict[object, tuple[int, float]] = {}
        self.ground_truths: dict[object, tuple[int]] = {}

    def log_prediction(self, request_id: object, prediction: int, score: float) -> None:
        """Keep one prediction."""
        self.predictions[request_id] = (prediction, score)

    def log_ground_truth(self, request_id: object, actual: int) -> None:
        """Keep one label."""
        self.ground_truths[request_id] = (actual,)

    def counters(self) -> dict[str, int]:
        """Return what is held."""
        return {"predictions": len(self.predictions), "labels": len(self.ground_truths)}
