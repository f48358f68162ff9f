"""Prints the tables of ab-gates.md: `python docs/how-to/ab_gates_table.py`. About half a minute.

Late labels: two arms of 6 000 rows over 75 days with a rate of positives of .1; delays of labels are exponential with means of 25 and
12 days and cut off at 60, at which all labels have come. One look on day 75, at the level .05.
Sizes of the arms: 20 000 units, looked at in equal steps, at the level .01.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from truthlag.abtest import ArmLog, Proportion, SampleRatioTest, compare, compare_at_age

DAY = 86_400.0
RUNS = 1_000


def arm(random: np.random.Generator, mean_delay: float, *, only_positives: bool) -> ArmLog:
    made = np.sort(random.uniform(0, 75, 6_000))
    known = made + np.minimum(random.exponential(mean_delay, 6_000), 60)
    positive = random.random(6_000) < 0.1
    if only_positives:
        return ArmLog(made * DAY, np.where(positive, known, np.nan) * DAY)
    return ArmLog(made * DAY, known * DAY, positive)


def so_far(log: ArmLog) -> Proportion:
    """The positives that are known by now, over all rows."""
    known = (log.labelled_at > 0) & (log.labelled_at <= 75 * DAY * 1e6)
    return Proportion(int(np.count_nonzero(known & (log.actuals == 1))), len(log))


def row(name: str, age: int | None, means: tuple[float, float], *, only_positives: bool) -> str:
    random = np.random.default_rng(1)
    different = invalid = 0
    for _ in range(RUNS):
        arms = [arm(random, mean, only_positives=only_positives) for mean in means]
        if age is None:
            result = compare(so_far(arms[0]), so_far(arms[1]), mode="fixed")
        else:
            result = compare_at_age(
                *arms,
                metric="prevalence",
                min_age=timedelta(days=age),
                now=75 * DAY,
                unlabelled="negative" if only_positives else "missing",
                mode="fixed",
            )
        different += result.is_decided
        invalid += result.verdict == "invalid"
    return f"| {name} | {100 * different / RUNS:.1f} | {100 * invalid / RUNS:.1f} |"


def failed_sizes(looks: int, rate: float) -> tuple[float, float]:
    """How often chi-square at each look fails, and how often the sequential test does, in percent."""
    random = np.random.default_rng(1)
    steps = np.diff(np.linspace(0, 20_000, looks + 1).astype(int))
    classical = sequential = 0
    for _ in range(RUNS):
        test, seen = SampleRatioTest([1, 1]), np.zeros(2, int)
        is_found = False
        for units, first in zip(steps.tolist(), random.binomial(steps, rate).tolist(), strict=True):
            test.update([first, units - first])
            seen += [first, units - first]
            is_found |= (seen[0] - seen[1]) ** 2 / seen.sum() > 6.6349
        classical += is_found
        sequential += test.gate().has_failed
    return 100 * classical / RUNS, 100 * sequential / RUNS


def rows() -> Iterator[str]:
    for looks in (1, 19, 181):
        classical, sequential = failed_sizes(looks, 0.5)
        yield f"| {looks} | {classical:.1f} % | {sequential:.1f} % | {failed_sizes(looks, 0.48)[1]:.0f} % |"
    yield row("positives so far over all rows", None, (25, 12), only_positives=True)
    for age in (60, 45, 30, 15):
        yield row(f"at {age} days, labels of both classes", age, (25, 12), only_positives=False)
    for age in (60, 45, 30, 15):
        yield row(f"at {age} days, only positives are sent", age, (25, 12), only_positives=True)
    for age in (60, 15):
        name = f"delays alike (25 days), at {age} days, only positives are sent"
        yield row(name, age, (25, 25), only_positives=True)


if __name__ == "__main__":
    for line in rows():
        sys.stdout.write(f"{line}\n")
