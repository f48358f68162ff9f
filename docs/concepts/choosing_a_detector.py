"""Makes the tables and the picture of choosing-a-detector.md: `python docs/concepts/choosing_a_detector.py`. About ten minutes.

With names of tables it makes these, and with names of detectors it prints their rows. The picture needs matplotlib.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from truthlag.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    ECDD,
    EDDM,
    EWMA,
    FHDDM,
    HDDMA,
    HDDMW,
    KSWIN,
    RDDM,
    STEPD,
    AlwaysFires,
    EDetector,
    Evaluation,
    NeverFires,
    PageHinkley,
    RunLength,
    Scenario,
    ScenarioResult,
    calibrate,
    evaluate,
)

PAGE = Path(__file__).with_name("choosing-a-detector.md")
PICTURE = Path(__file__).with_name("choosing-a-detector.svg")
RUNS = 400
CALIBRATION_RUNS = 1_000
BASELINE_RUNS = 1_000
FEW = 10
HISTORIES = (500, 5_000, 50_000)
LENGTH = 3_000
HORIZON = 50_000
RATE, AFTER = 0.10, (0.15, 0.20)
DEVIATION = 0.30
ARL = 10_000
WEEK = 7_000

DETECTORS: dict[str, Callable[[], Any]] = {
    "ADWIN": ADWIN,
    "CUSUM": lambda: CUSUM(RATE, DEVIATION),
    "CUSUM, k=0.1": lambda: CUSUM(RATE, DEVIATION, k=0.1),
    "DDM": DDM,
    "ECDD": ECDD,
    "EDDM": EDDM,
    "EDetector": lambda: EDetector(RATE),
    "EWMA": lambda: EWMA(RATE, DEVIATION),
    "EWMA, lambda_val=0.01": lambda: EWMA(RATE, DEVIATION, lambda_val=0.01),
    "FHDDM": FHDDM,
    "HDDMA": HDDMA,
    "HDDMW": HDDMW,
    "KSWIN": KSWIN,
    "PageHinkley": PageHinkley,
    "RDDM": RDDM,
    "STEPD": STEPD,
    "AlwaysFires": AlwaysFires,
    "NeverFires": NeverFires,
}
CALIBRATED = [name for name in DETECTORS if name not in {"ECDD", "AlwaysFires", "NeverFires"}]
DRAWN = {"ADWIN": "#1d3557", "HDDMA": "#5b8e7d", "DDM": "#e09f3e", "EDDM": "#888888", "EDetector": "#c1440e"}
"""Detectors on the picture, by what they find as they come after so many labels."""
WATCHED = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
SCENARIOS = [Scenario(before=RATE, after=after, history=rows, length=LENGTH) for after in AFTER for rows in HISTORIES]


def errors(rows: int) -> Any:
    """The history by which the thresholds are chosen."""
    return np.random.default_rng(11).random(rows) < RATE


def runs_of(name: str) -> int:
    """KSWIN takes fifty times as long as the others."""
    return RUNS // 4 if name == "KSWIN" else RUNS


def calibrated(name: str) -> Any:
    """The detector with its threshold chosen for the run length of the page."""
    runs = CALIBRATION_RUNS * runs_of(name) // RUNS
    return calibrate(DETECTORS[name](), errors(50_000), arl=ARL, runs=runs, histories=0)


def length_cell(length: RunLength) -> str:
    """Values for each first alarm; of few alarms, only what is sure."""
    if length.mean.value is None or length.runs - length.censored < FEW:
        return f"over {rounded(length.mean.low or 0.0)}"
    return rounded(length.mean.value)


def rounded(number: float) -> str:
    """Two digits, as two are known."""
    return f"{float(f'{number:.2g}'):,.0f}"


def percent(share: float | None) -> str:
    return f"{100 * (share or 0.0):.0f} %"


def cell(result: ScenarioResult) -> str:
    """The share detected, and the median delay of all runs."""
    delay = result.median_delay.value
    share = percent(result.detected.value)
    return share if delay is None else f"{share}, {delay:,.0f}"


def row(name: str, evaluation: Evaluation) -> list[str]:
    """A row of the tables: the run length, what would alarm anyway, and the scenarios."""
    results = evaluation.results
    chance = [percent(result.alarmed_without_change.value) for result in results[: len(HISTORIES)]]
    return [name, length_cell(results[0].run_length), " / ".join(chance), *(cell(result) for result in results)]


def evaluated(make: Any, scenarios: list[Scenario], runs: int = RUNS) -> Evaluation:
    return evaluate(make, scenarios, runs=runs, horizon=HORIZON)


HEADINGS = [
    "labels for each false alarm",
    "alarms in 3,000 labels without a change",
    *(f".10 to .{100 * after:.0f} after {rows:,}" for after in AFTER for rows in HISTORIES),
]


def table(headings: list[str], rows: Iterable[list[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


@dataclass(frozen=True)
class Baseline:
    """A way to give a detector its baseline, and the stream that it then meets."""

    name: str
    make: Callable[..., Any]
    baseline_rows: int | None = None
    before: Any = RATE


def cycle(height: float, period: int) -> Callable[[np.random.Generator, int], Any]:
    """Errors at a rate that goes up and down around that of the page, beginning anywhere."""

    def draw(rng: np.random.Generator, n: int) -> Any:
        times = np.arange(n) + rng.integers(period)
        return rng.random(n) < RATE + height * np.sin(2 * np.pi * times / period)

    return draw


def estimated(losses: Any) -> EDetector:
    return EDetector(float(losses.mean()))


def counted(losses: Any) -> EDetector:
    return EDetector((int(losses.sum()), losses.size))


BASELINES = [
    Baseline("known: 0.10", lambda: EDetector(RATE)),
    Baseline("the rate of 1,000 rows, as a number", estimated, 1_000),
    Baseline("the rate of 1,000 rows, as (k, n)", counted, 1_000),
    Baseline("the rate of 10,000 rows, as a number", estimated, 10_000),
    Baseline("the rate of 10,000 rows, as (k, n)", counted, 10_000),
    Baseline("0.10; the rate goes from 0.08 to 0.12 in a week", lambda: EDetector(RATE), None, cycle(0.02, WEEK)),
    Baseline("0.10; the rate goes from 0.07 to 0.13 in a week", lambda: EDetector(RATE), None, cycle(0.03, WEEK)),
    Baseline("the same, with `tolerance=0.03`", lambda: EDetector(RATE, tolerance=0.03), None, cycle(0.03, WEEK)),
]


def baseline_row(baseline: Baseline, known: float | None) -> tuple[list[str], float]:
    """False alarms for a million labels, how many times those of a known baseline, and what it costs."""
    scenarios = [Scenario(before=baseline.before, after=after, history=5_000, length=LENGTH) for after in AFTER]
    evaluation = evaluate(
        baseline.make, scenarios, baseline_rows=baseline.baseline_rows, runs=BASELINE_RUNS, horizon=HORIZON
    )
    alarms = evaluation.results[0].run_length.false_alarms_per_1000
    value, low, high = (1_000 * (one or 0.0) for one in (alarms.value, alarms.low, alarms.high))
    times = value / known if known else 1.0
    numbers = [f"{value:.1f} ({low:.1f} to {high:.1f})", f"{times:.1f}"]
    return [baseline.name, *numbers, *(cell(result) for result in evaluation.results)], value


def baseline_rows() -> list[list[str]]:
    rows = []
    known = None
    for baseline in BASELINES:
        cells, alarms = baseline_row(baseline, known)
        known = alarms if known is None else known
        rows.append(cells)
    return rows


SUPPORT = [(1_000, 1_000), (10_000, 1_000), (2_500, 2_500), (10_000, 2_500)]


def support_row(rows: int, arl: int, samples: int = 50) -> list[str]:
    """What a calibration comes to on new values, over many histories of so many rows."""
    lengths, is_inside = [], []
    for number in range(samples):
        history = np.random.default_rng([31, number]).random(rows) < RATE
        found = calibrate(CUSUM(RATE, DEVIATION, k=0.1), history, arl=arl, runs=200, block_length=1)
        length = evaluate(found.detector, Scenario(history=0, length=1), runs=200, horizon=5 * arl, seed=number)
        mean = length.results[0].run_length.mean.value or float(5 * arl)
        low, high = found.history_interval or (0.0, 0.0)
        lengths.append(mean / arl)
        is_inside.append(low <= mean <= high)
    tenths = np.quantile(lengths, [0.1, 0.5, 0.9])
    return [f"{rows:,}", f"{arl:,}", *(f"{one:.2f}" for one in tenths), percent(float(np.mean(is_inside)))]


def history_rows() -> dict[str, list[ScenarioResult]]:
    """What some detectors find by how long they have watched."""
    scenarios = [Scenario(before=RATE, after=AFTER[0], history=rows, length=LENGTH) for rows in WATCHED]
    return {name: list(evaluated(DETECTORS[name], scenarios).results) for name in DRAWN}


def alarms_of_eddm() -> str:
    """Alarms in 5 000 labels without a change, on average."""
    result = evaluate(EDDM, Scenario(history=0, length=1), runs=RUNS, horizon=5_000).results[0]
    rate = result.run_length.false_alarms_per_1000
    return f"{5 * (rate.value or 0.0):.1f} ({5 * (rate.low or 0.0):.1f} to {5 * (rate.high or 0.0):.1f})"


def draw(rows: dict[str, list[ScenarioResult]]) -> None:
    """The shares detected, with their intervals, and dotted what alarms without a change."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams |= {"svg.hashsalt": "truthlag", "font.size": 9, "svg.fonttype": "path"}
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for name, results in rows.items():
        colour = DRAWN[name]
        axes.plot(WATCHED, [one.detected.value for one in results], color=colour, label=name, linewidth=1.6)
        low, high = ([getattr(one.detected, end) for one in results] for end in ("low", "high"))
        axes.fill_between(WATCHED, low, high, color=colour, alpha=0.18, linewidth=0)
        chance = [one.alarmed_without_change.value for one in results]
        axes.plot(WATCHED, chance, color=colour, linewidth=1, linestyle=":")
    axes.plot([], [], color="#666666", linewidth=1, linestyle=":", label="dotted: without a change")
    axes.set_xscale("log")
    axes.set_xticks(WATCHED, [f"{rows:,}" for rows in WATCHED])
    axes.minorticks_off()
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel("labels watched before the change")
    axes.set_ylabel("alarm within 3,000 labels")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, ncols=len(DRAWN) + 1, loc="outside upper center", handlelength=1.5, columnspacing=1.4)
    plt.savefig(PICTURE, metadata={"Date": None})
    plt.close()


