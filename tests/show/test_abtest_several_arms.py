"""`truthlag abtest` on a file of three arms: what `compare_many` and `ab_test_report` make of the same numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from truthlag.abtest import (
    Guardrail,
    LabelledRows,
    Mean,
    MetricPlan,
    Proportion,
    ab_test_report,
    compare_many,
    label_arrival_parity,
    sample_ratio_chi_square,
)

Run = Callable[..., Any]
ARMS = ("old", "good", "same")


def columns(rows: int = 9_000, seed: int = 1) -> dict[str, Any]:
    """Three arms over ten days: one converts more, one is slower."""
    random = np.random.default_rng(seed)
    arm = random.integers(0, 3, rows)
    label = random.random(rows) < 0.3
    before = random.gamma(2.0, 5.0, rows)
    return {
        "user": [f"u{place}" for place in range(rows)],
        "arm": np.array(ARMS)[arm],
        "converted": (random.random(rows) < 0.20 + 0.05 * (arm == 1)).astype(int),
        "spend": before + random.gamma(2.0, 3.0, rows) + 0.3 * (arm == 1),
        "before": before,
        "label": label.astype(int),
        "decision": (random.random(rows) < np.where(label, 0.7 + 0.1 * (arm == 1), 0.2)).astype(int),
        "latency": random.lognormal(4.0, 0.5, rows) * np.where(arm == 2, 1.5, 1.0),
        "country": random.choice(["de", "fr"], rows),
        "time": [f"2026-03-{one + 1:02d}" for one in random.integers(0, 10, rows)],
    }


def of(given: dict[str, Any], name: str, arm: str) -> Any:
    return given[name][np.asarray(given["arm"]) == arm]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, columns())


def write(folder: Path, given: dict[str, Any]) -> Path:
    found = folder / "test.parquet"
    pq.write_table(pa.table(given), found)
    return found


def content(ran: Any) -> dict[str, Any]:
    assert ran.exit_code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_the_table(run: Run, tmp_path: Path) -> None:
    rows = {"arm": ["A"] * 1_000 + ["B"] * 1_000 + ["C"] * 1_000, "won": ([1] * 100 + [0] * 900) * 2}
    rows["won"] += [1] * 150 + [0] * 850
    ran = run("abtest", write(tmp_path, rows), "--arm", "arm", "--metric", "won", "--mode", "fixed")
    assert ran.err == "" and ran.exit_code == 0
    assert ran.out.splitlines() == [
        "test test.parquet",
        "units: A 1,000, B 1,000, C 1,000",
        "",
        "sample_ratio        passed   the sizes of the arms agree with their shares (p = 1.0000, one look).",
        "double_exposure     not run  no units of the arms were given.",
        "pre_period_balance  not run  no covariate of the time before the test was given.",
        "label_arrival       not run  no labels were given.",
        "",
        "metric  arm     role  control  treatment  difference             interval  relative       p  verdict",
        "won     B    primary      0.1        0.1           0  -0.02991 to 0.02991       +0%  1.0000  undecided",
        "won     C    primary      0.1       0.15        0.05    0.0174 to 0.08298      +50%  0.0014  better",
        "",
        "recommendation: ship",
        "Ship C: won rose from 0.1 to 0.15 (+50%; 95% interval of the difference 0.0174 to 0.08298). No guardrail was",
        "given. (B: stop no difference.)",
        "",
        "3,000 rows of test.parquet, B and C against A",
    ]


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("held", [False, True])
def test_it_is_what_the_library_makes_of_it(run: Run, path: Path, mode: Any, held: bool) -> None:
    given = columns()
    arms = {
        arm: {"converted": Proportion.of(of(given, "converted", arm)), "spend": Mean.of(of(given, "spend", arm))}
        for arm in ("old", "good", "same")
    }
    table = compare_many(arms, mode=mode)
    rail = Guardrail("latency", "lower", 0.1, scale="relative", mode=mode)
    latency = {arm: Mean.of(of(given, "latency", arm)) for arm in arms}
    rails = {arm: [rail.check(latency["old"], latency[arm])] for arm in ("good", "same")}
    wanted = ab_test_report(metrics=table, guardrails=rails).to_dict()
    more = ["--unit", "user"] if held else []
    found = content(
        run(
            *("abtest", path, "--arm", "arm", "--metric", "converted", "--metric", "spend", "--mode", mode),
            *("--guardrail", "latency:lower:10%", "--format", "json", *more),
        )
    )
    assert [(row["arm"], row["metric"]) for row in found["metrics"]] == [
        (row["arm"], row["metric"]) for row in wanted["metrics"]
    ]
    for row, other in zip(found["metrics"], wanted["metrics"], strict=True):
        assert (row["verdict"], row["adjustment"], row["family_size"]) == (
            other["verdict"],
            other["adjustment"],
            other["family_size"],
        )
        # Sums in batches are in another order.
        assert row["adjusted_p_value"] == pytest.approx(other["adjusted_p_value"], rel=1e-9)
        assert row["adjusted_interval"] == pytest.approx(other["adjusted_interval"], rel=1e-9)
    assert found["metrics"][0]["adjustment"] == ("dunnett" if mode == "fixed" else "holm")
    assert [row["status"] for row in found["guardrails"]] == [row["status"] for row in wanted["guardrails"]]
    assert [row["status"] for row in found["guardrails"]] == ["pass", "block"]
    assert found["recommendation"]["status"] == wanted["recommendation"]["status"]
    assert [one["status"] for one in found["by_arm"]] == [one["status"] for one in wanted["by_arm"]]
    assert found["control"] == "old" and list(found["units"]) == ["old", "good", "same"]


def test_models_and_segments(run: Run, path: Path) -> None:
    given = columns()
    rows = {arm: LabelledRows(of(given, "label", arm), of(given, "decision", arm)) for arm in ("old", "good", "same")}
    table = compare_many({arm: {"recall": one} for arm, one in rows.items()}, mode="fixed")
    ran = run(
        *("abtest", path, "--arm", "arm", "--metric", "decision/label:recall", "--mode", "fixed"),
        *("--segment", "country", "--format", "json"),
    )
    found = content(ran)
    for row, other in zip(found["metrics"], table, strict=True):
        assert row["adjusted_p_value"] == pytest.approx(other.adjusted_p_value, rel=1e-9)
    assert [(row["segment"], row["arm"]) for row in found["segments"]] == [
        (segment, arm) for segment in ("fr", "de") for arm in ("good", "same")
    ] or {(row["segment"], row["arm"]) for row in found["segments"]} == {
        (segment, arm) for segment in ("de", "fr") for arm in ("good", "same")
    }
    assert {row["family_size"] for row in found["segments"]} == {4}
    text = run("abtest", path, "--arm", "arm", "--metric", "converted", "--segment", "country").out
    heading = next(line for line in text.splitlines() if line.startswith("segment"))
    assert heading.split()[:3] == ["segment", "metric", "arm"]


def test_looks_of_each_treatment_allow_for_the_others(run: Run, path: Path) -> None:
    given = columns()
    options = ["--arm", "arm", "--metric", "converted", "--time", "time"]
    found = content(run("abtest", path, *options, "--format", "json"))["over_time"]["converted"]
    assert list(found) == ["good", "same"]
    day = np.asarray(given["time"])
    for place in (3, 9):
        at = f"2026-03-{place + 1:02d}"
        until = {name: np.asarray(values)[day <= at] for name, values in given.items()}
        arms = {arm: {"converted": Proportion.of(of(until, "converted", arm))} for arm in ("old", "good", "same")}
        for row in compare_many(arms):
            look = found[row.arm]["looks"][place]
            assert look["at"] == at and look["verdict"] == row.verdict
            assert look["n"] == row.comparison.control.n + row.comparison.treatment.n
            assert look["interval"] == pytest.approx(row.adjusted_interval, rel=1e-9)
    shown = run("abtest", path, *options).out
    assert "converted, good against old: difference" in shown and "converted, same against old: difference" in shown


def test_a_plan_ends_for_all_treatments_together(run: Run, path: Path) -> None:
    options = ["--arm", "arm", "--metric", "converted", "--time", "time", "--guardrail", "latency:lower:1%"]
    options += ["--mode", "group_sequential", "--planned-n", "3500", "--format", "json"]
    found = content(run("abtest", path, *options))
    looks = found["over_time"]["converted"]
    assert len(looks["good"]["looks"]) == len(looks["same"]["looks"]) < 10
    sizes = [row["comparison"]["control"]["n"] + row["comparison"]["treatment"]["n"] for row in found["metrics"]]
    assert max(sizes) >= 3_500 and looks["good"]["looks"][-1]["n"] == sizes[0]
    assert any("periods after it are not in the numbers" in note for note in found["notes"])
    assert [row["verdict"] for row in found["metrics"]] == ["better", "undecided"]
    assert [row["adjustment"] for row in found["metrics"]] == ["holm", "holm"]
    assert [one["status"] for one in found["by_arm"]] == ["stop_not_shown", "revert"]
    left = "The end of the test leaves latency undecided: no later row counts"
    assert left in found["by_arm"][0]["text"] and "more units" not in found["recommendation"]["text"]
    # A guardrail that is undecided is of the rows up to that look too.
    assert found["guardrails"][0]["comparison"]["control"]["n"] == found["metrics"][0]["comparison"]["control"]["n"]


def test_a_verdict_of_holm_beside_an_interval_that_holds_none_is_told(run: Run, tmp_path: Path) -> None:
    """Of 1,000 rows an arm 100, 170 and 73 convert: by Holm both differ, and Bonferroni's interval of the second holds 0."""
    rows: dict[str, list[Any]] = {"arm": [], "won": []}
    for arm, won in (("A", 100), ("B", 170), ("C", 73)):
        rows["arm"] += [arm] * 1_000
        rows["won"] += [1] * won + [0] * (1_000 - won)
    options = ["--arm", "arm", "--metric", "won", "--mode", "group_sequential", "--planned-n", "2000"]
    found = content(run("abtest", write(tmp_path, rows), *options, "--format", "json"))
    low, high = found["metrics"][1]["adjusted_interval"]
    assert found["metrics"][1]["verdict"] == "worse" and low < 0 < high
    assert "simultaneous 95% interval" in found["by_arm"][1]["text"]
    assert len([note for note in found["notes"] if "Holm's test finds more" in note]) == 1


