"""What was read of a test, as statistics of its arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.read import Numbers, Rows
from truthlag.verdict.abtest.statistics.mean import Mean

#: A single value that makes so much of the spread is worth a word.
LARGE_SHARE = 0.05
_FEW = 100


@dataclass(frozen=True)
class Exposures:
    """New units of each arm, in a period and a segment."""

    period: int
    segment: int | None
    units: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """What all arms show in a metric, the control first: what `compare` and `compare_many` take."""

    arms: tuple[Any, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """How many of the rows, or units, of each arm have a value of a metric."""

    known: tuple[int, ...]
    of: tuple[int, ...]

    @property
    def missing(self) -> int:
        """Those that have none."""
        return sum(self.of) - sum(self.known)


class Collected(Protocol):
    """What the report asks of the rows, however they are held. Arms are 0, the control, and the treatments from 1 on."""

    is_clustered: bool
    """Whether units have several rows."""

    def shown(self, spec: MetricSpec, *, segment: int | None = None, until: int | None = None) -> Shown:
        """All arms of a metric: of all rows, of a segment, or of the periods before `until`."""
        ...

    def exposures(self) -> Iterator[Exposures]:
        """Units as they were first seen, by period."""
        ...

    def known(self, spec: MetricSpec) -> Known:
        """How much of a metric is there."""
        ...

    def units(self) -> tuple[int, ...]:
        """The units of each arm; rows, where these are the units."""
        ...

    def settle(self, arms: Sequence[int]) -> None:
        """Say which arms are compared, the control first, once all rows are taken."""
        ...

    def take(self, rows: Rows) -> None:
        """Take good rows, of any arm."""
        ...

    def periods(self) -> list[int]:
        """The periods that have rows, in order; where labels are waited for, rows that are old enough."""
        ...

    def outlier(self, spec: MetricSpec) -> tuple[float, float] | None:
        """The value that makes most of the spread of a mean, and its share of that; None where none stands out."""
        ...


def outlier_of(arms: list[tuple[Mean, float, float]]) -> tuple[float, float] | None:
    """The same from the mean, the least and the greatest value of each arm.

    >>> values = [1.0] * 150 + [2.0] * 150
    >>> outlier_of([(Mean.of([*values, 900.0]), 1.0, 900.0)])
    (900.0, 0.9999...)
    """
    found = None
    for mean, low, high in arms:
        if mean.n < _FEW or not mean.m2:
            continue
        far = max((low, high), key=lambda value: abs(value - mean.mean))
        # What the sum of squares would lose without it.
        share = (far - mean.mean) ** 2 * mean.n / (mean.n - 1) / mean.m2
        if share >= LARGE_SHARE and (found is None or share > found[1]):
            found = float(far), float(share)
    return found


def is_binary(values: Numbers) -> bool:
    """Whether there is nothing but 0 and 1."""
    return bool(np.all((values == 0) | (values == 1)))


def not_binary(column: str, what: str) -> str:
    """What is said of a column of zeros and ones that holds others.

    >>> not_binary("fraud", "labels")
    'column `fraud` has other values than 0 and 1, and cannot be labels'
    """
    return f"column `{column}` has other values than 0 and 1, and cannot be {what}"
