"""Successes among rows, batch after batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.abtest.statistics.column import column
from truthlag.verdict.abtest.statistics.proportion import Proportion

_MOST_BATCHES = 100_000


@dataclass(frozen=True, slots=True)
class BatchedProportion:
    """Successes among the rows of each batch, in the order in which batches came: of each day, or since each look.

    At any time it is compared by bets: each batch is held against what was learnt from those before, which is exact with few
    successes too, and finds more than what can be told from the sums (`method="exact"` of a `Proportion`). Both arms must have the
    same batches. When one ends may depend on all that came before, but not on what is in it. In other modes the sums are
    compared, as a `Proportion`.

    Args:
        successes: Those of each batch, from 0 to its rows.
        rows: The rows of each batch; 0 where the arm had none.

    Raises:
        TypeError: One of them is no count.
        ValueError: One is negative, there are more successes than rows, or not as many batches of both.

    Example:
        >>> from truthlag.abtest import BatchedProportion, compare
        >>> control = BatchedProportion([1, 0, 2, 1, 0, 1], [100] * 6)
        >>> treatment = BatchedProportion([3, 5, 4, 6, 5, 4], [100] * 6)
        >>> result = compare(control, treatment, expected_n=1_000)
        >>> result.verdict, result.method, round(result.e_value)
        ('better', 'exact e-value by bets on batches', 562)
        >>> treatment.n, treatment.rows[:2], treatment.estimate, round(treatment.standard_error, 4)
        (600, (100, 100), 0.045, 0.0085)
    """

    KIND: ClassVar[str] = "batched proportion"

    successes: tuple[int, ...]
    rows: tuple[int, ...]

    def __post_init__(self) -> None:
        rows = tuple(count(f"rows[{place}]", one) for place, one in enumerate(_given("rows", self.rows)))
        given = _given("successes", self.successes)
        if len(given) != len(rows):
            raise ValueError(f"successes must have as many batches as rows ({len(rows)}), got {len(given)}")
        if len(rows) > _MOST_BATCHES:
            raise ValueError(f"rows must have {_MOST_BATCHES:,} batches at most, got {len(rows):,}")
        pairs = enumerate(zip(given, rows, strict=True))
        successes = tuple(count(f"successes[{i}]", one, most, f"rows[{i}]") for i, (one, most) in pairs)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "successes", successes)

    @classmethod
    def of(cls, values: Any, batches: Any) -> BatchedProportion:
        """From rows.

        Args:
            values: Zeros and ones.
            batches: Which batch each row came in: whole numbers from 0 on, the same of both arms, such as days since the start.

        Raises:
            TypeError: They are no numbers.
            ValueError: A value is neither 0 nor 1, a batch is no whole number from 0 on, or they are not equally many.

        Cost: some passes.

        Example:
            >>> from truthlag.abtest import BatchedProportion
            >>> BatchedProportion.of([1, 0, 0, 1], [0, 0, 2, 2])
            BatchedProportion(successes=(1, 0, 1), rows=(2, 0, 2))
        """
        array = column("values", values)
        Proportion.of(array)
        places = column("batches", batches, len(array))
        wrong = np.flatnonzero(~((places >= 0) & (places < _MOST_BATCHES) & (places == np.floor(places))))
        if len(wrong):
            given = described(places[wrong[0]].item())
            raise ValueError(f"batches[{wrong[0]}] must be a whole number from 0 to {_MOST_BATCHES - 1:,}, got {given}")
        whole = places.astype(np.intp)
        rows, successes = np.bincount(whole), np.bincount(whole, weights=array.astype(np.float64))
        return cls(tuple(successes.astype(np.intp).tolist()), tuple(rows.tolist()))

    @property
    def n(self) -> int:
        """The rows of all batches."""
        return sum(self.rows)

    @property
    def total(self) -> Proportion:
        """All batches together.

        Example:
            >>> from truthlag.abtest import BatchedProportion
            >>> BatchedProportion([1, 0], [40, 50]).total
            Proportion(k=1, n=90)
        """
        return Proportion(sum(self.successes), self.n)

    @property
    def estimate(self) -> float | None:
        """The share of successes in all batches; None without rows."""
        return self.total.estimate

    @property
    def standard_error(self) -> float | None:
        """Its plain standard error, as `Proportion` has it."""
        return self.total.standard_error

    def followed_by(self, batch: Proportion) -> BatchedProportion:
        """The same with one batch more. Cost: a copy.

        Example:
            >>> from truthlag.abtest import BatchedProportion, Proportion
            >>> BatchedProportion([], []).followed_by(Proportion(1, 40)).followed_by(Proportion(0, 50))
            BatchedProportion(successes=(1, 0), rows=(40, 50))
        """
        return BatchedProportion((*self.successes, batch.k), (*self.rows, batch.n))

    def merge(self, other: BatchedProportion) -> BatchedProportion:
        """That of the rows of both, batch by batch: of two processes that saw the same days. Cost: a sum.

        Example:
            >>> from truthlag.abtest import BatchedProportion
            >>> BatchedProportion([1, 0], [40, 50]).merge(BatchedProportion([2], [30]))
            BatchedProportion(successes=(3, 0), rows=(70, 50))
        """
        successes, rows = (
            tuple(map(sum, zip_longest(*pair, fillvalue=0)))
            for pair in ((self.successes, other.successes), (self.rows, other.rows))
        )
        return BatchedProportion(successes, rows)

    def __add__(self, other: object) -> BatchedProportion:
        return self.merge(other) if isinstance(other, BatchedProportion) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import BatchedProportion
            >>> BatchedProportion([1, 0], [40, 50]).to_dict()
            {'kind': 'batched proportion', 'successes': [1, 0], 'rows': [40, 50]}
        """
        return {"kind": self.KIND, "successes": list(self.successes), "rows": list(self.rows)}


def _given(name: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be counts of batches, got {described(values)}")
    return tuple(values)
