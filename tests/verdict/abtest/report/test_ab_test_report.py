"""A report says one thing, for the reason that comes first: gates, then guardrails that block, then the metric."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from truthlag.abtest import (
    ABTestReport,
    Comparison,
    DoubleExposure,
    Mean,
    MetricPlan,
    Proportion,
    SampleRatioTest,
    Strata,
    ab_test_report,
    compare,
    compare_many,
    label_arrival_parity,
    run_gates,
)
from truthlag.verdict.abtest.many.beyond_interval import is_beyond_interval

UNITS = 20_000


def conversion(k: int, n: int = UNITS, **options: Any) -> Comparison:
    return compare(Proportion(int(0.12 * n), n), Proportion(k, n), metric="conversion", expected_n=2 * UNITS, **options)


BETTER = conversion(2_760)
WORSE = conversion(2_040)
OPEN = conversion(2_420)


def errors(k: int) -> Comparison:
    """Of 200 errors of the control, with a margin of half a percent point."""
    asked = {"hypothesis": "non_inferiority", "margin": 0.005, "direction": "lower", "expected_n": 2 * UNITS}
    return compare(Proportion(200, UNITS), Proportion(k, UNITS), metric="errors", **asked)


PASSES, BLOCKS, UNDECIDED = errors(200), errors(600), errors(285)


def gates(control: int = UNITS, treatment: int = UNITS, **more: Any) -> Any:
    test = SampleRatioTest({"control": 1, "treatment": 1})
    test.update({"control": control, "treatment": treatment})
    return run_gates(sample_ratio=test, **more)


def report(result: Comparison, guardrail: Comparison | None = None, **options: Any) -> ABTestReport:
    rails = () if guardrail is None else [guardrail]
    return ab_test_report(metrics={"conversion": result}, guardrails=rails, **{"gates": gates(), **options})


@pytest.mark.parametrize(
    ("result", "guardrail", "status"),
    [
        (BETTER, None, "ship"),
        (BETTER, PASSES, "ship"),
        (BETTER, UNDECIDED, "keep_running"),
        (BETTER, BLOCKS, "revert"),
        (WORSE, None, "revert"),
        (WORSE, PASSES, "revert"),
        (WORSE, UNDECIDED, "revert"),
        (OPEN, None, "keep_running"),
        (OPEN, PASSES, "keep_running"),
        (OPEN, UNDECIDED, "keep_running"),
        (OPEN, BLOCKS, "revert"),
    ],
)
def test_metric_and_guardrail_decide_together(result: Comparison, guardrail: Comparison, status: str) -> None:
    assert (BETTER.verdict, WORSE.verdict, OPEN.verdict) == ("better", "worse", "undecided")
    assert (PASSES.verdict, BLOCKS.verdict, UNDECIDED.verdict) == ("non_inferior", "worse", "undecided")
    assert report(result, guardrail).status == status


def test_a_failed_sample_ratio_makes_everything_invalid() -> None:
    found = report(BETTER, BLOCKS, gates=gates(20_600, 19_400))
    assert found.status == "invalid"
    assert [row.verdict for row in found.metrics] == ["invalid"]
    assert [row.status for row in found.guardrails] == ["invalid"]
    assert "sample_ratio" in found.recommendation.text
    assert found.metric("conversion").comparison.difference == BETTER.difference


def test_a_failed_double_exposure_makes_everything_invalid() -> None:
    assert report(BETTER, gates=gates(double_exposure=DoubleExposure(40_000, 900))).status == "invalid"


def test_a_failed_label_arrival_makes_labelled_metrics_invalid_alone() -> None:
    parity = label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000))
    assert report(BETTER, PASSES, gates=gates(label_arrival=parity)).status == "ship"
    found = report(BETTER, PASSES, gates=gates(label_arrival=parity), labelled_metrics=["conversion"])
    assert found.status == "invalid"
    assert [row.status for row in found.guardrails] == ["pass"]
    # A guardrail that blocks is a reason to revert even where the metric cannot be read.
    assert report(BETTER, BLOCKS, gates=gates(label_arrival=parity), labelled_metrics=["conversion"]).status == "revert"
    # An invalid guardrail never lets a version pass.
    found = report(BETTER, PASSES, gates=gates(label_arrival=parity), labelled_metrics=["errors"])
    assert found.status == "keep_running"
    assert found.guardrails[0].status == "invalid"


def test_the_recommendation_names_the_numbers() -> None:
    text = report(BETTER, UNDECIDED).recommendation.text
    low, high = BETTER.difference_interval or (0.0, 0.0)
    for part in ("0.12", "0.138", "+15%", f"{low:.4g} to {high:.4g}", "errors +0.00425", "margin 0.005"):
        assert part in text
    needed = UNDECIDED.additional_n
    assert needed
    assert f"about {needed:,} more units for errors" in text


def test_the_recommendation_names_what_was_to_be_shown() -> None:
    asked: dict[str, Any] = {"mode": "fixed", "hypothesis": "non_inferiority"}
    arms = Proportion(2_400, UNITS), Proportion(2_390, UNITS)
    shown = compare(*arms, metric="conversion", margin=0.01, **asked)
    text = report(shown).recommendation.text
    assert text.startswith("Ship treatment: conversion fell from 0.12 to 0.1195")
    low, high = shown.difference_interval or (0.0, 0.0)
    assert f"90% interval of the difference {low:.4g} to {high:.4g}, margin of non-inferiority 0.01)" in text
    shown = compare(*arms, metric="conversion", margin=0.1, scale="relative", **asked)
    low, high = shown.relative_interval or (0.0, 0.0)
    text = report(shown).recommendation.text
    limits = f"{100 * low:.4g}% to +{100 * high:.4g}%"
    assert f"90% interval of the relative difference {limits}, margin of non-inferiority 10%)" in text
    assert "margin of" not in report(BETTER).recommendation.text


def test_a_difference_within_strata_is_not_told_as_that_of_all_units() -> None:
    before = Strata({"good": Proportion(1_000, 2_000), "bad": Proportion(800, 8_000)})
    now = Strata({"good": Proportion(4_400, 8_000), "bad": Proportion(260, 2_000)})
    against = Strata({"good": Proportion(3_600, 8_000), "bad": Proportion(140, 2_000)})
    # All units rise from 0.18 to 0.374, and within both strata they fall.
    for treatment, moved, share in ((now, "rose by 0.04", "0.466"), (against, "fell by 0.04", "0.374")):
        result = compare(before, treatment, metric="conversion", mode="fixed")
        text = report(result).recommendation.text
        assert f"conversion {moved} with like held against like, where all units show 0.18 and {share}" in text


def test_a_guardrail_that_is_not_known_or_not_valid_is_told_as_such() -> None:
    nothing = compare(
        Mean(0, 0.0, 0.0), Mean(0, 0.0, 0.0), metric="cost", hypothesis="non_inferiority", margin=1.0, direction="lower"
    )
    text = report(BETTER, nothing).recommendation.text
    assert "a guardrail is undecided: cost is not known: the control and the treatment have no rows." in text
    parity = label_arrival_parity(Proportion(9_000, 10_000), Proportion(5_000, 10_000))
    found = report(BETTER, PASSES, gates=gates(label_arrival=parity), labelled_metrics=["errors"])
    assert "but a guardrail is invalid: errors" in found.recommendation.text


def test_a_fixed_size_that_is_reached_ends_the_test() -> None:
    assert report(_fixed(2_420, UNITS)).status == "stop_no_difference"
    assert report(_fixed(2_420, 5 * UNITS)).status == "keep_running"
    shown = compare(
        Proportion(2_400, UNITS), Proportion(2_300, UNITS), mode="fixed", hypothesis="non_inferiority", margin=0.005
    )
    assert shown.verdict == "undecided"
    assert report(shown).status == "stop_not_shown"


def _fixed(k: int, planned: int) -> Comparison:
    return compare(Proportion(2_400, UNITS), Proportion(k, UNITS), metric="conversion", mode="fixed", planned_n=planned)


def test_the_last_look_of_a_plan_ends_the_test() -> None:
    options = {"mode": "group_sequential", "planned_n": 40_000}
    last = compare(Proportion(2_400, UNITS), Proportion(2_420, UNITS), looks=[20_000, 40_000], **options)
    first = compare(Proportion(1_200, 10_000), Proportion(1_210, 10_000), looks=[20_000, 40_000], **options)
    assert report(last).status == "stop_no_difference"
    assert report(first).status == "keep_running"
    assert report(first, is_final=True).status == "stop_no_difference"


def test_a_guardrail_that_may_be_looked_at_later_keeps_a_finished_test_running() -> None:
    fixed = compare(Proportion(2_400, UNITS), Proportion(2_760, UNITS), mode="fixed")
    assert report(fixed, UNDECIDED).status == "keep_running"
    asked = {"hypothesis": "non_inferiority", "margin": 0.005, "direction": "lower", "mode": "fixed"}
    once = compare(Proportion(200, UNITS), Proportion(290, UNITS), metric="errors", **asked)
    assert once.verdict == "undecided"
    assert report(fixed, once).status == "stop_not_shown"


def test_nothing_to_compare_is_said() -> None:
    nothing = compare(Proportion(0, 0), Proportion(0, 0))
    found = report(nothing, gates=run_gates())
    assert found.status == "no_data"
    assert "no rows" in found.recommendation.text
    assert ab_test_report(metrics={}).status == "no_data"
    assert ab_test_report(metrics={}, guardrails=[PASSES]).status == "ship"
    assert ab_test_report(metrics={}, guardrails=[UNDECIDED]).status == "keep_running"


def test_of_several_treatments_the_best_that_may_be_shipped_is_named() -> None:
    arms = {
        "v1": {"conversion": Proportion(2_400, UNITS), "errors": Proportion(200, UNITS)},
        "v2": {"conversion": Proportion(2_760, UNITS), "errors": Proportion(200, UNITS)},
        "v3": {"conversion": Proportion(2_900, UNITS), "errors": Proportion(600, UNITS)},
        "v4": {"conversion": Proportion(2_800, UNITS), "errors": Proportion(190, UNITS)},
    }
    plans = {"conversion": "primary", "errors": MetricPlan("guardrail", direction="lower", margin=0.005)}
    found = ab_test_report(metrics=compare_many(arms, metrics=plans, expected_n=40_000))
    assert found.control == "v1"
    assert {one.arm: one.status for one in found.by_arm} == {"v2": "ship", "v3": "revert", "v4": "ship"}
    assert (found.status, found.recommendation.arm) == ("ship", "v4")
    assert "v2 may be shipped too" in found.recommendation.text
    assert [(row.arm, row.metric, row.status) for row in found.guardrails] == [
        ("v2", "errors", "pass"),
        ("v3", "errors", "block"),
        ("v4", "errors", "pass"),
    ]


RISES, STAYS, FALLS = 2_760, 2_420, 2_040


@pytest.mark.parametrize(
    ("arms", "options", "status", "arm", "begins"),
    [
        # Harm that was shown does not wait for what is undecided.
        ({"v2": STAYS, "v3": FALLS}, {}, "revert_some", "v3", "Stop v3 now, and let v2 run on. Revert v3:"),
        ({"v2": FALLS, "v3": STAYS}, {}, "revert_some", "v2", "Stop v2 now, and let v3 run on. Revert v2:"),
        (
            {"v2": FALLS, "v3": STAYS, "v4": FALLS, "v5": STAYS},
            {},
            "revert_some",
            None,
            "Stop v2 and v4 now, and let v3 and v5 run on. Revert v2:",
        ),
        ({"v2": FALLS, "v3": None}, {}, "revert_some", "v2", "Stop v2 now, and let v3 run on. Revert v2:"),
        # One that may be shipped ends the test.
        ({"v2": RISES, "v3": FALLS, "v4": STAYS}, {}, "ship", "v2", "Ship v2:"),
        # Where nothing runs on, all treatments end, and that of harm is named.
        ({"v2": STAYS, "v3": FALLS}, {"is_final": True}, "revert", "v3", "Revert v3:"),
        ({"v2": FALLS, "v3": FALLS}, {}, "revert", None, "Revert v2:"),
        ({"v2": STAYS, "v3": STAYS}, {}, "keep_running", None, "Keep v2 running:"),
        ({"v2": STAYS, "v3": STAYS}, {"is_final": True}, "stop_no_difference", None, "Stop v2:"),
        ({"v2": FALLS}, {}, "revert", "v2", "Revert v2:"),
    ],
)
def test_one_that_does_harm_is_stopped_while_others_run_on(
    arms: dict[str, int | None], options: dict[str, Any], status: str, arm: str | None, begins: str
) -> None:
    shown = {"v1": {"conversion": Proportion(2_400, UNITS)}}
    for name, k in arms.items():
        shown[name] = {"conversion": Proportion(0, 0) if k is None else Proportion(k, UNITS)}
    found = ab_test_report(metrics=compare_many(shown, expected_n=40_000), **options)
    assert (found.status, found.recommendation.arm) == (status, arm)
    assert found.recommendation.text.startswith(begins)
    # What is said of each treatment is in it, but for those that one to be shipped makes needless.
    for one in found.by_arm:
        assert one.text in found.recommendation.text or status == "ship"


def test_a_gate_that_fails_stops_nobody() -> None:
    shown = {"v1": 2_400, "v2": STAYS, "v3": FALLS}
    table = compare_many({arm: {"conversion": Proportion(k, UNITS)} for arm, k in shown.items()}, expected_n=40_000)
    assert ab_test_report(metrics=table, gates=gates(20_600, 19_400)).status == "invalid"


def test_a_guardrail_of_one_treatment_that_blocks_stops_it_alone() -> None:
    arms = {
        "v1": {"conversion": Proportion(2_400, UNITS), "errors": Proportion(200, UNITS)},
        "v2": {"conversion": Proportion(STAYS, UNITS), "errors": Proportion(200, UNITS)},
        "v3": {"conversion": Proportion(RISES, UNITS), "errors": Proportion(600, UNITS)},
    }
    plans = {"conversion": "primary", "errors": MetricPlan("guardrail", direction="lower", margin=0.005)}
    found = ab_test_report(metrics=compare_many(arms, metrics=plans, expected_n=40_000))
    assert (found.status, found.recommendation.arm) == ("revert_some", "v3")
    assert "recommendation: revert some" in str(found)


def test_other_metrics_are_adjusted_and_do_not_decide() -> None:
    once = {"mode": "fixed"}
    near = compare(Mean(100, 1.0, 900.0), Mean(100, 1.9, 900.0), **once)
    assert near.verdict == "better"
    assert 0.025 < (near.p_value or 0.0) < 0.05
    flat = compare(Mean(100, 1.0, 900.0), Mean(100, 1.1, 900.0), **once)
    found = ab_test_report(metrics={"primary": flat, "second": near, "third": near})
    assert [row.role for row in found.metrics] == ["primary", "secondary", "secondary"]
    assert [row.verdict for row in found.metrics] == ["undecided", "undecided", "undecided"]
    assert found.metric("second").adjusted_p_value == pytest.approx(2 * (near.p_value or 0.0))
    assert found.status == "stop_no_difference"


@dataclass
class Checked:
    """What a guardrail gives."""

    metric: str
    status: str
    comparison: Comparison
    quantile: float | None = None


def test_results_of_guardrails_are_taken_as_they_are() -> None:
    found = report(BETTER, Checked("latency", "block", PASSES, 0.99))  # type: ignore[arg-type]
    assert found.status == "revert"
    assert found.guardrails[0].name == "p99 of latency"
    assert "p99 of latency" in found.recommendation.text


def test_it_is_json_text_and_html() -> None:
    found = report(BETTER, UNDECIDED, name="<b>ranker</b>", units={"control": 3, "treatment": 4}, notes=["one & two"])
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["recommendation"]["status"] == "keep_running"
    places = [list(content).index(name) for name in ("gates", "metrics", "guardrails", "recommendation")]
    assert places == sorted(places)
    text, html = str(found), found._repr_html_()
    order = [text.index(part) for part in ("sample_ratio", "conversion", "errors", "recommendation")]
    assert order == sorted(order)
    assert "<b>" not in html
    assert "one &amp; two" in html


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"metrics": {"a": 1}}, TypeError, r"metrics\['a'\] must be a Comparison, got 1 of type int"),
        ({"metrics": 7}, TypeError, "metrics must be what compare_many gave"),
        ({"metrics": [7]}, TypeError, "metrics must be rows of compare_many"),
        ({"gates": [3]}, TypeError, "gates must be a GateReport or gates, got 3 of type int"),
        ({"guardrails": [BETTER]}, ValueError, "guardrails must be tests of non-inferiority, got one of superiority"),
        ({"guardrails": ["p99"]}, TypeError, "guardrails must be results of guardrails"),
        ({"guardrails": {"v9": [PASSES]}}, ValueError, "guardrails must be of the arms 'treatment', got 'v9'"),
    ],
)
def test_what_is_not_allowed(options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        ab_test_report(**{"metrics": {"conversion": BETTER}, **options})


@pytest.mark.parametrize("planned", [50_000, 99_999_999])
def test_units_until_a_planned_size_are_known_however_many_they_are(planned: int) -> None:
    rail = {"hypothesis": "non_inferiority", "margin": 0.005, "direction": "lower", "mode": "fixed"}
    arms = Proportion(2_400, UNITS), Proportion(2_600, UNITS)
    result = compare(*arms, metric="conversion", mode="fixed", planned_n=planned)
    late = compare(Proportion(200, UNITS), Proportion(285, UNITS), metric="errors", planned_n=planned + 7, **rail)
    text = report(result, late).recommendation.text
    assert text.endswith(
        f" There are about {planned - 2 * UNITS:,} more units until the planned size for conversion and about"
        f" {planned + 7 - 2 * UNITS:,} more units until the planned size for errors."
    )
    assert "within reach" not in text and "If things stay" not in text
    # Of one size together; what needs as many as it happens to need is told apart.
    same = compare(Proportion(200, UNITS), Proportion(285, UNITS), metric="errors", planned_n=planned, **rail)
    text = ab_test_report(metrics={"conversion": result}, guardrails=[same, UNDECIDED]).recommendation.text
    assert (
        f"There are about {planned - 2 * UNITS:,} more units until the planned size for conversion and errors." in text
    )
    assert text.endswith(f" If things stay as they are: about {UNDECIDED.additional_n:,} more units for errors.")


def test_what_the_end_of_a_test_leaves_undecided_is_told() -> None:
    left = (
        "The end of the test leaves errors undecided: no later row counts, and a further test would have to decide it."
    )
    found = report(BETTER, UNDECIDED, is_final=True).recommendation
    assert found.status == "stop_not_shown" and found.text.endswith(left) and "more units" not in found.text
    running = report(BETTER, UNDECIDED).recommendation
    assert running.status == "keep_running" and left not in running.text and "more units for errors" in running.text


def test_units_that_nobody_waits_for_are_out_of_reach() -> None:
    result = compare(Proportion(2_400, UNITS), Proportion(2_401, UNITS), metric="conversion", mode="fixed")
    assert (result.additional_n or 0) > 1_000 * 2 * UNITS
    found = report(result, UNDECIDED, is_final=False).recommendation.text
    assert "no number of units within reach for conversion" in found and "planned size" not in found


BEYOND = "Holm's test finds more than the intervals that hold for all together show"


@pytest.mark.parametrize(("falls", "is_beyond"), [(530, True), (450, False)])
def test_a_verdict_that_the_interval_beside_it_does_not_show_is_told(falls: int, is_beyond: bool) -> None:
    arms = {name: {"clicks": Proportion(k, 5_000)} for name, k in (("v1", 600), ("v2", 900), ("v3", falls))}
    table = compare_many(arms, mode="group_sequential", planned_n=10_000, looks=[5_000])
    low, high = table.rows[1].adjusted_interval or (0.0, 0.0)
    assert [row.verdict for row in table] == ["better", "worse"] and (low < 0 < high) == is_beyond
    found = ab_test_report(metrics=table)
    text = found.by_arm[1].text
    assert ("; simultaneous 95% interval of the difference" in text) == is_beyond
    assert (f"p = {table.rows[1].adjusted_p_value:.4f} by Holm's test)" in text) == is_beyond
    # The other arm's interval shows its verdict.
    assert "simultaneous" not in found.by_arm[0].text
    assert [note.startswith(BEYOND) for note in found.notes] == [True] * is_beyond
    assert (BEYOND in str(table)) == is_beyond
    # Whoever has said it already says it once.
    assert ab_test_report(metrics=table, notes=found.notes).notes == found.notes


@pytest.mark.parametrize(("direction", "shown"), [("higher", (-0.9, 9.0)), ("lower", (-9.0, 0.9))])
@pytest.mark.parametrize(
    ("hypothesis", "verdict"),
    [("superiority", "better"), ("non_inferiority", "non_inferior"), ("equivalence", "equivalent")],
)
def test_what_an_interval_shows_is_seen_from_the_margin(
    hypothesis: Any, verdict: Any, direction: Any, shown: tuple[float, float]
) -> None:
    """Of an interval that rules out a loss of more than 1, and no more than that."""
    table = compare_many(
        {name: {"cost": Mean(90, value, 9.0)} for name, value in (("v1", 1.0), ("v2", 1.5), ("v3", 2.0))},
        metrics={"cost": MetricPlan("primary", hypothesis=hypothesis, margin=1.0, direction=direction)},
    )
    row = replace(table.rows[0], verdict=verdict, adjustment="holm", adjusted_interval=shown)
    assert is_beyond_interval(row) == (verdict != "non_inferior")
    within = (1.1, 2.0) if direction == "higher" else (-2.0, -1.1)
    within = (-0.9, 0.9) if verdict == "equivalent" else within
    assert not is_beyond_interval(replace(row, adjusted_interval=within))
    assert not is_beyond_interval(replace(row, verdict="undecided"))
    assert not is_beyond_interval(replace(row, adjustment="dunnett"))
