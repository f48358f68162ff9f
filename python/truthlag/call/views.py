"""Read-only views of what a tracker holds, with the shape of plain dicts of dicts."""

from abc import abstractmethod
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the views write naive UTC times, as the classes they replace do


def iso_timestamp(microseconds: int) -> str:
    """The naive ISO 8601 text of microseconds since the epoch."""
    return (EPOCH + timedelta(microseconds=microseconds)).isoformat()


class _Items(ItemsView[str | bytes | int | UUID, dict[str, Any]]):
    def __init__(self, view: "_View") -> None:
        super().__init__(view)
        self._view = view

    def __iter__(self) -> Iterator[tuple[str | bytes | int | UUID, dict[str, Any]]]:
        for request_id in self._view:
            entry = self._view.get(request_id)
            if entry is not None:
                yield request_id, entry


class _Values(ValuesView[dict[str, Any]]):
    def __init__(self, view: "_View") -> None:
        super().__init__(view)
        self._view = view

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for request_id in self._view:
            entry = self._view.get(request_id)
            if entry is not None:
                yield entry


class _View(Mapping[str | bytes | int | UUID, dict[str, Any]]):
    """What the two views share; each look-up reads the tracker as it is at that moment."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: "ModelPerformanceTracker") -> None:
        self._tracker = tracker

    @abstractmethod
    def _find(self, request_id: Any) -> dict[str, Any] | None: ...

    def __getitem__(self, request_id: str | bytes | int | UUID) -> dict[str, Any]:
        """The entry of a request. Cost: constant.

        Raises:
            KeyError: Nothing is held for this id, or it is no id at all.
        """
        try:
            found = self._find(request_id)
        except (TypeError, ValueError):
            found = None
        if found is None:
            raise KeyError(request_id)
        return found

    def items(self) -> ItemsView[str | bytes | int | UUID, dict[str, Any]]:
        """Ids and entries; an id that leaves during the iteration is passed over.

        Iterating over it raises TypeError where the tracker does not keep its ids.

        Cost: constant; its iteration is proportional to the length.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_ground_truths(["req-1", "req-2"], [1, 0])
            >>> sorted((request_id, label["actual"]) for request_id, label in tracker.ground_truths.items())
            [('req-1', 1), ('req-2', 0)]
        """
        return _Items(self)

    def values(self) -> ValuesView[dict[str, Any]]:
        """The entries; one that leaves during the iteration is passed over.

        Iterating over it raises TypeError where the tracker does not keep its ids.

        Cost: constant; its iteration is proportional to the length.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_predictions(["req-1", "req-2"], [1, 0], [0.9, 0.2])
            >>> [prediction["score"] for prediction in tracker.predictions.values()]
            [0.9, 0.2]
        """
        return _Values(self)

    def __contains__(self, request_id: object) -> bool:
        try:
            return self._find(request_id) is not None
        except (TypeError, ValueError):
            return False

    def __eq__(self, other: object) -> bool:
        """Whether a mapping holds the same ids with equal entries, in any order.

        Without the ids of this tracker, those of the other mapping are looked up.

        Raises:
            TypeError: Two views are as long as each other, and neither tracker keeps its ids.

        Cost: constant where lengths differ, and for two views of one tracker; else proportional to the length.
        """
        if not isinstance(other, Mapping):
            return NotImplemented
        if isinstance(other, _View) and type(other) is type(self) and other._tracker is self._tracker:
            return True
        if len(self) != len(other):
            return False
        if not len(self):
            return True
        if not self._tracker._keeps_ids():
            return _holds_all(self, other)
        if isinstance(other, _View) and not other._tracker._keeps_ids():
            return _holds_all(other, self)
        return dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]

    def _iterate(self, *, labelled: bool) -> Iterator[str | bytes | int | UUID]:
        if not self._tracker._keeps_ids():
            raise TypeError("iteration needs the ids, which this tracker does not keep: make it with keep_ids=True")
        return self._pages(labelled=labelled)

    def _pages(self, *, labelled: bool) -> Iterator[str | bytes | int | UUID]:
        cursor: tuple[int, int] | None = None
        while True:
            ids, cursor = self._tracker._ids(cursor, labelled)
            yield from ids
            if cursor is None:
                return

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} entries>"


def _holds_all(view: _View, other: Mapping[Any, Any]) -> bool:
    absent = object()
    # A view shows a UUID as text: by a look-up alone, the two would be two keys of one entry.
    return all(not isinstance(key, UUID) and view.get(key, absent) == entry for key, entry in other.items())


class PredictionView(_View):
    """The predictions held, by request id: `{"prediction", "score", "features", "timestamp", "model_version"}`.

    Reads like a dict of dicts; the dicts are made for the occasion, and changing one changes nothing. `model_version` is
    that of the tracker now. Iteration is in order of arrival, needs `keep_ids=True`, and meets the tracker as it is at
    each step. A view equals any mapping with the same ids and entries; without the ids, the mapping's are looked up.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector", "v2")
        >>> tracker.log_prediction("req-1", 1, 0.9, {"amount": 500}, timestamp=0)
        >>> tracker.predictions["req-1"]["features"]
        {'amount': 500}
        >>> list(tracker.predictions), "req-2" in tracker.predictions
        (['req-1'], False)
    """

    __slots__ = ()

    def _find(self, request_id: Any) -> dict[str, Any] | None:
        found = self._tracker._prediction(request_id)
        if found is None:
            return None
        prediction, score, features, time = found
        return {
            "prediction": prediction,
            "score": score,
            "features": features,
            "timestamp": iso_timestamp(time),
            "model_version": self._tracker.model_version,
        }

    def __len__(self) -> int:
        return self._tracker.counters()["predictions"]

    def __iter__(self) -> Iterator[str | bytes | int | UUID]:
        return self._iterate(labelled=False)


class GroundTruthView(_View):
    """The labels held, by request id, those without a prediction too: `{"actual", "timestamp"}`.

    Reads, and is equal to mappings, as `PredictionView`; labels without a prediction come in no promised order.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector")
        >>> tracker.log_ground_truth("req-1", 1, timestamp=0.5)
        >>> tracker.ground_truths["req-1"]
        {'actual': 1, 'timestamp': '1970-01-01T00:00:00.500000'}
    """

    __slots__ = ()

    def _find(self, request_id: Any) -> dict[str, Any] | None:
        found = self._tracker._ground_truth(request_id)
        if found is None:
            return None
        actual, time = found
        return {"actual": actual, "timestamp": iso_timestamp(time)}

    def __len__(self) -> int:
        return self._tracker.counters()["labels"]

    def __iter__(self) -> Iterator[str | bytes | int | UUID]:
        return self._iterate(labelled=True)