def test_a_planned_size_is_waited_for_by_all(run: Run, tmp_path: Path) -> None:
    rows = {"arm": ["A"] * 1_000 + ["B"] * 1_000 + ["C"] * 500, "won": ([0] * 900 + [1] * 100) + [1] * 1_500}
    path = write(tmp_path, rows)
    options = ["abtest", path, "--arm", "arm", "--metric", "won", "--mode", "fixed", "--no-weights", "--format", "json"]
    found = content(run(*options, "--planned-n", "2000"))
    assert [row["verdict"] for row in found["metrics"]] == ["undecided", "undecided"]
    assert found["recommendation"]["status"] == "keep_running"
    found = content(run(*options, "--planned-n", "1500"))
    assert [row["verdict"] for row in found["metrics"]] == ["better", "better"]


def test_treatments_are_chosen(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"arm": ["A", "B", "C", "D"] * 100, "won": [0, 1, 1, 0] * 100})
    options = ["abtest", path, "--arm", "arm", "--metric", "won"]
    found = run(*options, "--control", "A", "--treatment", "C")
    assert found.exit_code == 0 and "rows of other arms are left out: B, D" in found.out
    assert "units: A 100, C 100" in found.out
    found = run(*options, "--treatment", "D", "--treatment", "A", "--control", "C")
    assert "units: C 100, D 100, A 100" in found.out and "400 rows of test.parquet, D and A against C" in found.out
    # A usual name says which is the control, also among those that are left; without one it is the first, and that is told.
    assert "B, C and D against A" in run(*options).out
    found = run(*options, "--treatment", "B", "--treatment", "C")
    assert "B and C against A" in found.out and "was taken for the control" not in found.out


