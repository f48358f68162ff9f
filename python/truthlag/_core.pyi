from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self, TypeAlias
from uuid import UUID

import numpy as np
from typing_extensions import disjoint_base

from truthlag.metrics.core_report import CoreReport

_Id: TypeAlias = str | bytes | int | UUID
_Binary: TypeAlias = int | float | np.integer[Any] | np.floating[Any] | np.bool_
_Number: TypeAlias = int | float | np.integer[Any] | np.floating[Any]
_Time: TypeAlias = datetime | np.datetime64 | int | float
_Clock: TypeAlias = Callable[[], _Time]
_Report: TypeAlias = tuple[int, int, int, list[tuple[int, str]]]
_Estimate: TypeAlias = tuple[str, float | None, float | None, float | None, float | None, int, str | None]

def build_info() -> dict[str, str]: ...
def may_drain_beside() -> bool: ...
def quicken(class_: type[Tracker], /) -> None: ...
def microseconds(argument: str, time: _Time) -> int: ...
def f_beta(
    true_positives: int, false_positives: int, false_negatives: int, beta: float, confidence: float
) -> _Estimate: ...

@disjoint_base
class Tracker:
    def __new__(cls, *_arguments: object, **_keywords: object) -> Self: ...
    def log_prediction(
        self,
        request_id: _Id,
        prediction: _Binary,
        score: _Number | None = None,
        features: dict[str, Any] | None = None,
        timestamp: _Time | None = None,
    ) -> None: ...
    def log_ground_truth(self, request_id: _Id, actual: _Binary, timestamp: _Time | None = None) -> None: ...
    def forget(self, request_id: _Id) -> bool: ...
    def retract_ground_truth(self, request_id: _Id) -> bool: ...
    def counters(self) -> dict[str, int]: ...
    def memory_usage(self) -> dict[str, int]: ...
    def _initialise(
        self,
        *,
        retention: timedelta | None,
        max_predictions: int | None,
        max_orphan_labels: int,
        keep_ids: bool,
        keep_features: bool,
        clock: _Clock | None,
    ) -> None: ...
    def _log_predictions(
        self,
        request_ids: Any,
        predictions: Any,
        scores: Any,
        features: Any,
        timestamps: Any,
        on_error: str,
    ) -> _Report: ...
    def _log_ground_truths(self, request_ids: Any, actuals: Any, timestamps: Any, on_error: str) -> _Report: ...
    def _plain_metrics(self, window: int, now: _Time | None) -> dict[str, Any]: ...
    def _snapshot(
        self,
        window: timedelta | None,
        start: _Time | None,
        end: _Time | None,
        min_age: timedelta | None,
        now: _Time | None,
        threshold: float | None,
        confidence: float,
        exact: bool,
    ) -> CoreReport: ...
    def _prediction(self, request_id: _Id) -> tuple[int, float | None, dict[str, Any], int] | None: ...
    def _ground_truth(self, request_id: _Id) -> tuple[int, int] | None: ...
    def _ids(self, cursor: tuple[int, int] | None, labelled: bool) -> tuple[list[_Id], tuple[int, int] | None]: ...
    def _keeps_ids(self) -> bool: ...
    def _to_bytes(self, header: bytes) -> bytes: ...
    def _restore(self, data: bytes, clock: _Clock | None) -> bytes: ...
