"""Whether a running test is worth going on with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N, AsymptoticSequence
from truthlag.verdict.abtest.inference.crossing import Bounds, Path, crossing_chances
from truthlag.verdict.abtest.inference.fixed import Fixed
from truthlag.verdict.abtest.inference.group_sequential import MOST_UNITS, checked_looks, is_later
from truthlag.verdict.abtest.inference.group_sequential_plan import GroupSequentialPlan
from truthlag.verdict.abtest.inference.spending import Spending, checked_spending
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds
from truthlag.verdict.abtest.planning.two_margins import Band, ending_chances
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.detectors.parameters import count, real, share

_FEWEST_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Outlook:
    """How likely a test that goes on to its planned size shows what it was made for.

    Example:
        >>> from truthlag.abtest import Proportion, compare, outlook
        >>> now = compare(Proportion(600, 5_000), Proportion(645, 5_000), mode="fixed", planned_n=20_000)
        >>> found = outlook(now, 20_000, effect=0.015)
        >>> print(found)
        10,000 of 20,000 units: 48% if the difference is as it was seen, 81% if it is 0.015, 49% by all that is known
        >>> found.is_futile, found.to_dict()["n"], found.planned_n, found.effect, found.futile_below
        (False, 10000, 20000, 0.015, 0.1)
        >>> [round(chance, 2) for chance in (found.as_seen, found.as_planned, found.predictive_power)]
        [0.48, 0.81, 0.49]
    """

    n: int
    """The units of both arms together so far."""
    planned_n: int
    """Those at the end."""
    as_seen: float
    """Conditional power, if the true difference is the one that was seen."""
    as_planned: float | None
    """Conditional power, if it is `effect`; None without one."""
    predictive_power: float
    """The mean of conditional power over all differences, as likely as the data make them with a flat prior."""
    effect: float | None
    """The difference of `as_planned`."""
    futile_below: float
    """Below which predictive power it is not worth going on."""

    @property
    def is_futile(self) -> bool:
        """Whether it is not worth going on. One may all the same: alpha is not touched by it."""
        return self.predictive_power < self.futile_below

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes, and `is_futile`.

        Example:
            >>> from truthlag.abtest import Proportion, compare, outlook
            >>> now = compare(Proportion(600, 5_000), Proportion(600, 5_000), mode="fixed", planned_n=20_000)
            >>> outlook(now, 20_000).to_dict()["is_futile"]
            True
        """
        return {**{name: getattr(self, name) for name in self.__slots__}, "is_futile": self.is_futile}

    def __str__(self) -> str:
        planned = "" if self.effect is None else f", {100 * (self.as_planned or 0.0):.0f}% if it is {self.effect:g}"
        futile = "; it is not worth going on" if self.is_futile else ""
        return (
            f"{self.n:,} of {self.planned_n:,} units: {100 * self.as_seen:.0f}% if the difference is as it was seen{planned},"
            f" {100 * self.predictive_power:.0f}% by all that is known{futile}"
        )