def test_a_control_by_name_is_no_treatment_unless_another_is_named(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"arm": ["b", "c", "control"] * 100, "won": [0, 1, 1] * 100})
    options = ["abtest", path, "--arm", "arm", "--metric", "won"]
    for treatments in (["control"], ["control", "c"]):
        ran = run(*options, *(part for one in treatments for part in ("--treatment", one)))
        assert ran.exit_code == 1 and ran.out == ""
        assert "--treatment is `control`, which is taken for the control by its name" in ran.err
        assert "--control names another of column `arm`, `b`" in ran.err
    assert "control against c" in run(*options, "--control", "c", "--treatment", "control").out
    # Of two that are called so the other is the control, and of two arms the other one is: nothing is guessed.
    path = write(tmp_path, {"arm": ["old", "new", "control"] * 100, "won": [0, 1, 1] * 100})
    assert "old against control" in run(*options, "--treatment", "old").out
    path = write(tmp_path, {"arm": ["new", "control"] * 100, "won": [0, 1] * 100})
    assert "control against new" in run(*options, "--treatment", "control").out


def test_without_a_usual_name_the_first_is_the_control(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"arm": ["x", "y", "z"] * 100, "won": [0, 1, 1] * 100})
    found = run("abtest", path, "--arm", "arm", "--metric", "won", "--treatment", "x", "--treatment", "z")
    assert "x and z against y" in found.out
    found = run("abtest", path, "--arm", "arm", "--metric", "won", "--treatment", "x")
    assert "x against y" in found.out and "y was taken for the control, since it is the first by name" in found.out


