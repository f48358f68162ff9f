"""The page on elec2 says what the rules say: its table, its stretches, and the figures of its text."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from tests.docs.page_script import page_script

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[2] / "docs" / "concepts"
PAGE = (FOLDER / "when-it-would-have-spoken.md").read_text(encoding="utf-8")
# Seven hundred exact tests.
SLOW = ("check, days",)


script = page_script("concepts/when_it_would_have_spoken.py")
RULES = list(script.rules())
TEXT = " ".join(PAGE.split())


@pytest.fixture(scope="module")
def log(log_path: Callable[[str], Path]) -> Any:
    return script.log_of(log_path(script.LOG).parent)


@pytest.fixture(scope="module")
def frame(log_path: Callable[[str], Path]) -> pd.DataFrame:
    """The decisions with a label, by time; read by pandas and not by the script."""
    read = pd.read_csv(log_path(script.LOG)).dropna(subset=["label", "label_timestamp"])
    for name in ("timestamp", "label_timestamp"):
        read[name] = pd.to_datetime(read[name], utc=True)
    read["wrong"] = read.prediction != read.label
    return read.sort_values("timestamp", kind="stable")


def lines() -> list[str]:
    """The lines of the table, without its heading."""
    table = PAGE.split(script.BEGIN)[1].split(script.END)[0]
    return [line for line in table.splitlines() if line.startswith("|")][2:]


def cells(name: str) -> list[str]:
    """The line of one rule."""
    return [cell.strip() for cell in lines()[RULES.index(name)].strip("|").split("|")]


def test_the_table_has_a_line_for_each_rule() -> None:
    assert len(lines()) == len(RULES) == 17


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in RULES]
)
def test_a_line_of_the_table(name: str, log: Any) -> None:
    assert list(script.row(log, script.rules()[name](log))) == cells(name)


def test_the_stretches(log: Any, frame: pd.DataFrame) -> None:
    truth = script.truth_of(log)
    edges = [log.first + script.BASELINE, truth.spring, truth.spring_end, truth.summer, truth.summer_end]
    found = re.findall(r"^\| \W*(\w+)\W* \| (\S+) to (\S+|the end) \| (\.\d{3}) \|$", PAGE, re.MULTILINE)
    assert [name for name, *_ in found] == ["before", "spring", "between", "summer", "after"]
    for (name, start, end, accuracy), low, high in zip(found, edges, [*edges[1:], log.last], strict=True):
        some = frame[(frame.timestamp >= low) & (frame.timestamp < high)]
        assert f"{1 - some.wrong.mean():.3f}".removeprefix("0") == accuracy, name
        assert f"{low:%Y-%m-%d}" == start
        assert end in ("the end", f"{high:%Y-%m-%d}")


def test_no_other_moment_divides_the_log_better(log: Any, frame: pd.DataFrame) -> None:
    """The spring loss by trying each hundredth row, and the logarithm of binomial probabilities, term by term."""
    truth = script.truth_of(log)
    wrong = frame[frame.timestamp < truth.spring_end].wrong.to_numpy(float)
    times = frame[frame.timestamp < truth.spring_end].timestamp

    def likelihood(rows: Any) -> float:
        return float(np.log(np.where(rows == 1, rows.mean(), 1 - rows.mean())).sum())

    chosen = int((times < truth.spring).sum())
    best = likelihood(wrong[:chosen]) + likelihood(wrong[chosen:])
    for place in range(100, len(wrong) - 100, 100):
        assert likelihood(wrong[:place]) + likelihood(wrong[place:]) <= best + 1e-9


def test_the_weekly_five_percent_rule_by_pandas(log: Any, frame: pd.DataFrame) -> None:
    first, two_days = frame.timestamp.min(), pd.Timedelta("2D")
    ready = first + pd.Timedelta("14D") + two_days
    early = frame[(frame.timestamp < first + pd.Timedelta("14D")) & (frame.label_timestamp < ready)]
    alarms = []
    for number in range(1, 110):
        asked = first.floor("D") + number * pd.Timedelta("7D")
        window = frame[
            (frame.timestamp >= asked - two_days - pd.Timedelta("7D")) & (frame.timestamp < asked - two_days)
        ]
        known = window[window.label_timestamp < asked]
        if asked >= ready and len(known) >= 20 and 1 - known.wrong.mean() < 0.95 * (1 - early.wrong.mean()):
            alarms.append(asked.to_pydatetime())
    assert [start for start, _ in script.rules()["five percent, weeks"](log).alarms] == alarms


def test_what_a_wait_costs_by_pandas(log: Any, frame: pd.DataFrame) -> None:
    truth = script.truth_of(log)
    baseline = script.baseline_of(log).accuracy
    first = next(start for start, _ in script.rules()["e-detector"](log).alarms if start >= truth.summer)
    meanwhile = frame[(frame.timestamp >= truth.summer) & (frame.timestamp < first)]
    many = meanwhile.wrong.sum() - (1 - baseline) * len(meanwhile)
    assert cells("e-detector")[5:7] == [f"{first:%Y-%m-%d}", f"{meanwhile.wrong.sum()} ({many:+.0f})"]


def test_the_figures_of_the_text(log: Any, frame: pd.DataFrame) -> None:
    truth = script.truth_of(log)
    before = frame[(frame.timestamp >= log.first + script.BASELINE) & (frame.timestamp < truth.spring)]
    error = before.wrong.to_numpy(float) - before.wrong.mean()
    assert f"{(error[:-1] * error[1:]).mean() / error.var():.2f}" == "0.43"
    days = before.groupby(before.timestamp.dt.date).wrong.agg(["mean", "size"])
    assert f"{days[days['size'] > 40]['mean'].max():.0%}" == "64%"
    # 47 of the 48 decisions of a day get their label, the others never do.
    assert f"{1 / binom.cdf(np.ceil(0.95 * script.baseline_of(log).accuracy * 47) - 1, 47, 0.814):.0f}" == "7"
    assert "on one day in seven by chance alone" in TEXT
    line = [start for start, _ in script.rules()["line, weeks"](log).alarms]
    assert sum(truth.summer <= start < truth.summer_end for start in line) == 17
    assert "of the 48 weeks of the summer it speaks in 17" in TEXT
    for rule, told in (("check, days", "49 and 81"), ("e-detector", "22 and 54")):
        spring, summer = (int(cell.split("+")[1].rstrip(")")) for cell in (cells(rule)[4], cells(rule)[6]))
        assert f"{spring} and {summer}" == told
        assert told in TEXT
    assert cells("five percent, days")[2].split()[0] == "27"
    assert cells("five percent, days")[8].split()[0] == "53"


def test_how_long_it_took(log: Any) -> None:
    truth = script.truth_of(log)
    for rule, spring, summer in (("check, days", 8, 6), ("e-detector", 3, 2)):
        for loss, cell, days in ((truth.spring, cells(rule)[3], spring), (truth.summer, cells(rule)[5], summer)):
            # The table gives the day; where the rule looks daily, at its beginning.
            told = datetime.fromisoformat(cell).replace(tzinfo=loss.tzinfo)
            assert abs((told - loss).total_seconds() / 86_400 - days) < 1
