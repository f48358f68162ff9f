"""The rule of a look that remembers what was held against it."""

from __future__ import annotations

from dataclasses import dataclass, field

from truthlag.verdict.abtest.inference.group_sequential import GroupSequential
from truthlag.verdict.abtest.inference.inference import Evidence


@dataclass(slots=True)
class Watched:
    """The rule of a look, which keeps the statistic that was held against the bound."""

    rule: GroupSequential
    statistic: float | None = field(default=None)

    @property
    def native(self) -> None:
        """See `Inference`."""
        return

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return self.rule.mode

    @property
    def alpha(self) -> float:
        """See `Inference`."""
        return self.rule.alpha

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """See `Inference`."""
        return self.rule.quantile(freedom, n, one_sided=one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """See `Inference`; the first value that is held against the effect is that of the hypothesis."""
        if self.statistic is None:
            self.statistic = self.rule.normal(statistic, freedom)
        return self.rule.evidence(statistic, freedom, n, one_sided=one_sided)

    def refusal(self, n: int) -> str | None:
        """See `Inference`."""
        return self.rule.refusal(n)

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return self.rule.remarks()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`."""
        return self.rule.units_needed(n, statistic, one_sided=one_sided)
