"""One metric of a window, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Metric", "MetricTable"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with its interval, or the reason why there is none.

    A metric is undefined when its formula divides by nothing: precision without a predicted positive, say. Then `value`
    is None and `reason` says why. A value may also come without an interval; `reason` then says why that is missing.

    Example:
        >>> precision = Metric(name="precision", value=0.8, low=0.49, high=0.943, n=10)
        >>> precision.value
        0.8
        >>> precision.interval
        (0.49, 0.943)
        >>> print(precision)
        precision 0.8000 (0.4900 to 0.9430)
    """

    name: str
    """The metric, such as `"f1_score"`."""
    value: float | None
    """The value, None when the metric is undefined for these rows."""
    low: float | None = None
    """The lower end of the interval."""
    high: float | None = None
    """The upper end of the interval."""
    error_bound: float | None = None
    """For ranking metrics: the exact value is certain to lie within this distance of `value`; 0.0 when ranks are exact."""
    n: int = 0
    """The rows that the value rests on: its denominator."""
    reason: str | None = None
    """Why there is no value, or no interval; None when there are both."""
    standard_error: float | None = None
    """The estimated standard deviation of `value` over samples of this size, rows being drawn independently: that of a
    proportion, s / sqrt(n) for a mean, DeLong's for `roc_auc`, else by the delta method. Above 0; None where the sample shows
    no spread, or nothing is known of it."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval, or None when there is none."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def to_dict(self) -> dict[str, object]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> Metric("recall", None, reason="no labels of 1 in the window").to_dict()["reason"]
            'no labels of 1 in the window'
        """
        return {
            "name": self.name,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "error_bound": self.error_bound,
            "n": self.n,
            "reason": self.reason,
            "standard_error": self.standard_error,
        }

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name} undefined: {self.reason}"
        if self.low is None or self.high is None:
            return f"{self.name} {self.value:.4f} (no interval: {self.reason})"
        return f"{self.name} {self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


class MetricTable(Mapping[str, Metric]):
    """The metrics of a window by name: a mapping that cannot be changed, and that pickles, copies and hashes.

    `metrics["f1_score"]` is a `Metric`; iteration gives the names in the order in which they are shown.

    Example:
        >>> table = MetricTable([Metric("accuracy", 0.9), Metric("recall", None, reason="no labels of 1 in the window")])
        >>> list(table)
        ['accuracy', 'recall']
        >>> table["accuracy"].value
        0.9
    """

    __slots__ = ("_by_name",)

    def __init__(self, metrics: Iterable[Metric] = ()) -> None:
        self._by_name = {metric.name: metric for metric in metrics}

    def __getitem__(self, name: str) -> Metric:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f"no metric {name!r}; there are {', '.join(self._by_name)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __hash__(self) -> int:
        # Equality is that of mappings, which does not look at the order.
        return hash(frozenset(self._by_name.values()))

    def __reduce__(self) -> tuple[type[MetricTable], tuple[tuple[Metric, ...]]]:
        return type(self), (tuple(self._by_name.values()),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self._by_name.values()))}])"
