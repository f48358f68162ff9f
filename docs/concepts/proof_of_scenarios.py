"""Makes the second table of proof-of-the-comparisons.md: `python docs/concepts/proof_of_scenarios.py`. A minute."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from table_between_marks import write_table

from truthlag import ModelABTestMonitor
from truthlag.abtest import ArmLog, Calibration, Mean, Proportion, Ratio, compare, compare_at_age

PAGE = Path(__file__).with_name("proof-of-the-comparisons.md")
ALPHA = 0.05
DAY = 86_400.0

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """What a rule does in a scenario: false verdicts, their standard error (0 where all outcomes are counted), and more to tell."""

    rule: str
    wrong: float
    error: float
    note: str = ""


def of_runs(rule: str, wrong: int, runs: int, note: str = "") -> Line:
    """A line of simulated tests."""
    safe = (wrong + 1) / (runs + 2)
    return Line(rule, wrong / runs, math.sqrt(safe * (1 - safe) / runs), note)


def student(difference: Floats, squares: Floats, n: int, m: int) -> NDArray[np.bool_]:
    """Where `ModelABTestMonitor.evaluate` finds a difference: by Student's t, given the sum of squared deviations of both arms."""
    error = np.sqrt(squares / (n + m - 2) * (1 / n + 1 / m))
    statistic = np.divide(np.abs(difference), error, out=np.zeros_like(error), where=error > 0)
    return np.asarray(2 * special.stdtr(n + m - 2, -statistic) < ALPHA)


def rare_events() -> list[Line]:
    """All outcomes of 1 000 rows beside 10 000 of one rate of .003, with their chances."""
    n, m, p = 1_000, 10_000, 0.003
    first, second = (np.arange(stats.binom.ppf(1 - 1e-9, rows, p) + 1) for rows in (n, m))
    chances = np.outer(stats.binom.pmf(first, n, p), stats.binom.pmf(second, m, p))
    before, now = first[:, None] / n, second[None, :] / m
    error = np.sqrt(before * (1 - before) / (n - 1) + now * (1 - now) / (m - 1))
    with np.errstate(all="ignore"):
        z = np.nan_to_num((now - before) / error, nan=0.0, posinf=99.0, neginf=-99.0)
        squares = [one * (1 - one) / (rows - 1) for one, rows in ((before, n), (now, m))]
        freedom = error**4 / (squares[0] ** 2 / (n - 1) + squares[1] ** 2 / (m - 1))
    beyond = special.stdtrit(np.nan_to_num(freedom, nan=n, posinf=n), 1 - ALPHA / 2)
    plain = student(now - before, n * before * (1 - before) + m * now * (1 - now), n, m)
    ours, outside = np.zeros(chances.shape, dtype=bool), np.zeros(chances.shape, dtype=bool)
    for row, column in zip(*np.nonzero(chances > 1e-13), strict=True):
        result = compare(Proportion(int(first[row]), n), Proportion(int(second[column]), m), mode="fixed")
        ours[row, column] = result.is_decided
        assert result.difference_interval is not None
        low, high = result.difference_interval
        outside[row, column] = low > 0 or high < 0

    def of(found: NDArray[np.bool_]) -> float:
        return float(chances[found].sum())

    welch = np.abs(z) > beyond
    return [
        Line("Welch's t", of(welch), 0, f"interval holds the truth: {100 * (1 - of(welch)):.1f}"),
        Line("`ModelABTestMonitor`, pooled variance", of(plain), 0),
        Line("`compare`", of(ours), 0, f"interval holds the truth: {100 * (1 - of(outside)):.1f}"),
    ]


def canary() -> list[Line]:
    """A tenth as many units in the treatment, whose values spread three times as much."""
    random, runs = np.random.default_rng(31), 20_000
    n, m, spread = 10_000, 1_000, 3.0
    # Mean and sum of squares of normal values are independent, and known by their distributions.
    means = random.normal(0, 1 / math.sqrt(n), runs), random.normal(0, spread / math.sqrt(m), runs)
    squares = random.chisquare(n - 1, runs), spread**2 * random.chisquare(m - 1, runs)
    plain = student(means[1] - means[0], squares[0] + squares[1], n, m)
    found = 0
    for first, second, first_squares, second_squares in zip(*means, *squares, strict=True):
        found += compare(
            Mean(n, float(first), float(first_squares)), Mean(m, float(second), float(second_squares)), mode="fixed"
        ).is_decided
    return [of_runs("`ModelABTestMonitor`, pooled variance", int(plain.sum()), runs), of_runs("`compare`", found, runs)]


