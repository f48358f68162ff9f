"""Pairs of two trackers, joined by request id."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.verdict.abtest.paired.window import bounds


def columns_of_trackers(control: Any, treatment: Any, cluster: Any, **window: Any) -> dict[str, Any]:
    """The columns of `PairedRows`."""
    for side, tracker in (("control", control), ("treatment", treatment)):
        if not isinstance(tracker, ModelPerformanceTracker):
            raise TypeError(f"{side} must be a ModelPerformanceTracker, got {described(tracker)}")
    start, end, _ = bounds(window, control._clock)
    keeper = next((one for one in (control, treatment) if one._keeps_ids()), None)
    if keeper is None:
        raise TypeError("control or treatment must keep its ids (keep_ids=True), since pairs are looked up by them")
    features = _features(cluster)
    pairs: list[tuple[Any, ...]] = []
    clusters: list[Any] = []
    paired = conflicts = 0
    for request_id in keeper.predictions:
        before, now = control._prediction(request_id), treatment._prediction(request_id)
        if before is None or now is None:
            continue
        paired += 1
        time = before[3]
        if (start is not None and time < start) or (end is not None and time >= end):
            continue
        label, conflict = _label(control._ground_truth(request_id), treatment._ground_truth(request_id))
        conflicts += conflict
        pairs.append((label, before[0], now[0], before[1], now[1], time))
        if features:
            clusters.append(_cluster(features, before[2], request_id))
    names = ("labels", "control_predictions", "treatment_predictions", "control_scores", "treatment_scores", "times")
    columns: dict[str, Any] = dict(zip(names, zip(*pairs, strict=True) if pairs else [()] * 6, strict=True))
    for side in ("control", "treatment"):
        columns[f"{side}_scores"] = [float("nan") if one is None else one for one in columns[f"{side}_scores"]]
    columns["times"] = np.array(columns["times"], dtype="datetime64[us]")
    columns["cluster"] = clusters if features else cluster
    return {
        **columns,
        "unpaired_control": len(control.predictions) - paired,
        "unpaired_treatment": len(treatment.predictions) - paired,
        "conflicting_labels": conflicts,
    }


def _label(first: tuple[int, int] | None, second: tuple[int, int] | None) -> tuple[float, bool]:
    if first is None or second is None:
        known = first or second
        return (float("nan") if known is None else float(known[0])), False
    latest = second if second[1] > first[1] else first
    return float(latest[0]), first[0] != second[0]


def _features(cluster: Any) -> tuple[str, ...]:
    if cluster is None or isinstance(cluster, timedelta):
        return ()
    if isinstance(cluster, str):
        return (cluster,)
    if isinstance(cluster, list | tuple) and cluster and all(isinstance(one, str) for one in cluster):
        return tuple(cluster)
    raise TypeError(f"cluster must be the names of features or a timedelta, got {described(cluster)}")


def _cluster(names: tuple[str, ...], features: dict[str, Any], request_id: Any) -> Any:
    try:
        values = tuple(features[name] for name in names)
    except KeyError as error:
        raise ValueError(
            f"cluster must be features that every request of control has, got {error.args[0]!r}, which {described(request_id)}"
            " has not"
        ) from error
    return repr(values)
