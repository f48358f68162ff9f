"""Prints the table of trend.md: `python docs/how-to/trend_table.py`. About two minutes.

Each scenario is drawn anew for every run; all three rules look once, at the end, at the same series.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from truthlag import DegradationDetector
from truthlag.verdict.trend import check_trend

Floats = np.ndarray[Any, np.dtype[np.float64]]
Draw = Callable[[np.random.Generator], tuple[Any, Any]]
ALPHA = 0.05


def plain_newey_west(values: Floats) -> bool:
    """A two-sided normal test of the least-squares slope, Bartlett weights up to lag floor(4 (k / 100)^(2/9))."""
    k = len(values)
    times = np.arange(k) - (k - 1) / 2
    slope = times @ values / (times @ times)
    scores = times * (values - values.mean() - slope * times)
    lags = math.floor(4 * (k / 100) ** (2 / 9))
    variance = scores @ scores
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (scores[lag:] @ scores[:-lag])
    return abs(slope) * (times @ times) > 1.959964 * math.sqrt(max(variance, 0))


def rates(
    periods: int,
    rows: int,
    rate: float,
    *,
    slope: float = 0.0,
    spread: float = 0.0,
    together: float = 0.0,
    unequal: bool = False,
    bad_day: float | None = None,
) -> Draw:
    """Binomial counts; `spread` is how much days differ beside, `together` their correlation with the day before."""

    def draw(random: np.random.Generator) -> tuple[Any, Any]:
        days = random.standard_normal(periods)
        for at in range(1, periods):
            days[at] = together * days[at - 1] + math.sqrt(1 - together**2) * days[at]
        sizes = np.full(periods, rows)
        if unequal:
            sizes = np.maximum(5, rows * np.exp(random.standard_normal(periods))).astype(int)
        level = np.clip(rate + slope * np.arange(periods) + spread * days, 0, 1)
        if bad_day is not None:
            level[-1] = bad_day
        return random.binomial(sizes, level), sizes

    return draw


SCENARIOS: list[tuple[str, Draw]] = [
    ("flat, 7 days of 50 rows", rates(7, 50, 0.95)),
    ("flat, 14 days of 50 rows", rates(14, 50, 0.95)),
    ("flat, 31 days of 20 rows", rates(31, 20, 0.95)),
    ("flat, 31 days of 50 rows", rates(31, 50, 0.95)),
    ("flat, 31 days of 2,000 rows", rates(31, 2000, 0.95)),
    ("flat, 60 days of 50 rows", rates(60, 50, 0.95)),
    ("flat, 31 days of 50 rows, sizes unequal", rates(31, 50, 0.95, unequal=True)),
    ("flat but days differ by 3 points, 500 rows", rates(31, 500, 0.9, spread=0.03)),
    ("... each with 0.3 of the day before", rates(31, 500, 0.9, spread=0.03, together=0.3)),
    ("... with 0.5 of it", rates(31, 500, 0.9, spread=0.03, together=0.5)),
    ("... with 0.7 of it", rates(31, 500, 0.9, spread=0.03, together=0.7)),
    ("... with 0.3 of it, 14 days only", rates(14, 500, 0.9, spread=0.03, together=0.3)),
    ("flat, the last of 31 days at 0.70, 100 rows", rates(31, 100, 0.95, bad_day=0.7)),
    ("falls by 0.005 a day, 31 days of 50 rows", rates(31, 50, 0.95, slope=-0.005)),
    ("falls by 0.002 a day, 31 days of 200 rows", rates(31, 200, 0.95, slope=-0.002)),
    ("falls by 0.005 a day, 14 days of 200 rows", rates(14, 200, 0.95, slope=-0.005)),
    ("falls by 0.005 a day, days differ by 2 points, 500 rows", rates(31, 500, 0.95, slope=-0.005, spread=0.02)),
]


def main(runs: int) -> None:
    """One row for each scenario, in percent."""
    detector = DegradationDetector({})
    sys.stdout.write(
        "| series | straight line through 7 values | plain Newey-West | `check_trend` |\n|---|---|---|---|\n"
    )
    for name, draw in SCENARIOS:
        random = np.random.default_rng(1)
        line = newey_west = 0
        verdicts: dict[str, int] = {}
        for _ in range(runs):
            good, sizes = draw(random)
            values = good / sizes
            line += detector.check_trend_degradation("accuracy", values)["alert"]
            newey_west += plain_newey_west(values)
            verdict = check_trend("accuracy", good, trials=sizes, alpha=ALPHA).verdict
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
        found = verdicts.get("declining", 0) + verdicts.get("improving", 0)
        shares = [f"{100 * count / runs:.1f}" for count in (line, newey_west, found)]
        sys.stdout.write(f"| {name} | {' | '.join(shares)} |\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
