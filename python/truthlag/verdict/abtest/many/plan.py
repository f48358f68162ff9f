"""What is asked of each of many metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.standing import checked_labelled_only
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.result.words import DIRECTIONS, HYPOTHESES, SCALES, Direction, Hypothesis, Scale
from truthlag.verdict.detectors.parameters import choice, real

Role: TypeAlias = Literal["primary", "secondary", "guardrail"]
"""What hangs on a metric: the decision; nothing; or that it may not get worse."""

ROLES: tuple[str, ...] = get_args(Role)
_RELATIVE = ("delta", "log", "fieller")


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """What is asked of a metric, and what hangs on it. It is fixed before anybody looks.

    Args:
        role: `"primary"`: it decides, at the full alpha. `"secondary"`: it explains, in a family of its own. `"guardrail"`: it
            must not get worse by more than the margin.
        direction: Which values are better.
        margin: A difference that does not matter, as `compare` has it; needed for guardrails.
        hypothesis: What is to be shown; None is `"superiority"`, and `"non_inferiority"` for a guardrail, which cannot be
            another.
        scale: Whether margin, p-value and verdict are about the difference or the relative difference.
        method: The test of the difference, as `compare` has it; None chooses.
        relative_method: The interval of the relative difference: `"delta"`, `"log"` or `"fieller"`.
        labelled_only: Whether the metric is over rows with a label, as `compare` has it; None leaves it to the arms.

    Raises:
        TypeError: The margin is no number.
        ValueError: An argument is not allowed, or a margin is missing.

    Example:
        >>> from truthlag.abtest import MetricPlan
        >>> MetricPlan("guardrail", direction="lower", margin=5.0).hypothesis
        'non_inferiority'
    """

    role: Role = "secondary"
    direction: Direction = "higher"
    margin: float | None = None
    hypothesis: Hypothesis | None = None
    scale: Scale = "absolute"
    method: str | None = None
    relative_method: str = "delta"
    labelled_only: bool | None = None

    def __post_init__(self) -> None:
        choice("role", self.role, ROLES)
        choice("direction", self.direction, DIRECTIONS)
        choice("scale", self.scale, SCALES)
        choice("relative_method", self.relative_method, _RELATIVE)
        checked_labelled_only(self.labelled_only)
        is_guardrail = self.role == "guardrail"
        if self.hypothesis is None:
            object.__setattr__(self, "hypothesis", "non_inferiority" if is_guardrail else "superiority")
        choice("hypothesis", self.hypothesis, HYPOTHESES)
        if is_guardrail and self.hypothesis != "non_inferiority":
            raise ValueError(f"hypothesis must be 'non_inferiority' for a guardrail, got {self.hypothesis!r}")
        if self.margin is not None:
            object.__setattr__(self, "margin", real("margin", self.margin, 0.0, above=True))
        elif self.hypothesis != "superiority":
            raise ValueError(f"margin must be given for {self.hypothesis}, got None")

    @property
    def _question(self) -> Question:
        """The same as `compare` asks it."""
        return Question(self.hypothesis or "superiority", self.margin, self.direction)


def plans_of(metrics: Any, names: list[str]) -> dict[str, MetricPlan]:
    """A plan for each metric: where nobody says, the first one is primary and the others are secondary.

    Raises:
        TypeError: A plan is none.
        ValueError: A plan is of no metric, or there are several primary ones.
    """
    if metrics is None:
        return {name: MetricPlan("secondary" if place else "primary") for place, name in enumerate(names)}
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must be MetricPlans by name, got {described(metrics)}")
    unknown = [name for name in metrics if name not in names]
    if unknown:
        allowed = ", ".join(map(repr, names))
        raise ValueError(f"metrics must name metrics of the arms ({allowed}), got {described(unknown[0])}")
    plans = {}
    for name in names:
        given = metrics.get(name, "secondary")
        if isinstance(given, str):
            given = MetricPlan(given)  # type: ignore[arg-type] # the plan checks it
        if not isinstance(given, MetricPlan):
            raise TypeError(f"metrics[{name!r}] must be a MetricPlan or a role, got {described(given)}")
        plans[name] = given
    primary = [name for name, plan in plans.items() if plan.role == "primary"]
    if len(primary) > 1:
        raise ValueError(f"metrics must have one primary metric at most, got {', '.join(primary)}")
    return plans
