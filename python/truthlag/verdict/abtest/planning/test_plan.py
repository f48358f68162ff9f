"""A test as it is planned."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class TestPlan:
    """What a test of a size finds, and what it costs.

    Made by `sample_size`, `power` and `minimum_detectable_effect`.

    Example:
        >>> from truthlag.abtest import sample_size
        >>> plan = sample_size(0.12, 0.015, mode="group_sequential", looks=5, power=0.9)
        >>> print(plan)
        21,250 units: 10,625 of the control, 10,625 of the treatment
        finds a difference of +0.015 from 0.12 with a chance of 90.0%, alpha 0.05 two-sided
        group sequential, 5 looks, by then 15,757 units on average with that difference, 21,109 without one
        >>> plan.planned_n, plan.is_relative, [round(bound, 2) for bound in plan.bounds]
        (21250, False, [4.88, 3.36, 2.68, 2.29, 2.03])
        >>> plan.to_dict()["looks"]
        [4250, 8500, 12750, 17000, 21250]
    """

    __test__ = False

    planned_n: int
    """The units of all arms together."""
    control_n: int
    """Those of the control."""
    treatment_n: int
    """Those of each treatment."""
    size: float
    """The units of all arms together, not rounded up."""
    baseline: float
    """The control's level."""
    effect: float
    """The difference that is to be found."""
    is_relative: bool
    """Whether it is a share of the control's level."""
    power: float
    """The chance to find it."""
    alpha: float
    """The probability of finding what is not there."""
    sides: int
    """Whether both sides are looked at, or one."""
    mode: str
    """When it is looked at."""
    looks: tuple[int, ...]
    """The units at the looks, of all arms together."""
    bounds: tuple[float, ...]
    """How many standard errors the difference has to be from what it is held against, at each."""
    mean_n: float
    """The units at which the test ends on average, if the difference is the one that is to be found."""
    mean_n_without: float
    """The same if there is none: if the difference is what it is held against."""
    hypothesis: str = "superiority"
    """What is to be shown."""
    margin: float | None = None
    """The difference that does not matter or is tolerated, on the scale of the effect; None without one."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import sample_size
            >>> sample_size(0.12, 0.015).to_dict()["looks"]
            [15516]
        """
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**plain, "looks": list(self.looks), "bounds": list(self.bounds)}

    def __str__(self) -> str:
        effect = f"{100 * self.effect:+.4g}%" if self.is_relative else f"{self.effect:+.4g}"
        arms = round((self.planned_n - self.control_n) / self.treatment_n)
        treatments = "the treatment" if arms == 1 else f"each of {arms} treatments"
        how = "two-sided" if self.sides == 2 else "of each side" if self.hypothesis == "equivalence" else "one-sided"
        sides = f"alpha {self.alpha:g} {how}"
        finds = f"finds a difference of {effect} from {self.baseline:.4g}"
        without = "without one"
        if self.margin is not None:
            margin = f"{100 * self.margin:.4g}%" if self.is_relative else f"{self.margin:.4g}"
            hypothesis = self.hypothesis.replace("_", "-")
            finds = f"shows {hypothesis}, margin {margin}, at a difference of {effect} from {self.baseline:.4g}"
            without = "at the margin"
        lines = [
            f"{self.planned_n:,} units: {self.control_n:,} of the control, {self.treatment_n:,} of {treatments}",
            f"{finds} with a chance of {100 * self.power:.1f}%, {sides}",
        ]
        mode = self.mode.replace("_", " ")
        if len(self.looks) > 1:
            lines.append(
                f"{mode}, {len(self.looks)} looks, by then {self.mean_n:,.0f} units on average with that difference,"
                f" {self.mean_n_without:,.0f} {without}"
            )
        else:
            lines.append(f"{mode}, one look")
        return "\n".join(lines)