def outlook(
    comparison: Comparison,
    planned_n: int | None = None,
    *,
    looks: Any = None,
    effect: float | None = None,
    futile_below: float = 0.1,
    spending: Spending = "obrien_fleming",
    expected_n: int | None = None,
) -> Outlook:
    """How likely a running test shows a better treatment, or one that is not inferior or equivalent, by its planned size.

    Args:
        comparison: The test so far.
        planned_n: The units of both arms together at the end; a plan has its own.
        looks: With `mode` `"group_sequential"` the plan, whose last look this is, or the looks as `compare` takes them. For a
            confidence sequence how often it is looked at from now on (20), or at which units.
        effect: The true difference for which the test was planned.
        futile_below: Below which predictive power it is not worth going on, between 0 and 1.
        spending: As in `compare`, where `looks` is no plan.
        expected_n: As in `compare`, of a confidence sequence.

    Returns:
        The chances. Where there is a verdict already, they are 1 or 0; a one-sided test that looks to the losing side has none.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or the comparison has no difference.

    Cost: some milliseconds.

    Source: Lan and Wittes (1988) for conditional power; Spiegelhalter, Freedman and Blackburn (1986) for predictive power.

    Example: see `Outlook`.
        >>> from truthlag.abtest import GroupSequentialPlan, Proportion, compare, outlook
        >>> plan = GroupSequentialPlan(20_000, looks=4)
        >>> now = compare(Proportion(600, 5_000), Proportion(590, 5_000), mode="group_sequential", looks=plan)
        >>> outlook(now, looks=plan).is_futile
        True
        >>> same = compare(Proportion(600, 5_000), Proportion(604, 5_000), hypothesis="equivalence", margin=0.01, mode="fixed")
        >>> print(outlook(same, 40_000, effect=0.0))
        10,000 of 40,000 units: 89% if the difference is as it was seen, 90% if it is 0, 59% by all that is known
    """
    below = share("futile_below", futile_below)
    true = None if effect is None else real("effect", effect)
    null, sign = side(comparison)
    difference, error = judged(comparison)
    n = comparison.control.n + comparison.treatment.n
    size = size_of(planned_n, looks)
    if comparison.is_decided or n >= size:
        shown = 1.0 if comparison.verdict in ("better", "non_inferior", "equivalent") else 0.0
        return Outlook(n, size, shown, None if true is None else shown, shown, true, below)
    if comparison.alternative not in ("two_sided", "greater" if sign > 0 else "less"):
        # It looks to the losing side alone.
        return Outlook(n, size, 0.0, None if true is None else 0.0, 0.0, true, below)
    ahead = looks_to_come(comparison, n, size, looks, spending, expected_n)
    statistic = sign * (difference - null) / error
    now, shares = n / size, [one for one, _ in ahead]
    root = math.sqrt(now)
    margin = comparison.margin or 0.0
    # At the end, between what both sides are held against.
    width = 2 * margin / (error * root)
    is_equivalence = comparison.hypothesis == "equivalence"
    limits: list[Bounds | Band] = []
    for at, bound in ahead:
        apart = width * math.sqrt(at)
        if is_equivalence:
            limits.append(Band.of(bound, apart))
        else:
            limits.append(Bounds(-bound - apart if is_two_sided(comparison) else -math.inf, bound))

    def conditional(value: float) -> float:
        drift = sign * (value - null) / (error * root)
        drift = drift if is_equivalence else max(-60.0, min(60.0, drift))
        return _shown(Path.begin(drift, now, statistic * root), shares, limits)

    return Outlook(
        n,
        size,
        conditional(difference),
        None if true is None else conditional(true),
        _predictive(statistic, now, shares, limits),
        true,
        below,
    )


def size_of(planned_n: Any, looks: Any) -> int:
    """The units of both arms together at the end, of a plan its own."""
    if isinstance(looks, GroupSequentialPlan):
        if planned_n not in (None, looks.planned_n):
            raise ValueError(f"planned_n must be that of the plan ({looks.planned_n}), got {described(planned_n)}")
        return looks.planned_n
    if planned_n is None:
        raise ValueError("planned_n must be given where looks is no plan, got None")
    return int(count("planned_n", planned_n, 1, MOST_UNITS))


def judged(comparison: Comparison) -> tuple[float, float]:
    """The difference and its standard error, on the scale of the test.

    Raises:
        ValueError: There is none.
    """
    found, error = comparison.difference, comparison.standard_error
    control, treatment = comparison.control, comparison.treatment
    if comparison.scale == "relative":
        found, error = comparison.relative_difference, None
        if (
            found is not None
            and control.estimate
            and control.standard_error is not None
            and treatment.estimate is not None
        ):
            # The delta method.
            ratio = treatment.estimate / control.estimate
            error = math.hypot(treatment.standard_error or 0.0, ratio * control.standard_error) / abs(control.estimate)
    if found is None or not error or not math.isfinite(error):
        raise ValueError("comparison must have a difference and its standard error")
    return found, error


