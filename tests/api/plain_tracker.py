"""The plain class that the tracker replaces, word for word: the oracle of test_plain_tracker.py."""
# ruff: noqa: F401, I001, RUF013, UP006, UP035 - the lines are their own
# fmt: off

import numpy as np
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Dict, List, Optional, Tuple
import json


class ModelPerformanceTracker:
    """Track model performance metrics in production.

    Handles delayed ground truth, windowed metrics, and alerts.

    Usage:
        tracker = ModelPerformanceTracker("fraud-detector-v2")
        # Log predictions as they happen
        tracker.log_prediction("req-123", prediction=1, score=0.92,
                               features={"amount": 500})
        # Log ground truth when it arrives (possibly days later)
        tracker.log_ground_truth("req-123", actual=1)
        # Compute metrics
        metrics = tracker.compute_metrics(window_hours=24)
    """

    def __init__(self, model_name: str, model_version: str = "latest"):
        self.model_name = model_name
        self.model_version = model_version
        self.predictions: Dict[str, dict] = {}  # request_id -> prediction
        self.ground_truths: Dict[str, dict] = {}  # request_id -> ground truth
        self.metrics_history: List[dict] = []

    def log_prediction(self, request_id: str, prediction: int,
                       score: float, features: dict = None,
                       timestamp: datetime = None):
        """Log a model prediction. Call this at inference time."""
        self.predictions[request_id] = {
            "prediction": prediction,
            "score": score,
            "features": features or {},
            "timestamp": (timestamp or datetime.utcnow()).isoformat(),
            "model_version": self.model_version
        }

    def log_ground_truth(self, request_id: str, actual: int,
                         timestamp: datetime = None):
        """Log ground truth when it becomes available."""
        self.ground_truths[request_id] = {
            "actual": actual,
            "timestamp": (timestamp or datetime.utcnow()).isoformat()
        }

    def compute_metrics(self, window_hours: int = 24) -> dict:
        """Compute classification metrics for predictions that
        have ground truth within the time window."""
        cutoff = datetime.utcnow() - timedelta(hours=window_hours)
        # Match predictions with ground truth
        y_true, y_pred, y_scores = [], [], []
        matched_count = 0
        for req_id, pred in self.predictions.items():
            pred_time = datetime.fromisoformat(pred["timestamp"])
            if pred_time < cutoff:
                continue
            if req_id in self.ground_truths:
                matched_count += 1
                y_true.append(self.ground_truths[req_id]["actual"])
                y_pred.append(pred["prediction"])
                y_scores.append(pred["score"])
        if len(y_true) == 0:
            return {
                "status": "no_matched_data",
                "total_predictions": len(self.predictions),
                "ground_truth_coverage": 0.0
            }
        y_true = np.array(y_true)
        y_pred = np.array(y_pred)
        y_scores = np.array(y_scores)
        # Compute metrics
        tp = np.sum((y_pred == 1) & (y_true == 1))
        fp = np.sum((y_pred == 1) & (y_true == 0))
        fn = np.sum((y_pred == 0) & (y_true == 1))
        tn = np.sum((y_pred == 0) & (y_true == 0))
        precision = tp / (tp + fp) if (tp + fp) > 0 else 0
        recall = tp / (tp + fn) if (tp + fn) > 0 else 0
        f1 = (2 * precision * recall / (precision + recall)
              if (precision + recall) > 0 else 0)
        accuracy = (tp + tn) / len(y_true)
        metrics = {
            "model": self.model_name,
            "version": self.model_version,
            "window_hours": window_hours,
            "timestamp": datetime.utcnow().isoformat(),
            "sample_size": len(y_true),
            "ground_truth_coverage": round(matched_count / max(1, len(self.predictions)), 4),
            "accuracy": round(accuracy, 4),
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1_score": round(f1, 4),
            "confusion_matrix": {
                "tp": int(tp), "fp": int(fp),
                "fn": int(fn), "tn": int(tn)
            },
            "prediction_positive_rate": round(np.mean(y_pred), 4),
            "actual_positive_rate": round(np.mean(y_true), 4),
            "mean_score": round(np.mean(y_scores), 4),
            "score_std": round(np.std(y_scores), 4)
        }
        self.metrics_history.append(metrics)
        return metrics
