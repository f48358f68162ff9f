"""What may be asked, when, and what stays so once anybody has looked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.live.events import DAY
from truthlag.abtest import Guardrail, ModelABTest, OutcomeMetric, Proportion, compare


def made(**options: Any) -> ModelABTest:
    return ModelABTest("ranker", ["v1", "v2"], **{"salt": "looks", "metrics": {"bought": "any"}, **options})


def fed(test: ModelABTest, first: int, last: int, rates: tuple[float, ...], time: float) -> None:
    random = np.random.default_rng(first)
    for unit in range(first, last):
        arm = test.log_exposure(unit, timestamp=time)
        if random.random() < rates[test.arms.index(str(arm))]:
            test.log_outcome(unit, "bought", timestamp=time)


def counts(test: ModelABTest, units: range) -> list[int]:
    arms = [test.assign(unit, at=0.0) for unit in units]
    return [arms.count(arm) for arm in test.arms]


def test_every_look_is_logged() -> None:
    test = made()
    fed(test, 0, 1_000, (0.2, 0.2), 0.0)
    first = test.report(now=DAY)
    fed(test, 1_000, 3_000, (0.2, 0.2), DAY)
    second = test.report(now=2 * DAY)
    assert [look.at for look in test.looks] == [first.looked_at, second.looked_at]
    assert [look.units for look in test.looks] == [first.units, second.units]
    row = second.metric("bought")
    assert row.comparison.difference_interval is not None
    assert test.looks[1].results == (
        {
            "arm": "v2",
            "metric": "bought",
            "role": "primary",
            "n": 3_000,
            "difference": row.comparison.difference,
            "interval": list(row.comparison.difference_interval),
            "confidence": 0.95,
            "p_value": row.adjusted_p_value,
            "verdict": row.verdict,
        },
    )
    restored = ModelABTest.from_bytes(test.to_bytes())
    assert restored.looks == test.looks
    with pytest.raises(ValueError, match="now must not be before the last look, 1970-01-03"):
        restored.report(now=DAY)


def test_looks_of_merged_tests_are_those_of_both() -> None:
    first, second = made(), made()
    fed(first, 0, 200, (0.2, 0.2), 0.0)
    fed(second, 200, 400, (0.2, 0.2), 0.0)
    first.report(now=2 * DAY)
    second.report(now=DAY)
    both = first.merge(second)
    assert [look.moment for look in both.looks] == [DAY * 1e6, 2 * DAY * 1e6]
    assert second.merge(first).to_bytes() == both.to_bytes() == both.merge(second).to_bytes()


def test_what_is_asked_is_frozen_by_the_first_look() -> None:
    test = made()
    test.revise(metrics={"bought": "any", "revenue": "total"}, guardrails=[Guardrail("errors", "lower", 0.01)])
    test.log_outcome(1, "errors", timestamp=0.0)
    test.revise(alpha=0.01, expected_n=9_000)
    test.report(now=DAY)
    for change in ({"alpha": 0.05}, {"metrics": {"bought": "any"}}, {"mode": "fixed", "planned_n": 10}):
        with pytest.raises(ValueError, match="must stay as it is: the test was looked at"):
            test.revise(**change)
    assert test.report(now=DAY).metrics[0].comparison.alpha == 0.01
    # A ramp is no question.
    made(share=0.1).ramp(0.2, at=DAY)


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"arms": ["a", "b"]}, TypeError, "changes must be of metrics, guardrails"),
        ({"covariates": ["spend"]}, ValueError, "covariates must stay as they are"),
        ({"segments": True}, ValueError, "segments must stay as they are"),
        ({"alpha": 0.7}, ValueError, "alpha must be below 0.5"),
    ],
)
def test_what_cannot_be_revised(change: dict[str, Any], error: type[Exception], told: str) -> None:
    test = made()
    before = test.to_bytes()
    with pytest.raises(error, match=told):
        test.revise(**change)
    assert test.to_bytes() == before


def test_a_fixed_test_has_one_look() -> None:
    test = made(mode="fixed", planned_n=4_000)
    fed(test, 0, 3_999, (0.2, 0.3), 0.0)
    early = test.report(now=DAY)
    assert (early.status, early.metrics[0].verdict) == ("keep_running", "undecided")
    assert not test.looks[0].is_final
    fed(test, 3_999, 4_000, (0.2, 0.3), DAY)
    final = test.report(now=2 * DAY)
    assert final.metrics[0].verdict == "better"
    assert test.looks[1].is_final
    # All that comes later is worse for the new version, and is not looked at.
    fed(test, 4_000, 8_000, (0.9, 0.0), 2 * DAY)
    later = ModelABTest.from_bytes(test.to_bytes()).report(now=3 * DAY)
    assert later.metrics[0].comparison.difference == final.metrics[0].comparison.difference
    assert later.status == "ship"
    assert "the metrics were decided by the look of 1970-01-03" in later.metrics[0].comparison.reasons[-1]
    assert any("the metrics were decided by the look of 1970-01-03" in note for note in later.notes)
    assert sum((later.units or {}).values()) == 8_000


def test_a_fixed_test_of_several_treatments_waits_for_all() -> None:
    test = ModelABTest(
        "x", ["v1", "v2", "v3"], weights=[4, 4, 1], salt="s", metrics={"bought": "any"}, mode="fixed", planned_n=2_000
    )
    fed(test, 0, 3_000, (0.2, 0.4, 0.4), 0.0)
    report = test.report(now=DAY)
    sizes = {row.arm: row.comparison.control.n + row.comparison.treatment.n for row in report.metrics}
    assert sizes["v3"] < 2_000 < sizes["v2"]
    assert {row.arm: row.verdict for row in report.metrics} == {"v2": "undecided", "v3": "undecided"}
    assert "another treatment has not reached" in report.metric("bought", "v2").comparison.reasons[0]
    fed(test, 3_000, 6_000, (0.2, 0.4, 0.4), 0.0)
    assert {row.verdict for row in test.report(now=2 * DAY).metrics} == {"better"}


def test_looks_of_a_plan_spend_alpha() -> None:
    """The same as the comparison with the same looks says."""
    test = made(mode="group_sequential", planned_n=8_000)
    sizes = []
    for day in range(4):
        fed(test, 2_000 * day, 2_000 * (day + 1), (0.20, 0.215), day * DAY)
        row = test.report(now=(day + 0.5) * DAY).metrics[0]
        sizes.append(2_000 * (day + 1))
        found = row.comparison
        arms = [Proportion(round(arm.n * (arm.estimate or 0.0)), arm.n) for arm in (found.control, found.treatment)]
        # Looks that were taken, and the end: what is planned between them does not matter.
        looks = sizes if sizes[-1] == 8_000 else [*sizes, 8_000]
        plain = compare(*arms, metric="bought", mode="group_sequential", planned_n=8_000, looks=looks)
        assert found.difference_interval == plain.difference_interval
        assert found.p_value == plain.p_value
        assert row.verdict == plain.verdict
    assert test.looks[-1].is_final
    assert test.report(now=9 * DAY).status in {"stop_no_difference", "ship", "revert"}


def test_a_plan_stops_where_its_bound_is_crossed() -> None:
    test = made(mode="group_sequential", planned_n=20_000)
    fed(test, 0, 6_000, (0.2, 0.35), 0.0)
    assert test.report(now=DAY).status == "ship"
    assert test.looks[0].is_final
    fed(test, 6_000, 12_000, (0.35, 0.2), DAY)
    assert test.report(now=2 * DAY).status == "ship"


def test_the_first_treatment_of_the_planned_size_ends_a_plan_for_all() -> None:
    options = {"mode": "group_sequential", "planned_n": 2_000, "metrics": {"bought": "any"}}
    test = ModelABTest("x", ["v1", "v2", "v3"], weights=[4, 4, 1], salt="s", **options)
    fed(test, 0, 1_000, (0.2, 0.2, 0.2), 0.0)
    assert test.report(now=DAY).status == "keep_running"
    fed(test, 1_000, 2_500, (0.2, 0.2, 0.2), DAY)
    report = test.report(now=2 * DAY)
    assert test.looks[-1].is_final
    assert all("this is the last look" in " ".join(row.comparison.reasons) for row in report.metrics)
    assert report.status == "stop_no_difference"


def test_a_plan_that_ends_undecided_says_so() -> None:
    test = made(mode="group_sequential", planned_n=2_000)
    fed(test, 0, 1_000, (0.2, 0.2), 0.0)
    assert test.report(now=DAY).status == "keep_running"
    fed(test, 1_000, 2_100, (0.2, 0.2), DAY)
    report = test.report(now=2 * DAY)
    assert report.status == "stop_no_difference"
    assert "this is the last look" in " ".join(report.metrics[0].comparison.reasons)


def test_the_primary_metric_is_the_first_one() -> None:
    asked = {"z": OutcomeMetric("any", outcome="bought"), "a": OutcomeMetric("total", outcome="bought")}
    test = ModelABTest.from_bytes(made(metrics=asked).to_bytes())
    assert [(row.metric, row.role) for row in test.report(now=0.0).metrics] == [("z", "primary"), ("a", "secondary")]


@pytest.mark.parametrize("mode", ["fixed", "group_sequential"])
def test_modes_with_an_end_need_it(mode: str) -> None:
    with pytest.raises(ValueError, match=f"planned_n must be given with mode '{mode}'"):
        made(mode=mode)


def test_counts_are_those_of_the_assignment() -> None:
    test = made()
    fed(test, 0, 500, (0.5, 0.5), 0.0)
    assert list((test.report(now=DAY).units or {}).values()) == counts(test, range(500))


def test_a_clock_that_was_set_back_does_not_stop_the_looks() -> None:
    now = [100.0]
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"}, clock=lambda: now[0])
    assert test.report().looked_at == "1970-01-01T00:01:40+00:00"
    now[0] = 50.0
    test.log_exposure("ann")
    report = test.report()
    assert (report.looked_at, sum((report.units or {}).values())) == ("1970-01-01T00:01:40+00:00", 1)
    with pytest.raises(ValueError, match="now must not be before the last look"):
        test.report(now=50.0)


def test_a_gate_that_failed_once_is_not_forgotten() -> None:
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"}, assignment="external")
    for unit in range(2_000):
        test.log_exposure(unit, "v1" if unit < 1_333 else "v2", timestamp=0.0)
    assert test.report(now=DAY).status == "invalid"
    for unit in range(2_000, 2_666):
        test.log_exposure(unit, "v2", timestamp=DAY)
    report = test.report(now=2 * DAY)
    assert report.status != "invalid"
    assert f"a gate failed at the look of {test.looks[0].at}, and none fails now" in str(report)
