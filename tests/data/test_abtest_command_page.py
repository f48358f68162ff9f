"""The page of `truthlag abtest` shows what the command says of real tests, and how many peeking would have ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.docs import console, markdown
from tests.docs.page_script import page_script
from truthlag.abtest import Mean, Proportion, compare, winsorize
from truthlag.show.commands import truthlag

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
PAGE = FOLDER / "abtest-command.md"


def script() -> Any:
    return page_script("how-to/abtest_command_table.py")


def report(*arguments: object) -> dict[str, Any]:
    ran = CliRunner().invoke(truthlag, ["abtest", *map(str, arguments), "--format", "json"])
    assert ran.exit_code == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_the_page_shows_what_the_command_prints(log_path: Callable[[str], Path]) -> None:
    log_path("open_bandit_men.parquet")
    folder = log_path("cookie_cats.csv.gz").parent
    real = [block for block in markdown.blocks(PAGE) if block.not_run and "real data" in block.not_run]
    assert len(real) == 3
    for block in real:
        console.run(block.source, folder, f"{PAGE.name}:{block.line}")


def test_the_table_and_the_picture_are_those_of_the_data(log_path: Callable[[str], Path]) -> None:
    made = script()
    folder = log_path(made.LOG).parent
    rows = list(made.of_rules(folder))
    page = PAGE.read_text(encoding="utf-8")
    table = [row for row in rows if row.startswith("|")]
    assert len(table) == 5 and all(f"\n{row}\n" in page for row in table)
    told = " ".join(page.split())
    assert [row.split(": ended at ")[1].split(" ")[0] for row in rows[5:]] == ["38", "77", "44"]
    assert "the middle after 77 and 44 percent of its units, where peeking does after 38" in told
    assert list(made.of_ratios(folder)) == [
        "sizes not equal: 9 of 50 by chi-square at the end, 8 by the sequential test"
    ]
    assert "are not equal in 9 of the 50 by chi-square, in 8 by the sequential test" in told
    assert made.PICTURE.read_text(encoding="utf-8") == made.picture(folder) + "\n"
    test = next(one for one in made.tests(folder) if (one.experiment, one.variant, one.metric) == made.SHOWN)
    first, *_, last = test.looks(mode="fixed")
    assert test.days[0] == 1.0 and first.verdict == "worse" and first.p_value == pytest.approx(0.005, abs=2e-4)
    assert last.p_value == pytest.approx(0.57, abs=5e-3) and test.days[-1] == 35.0


def test_a_careful_analyst_does_not_trust_cookie_cats(log_path: Callable[[str], Path]) -> None:
    path = log_path("cookie_cats.csv.gz")
    arguments = (path, "--arm", "test_version", "--metric", "retention_7", "--metric", "sum_gamerounds")
    once = report(*arguments, "--mode", "fixed")
    gate, primary = once["gates"]["gates"][0], once["metrics"][0]
    # The figures of the data's own description.
    assert gate["status"] == "failed" and gate["numbers"]["p_value"] == pytest.approx(0.0086, abs=5e-5)
    assert primary["verdict"] == "invalid" and once["recommendation"]["status"] == "invalid"
    assert primary["comparison"]["p_value"] == pytest.approx(0.00155, abs=5e-6)
    assert [primary["comparison"][arm]["estimate"] for arm in ("control", "treatment")] == pytest.approx(
        [0.1902, 0.1820], abs=5e-5
    )
    assert any("A single value of sum_gamerounds, 49,854" in note for note in once["notes"])
    anytime = report(*arguments)
    assert anytime["gates"]["status"] == "passed" and anytime["recommendation"]["status"] == "keep_running"
    assert any("chi-square p = 0.0086 for a single look" in note for note in anytime["notes"])
    # Had gate 30 lost as many players, none of whom came back.
    lost = 45_489 - 44_700
    kept = primary["comparison"]["control"]["estimate"] * 44_700 / (44_700 + lost)
    assert kept == pytest.approx(0.187, abs=5e-4)
    share = (primary["comparison"]["control"]["estimate"] - kept) / -primary["comparison"]["difference"]
    assert share == pytest.approx(0.4, abs=0.02)


def test_capped_rounds_of_cookie_cats(log_path: Callable[[str], Path]) -> None:
    csv = pytest.importorskip("pyarrow.csv")
    path = log_path("cookie_cats.csv.gz")
    table = csv.read_csv(path)
    arms, rounds = table["test_version"].to_numpy(), table["sum_gamerounds"].to_numpy()
    both = [rounds[arms == arm] for arm in ("gate_30", "gate_40")]
    capped = winsorize(*both, upper=0.999)
    found = report(path, "--arm", "test_version", "--metric", "sum_gamerounds", "--winsorize", 0.999, "--mode", "fixed")
    comparison = found["metrics"][0]["comparison"]
    wanted = compare(capped.control, capped.treatment, mode="fixed")
    assert comparison["p_value"] == pytest.approx(wanted.p_value, rel=1e-12)
    plain = compare(Mean.of(both[0]), Mean.of(both[1]), mode="fixed")
    # One player makes most of the spread: without the largest values the interval is half as wide.
    assert wanted.standard_error < 0.5 * plain.standard_error


def test_two_policies_of_open_bandit(log_path: Callable[[str], Path]) -> None:
    path = log_path("open_bandit_men.parquet")
    arguments = (path, "--arm", "policy", "--control", "random", "--metric", "click", "--no-weights")
    once = report(*arguments, "--mode", "fixed", "--time", "timestamp")
    assert once["metrics"][0]["comparison"]["p_value"] == pytest.approx(0.031, abs=6e-4)
    assert [look["verdict"] for look in once["over_time"]["click"]["looks"]] == ["undecided", *["better"] * 6]
    anytime = report(*arguments, "--time", "timestamp", "--expected-n", 20_000)
    assert {look["verdict"] for look in anytime["over_time"]["click"]["looks"]} == {"undecided"}
    assert compare(Proportion(46, 10_000), Proportion(69, 10_000), mode="fixed").p_value == pytest.approx(
        once["metrics"][0]["comparison"]["p_value"], rel=1e-12
    )
