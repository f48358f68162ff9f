"""The page on choosing a detector shows what its script finds: all tables in part, the rows of fast detectors in full."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.page_script import page_script
from truthlag import detectors
from truthlag.detectors import EProcess, HarmfulShift, Scenario, evaluate
from truthlag.verdict.detectors.watched import WatchedDetector

FOLDER = Path(__file__).parents[3] / "docs" / "concepts"
PAGE = FOLDER / "choosing-a-detector.md"


def script() -> Any:
    return page_script("concepts/choosing_a_detector.py")


def table(name: str) -> dict[str, list[str]]:
    """The cells of a table by their row's first one; the headings are those of the empty one."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end -->", text, re.DOTALL)
    assert found is not None, name
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]
    return {first: rest for first, *rest in rows if not first.startswith("---")}


def test_every_detector_with_a_run_length_is_there() -> None:
    kinds = {
        name
        for name, one in vars(detectors).items()
        if isinstance(one, type) and issubclass(one, WatchedDetector) and one not in (EProcess, HarmfulShift)
    }
    shown = {name.split(",")[0] for name in table("as they come")} - {""}
    assert shown == kinds | {"AlwaysFires", "NeverFires"}
    assert list(table("as they come"))[1:] == list(script().DETECTORS)


@pytest.mark.parametrize("name", ["ADWIN", "CUSUM", "EDDM", "EDetector", "STEPD", "AlwaysFires", "NeverFires"])
def test_cells_as_they_come(name: str) -> None:
    module, cells = script(), table("as they come")[name]
    headings = table("as they come")[""]
    chance = cells[1].split(" / ")
    for place, scenario in enumerate(module.SCENARIOS):
        if scenario.history > 5_000:
            continue
        (result,) = evaluate(module.DETECTORS[name], scenario, runs=module.RUNS, horizon=1).results
        assert headings[2 + place] == f".10 to .{100 * scenario.after:.0f} after {scenario.history:,}"
        assert cells[2 + place] == module.cell(result)
        if place < len(chance):
            assert chance[place] == module.percent(result.alarmed_without_change.value)


@pytest.mark.parametrize("name", ["DDM", "EDDM", "AlwaysFires", "NeverFires"])
def test_run_lengths_as_they_come(name: str) -> None:
    module = script()
    tiny = Scenario(before=module.RATE, history=0, length=1)
    (result,) = evaluate(module.DETECTORS[name], tiny, runs=module.RUNS, horizon=module.HORIZON).results
    assert table("as they come")[name][0] == module.length_cell(result.run_length)


def test_a_calibrated_detector_in_full() -> None:
    module, name = script(), "CUSUM, k=0.1"
    found = module.calibrated(name)
    chosen, *cells = table("calibrated")[name]
    assert chosen == f"`{found.parameter}` = {found.value:.4g}"
    scenarios = [one for one in module.SCENARIOS if one.history <= 5_000]
    evaluation = module.evaluated(found.detector, scenarios)
    assert cells[0] == module.length_cell(evaluation.results[0].run_length)
    expected = {f"{one.scenario.after} after {one.scenario.history}": module.cell(one) for one in evaluation.results}
    shown = dict(zip([f"{one.after} after {one.history}" for one in module.SCENARIOS], cells[2:], strict=True))
    assert {name: shown[name] for name in expected} == expected


def test_a_known_baseline_and_one_of_a_thousand_rows() -> None:
    module, rows = script(), table("baselines")
    assert list(rows)[1:] == [one.name for one in module.BASELINES]
    known = None
    for baseline in module.BASELINES[:2]:
        (name, *cells), alarms = module.baseline_row(baseline, known)
        assert rows[name] == cells
        known = alarms if known is None else known


def test_the_alarm_times_of_an_uncalibrated_e_detector_that_the_text_gives() -> None:
    module = script()
    detector = module.EDetector(module.RATE, arl=module.ARL)
    (result,) = evaluate(detector, Scenario(history=5_000), runs=module.RUNS, horizon=1).results
    assert f"it takes {result.median_delay.value:.0f} labels after 5,000" in PAGE.read_text(encoding="utf-8")
    assert table("calibrated")["EDetector"][4] == "100 %, 284"


def test_what_is_found_by_how_long_it_has_watched() -> None:
    module, rows = script(), table("histories")
    assert rows[""] == [f"{watched:,}" for watched in module.WATCHED]
    for name in ("ADWIN", "HDDMA", "DDM", "EDDM"):
        for place, watched in enumerate(module.WATCHED[:5]):
            scenario = Scenario(before=module.RATE, after=module.AFTER[0], history=watched, length=module.LENGTH)
            (result,) = evaluate(module.DETECTORS[name], scenario, runs=module.RUNS, horizon=1).results
            assert rows[name][place] == module.percent(result.detected.value)
    assert module.alarms_of_eddm() in PAGE.read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_a_history_supports() -> None:
    module = script()
    first, *cells = module.support_row(*module.SUPPORT[0])
    assert table("support")[first] == cells
