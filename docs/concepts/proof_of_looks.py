"""Makes the first table and the picture of proof-of-the-comparisons.md: `python docs/concepts/proof_of_looks.py`. A minute."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special
from table_between_marks import write_table

from truthlag.verdict.abtest.difference.betting_proportions import BettingEvidence
from truthlag.verdict.abtest.inference import AsymptoticSequence
from truthlag.verdict.abtest.inference.exact_sequence import ExactSequence
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds
from truthlag.verdict.abtest.statistics import BatchedProportion, Proportion

PAGE = Path(__file__).with_name("proof-of-the-comparisons.md")
PICTURE = PAGE.with_suffix(".svg")
RUNS, EXACT_RUNS = 20_000, 4_000
ALPHA = 0.05
#: Of each arm: the monitor says nothing before the first.
FIRST, LAST = 1_000, 10_000
RATE, OTHER = 0.12, 0.135
LOOKS = (19, 181)

Floats = NDArray[np.float64]


class Test(NamedTuple):
    """Successes of each arm at each look of each run, and the units of an arm at the looks."""

    control: NDArray[np.int64]
    treatment: NDArray[np.int64]
    units: NDArray[np.int64]


class Result(NamedTuple):
    """The share of runs with a verdict, and the units of both arms at which they ended on average."""

    found: float
    size: float


Rule = Callable[[Test], NDArray[np.bool_]]


def run(seed: int, rates: tuple[float, float], looks: int, runs: int) -> Test:
    """Tests of two rates."""
    random = np.random.default_rng(seed)
    units = np.linspace(FIRST, LAST, looks).round().astype(np.int64)
    new = np.diff(units, prepend=0)
    first, second = (np.cumsum(random.binomial(new, rate, (runs, looks)), axis=1) for rate in rates)
    return Test(first, second, units)


def result(test: Test, rule: Rule) -> Result:
    """What a rule finds, which stops at the first look that finds something."""
    crossed = rule(test)
    found = crossed.any(axis=1)
    last = np.where(found, crossed.argmax(axis=1), len(test.units) - 1)
    return Result(float(found.mean()), float(2 * test.units[last].mean()))


def score(test: Test) -> Floats:
    """The statistic of `compare` for rates with many successes: that of Farrington and Manning."""
    n = test.units
    common = (test.control + test.treatment) / (2 * n)
    variance = common * (1 - common) * 2 / n * (2 * n / (2 * n - 1))
    return np.asarray((test.treatment - test.control) / n / np.sqrt(variance))


def plain(test: Test) -> NDArray[np.bool_]:
    """`ModelABTestMonitor.evaluate` at every look: Student's t test, significant below alpha."""
    n = test.units
    before, now = test.control / n, test.treatment / n
    pooled = n * (before * (1 - before) + now * (1 - now)) / (2 * n - 2)
    statistic = (now - before) / np.sqrt(pooled * 2 / n)
    return np.asarray(2 * special.stdtr(2 * n - 2, -np.abs(statistic)) < ALPHA)


def bonferroni(test: Test) -> NDArray[np.bool_]:
    """Mode `"fixed"` at every look, with alpha shared out among them."""
    return np.asarray(np.abs(score(test)) >= -special.ndtri(ALPHA / 2 / len(test.units)))


def one_look(test: Test) -> NDArray[np.bool_]:
    """Mode `"fixed"` at the planned size."""
    crossed = np.abs(score(test)) >= -special.ndtri(ALPHA / 2)
    crossed[:, :-1] = False
    return np.asarray(crossed)


def spending(how: str | float) -> Rule:
    """Mode `"group_sequential"`."""

    def crossed(test: Test) -> NDArray[np.bool_]:
        shares = tuple((test.units / test.units[-1]).tolist())
        return np.asarray(np.abs(score(test)) >= spent_bounds(Design(how, ALPHA, 2), shares).bounds)

    return crossed


def sequence(test: Test) -> NDArray[np.bool_]:
    """Mode `"confidence_sequence"`, tuned at the planned size."""
    rule = AsymptoticSequence(ALPHA, 2 * LAST)
    bounds = [rule.quantile(math.inf, 2 * int(n), one_sided=False) for n in test.units]
    return np.asarray(np.abs(score(test)) >= bounds)


