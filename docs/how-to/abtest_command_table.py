"""Makes the table and the picture of abtest-command.md: `python docs/how-to/abtest_command_table.py FOLDER_OF_THE_DATA`. Ten seconds.

Reads counts, means and variances that are already summed: no rows, and so no command, but the same statistics.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from truthlag.abtest import (
    Comparison,
    GroupSequentialPlan,
    Mean,
    Proportion,
    SampleRatioTest,
    compare,
    interval_over_time,
    sample_ratio_chi_square,
)

LOG = "asos_experiments_a.parquet"
PICTURE = Path(__file__).with_name("abtest-over-time.svg")
KINDS = {1: "binary", 2: "counts", 3: "real-valued", 4: "real-valued, the other"}
ALPHA = 0.05
#: A look has to bring so much more than the one before.
STEP = 1.002
#: The test of the picture.
SHOWN = ("bac0d3", 1, 1)


@dataclass(frozen=True)
class Test:
    """One treatment of one experiment in one metric, with its looks."""

    experiment: str
    variant: int
    metric: int
    days: tuple[float, ...]
    arms: tuple[tuple[Any, Any], ...]
    """The statistics of control and treatment at each look."""

    @property
    def units(self) -> list[int]:
        """The units of both arms at each look."""
        return [control.n + treatment.n for control, treatment in self.arms]

    def looks(self, **options: Any) -> list[Comparison]:
        """What is said at each look."""
        return [compare(control, treatment, **options) for control, treatment in self.arms]


def tests(folder: Path) -> Iterator[Test]:
    """All tests, their looks in order; those without variances are left out."""
    rows: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    for row in parquet.read_table(folder / LOG).to_pylist():
        known = row["variance_c"] is not None and not np.isnan(row["variance_c"])
        if known and row["count_c"] and row["count_t"]:
            rows.setdefault((row["experiment_id"], row["variant_id"], row["metric_id"]), []).append(row)
    for (experiment, variant, metric), found in rows.items():
        found.sort(key=lambda row: row["time_since_start"])
        kept: list[dict[str, Any]] = []
        for row in found:
            if not kept or row["count_c"] + row["count_t"] > STEP * (kept[-1]["count_c"] + kept[-1]["count_t"]):
                kept.append(row)
        arms = tuple((arm(row, "c", metric), arm(row, "t", metric)) for row in kept)
        yield Test(experiment, variant, metric, tuple(row["time_since_start"] for row in kept), arms)


def arm(row: dict[str, Any], which: str, metric: int) -> Proportion | Mean:
    """What an arm has shown by then."""
    n, mean, variance = int(row[f"count_{which}"]), row[f"mean_{which}"], row[f"variance_{which}"]
    return Proportion(round(mean * n), n) if metric == 1 else Mean(n, mean, variance * (n - 1))


@dataclass(frozen=True)
class Ended:
    """When a rule ended a test, and how."""

    share: float
    """The share of the units."""
    ships: bool
    """Whether the treatment is higher."""


Found = dict[str, Ended | None]


def found_in(test: Test) -> Found:
    """Hold every rule against a test; the size that it came to is taken as the one that was planned."""
    units = test.units
    once = test.looks(mode="fixed", alpha=ALPHA)
    anytime = test.looks(alpha=ALPHA, expected_n=units[-1])
    bounds = GroupSequentialPlan(units[-1], looks=units, alpha=ALPHA).bounds()
    statistics = [abs((one.difference or 0.0) / (one.standard_error or np.inf)) for one in once]
    crossed = [statistic >= bound for statistic, bound in zip(statistics, bounds, strict=True)]
    last = len(units) - 1

    def ended(found: list[bool]) -> Ended | None:
        place = next((place for place, is_found in enumerate(found) if is_found), None)
        return None if place is None else Ended(units[place] / units[-1], (once[place].difference or 0.0) > 0)

    return {
        "peeking": ended([one.is_decided for one in once]),
        "last_look": ended([one.is_decided and place == last for place, one in enumerate(once)]),
        "group_sequential": ended(crossed),
        "confidence_sequence": ended([one.is_decided for one in anytime]),
    }


def line(name: str, found: list[Found]) -> str:
    """A row of the table: for each rule the tests that it ended, and how many of these it shipped."""
    peeked = [one for one in found if one["peeking"] is not None]
    lost = sum(one["last_look"] is None for one in peeked)
    cells = []
    for rule in found[0]:
        ended = [one[rule] for one in found if one[rule] is not None]
        cells.append(f"{len(ended)} ({sum(one is not None and one.ships for one in ended)})")
    return f"| {name} | {len(found)} | {cells[0]} | {lost} | {' | '.join(cells[1:])} |"


def of_rules(folder: Path) -> Iterator[str]:
    """The table."""
    by_metric: dict[int, list[Found]] = {metric: [] for metric in KINDS}
    for test in tests(folder):
        by_metric[test.metric].append(found_in(test))
    for metric, found in by_metric.items():
        yield line(KINDS[metric], found)
    everything = [one for found in by_metric.values() for one in found]
    yield line("all", everything)
    for rule in ("peeking", "group_sequential", "confidence_sequence"):
        shares = [ended.share for one in everything if (ended := one[rule]) is not None]
        yield f"{rule.replace('_', ' ')}: ended at {100 * np.median(shares):.0f} percent of the units, in the middle"


def of_ratios(folder: Path) -> Iterator[str]:
    """In how many tests the sizes of the arms are not equal."""
    once = anytime = total = 0
    for test in tests(folder):
        if test.metric != 1:
            continue
        total += 1
        sizes = [(control.n, treatment.n) for control, treatment in test.arms]
        once += sample_ratio_chi_square(list(sizes[-1]), [1, 1]).gate().has_failed
        ratio = SampleRatioTest([1, 1])
        before = (0, 0)
        for size in sizes:
            ratio.update([now - then for now, then in zip(size, before, strict=True)])
            before = size
        anytime += ratio.gate().has_failed
    yield f"sizes not equal: {once} of {total} by chi-square at the end, {anytime} by the sequential test"


def picture(folder: Path) -> str:
    """One test over time that peeking would have ended in its first days."""
    test = next(one for one in tests(folder) if (one.experiment, one.variant, one.metric) == SHOWN)
    looks = test.looks(metric=f"Experiment {test.experiment}, binary metric", expected_n=test.units[-1])
    return interval_over_time(looks, at=test.days, at_name="days since the start").to_svg()


def main(folder: Path) -> None:
    """Print the table, write the picture."""
    for row in (*of_rules(folder), *of_ratios(folder)):
        sys.stdout.write(f"{row}\n")
    PICTURE.write_text(picture(folder) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