def side(comparison: Comparison) -> tuple[float, float]:
    """What the difference is held against, and which side of it is to be shown; of equivalence the lower margin."""
    margin = comparison.margin or 0.0
    if comparison.hypothesis == "equivalence":
        return -margin, 1.0
    sign = 1.0 if comparison.direction == "higher" else -1.0
    return (sign * margin if comparison.hypothesis == "superiority" else -sign * margin), sign


def _shown(path: Path, information: Sequence[float], limits: Sequence[Bounds | Band]) -> float:
    """The chance that one of the looks shows what is to be shown, and none before shows the contrary."""
    bands = [one for one in limits if isinstance(one, Band)]
    if bands:
        return min(1.0, math.fsum(ending_chances(path, information, bands).inside))
    bounds = [one for one in limits if isinstance(one, Bounds)]
    return min(1.0, math.fsum(crossing_chances(path, information, bounds).above))


def _predictive(statistic: float, now: float, shares: Sequence[float], limits: Sequence[Bounds | Band]) -> float:
    """The chance to cross if every difference was as likely before.

    What is known of the score over the information then moves like a Brownian motion in 1 / now - 1 / information.
    """
    times = [1 / now - 1 / one for one in shares]
    moved = [
        type(limit)(*(one / math.sqrt(at * time) for one in limit))
        for at, time, limit in zip(shares, times, limits, strict=True)
    ]
    return _shown(Path.begin(0.0, 0.0, statistic / math.sqrt(now)), times, moved)


def looks_to_come(
    comparison: Comparison, n: int, size: int, looks: Any, spending: Spending, expected_n: int | None
) -> list[tuple[float, float]]:
    """The looks that are still to come, as shares of the size, and the bound at each."""
    # An interval of one side at alpha, or of both together: its level tells.
    sides = 2 if is_two_sided(comparison) else 1
    alpha = comparison.alpha
    if comparison.mode == "group_sequential":
        if isinstance(looks, GroupSequentialPlan):
            if not looks.taken or looks.taken[-1].n != n:
                raise ValueError(f"looks must be the plan that logged the look at {n} units")
            units = looks.units()
            design = Design(looks.spending, looks.alpha, sides)
        else:
            if looks is None:
                raise ValueError("looks must be a plan, or the looks, with mode 'group_sequential', got None")
            given = checked_looks(looks, size)
            before = tuple(one for one in given if is_later(n, one))
            units = (*before, n, *(one for one in given if is_later(one, n)))
            design = Design(checked_spending(spending), alpha, sides)
        if units[-1] < size:
            units = (*units, size) if is_later(size, units[-1]) else (*units[:-1], size)
        found = spent_bounds(design, tuple(one / size for one in units)).bounds
        ahead = [(one, bound) for one, bound in zip(units, found, strict=True) if one > n]
    elif comparison.mode == "fixed":
        ahead = [(size, Fixed(alpha).quantile(math.inf, size, one_sided=sides == 1))]
    else:
        tuned = EXPECTED_N if expected_n is None else int(count("expected_n", expected_n, 1, MOST_UNITS))
        rule = AsymptoticSequence(alpha, tuned)
        later = _later(n, size, _FEWEST_LOOKS if looks is None else looks)
        ahead = [(one, rule.quantile(math.inf, one, one_sided=sides == 1)) for one in later]
    return [(one / size, bound) for one, bound in ahead]


def is_two_sided(comparison: Comparison) -> bool:
    """Whether both sides share alpha."""
    return comparison.hypothesis == "superiority" and comparison.alternative == "two_sided"


def _later(n: int, size: int, looks: Any) -> list[int]:
    if isinstance(looks, int) and not isinstance(looks, bool):
        number = int(count("looks", looks, 1, 400))
        units = sorted({n + math.ceil((size - n) * (place + 1) / number) for place in range(number)})
    else:
        units = [one for one in checked_looks(looks, size) if one > n]
    kept: list[int] = []
    for one in [*units, size]:
        if is_later(one, kept[-1] if kept else n) and one <= size:
            kept.append(one)
    return kept or [size]