def put(text: str, name: str, content: str) -> str:
    """The page with a table between its marks."""
    marks = f"<!-- {name} -->", "<!-- end -->"
    pattern = re.compile(rf"{re.escape(marks[0])}\n.*?{re.escape(marks[1])}", re.DOTALL)
    assert pattern.search(text), f"{PAGE.name} has no place for {name}"
    return pattern.sub(lambda _: f"{marks[0]}\n\n{content}\n\n{marks[1]}", text, count=1)


def as_they_come(name: str) -> list[str]:
    return row(name, evaluated(DETECTORS[name], SCENARIOS, runs_of(name)))


def when_calibrated(name: str) -> list[str]:
    try:
        found = calibrated(name)
    except ValueError as error:
        return [name, f"not possible: {error}", *[""] * (2 + len(SCENARIOS))]
    first, *cells = row(name, evaluated(found.detector, SCENARIOS, runs_of(name)))
    return [first, f"`{found.parameter}` = {found.value:.4g}", *cells]


def histories_table() -> str:
    watched = history_rows()
    draw(watched)
    sys.stdout.write(f"EDDM alarms {alarms_of_eddm()} times in 5,000 labels without a change\n")
    shares = [[name, *(percent(one.detected.value) for one in results)] for name, results in watched.items()]
    return table(["", *(f"{rows:,}" for rows in WATCHED)], shares)


def baselines_table() -> str:
    headings = ["baseline", "false alarms in a million labels", "times those of the known one"]
    return table([*headings, *(f".10 to .{100 * after:.0f}" for after in AFTER)], baseline_rows())


def support_table() -> str:
    headings = ["rows of history", "`arl`", "a tenth below", "half below", "a tenth above", "in `history_interval`"]
    return table(headings, (support_row(rows, arl) for rows, arl in SUPPORT))


TABLES: dict[str, Callable[[], str]] = {
    "as they come": lambda: table(["", *HEADINGS], map(as_they_come, DETECTORS)),
    "histories": histories_table,
    "calibrated": lambda: table(["", "chosen", *HEADINGS], map(when_calibrated, CALIBRATED)),
    "baselines": baselines_table,
    "support": support_table,
}


def main(names: list[str]) -> None:
    for name in names or TABLES:
        if name in TABLES:
            content = TABLES[name]()
            PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), name, content), encoding="utf-8")
        else:
            rows = [as_they_come(name), *([when_calibrated(name)] if name in CALIBRATED else [])]
            sys.stdout.write("".join(f"| {' | '.join(cells)} |\n" for cells in rows))
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
