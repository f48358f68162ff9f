"""One look of a plan, as the plan logs it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Look:
    """A look that was taken.

    Example:
        >>> from truthlag.abtest import GroupSequentialPlan, Proportion, compare
        >>> plan = GroupSequentialPlan(20_000, looks=4)
        >>> _ = compare(Proportion(300, 2_500), Proportion(340, 2_500), mode="group_sequential", looks=plan)
        >>> look = plan.taken[0]
        >>> look.n, look.information, round(look.bound, 3), look.verdict
        (5000, 0.25, 4.333, 'undecided')
        >>> look.to_dict()["is_final"]
        False
    """

    n: int
    """The units of both arms together."""
    information: float
    """Their share of the planned units."""
    spent: float
    """What of alpha is spent, with this look."""
    bound: float
    """How many standard errors the effect had to be from the value that it is held against."""
    is_final: bool
    """Whether all that was left of alpha was spent."""
    estimate: float | None = None
    """The difference that was seen, relative where that was asked; None where there was none."""
    standard_error: float | None = None
    """Its standard error."""
    statistic: float | None = None
    """What was held against the bound, on the scale of a standard normal: signed like the difference for a two-sided test."""
    p_value: float | None = None
    """The repeated p-value."""
    verdict: str = "undecided"
    """What was said."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes; an infinite bound is None.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> GroupSequentialPlan(1_000, spending=1.0).look(500).to_dict()["spent"]
            0.025
        """
        fields = asdict(self)
        fields["bound"] = self.bound if self.bound < float("inf") else None
        return fields