def exact(test: Test) -> NDArray[np.bool_]:
    """The same with method `"exact"`."""
    rule = ExactSequence(ALPHA, 2 * LAST)
    crossed = np.zeros(test.control.shape, dtype=bool)
    # An e-value of 20 takes more than three standard errors: the rest need not be asked.
    for row, column in zip(*np.nonzero(np.abs(score(test)) >= 2.5), strict=True):
        n = int(test.units[column])
        arms = (Proportion(int(arm[row, column]), n) for arm in (test.control, test.treatment))
        crossed[row, column] = rule.effect(*arms).against(0.0).up >= -math.log(ALPHA)
    return crossed


def bets(test: Test) -> NDArray[np.bool_]:
    """The same of a `BatchedProportion`, of which each look brings a batch."""
    rows = np.diff(test.units, prepend=0).astype(int).tolist()
    batches = (np.diff(arm, prepend=0, axis=1).astype(int).tolist() for arm in (test.control, test.treatment))
    paths = [
        BettingEvidence(BatchedProportion(k, rows), BatchedProportion(j, rows), 2 * LAST, is_one_sided=False).path()
        for k, j in zip(*batches, strict=True)
    ]
    return np.asarray(np.array(paths) >= -math.log(ALPHA))


RULES: dict[str, tuple[Rule, int]] = {
    "`ModelABTestMonitor` at every look": (plain, RUNS),
    "one look, at the end": (one_look, RUNS),
    "every look, at alpha over their number (Bonferroni)": (bonferroni, RUNS),
    "group sequential, O'Brien-Fleming": (spending("obrien_fleming"), RUNS),
    "group sequential, square of the share": (spending(2.0), RUNS),
    "group sequential, Pocock": (spending("pocock"), RUNS),
    "confidence sequence": (sequence, RUNS),
    "confidence sequence, exact": (exact, EXACT_RUNS),
    "confidence sequence, exact by bets on batches": (bets, EXACT_RUNS),
}


def share(found: float, runs: int) -> str:
    """A share of runs in percent, with its standard error; where none or all were found, that of one more of each."""
    safe = (found * runs + 1) / (runs + 2)
    return f"{100 * found:.1f} ± {100 * math.sqrt(safe * (1 - safe) / runs):.1f}"


def row(name: str) -> str:
    """A rule's line of the table."""
    rule, runs = RULES[name]
    same = [result(run(looks, (RATE, RATE), looks, runs), rule) for looks in LOOKS]
    other = result(run(1, (RATE, OTHER), LOOKS[0], runs), rule)
    shares = [share(one.found, runs) for one in (*same, other)]
    return f"| {name} | {' | '.join(shares)} | {other.size:,.0f} | {same[0].size:,.0f} |"


DRAWN = {
    "`ModelABTestMonitor` at every look": "#c1440e",
    "group sequential, O'Brien-Fleming": "#1f6f8b",
    "group sequential, Pocock": "#7fb7be",
    "confidence sequence": "#3a7d44",
}


def draw() -> None:
    """The share of tests with a verdict by each look: of two equal rates, and of two that differ."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams |= {"svg.hashsalt": "truthlag", "font.size": 9, "svg.fonttype": "path"}
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.3), layout="constrained")
    for axes, test, title in (
        (left, run(LOOKS[0], (RATE, RATE), LOOKS[0], RUNS), "no difference: each verdict is wrong"),
        (right, run(1, (RATE, OTHER), LOOKS[0], RUNS), "12 against 13.5 percent: each is right"),
    ):
        for name, colour in DRAWN.items():
            found = np.logical_or.accumulate(RULES[name][0](test), axis=1).mean(axis=0)
            axes.plot(test.units, 100 * found, color=colour, linewidth=1.6, label=name.replace("`", ""))
        one = 100 * RULES["one look, at the end"][0](test)[:, -1].mean()
        axes.plot([LAST], [one], "o", color="#666666", markersize=5, label="one look, at the end")
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("units of each arm")
        axes.set_xticks([1_000, 4_000, 7_000, 10_000], ["1,000", "4,000", "7,000", "10,000"])
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    left.axhline(100 * ALPHA, color="#666666", linewidth=1, linestyle=":")
    left.set_ylabel("tests with a verdict by then")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, ncols=3, loc="outside lower center", handlelength=1.5)
    plt.savefig(PICTURE, metadata={"Date": None})
    plt.close()


def main() -> None:
    """Write the table and draw the picture."""
    write_table(PAGE, "rules", "\n".join(map(row, RULES)))
    draw()


if __name__ == "__main__":
    main()
