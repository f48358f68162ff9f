"""A tiny prediction service for gunicorn: one tracker, made before the workers are forked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from truthlag import ModelPerformanceTracker

tracker = ModelPerformanceTracker("service", "v1")
tracker.log_prediction("before the fork", 1, 0.5)
tracker.log_ground_truth("before the fork", 1)


def application(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environment["PATH_INFO"]
    arguments = {key: values[0] for key, values in parse_qs(environment.get("QUERY_STRING", "")).items()}
    answer: dict[str, Any] = {"worker": os.getpid()}
    if path == "/predict":
        tracker.log_prediction(arguments["id"], int(arguments["decision"]), float(arguments["score"]), {"path": path})
    elif path == "/label":
        tracker.log_ground_truth(arguments["id"], int(arguments["actual"]))
        answer["matched"] = arguments["id"] in tracker.predictions
    else:
        answer["counters"] = tracker.counters()
        answer["metrics"] = tracker.compute_metrics(24)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
