"""One look, at the planned size."""

from __future__ import annotations

from dataclasses import dataclass, field

from truthlag import _core
from truthlag.verdict.abtest.inference.inference import Evidence

upper_tail = _core.upper_tail
"""The chance of at least this statistic: t, or standard normal for infinitely many degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The t or z test and its interval, which hold for a single look."""

    alpha: float
    planned_n: int | None = None
    native: _core.FixedLook = field(init=False, repr=False, compare=False)
    """See `Inference`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "native", _core.FixedLook(self.alpha, self.planned_n))

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "fixed"

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:  # noqa: ARG002 - other modes depend on it
        """See `Inference`."""
        return self.native.quantile(freedom, one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:  # noqa: ARG002 - as above
        """See `Inference`; the tail itself is computed, so that small p-values have all their digits."""
        return Evidence(*self.native.evidence(statistic, freedom, one_sided))

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
        return self.native.units_needed(n, statistic, one_sided)
