"""Prints the table of many-comparisons.md: `python docs/how-to/many_comparisons_table.py`. Ten seconds."""

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from truthlag.verdict.abtest.many.adjust import adjusted_array
from truthlag.verdict.abtest.many.common_control import CommonControl

Floats = NDArray[np.float64]
RUNS = 20_000
STOPPED_RUNS = 2_000
SEGMENTS = 50
LOOKS = 40
ALPHA = 0.05
#: Of the normal mixture that the e-values are of.
PRECISION = 0.1


def two_sided(statistics: Floats) -> Floats:
    """The p-values of normal statistics."""
    return np.asarray(2 * special.ndtr(-np.abs(statistics)))


def rejected(p_values: Floats, method: str) -> NDArray[np.bool_]:
    """What a procedure rejects, run by run."""
    if method == "none":
        return p_values <= ALPHA
    return np.array([adjusted_array(row, method) <= ALPHA for row in p_values])


def line(name: str, found: NDArray[np.bool_], different: int) -> str:
    """Any false finding, the share of false ones, and the share of differences that are found, in percent."""
    false = found[:, different:].sum(axis=1)
    share = false / np.maximum(1, found.sum(axis=1))
    power = f"{100 * found[:, :different].mean():.1f}" if different else ""
    return f"| {name} | {100 * (false > 0).mean():.1f} | {100 * share.mean():.1f} | {power} |"


def metrics(random: np.random.Generator, different: int) -> Iterator[str]:
    """Ten metrics of correlation 0.5, some of which differ by three standard errors."""
    statistics = math.sqrt(0.5) * (random.standard_normal((RUNS, 1)) + random.standard_normal((RUNS, 10)))
    statistics[:, :different] += 3
    for method in ("none", "bonferroni", "holm", "hommel", "bh"):
        yield line(f"ten metrics, {different} differ: {method}", rejected(two_sided(statistics), method), different)


def treatments(random: np.random.Generator, different: int) -> Iterator[str]:
    """Three treatments of one size beside one control, one of which may differ by two and a half standard errors."""
    means = random.standard_normal((RUNS, 4))
    statistics = (means[:, 1:] - means[:, :1]) / math.sqrt(2)
    statistics[:, :different] += 2.5
    what = f"three treatments, {different} differ"
    for method in ("none", "bonferroni", "holm"):
        yield line(f"{what}: {method}", rejected(two_sided(statistics), method), different)
    limit = CommonControl((math.sqrt(0.5),) * 3).quantile(ALPHA)
    yield line(f"{what}: Dunnett", np.abs(statistics) >= limit, different)


def stopped(random: np.random.Generator, different: int) -> Iterator[str]:
    """Fifty segments looked at forty times, stopped at the look with the most findings."""
    procedures: dict[str, Callable[[Floats, Floats], Floats]] = {
        "bh": lambda sums, times: two_sided(sums / np.sqrt(times)),
        "e_bh": lambda sums, times: np.minimum(
            1.0,
            np.sqrt(PRECISION * times + 1) * np.exp(-PRECISION * sums * sums / (2 * (PRECISION * times + 1))),
        ),
    }
    times = np.arange(1.0, LOOKS + 1)[:, None]
    found: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in procedures}
    for _ in range(STOPPED_RUNS):
        noise = random.standard_normal((LOOKS, 1)) + random.standard_normal((LOOKS, SEGMENTS))
        sums = np.cumsum(math.sqrt(0.5) * noise + 0.6 * (np.arange(SEGMENTS) < different), axis=0)
        for name, p_values in procedures.items():
            looks = rejected(p_values(sums, times), "bh")
            found[name].append(looks[looks.sum(axis=1).argmax()])
    for name, rows in found.items():
        yield line(f"fifty segments, {different} differ, forty looks: {name}", np.array(rows), different)


def main() -> None:
    """Print the table."""
    random = np.random.default_rng(2026)
    sys.stdout.write(
        "| what, and by which procedure | any false finding | share of false ones | found |\n|---|---|---|---|\n"
    )
    for part, differences in ((metrics, (0, 4)), (treatments, (0, 1)), (stopped, (0, 10))):
        for different in differences:
            sys.stdout.writelines(f"{row}\n" for row in part(random, different))


if __name__ == "__main__":
    main()
