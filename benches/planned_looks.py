"""Looks of a group sequential plan: the bound and the repeated p-value at each of them."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches.figure import Figure, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, scaled, seconds
from truthlag.abtest import GroupSequentialPlan, Proportion, compare

LOOKS = (5, 19, 60)
UNITS = 20_000
NEAR = 1e-6


class PlanLoad:
    """The successes of two arms at each look of a plan, of which nothing is remembered from one run to the next."""

    def __init__(self, looks: int) -> None:
        random = np.random.default_rng(24)
        self.units = UNITS // 2 // looks
        self.looks = looks
        self.successes = random.binomial(self.units, (0.12, 0.126), (looks, 2)).cumsum(axis=0).tolist()
        self._longer = itertools.count(UNITS)

    def run(self, looks: int | None = None, *, planned_n: int | None = None, alpha: float = 0.05) -> tuple[Any, Any]:
        """Return the plan after so many looks, and the comparison at each."""
        # Bounds are kept for looks at the same shares of a plan: another size has others.
        plan = GroupSequentialPlan(planned_n or next(self._longer), alpha=alpha)
        found = []
        for place, (control, treatment) in enumerate(self.successes[:looks], start=1):
            arms = Proportion(control, place * self.units), Proportion(treatment, place * self.units)
            found.append(compare(*arms, mode="group_sequential", looks=plan))
        return plan, found

    def check(self) -> int:
        """Raise AssertionError unless each p-value is the alpha whose plan would have its bound at the statistic."""
        plan, found = self.run()
        checked = 0
        for place, (look, result) in enumerate(zip(plan.taken, found, strict=True), start=1):
            # An alpha of a half is the most that a plan may have.
            if not 1e-9 < result.p_value < 0.49:
                continue
            other, _ = self.run(place, planned_n=plan.planned_n, alpha=result.p_value)
            bound = other.taken[-1].bound
            if not abs(bound - abs(look.statistic)) <= NEAR * bound:
                raise AssertionError(
                    f"wrong p-value at look {place}: a statistic of {look.statistic}, a bound of {bound}"
                )
            checked += 1
        return checked


def planned_looks(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of one look, of all of a plan."""
    contenders: dict[str, Callable[[], float]] = {}
    for looks in LOOKS if sizes.judged else LOOKS[:1]:
        load = PlanLoad(looks)
        progress.say(f"checking {looks} looks")
        load.check()
        contenders[str(looks)] = functools.partial(seconds, load.run)
    times = interleave(contenders, sizes.repeats, progress.say)
    for looks, taken in times.items():
        yield median_figure(f"compare by a plan of {looks} looks, each look", scaled(taken, 1e3 / int(looks)), "ms")