def events_of_users() -> list[Line]:
    """Five events of each of 400 users an arm, whose own levels have three quarters of the variance of an event about them."""
    random, runs, users, events = np.random.default_rng(32), 4_000, 400, 5
    monitor = ModelABTestMonitor("one", "the same")
    plain = found = 0
    for _ in range(runs):
        level = random.normal(0, math.sqrt(0.75), (2, users, 1))
        values = level + random.normal(0, 1, (2, users, events))
        plain += monitor.evaluate(values[0].ravel(), values[1].ravel())["is_significant"]
        found += compare(
            *(Ratio.of(arm.sum(axis=1), np.full(users, float(events))) for arm in values), mode="fixed"
        ).is_decided
    return [
        of_runs("`ModelABTestMonitor`, events for units", plain, runs),
        of_runs("`compare(..., cluster=)`", found, runs),
    ]


def late_arm(random: np.random.Generator, mean_delay: float) -> tuple[ArmLog, Proportion]:
    """A log of 6 000 rows over 75 days at a rate of .1, and its positives that are known by then.

    Labels come after exponential delays of at most 60 days, and only those of positives.
    """
    made = np.sort(random.uniform(0, 75, 6_000))
    known = made + np.minimum(random.exponential(mean_delay, 6_000), 60)
    known[random.random(6_000) >= 0.1] = np.nan
    return ArmLog(made * DAY, known * DAY), Proportion(int(np.count_nonzero(known <= 75)), 6_000)


def late_labels() -> list[Line]:
    """Arms of one final rate whose labels take 25 and 12 days, 75 days into the test."""
    random, runs = np.random.default_rng(33), 1_000
    naive = found = invalid = 0
    for _ in range(runs):
        (slow, slow_so_far), (quick, quick_so_far) = late_arm(random, 25), late_arm(random, 12)
        naive += compare(slow_so_far, quick_so_far, mode="fixed").is_decided
        result = compare_at_age(
            slow,
            quick,
            metric="prevalence",
            min_age=timedelta(days=60),
            now=75 * DAY,
            unlabelled="negative",
            mode="fixed",
        )
        found += result.is_decided
        invalid += result.verdict == "invalid"
    return [
        of_runs("the positives that are known, by then", naive, runs),
        of_runs("`compare_at_age`, 60 days", found, runs, f"invalid: {100 * invalid / runs:.1f}"),
    ]


def plain_error(positives: NDArray[np.int64], rows: NDArray[np.int64], scores: Floats) -> Floats:
    """The expected calibration error by bin, of counts of positives and rows on the last axis."""
    gaps = np.abs(positives - rows * scores).sum(axis=-1)
    return np.asarray(gaps / rows.sum(axis=-1))


def calibration() -> list[Line]:
    """Two perfectly calibrated arms of 1 000 and 10 000 rows with ten different scores."""
    random, runs, resamples = np.random.default_rng(34), 500, 200
    scores = (np.arange(10) + 0.5) / 10
    shares = np.diff(stats.beta(2, 5).cdf(np.arange(11) / 10))
    shares /= shares.sum()
    plain = found = 0
    for _ in range(runs):
        drawn, arms = [], []
        for n in (1_000, 10_000):
            rows = random.multinomial(n, shares)
            positives = random.binomial(rows, scores)
            again = random.multinomial(n, np.concatenate([positives, rows - positives]) / n, resamples)
            drawn.append(plain_error(again[:, :10], again.reshape(resamples, 2, 10).sum(axis=1), scores))
            labels = np.concatenate([np.repeat([1, 0], [k, all_ - k]) for k, all_ in zip(positives, rows, strict=True)])
            arms.append(Calibration.of(labels, np.repeat(scores, rows)))
        low, high = np.quantile(drawn[0] - drawn[1], [ALPHA / 2, 1 - ALPHA / 2])
        plain += bool(low > 0 or high < 0)
        found += compare(*arms, mode="fixed").is_decided
    return [
        of_runs("plain error by bin, percentile bootstrap", plain, runs),
        of_runs("`compare` of `calibration_error`", found, runs),
    ]


SCENARIOS: dict[str, Callable[[], list[Line]]] = {
    "1,000 rows against 10,000, both rates 0.3 percent": rare_events,
    "a canary of a tenth, three times as noisy": canary,
    "five events a user": events_of_users,
    "labels after 25 and 12 days": late_labels,
    "calibration of 1,000 rows against 10,000": calibration,
}


def lines(name: str) -> list[str]:
    """A scenario's lines of the table."""
    found = []
    for place, one in enumerate(SCENARIOS[name]()):
        error = f" ± {100 * one.error:.1f}" if one.error else ""
        found.append(f"| {name if not place else ''} | {one.rule} | {100 * one.wrong:.1f}{error} | {one.note} |")
    return found


def main() -> None:
    """Write the table."""
    write_table(PAGE, "scenarios", "\n".join(line for name in SCENARIOS for line in lines(name)))


if __name__ == "__main__":
    main()
