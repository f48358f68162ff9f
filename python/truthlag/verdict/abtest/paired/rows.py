"""Pairs: what two models said of the same requests, and the labels of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.paired.table import binary, moments, numbers
from truthlag.verdict.abtest.statistics.clusters import places

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PairedRows:
    """What two models said of the same requests, a row each, in order of prediction time.

    Args:
        labels: 0 or 1; None or NaN where the truth is not known.
        control_predictions: The decisions of the model in place, 0 or 1; None where there are scores alone.
        treatment_predictions: Those of the other model.
        control_scores: The scores of the model in place; None where there are none, None or NaN in rows without one.
        treatment_scores: Those of the other model.
        times: When each prediction was made: datetimes, datetime64, ISO texts in UTC or seconds since the epoch; None for rows that
            are in order already.
        cluster: The cluster of each row, where rows hang together (those of one user, of one race); or a timedelta: rows of one
            such span of time are a cluster.
        unpaired_control: Rows of the control that have no partner, which the results tell.
        unpaired_treatment: Those of the treatment.
        conflicting_labels: Pairs of which the two logs gave different labels.

    Raises:
        TypeError: A column has the wrong type.
        ValueError: A value is not allowed, or columns are of different lengths.

    Cost: some passes over the columns; a sort where the times are not in order.

    Example:
        >>> from truthlag.abtest import PairedRows
        >>> rows = PairedRows(labels=[1, 0, None], control_predictions=[1, 1, 0], treatment_predictions=[1, 0, 0])
        >>> rows
        <PairedRows of 3 pairs, 2 with label, 1 disagreement>
        >>> rows.disagrees.tolist(), rows.is_labelled.tolist()
        ([False, True, False], [True, True, False])
    """

    labels: Any
    control_predictions: Any = None
    treatment_predictions: Any = None
    control_scores: Any = None
    treatment_scores: Any = None
    times: Any = None
    cluster: Any = None
    unpaired_control: int = 0
    unpaired_treatment: int = 0
    conflicting_labels: int = 0

    def __post_init__(self) -> None:
        labels = binary("labels", self.labels, may_miss=True)
        columns: dict[str, NDArray[Any] | None] = {"labels": labels}
        for kind in ("predictions", "scores"):
            given = [getattr(self, f"{side}_{kind}") for side in ("control", "treatment")]
            if (given[0] is None) != (given[1] is None):
                missing = "control" if given[0] is None else "treatment"
                raise ValueError(f"{missing}_{kind} must be given where those of the other model are, got None")
            for side, column in zip(("control", "treatment"), given, strict=True):
                name = f"{side}_{kind}"
                columns[name] = None if column is None else _checked(name, kind, column)
        if columns["control_predictions"] is None and columns["control_scores"] is None:
            raise ValueError("control_predictions or control_scores must be given, got None for both")
        columns["times"] = None if self.times is None else moments("times", self.times)
        n = len(labels)
        for name, array in columns.items():
            if array is not None and len(array) != n:
                raise ValueError(f"{name} must have a value for each of the {n} labels, got {len(array)}")
        columns["cluster"] = self._clusters(n, columns["times"])
        self._put(columns)

    def _clusters(self, n: int, times: NDArray[np.int64] | None) -> NDArray[np.intp] | None:
        if self.cluster is None:
            return None
        if isinstance(self.cluster, timedelta):
            if times is None:
                raise ValueError("cluster must be a column where there are no times, got a timedelta")
            if self.cluster <= timedelta(0):
                raise ValueError(f"cluster must be a timedelta above 0, got {described(self.cluster)}")
            return places("cluster", times // (self.cluster // _MICROSECOND), n)[0]
        return places("cluster", self.cluster, n)[0]

    def _put(self, columns: dict[str, NDArray[Any] | None]) -> None:
        times = columns["times"]
        if times is not None and (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")
            columns = {name: None if array is None else array[order] for name, array in columns.items()}
        for name, array in columns.items():
            object.__setattr__(self, name, array)

    @classmethod
    def from_trackers(cls, control: Any, treatment: Any, *, cluster: Any = None, **window: Any) -> PairedRows:
        """The requests that two trackers have both seen, joined by request id.

        A label may have come to either of them; where both have one and they differ, the later one by its time counts.

        Args:
            control: The tracker of the model in place.
            treatment: That of the other one. One of the two has to keep its ids.
            cluster: The name of a feature, or several, whose values make the clusters; or a timedelta.
            window: `start` and `end` (not part of it) of the control's prediction times; `min_age`, a timedelta: only requests of this age,
                so that labels had their time to come; `now`, None for the clock.

        Raises:
            TypeError: They are no trackers, or neither keeps its ids.
            ValueError: A value is not allowed.

        Cost: some microseconds a request.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> from truthlag.abtest import PairedRows
            >>> champion, challenger = ModelPerformanceTracker("fraud", "v1"), ModelPerformanceTracker("fraud", "v2")
            >>> _ = champion.log_predictions(["a", "b", "c"], [1, 0, 1])
            >>> _ = challenger.log_predictions(["a", "b"], [1, 1])
            >>> _ = champion.log_ground_truths(["a", "b"], [1, 0])
            >>> PairedRows.from_trackers(champion, challenger)
            <PairedRows of 2 pairs, 2 with label, 1 disagreement>
        """
        from truthlag.verdict.abtest.paired.from_trackers import columns_of_trackers

        return cls(**columns_of_trackers(control, treatment, cluster, **window))

    @classmethod
    def from_tables(
        cls, control: Any, treatment: Any, *, on: str | Sequence[str] = "request_id", cluster: Any = None, **window: Any
    ) -> PairedRows:
        """The rows of two logs that are about the same thing.

        Args:
            control: The log of the model in place: a dict of columns or a data frame (pandas, polars, Arrow), with `prediction` or
                `score` or both, `label`, and, where there are times, `timestamp` and `label_timestamp`.
            treatment: That of the other model; its labels count where the control has none.
            on: The columns by which rows are joined; together they have to tell the rows of each log apart. A row in which one of
                them is missing has no partner.
            cluster: The column, or columns, whose values make the clusters; or a timedelta.
            window: As in `from_trackers`. With `now`, labels that come later by their `label_timestamp` are not known yet.

        Raises:
            TypeError: One is no table.
            ValueError: A column is missing, a value is not allowed, or a key is there twice.

        Cost: a sort of each column that is joined by.

        Example:
            >>> from truthlag.abtest import PairedRows
            >>> old = {"request_id": [1, 2, 3], "prediction": [1, 0, 1], "label": [1, 1, None]}
            >>> new = {"request_id": [3, 2, 9], "prediction": [0, 1, 1], "label": [None, 1, 0]}
            >>> PairedRows.from_tables(old, new)
            <PairedRows of 2 pairs, 1 with label, 2 disagreements>
        """
        from truthlag.verdict.abtest.paired.from_tables import columns_of_tables

        return cls(**columns_of_tables(control, treatment, on, cluster, **window))

    @classmethod
    def from_log(
        cls,
        log: Any,
        *,
        control: Any,
        treatment: Any,
        on: str | Sequence[str],
        version: str = "model_version",
        cluster: Any = None,
        **window: Any,
    ) -> PairedRows:
        """The rows of two versions in one log that are about the same thing.

        Args:
            log: A table as in `from_tables`.
            control: The version in place, a value of the column `version`.
            treatment: The other version.
            on: The columns by which rows are joined.
            version: The column that tells the versions apart.
            cluster: As in `from_tables`.
            window: As in `from_tables`.

        Raises:
            TypeError: It is no table.
            ValueError: A column is missing, no row is of a version, a value is not allowed, or a key is there twice.

        Cost: as that of `from_tables`.

        Example:
            >>> from truthlag.abtest import PairedRows
            >>> log = {"model_version": ["a", "b", "a", "b"], "match": [1, 1, 2, 2], "score": [0.8, 0.7, 0.1, 0.2],
            ...        "label": [1, 1, 0, 0]}
            >>> PairedRows.from_log(log, control="a", treatment="b", on="match")
            <PairedRows of 2 pairs, 2 with label>
        """
        from truthlag.verdict.abtest.paired.from_tables import columns_of_tables, versions_of

        first, second = versions_of(log, version, control, treatment)
        return cls(**columns_of_tables(first, second, on, cluster, **window))

    @property
    def disagrees(self) -> NDArray[np.bool_] | None:
        """For each pair whether the decisions differ; None without decisions. Only their labels bear on which model is right more often."""
        return None if self.control_predictions is None else self.control_predictions != self.treatment_predictions

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """For each pair whether its label is known."""
        return np.asarray(~np.isnan(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        text = f"{len(self)} pairs, {int(np.count_nonzero(self.is_labelled))} with label"
        if self.disagrees is not None:
            k = int(np.count_nonzero(self.disagrees))
            text += f", {k} disagreement{'' if k == 1 else 's'}"
        return f"<PairedRows of {text}>"


def _checked(name: str, kind: str, column: Any) -> NDArray[np.float64]:
    if kind == "predictions":
        return binary(name, column, may_miss=False)
    array = numbers(name, column)
    if np.isinf(array).any():
        raise ValueError(f"{name}[{int(np.argmax(np.isinf(array)))}] must be finite or missing, got infinity")
    return array
