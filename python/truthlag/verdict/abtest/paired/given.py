"""What a caller gives as two models: pairs, trackers, tables, or values of each request."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.paired.table import is_table
from truthlag.verdict.abtest.statistics.clusters import places
from truthlag.verdict.abtest.statistics.column import blame, column

Values: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp] | None]


def pairs_of(control: Any, treatment: Any, on: Any, cluster: Any, window: dict[str, Any] | None) -> PairedRows | Values:
    """Pairs; or for arrays the values of both and the clusters.

    Raises:
        TypeError: They are none of what is allowed, or of different kinds.
        ValueError: A value is not allowed, or an argument is not for what is given.
    """
    if isinstance(control, PairedRows):
        for name, value in (("treatment", treatment), ("on", on), ("cluster", cluster), ("window", window)):
            if value is not None:
                raise ValueError(f"{name} must be None for PairedRows, which have it already, got {described(value)}")
        return control
    chosen = window or {}
    if isinstance(control, ModelPerformanceTracker) or isinstance(treatment, ModelPerformanceTracker):
        if on is not None:
            raise ValueError(f"on must be None for trackers, which are joined by request id, got {described(on)}")
        return PairedRows.from_trackers(control, treatment, cluster=cluster, **chosen)
    if is_table(control) or is_table(treatment):
        keys = "request_id" if on is None else on
        return PairedRows.from_tables(control, treatment, on=keys, cluster=cluster, **chosen)
    for name, value in (("on", on), ("window", window)):
        if value is not None:
            raise ValueError(f"{name} must be None for arrays of values, got {described(value)}")
    before = column("control", control)
    now = column("treatment", treatment, len(before))
    for name, array in (("control", before), ("treatment", now)):
        if not np.isfinite(array).all():
            raise blame(name, array)
    where = None if cluster is None else places("cluster", cluster, len(before))[0]
    return before.astype(np.float64), now.astype(np.float64), where