def test_shares_of_all_arms(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"arm": ["A"] * 800 + ["B"] * 100 + ["C"] * 100, "won": [0, 1] * 500})
    options = ["abtest", path, "--arm", "arm", "--metric", "won", "--format", "json", "--mode", "fixed"]
    assert content(run(*options))["recommendation"]["status"] == "invalid"
    found = content(run(*options, "--weights", "B=10,A=80,C=10"))
    counts, shares = {"A": 800, "B": 100, "C": 100}, {"A": 80.0, "B": 10.0, "C": 10.0}
    assert found["gates"]["gates"][0]["numbers"] == sample_ratio_chi_square(counts, shares, alpha=0.01).gate().numbers
    ran = run(*options, "--weights", "A=1,B=1")
    assert ran.exit_code == 1 and "--weights names A, B, and the arms are A, B, C" in ran.err


def test_gates_say_which_treatment_fails(run: Run, tmp_path: Path) -> None:
    given = columns()
    is_same = np.asarray(given["arm"]) == "same"
    given["before"] = given["before"] + 3.0 * is_same
    given["converted"] = np.where(is_same & (np.arange(9_000) % 4 == 0), np.nan, given["converted"])
    given["arm"][:3], given["user"][:3] = ARMS, ["u0"] * 3
    options = ["--arm", "arm", "--metric", "converted", "--metric", "spend", "--unit", "user", "--covariate", "before"]
    found = content(run("abtest", write(tmp_path, given), *options, "--format", "json"))
    by_name = {gate["name"]: gate for gate in found["gates"]["gates"]}
    assert by_name["pre_period_balance"]["status"] == by_name["label_arrival"]["status"] == "failed"
    for name in ("pre_period_balance", "label_arrival"):
        assert by_name[name]["reason"].startswith("same: ") and "good: " not in by_name[name]["reason"]
        assert list(by_name[name]["numbers"]) == ["good", "same"]
    # The level of a gate is shared by the treatments.
    arms = np.asarray(given["arm"])[3:]
    known = {arm: Proportion.of(~np.isnan(given["converted"][3:][arms == arm])) for arm in ARMS}
    wanted = label_arrival_parity(known["old"], known["good"], alpha=0.005)
    assert by_name["label_arrival"]["numbers"]["good"] == wanted.numbers
    assert by_name["double_exposure"]["numbers"]["units_in_several"] == 1
    assert "1 units that were seen in several arms are left out" in "".join(found["notes"])
    assert sum(found["units"].values()) == 8_997


def test_one_limit_caps_all_arms(run: Run, path: Path) -> None:
    given = columns()
    high = np.quantile(given["spend"], 0.9)
    arms = {arm: {"spend": Mean.of(np.minimum(of(given, "spend", arm), high))} for arm in ("old", "good", "same")}
    wanted = compare_many(arms, metrics={"spend": MetricPlan("primary")}, mode="fixed")
    options = ["--arm", "arm", "--metric", "spend", "--mode", "fixed", "--winsorize", "0.9", "--format", "json"]
    found = content(run("abtest", path, *options))
    for row, other in zip(found["metrics"], wanted, strict=True):
        assert row["adjusted_p_value"] == pytest.approx(other.adjusted_p_value, rel=1e-9)
    assert f"values above {high:.6g} (the 0.9 quantile of all arms together) were capped" in "".join(found["notes"])


def test_the_page_has_a_picture_of_each_treatment(run: Run, path: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    options = ["--arm", "arm", "--metric", "converted", "--metric", "spend", "--time", "time", "--html", page]
    assert run("abtest", path, *options, "--guardrail", "latency:p90:lower:20%").exit_code == 0
    tree = ElementTree.fromstring(page.read_text(encoding="utf-8"))
    # Side by side for both treatments, and over time both metrics of both, each with its plot area.
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}svg"))) == 2 + 4 * 2
    told = "".join(tree.itertext())
    assert "good against old" in told and "same against old" in told and "converted, same against old" in told


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [1.0, 2.0, 3.0], ["", "", ""], [-1e150, 1e150, 0.0]])
def test_degenerate_arms_have_a_status(run: Run, tmp_path: Path, values: list[Any]) -> None:
    for count in (1, 40):
        lines = [f"{arm},{value}\n" for arm, value in zip("ABC", values, strict=True)] * count
        path = tmp_path / "test.csv"
        path.write_text("arm,x\n" + "".join(lines))
        for more in (
            [],
            ["--mode", "fixed"],
            ["--mode", "group_sequential", "--planned-n", "60"],
            ["--metric", "x:p50"],
            ["--winsorize", "0.9"],
            ["--guardrail", "x:5%"],
            ["--margin", "5%"],
            ["--hypothesis", "equivalence", "--margin", "0.5"],
        ):
            ran = run("abtest", path, "--arm", "arm", "--metric", "x:mean", "--html", path.with_suffix(".html"), *more)
            assert ran.exit_code == 0, (values, more, ran.err)
            assert "recommendation: " in ran.out
            ElementTree.fromstring(path.with_suffix(".html").read_text(encoding="utf-8"))
