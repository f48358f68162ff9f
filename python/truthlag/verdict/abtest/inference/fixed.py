"""One look, at the planned size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from truthlag.verdict.abtest.inference.inference import (
    LEAST_STATISTIC,
    Evidence,
    within_reason,
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """The t or z test and its interval, which hold for a single look."""

    alpha: float
    planned_n: int | None = None

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "fixed"

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:  # noqa: ARG002 - other modes depend on it
        """See `Inference`."""
        return _quantile(self.alpha if one_sided else self.alpha / 2, freedom)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:  # noqa: ARG002 - as above
        """See `Inference`; the tail itself is computed, so that small p-values have all their digits."""
        if one_sided:
            return Evidence(upper_tail(statistic, freedom), None)
        return Evidence(min(1.0, 2 * upper_tail(abs(statistic), freedom)), None)

    def refusal(self, n: int) -> str | None:
        """See `Inference`."""
        if self.planned_n is None or n >= self.planned_n:
            return None
        return (
            f"{n:,} of the planned {self.planned_n:,} units are there: with mode 'fixed' a verdict is given at the planned"
            " size alone."
        )

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return () if self.planned_n else ("no size was planned: p-value and interval hold for a single look.",)

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`; by the normal quantile, since degrees of freedom grow too."""
        if self.planned_n is not None and n < self.planned_n:
            return self.planned_n
        quantile = _quantile(self.alpha if one_sided else self.alpha / 2, math.inf)
        return within_reason(n * (quantile / statistic) ** 2) if statistic > LEAST_STATISTIC else None


def upper_tail(statistic: float, freedom: float) -> float:
    """The chance of at least this statistic: t, or standard normal for infinitely many degrees of freedom."""
    if freedom == math.inf or math.isinf(statistic):
        return float(_special().ndtr(-statistic))
    return float(_special().stdtr(freedom, -statistic))


def _quantile(tail: float, freedom: float) -> float:
    # Degrees of freedom are hardly ever the same again.
    return _normal_quantile(tail) if freedom == math.inf else -float(_special().stdtrit(freedom, tail))


@lru_cache(maxsize=64)
def _normal_quantile(tail: float) -> float:
    return -float(_special().ndtri(tail))


@cache
def _special() -> Any:
    """The functions of scipy, which is loaded where one is needed; an import each time takes as long as one of them."""
    from scipy import special

    return special
