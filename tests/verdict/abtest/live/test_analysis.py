"""What a look says, against the obvious computation over the events."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.live.events import DAY
from truthlag.abtest import (
    Guardrail,
    LatencyHistogram,
    Mean,
    ModelABTest,
    OutcomeMetric,
    Proportion,
    Quantiles,
    Ratio,
    Strata,
    compare,
)

UNITS = 3_000


def simple(metrics: Any, **options: Any) -> ModelABTest:
    return ModelABTest("ranker", ["v1", "v2"], **{"salt": "analysis", "metrics": metrics, **options})


def exposed(test: ModelABTest, units: int = UNITS, time: float = 0.0) -> dict[int, str]:
    found = {unit: test.log_exposure(unit, timestamp=time) for unit in range(units)}
    return {unit: arm for unit, arm in found.items() if arm is not None}


def test_kinds_are_rolled_up_by_unit() -> None:
    metrics = {
        "orders": "any",
        "count": OutcomeMetric("count", outcome="orders"),
        "revenue": OutcomeMetric("total", outcome="orders"),
        "basket": OutcomeMetric("average", outcome="orders"),
        "price": OutcomeMetric("ratio", outcome="orders", denominator="views"),
    }
    test = simple(metrics)
    arms = exposed(test)
    random = np.random.default_rng(3)
    orders: dict[int, list[float]] = {unit: [] for unit in arms}
    views = dict.fromkeys(arms, 0.0)
    for unit in arms:
        for _ in range(random.poisson(0.8)):
            orders[unit].append(float(random.choice([0.0, 5.0, 12.5])))
            test.log_outcome(unit, "orders", orders[unit][-1], timestamp=60.0)
        for _ in range(random.poisson(3.0)):
            views[unit] += 1.0
            test.log_outcome(unit, "views", timestamp=30.0)
    report = test.report(now=DAY)

    def of(make: Any) -> Any:
        by_arm = [[unit for unit, arm in arms.items() if arm == one] for one in ("v1", "v2")]
        return compare(*map(make, by_arm))

    expected = {
        "orders": of(lambda units: Proportion.of([any(one > 0 for one in orders[unit]) for unit in units])),
        "count": of(lambda units: Mean.of([len(orders[unit]) for unit in units])),
        "revenue": of(lambda units: Mean.of([sum(orders[unit]) for unit in units])),
        "basket": of(
            lambda units: Ratio.of([sum(orders[unit]) for unit in units], [len(orders[unit]) for unit in units])
        ),
        "price": of(lambda units: Ratio.of([sum(orders[unit]) for unit in units], [views[unit] for unit in units])),
    }
    for name, plain in expected.items():
        found = report.metric(name).comparison
        for part in ("difference", "standard_error", "p_value"):
            # Sums in another order: some units in the last place of sums of 1 500 terms.
            assert getattr(found, part) == pytest.approx(getattr(plain, part), rel=1e-11), (name, part)
        assert (found.control.n, found.treatment.n) == (plain.control.n, plain.treatment.n)


def test_windows_give_every_unit_equally_long() -> None:
    week = timedelta(days=7)
    test = simple({"bought": OutcomeMetric("any", window=week)})
    arms = {unit: test.log_exposure(unit, timestamp=unit * DAY / 100) for unit in range(2_000)}
    for unit in arms:
        # Bought after as many days as the last digit says: up to the seventh it counts.
        test.log_outcome(unit, "bought", timestamp=unit * DAY / 100 + (unit % 10) * DAY)
    now = 15 * DAY
    row = test.report(now=now).metric("bought").comparison
    old = [unit for unit in arms if unit * DAY / 100 <= now - 7 * DAY]
    for arm, summary in (("v1", row.control), ("v2", row.treatment)):
        mine = [unit for unit in old if arms[unit] == arm]
        assert summary.n == len(mine)
        assert summary.estimate == sum(unit % 10 <= 7 for unit in mine) / len(mine)


def simpson(test: ModelABTest) -> tuple[ModelABTest, dict[str, list[int]]]:
    """The new version is no different; on the second day, with ten times as many units in it, everybody buys less."""
    naive = {"v1": [0, 0], "v2": [0, 0]}
    random = np.random.default_rng(11)
    for unit in range(60_000):
        day = unit % 2
        arm = test.log_exposure(unit, timestamp=day * DAY)
        if arm is None:
            continue
        bought = random.random() < (0.30, 0.15)[day]
        naive[arm][0] += int(bought)
        naive[arm][1] += 1
        if bought:
            test.log_outcome(unit, "bought", 5.0, timestamp=(day + 0.5) * DAY)
    return test, naive


def ramped(**options: Any) -> ModelABTest:
    metrics = {
        "bought": "any",
        "revenue": OutcomeMetric("total", outcome="bought"),
        "basket": OutcomeMetric("ratio", outcome="bought", denominator="visits"),
    }
    test = simple(metrics, weights=[20, 1], share=0.3, expected_n=30_000, **options)
    test.ramp(1.0, weights=[1, 1], at=DAY / 2)
    return test


def test_a_ramp_that_changes_weights_makes_no_paradox() -> None:
    test, naive = simpson(ramped())
    plain = compare(Proportion(*naive["v1"]), Proportion(*naive["v2"]), expected_n=30_000)
    # Of all units together the new version is much worse, which it is not.
    assert plain.verdict == "worse"
    assert plain.difference is not None
    assert plain.difference < -0.02
    report = test.report(now=3 * DAY)
    assert report.status == "keep_running"
    for name in ("bought", "revenue"):
        row = report.metric(name)
        assert row.verdict == "undecided"
        low, high = row.comparison.difference_interval or (1.0, 1.0)
        assert low < 0 < high
    # The words do not tell the paradox.
    assert "bought fell from" not in report.recommendation.text.lower()
    assert "with like held against like" in report.recommendation.text
    assert any("averaged over the allocation periods" in note for note in report.notes)
    assert report.gates["sample_ratio"].status == "passed"
    assert abs(report.metric("bought").comparison.difference or 1.0) < 0.012


def test_strata_are_the_cells_of_equal_weights() -> None:
    """Units of the old band that come on the second day are only those that are new: they are a stratum of their own."""
    test, _ = simpson(ramped())
    # Each unit comes on one day here; the first band is in both days.
    row = test.report(now=3 * DAY).metric("bought").comparison
    cells: dict[tuple[int, bool], list[list[int]]] = {}
    before = simple({"bought": "any"}, weights=[20, 1], share=0.3)
    random = np.random.default_rng(11)
    for unit in range(60_000):
        day = unit % 2
        in_first_band = before.assign(unit, at=0.0) is not None
        arm = test.assign(unit, at=day * DAY)
        if arm is None:
            continue
        counts = cells.setdefault((day, in_first_band), [[0, 0], [0, 0]])[int(arm == "v2")]
        counts[0] += int(random.random() < (0.30, 0.15)[day])
        counts[1] += 1
    assert len(cells) == 3
    arms = [Strata({str(cell): Proportion(*counts[place]) for cell, counts in cells.items()}) for place in range(2)]
    plain = compare(arms[0], arms[1], expected_n=30_000)
    assert row.difference == pytest.approx(plain.difference, rel=1e-10)
    assert row.standard_error == pytest.approx(plain.standard_error, rel=1e-10)


def test_ratios_are_averaged_over_strata_too() -> None:
    """No difference in a ratio whose level moves between periods of other weights; each unit visits once or more."""
    test = ramped()
    random = np.random.default_rng(5)
    sums: dict[str, list[float]] = {"v1": [0.0, 0.0], "v2": [0.0, 0.0]}
    for unit in range(30_000):
        day = unit % 2
        arm = test.log_exposure(unit, timestamp=day * DAY)
        if arm is None:
            continue
        for _ in range(1 + int(random.integers(3))):
            paid = float(random.gamma(2.0, (5.0, 2.0)[day]))
            sums[arm][0] += paid
            sums[arm][1] += 1.0
            test.log_outcome(unit, "visits", timestamp=(day + 0.2) * DAY)
            test.log_outcome(unit, "bought", paid, timestamp=(day + 0.2) * DAY)
    row = test.report(now=3 * DAY).metric("basket")
    naive = sums["v2"][0] / sums["v2"][1] - sums["v1"][0] / sums["v1"][1]
    assert naive < -1.0
    assert abs(row.comparison.difference or 1.0) < 0.25
    assert row.verdict == "undecided"


def test_assignment_from_outside_is_stratified_by_period() -> None:
    test = simple({"bought": "any"}, assignment="external", weights=[9, 1])
    with pytest.raises(ValueError, match="arm must be given"):
        test.log_exposure(1, timestamp=0.0)
    with pytest.raises(ValueError, match="assign must not be asked"):
        test.assign(1)
    test.ramp(weights=[1, 1], at=DAY)
    random = np.random.default_rng(2)
    naive = {"v1": [0, 0], "v2": [0, 0]}
    for unit in range(20_000):
        day = unit % 2
        arm = "v2" if random.random() < (0.1, 0.5)[day] else "v1"
        test.log_exposure(unit, arm, timestamp=(day + 0.1) * DAY)
        bought = random.random() < (0.4, 0.2)[day]
        naive[arm][0] += int(bought)
        naive[arm][1] += 1
        if bought:
            test.log_outcome(unit, "bought", timestamp=(day + 0.5) * DAY)
    assert compare(Proportion(*naive["v1"]), Proportion(*naive["v2"])).verdict == "worse"
    report = test.report(now=3 * DAY)
    assert report.metric("bought").verdict == "undecided"
    assert report.gates["sample_ratio"].status == "passed"
    with pytest.raises(KeyError):
        report.gates["assignment"]


def test_periods_without_two_units_of_each_arm_are_left_out() -> None:
    test = simple({"bought": "any"}, share=0.001)
    test.ramp(1.0, at=DAY)
    arms = [test.log_exposure(unit, timestamp=0.0) for unit in range(2_000)]
    assert 1 <= sum(arm is not None for arm in arms) < 6
    exposed(test, 2_000, DAY)
    report = test.report(now=2 * DAY)
    left = sum(arm is not None for arm in arms)
    assert report.notes == (f"{left} units of allocation periods with fewer than two units in an arm are left out.",)
    assert report.metric("bought").comparison.control.n + report.metric("bought").comparison.treatment.n == 2_000 - left


# Gates


def test_units_of_several_arms_are_in_none() -> None:
    test = simple({"bought": "any"})
    arms = exposed(test)
    for unit in range(90):
        test.log_exposure(unit, "v1" if arms[unit] == "v2" else "v2", timestamp=60.0)
    report = test.report(now=DAY)
    assert report.gates["double_exposure"].status == "failed"
    assert report.status == "invalid"
    assert report.gates["double_exposure"].numbers["units_in_several"] == 90
    assert sum((report.units or {}).values()) == UNITS - 90


def test_units_of_another_arm_than_theirs_are_in_none() -> None:
    test, other = simple({"bought": "any"}), simple({"bought": "any"}, salt="other")
    for unit in range(UNITS):
        test.log_exposure(unit, other.assign(unit, at=0.0) if unit < 200 else None, timestamp=0.0)
    report = test.report(now=DAY)
    wrong = sum(test.assign(unit, at=0.0) != other.assign(unit, at=0.0) for unit in range(200))
    assert report.gates["assignment"].numbers["misassigned"] == wrong
    assert report.gates["assignment"].status == "failed"
    assert report.status == "invalid"


def test_a_lost_arm_fails_the_sample_ratio_by_segment() -> None:
    test = simple({"bought": "any"}, segments=["ios", "web"])
    for unit in range(12_000):
        segment = ("ios", "web")[unit % 6 == 0]
        if segment == "web" and test.assign(unit, at=0.0) == "v2" and unit % 5 < 2:
            continue
        test.log_exposure(unit, timestamp=0.0, segment=segment)
    report = test.report(now=DAY)
    assert report.gates["sample_ratio"].numbers["failed_segments"] == ["web"]
    assert report.status == "invalid"
    with pytest.raises(ValueError, match="segment must be one of 'ios', 'web', got 'tv'"):
        test.log_exposure(1, timestamp=0.0, segment="tv")


def test_covariates_are_compared() -> None:
    random = np.random.default_rng(8)
    for shift, status in ((0.0, "passed"), (3.0, "failed")):
        test = simple({"bought": "any"}, covariates=["spend", "age"])
        for unit in range(UNITS):
            arm = test.assign(unit, at=0.0)
            known = {"spend": random.gamma(2.0, 10.0) + (shift if arm == "v2" else 0.0)}
            if unit % 3:
                known["age"] = random.normal(40.0, 12.0)
            test.log_exposure(unit, timestamp=0.0, covariates=known)
        gate = test.report(now=DAY).gates["pre_period_balance"]
        assert gate.status == status
        assert set(gate.numbers["covariates"]) == {"spend", "age", "age (missing)"}


def test_labels_of_other_speed_make_their_metric_invalid() -> None:
    """Both arms end at the same rate; labels of the second come in half the time, and many after the window."""
    for mean, window, status in ((12.0, 20, "invalid"), (25.0, 20, "keep_running"), (12.0, 61, "keep_running")):
        test = simple({"fraud": OutcomeMetric("any", window=timedelta(days=window), late_labels=True)})
        random = np.random.default_rng(4)
        for unit in range(6_000):
            made = float(random.uniform(0, 75))
            arm = test.log_exposure(unit, timestamp=made * DAY)
            if random.random() < 0.2:
                delay = min(60.0, random.exponential(mean if arm == "v2" else 25.0))
                test.log_outcome(unit, "fraud", timestamp=(made + delay) * DAY)
        report = test.report(now=75 * DAY)
        assert report.status == status, (mean, window, str(report))
        assert report.gates["label_arrival"].status == ("failed" if status == "invalid" else "passed")


def test_labels_of_every_unit_are_compared_by_coverage() -> None:
    asked = OutcomeMetric("average", window=timedelta(days=5), late_labels=True)
    test = simple({"right": asked})
    random = np.random.default_rng(6)
    for unit in range(6_000):
        arm = test.log_exposure(unit, timestamp=0.0)
        if random.random() < (0.9 if arm == "v1" else 0.8):
            test.log_outcome(unit, "right", float(random.random() < 0.7), timestamp=DAY)
    report = test.report(now=10 * DAY)
    assert report.gates["label_arrival"].status == "failed"
    assert report.metric("right").verdict == "invalid"


# Guardrails


def latencies(slower: float, **options: Any) -> ModelABTest:
    rails = [
        Guardrail("latency", "lower", 60, quantile=0.99),
        Guardrail("latency", "lower", 0.2, scale="relative"),
        (Guardrail("errors", "lower", 0.02), "any"),
    ]
    test = simple({"bought": "any"}, guardrails=rails, **options)
    random = np.random.default_rng(9)
    for unit, arm in exposed(test, 4_000).items():
        for _ in range(6):
            value = random.lognormal(4.6, 0.4) * (slower if arm == "v2" else 1.0)
            test.log_outcome(unit, "latency", value, timestamp=60.0)
        if random.random() < 0.02:
            test.log_outcome(unit, "errors", timestamp=60.0)
        if random.random() < (0.3 if arm == "v2" else 0.2):
            test.log_outcome(unit, "bought", timestamp=90.0)
    return test


def test_guardrails_pass_or_block() -> None:
    report = latencies(1.0).report(now=DAY)
    assert [(row.name, row.status) for row in report.guardrails] == [
        ("p99 of latency", "pass"),
        ("latency", "pass"),
        ("errors", "pass"),
    ]
    assert report.status == "ship"
    slow = latencies(1.6).report(now=DAY)
    assert [row.status for row in slow.guardrails] == ["block", "block", "pass"]
    assert slow.metric("bought").verdict == "better"
    assert slow.status == "revert"


def test_a_quantile_is_that_of_the_values_clustered_by_unit() -> None:
    test = simple({"bought": "any"}, guardrails=[Guardrail("latency", "lower", 50, quantile=0.9)])
    random = np.random.default_rng(1)
    values: dict[str, list[tuple[int, float]]] = {"v1": [], "v2": []}
    for unit, arm in exposed(test, 400).items():
        level = random.lognormal(4.6, 0.5)
        for _ in range(5):
            values[arm].append((unit, float(level * random.lognormal(0.0, 0.2))))
            test.log_outcome(unit, "latency", values[arm][-1][1], timestamp=60.0)
    row = test.report(now=DAY).guardrails[0]
    arms = [Quantiles.of([one for _, one in found], cluster=[unit for unit, _ in found]) for found in values.values()]
    plain = Guardrail("latency", "lower", 50, quantile=0.9).check(*arms)
    assert row.comparison == plain.comparison
    assert row.comparison.control.n == len({unit for unit, _ in values["v1"]})


def test_histograms_stand_in_for_logged_latencies() -> None:
    test = simple({"bought": "any"}, guardrails=[Guardrail("latency", "lower", 50, quantile=0.99)])
    exposed(test)
    random = np.random.default_rng(2)
    for arm in test.arms:
        histogram = LatencyHistogram()
        histogram.update_many(random.lognormal(4.6, 0.4, 50_000))
        if arm == "v2":
            with pytest.raises(ValueError, match="arm 'v2' must have a LatencyHistogram of 'latency' attached"):
                test.report(now=0.0)
        test.attach(arm, histogram, "latency")
    assert test.report(now=DAY).guardrails[0].status == "pass"


def test_several_treatments_are_judged_together() -> None:
    metrics = {"bought": "any", "revenue": OutcomeMetric("total", outcome="bought")}
    test = ModelABTest("x", ["v1", "v2", "v3"], salt="three", metrics=metrics, expected_n=8_000)
    random = np.random.default_rng(3)
    for unit in range(12_000):
        arm = test.log_exposure(unit, timestamp=0.0)
        if random.random() < {"v1": 0.2, "v2": 0.21, "v3": 0.28}[str(arm)]:
            test.log_outcome(unit, "bought", timestamp=60.0)
    report = test.report(now=DAY)
    assert [(row.arm, row.metric) for row in report.metrics] == [
        ("v2", "bought"),
        ("v3", "bought"),
        ("v2", "revenue"),
        ("v3", "revenue"),
    ]
    assert report.metrics[0].family_size == 2
    assert report.metrics[0].adjustment == "holm"
    assert (report.status, report.recommendation.arm) == ("ship", "v3")


def test_metrics_are_compared_in_segments_too() -> None:
    """The new version is better on one platform and worse on the other."""
    test = simple({"bought": "any"}, segments=True, expected_n=10_000)
    random = np.random.default_rng(3)
    counts = {(segment, arm): [0, 0] for segment in ("ios", "web") for arm in test.arms}
    for unit in range(10_000):
        segment = ("ios", "web")[unit % 2]
        arm = str(test.log_exposure(unit, timestamp=0.0, segment=segment))
        bought = random.random() < {"v1": 0.3, "v2": 0.4 if segment == "ios" else 0.2}[arm]
        counts[segment, arm][0] += int(bought)
        counts[segment, arm][1] += 1
        if bought:
            test.log_outcome(unit, "bought", timestamp=60.0)
    report = test.report(now=DAY)
    assert report.status == "keep_running"
    found = {row.segment: row for row in report.metrics if row.segment is not None}
    assert {segment: row.verdict for segment, row in found.items()} == {"ios": "better", "web": "worse"}
    assert found["ios"].adjustment == "e_bh"
    for segment, row in found.items():
        plain = compare(*(Proportion(*counts[segment, arm]) for arm in test.arms), expected_n=10_000)
        assert row.comparison.p_value == plain.p_value
    assert "web" in str(report)
    assert len(test.looks[0].results) == 1


def test_nothing_and_little_is_said() -> None:
    asked = {"a": "any", "b": "total", "c": "average", "d": OutcomeMetric("ratio", outcome="x", denominator="y")}
    rails = [Guardrail("latency", "lower", 50, quantile=0.99), Guardrail("latency", "lower", 5)]
    test = simple(asked, guardrails=rails, covariates=["spend"], segments=True)
    report = test.report(now=0.0)
    assert report.status == "no_data"
    assert all(row.comparison.reasons for row in report.metrics)
    test.log_exposure(1, timestamp=0.0)
    test.log_outcome(1, "a", timestamp=0.0)
    test.log_outcome(2, "a", timestamp=0.0)
    assert test.report(now=1.0).status == "no_data"
    for unit in range(50):
        test.log_exposure(unit, timestamp=2.0)
    # Arms without any outcome are constant.
    report = test.report(now=3.0)
    json.dumps(report.to_dict(), allow_nan=False)
    assert {row.metric: row.verdict for row in report.metrics} == dict.fromkeys("abcd", "undecided")
    assert "neither arm has any spread" in report.metric("b").comparison.reasons[0]
    assert "its denominator is 0" in report.metric("d").comparison.reasons[0]


def test_what_there_is_no_room_for_is_counted() -> None:
    test = simple({"bought": "any"}, max_units=10, max_outcomes=5)
    logged = [test.log_exposure(unit, timestamp=0.0) for unit in range(12)]
    assert logged[10:] == [None, None]
    kept = [test.log_outcome(unit, "bought", timestamp=1.0) for unit in (*range(6), 99)]
    assert kept == [True] * 5 + [False] * 2
    assert test.log_exposure(3, timestamp=0.0) is not None
    assert (test.units, test.outcomes) == (10, 5)
    note = "2 exposures and 2 outcomes were dropped, since there was no room for more."
    assert note in test.report(now=DAY).notes
    assert note in ModelABTest.from_bytes(test.to_bytes()).report(now=2 * DAY).notes


def test_who_ships_is_told_what_got_worse() -> None:
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any", "stayed": "any"}, segments=True)
    random = np.random.default_rng(4)
    for unit in range(6_000):
        segment = ("ios", "web")[unit % 2]
        arm = test.log_exposure(unit, timestamp=0.0, segment=segment)
        chances = (0.1, 0.5) if arm == "v1" else (0.3 if segment == "ios" else 0.02, 0.3)
        for name, chance in zip(("bought", "stayed"), chances, strict=True):
            if random.random() < chance:
                test.log_outcome(unit, name, timestamp=1.0)
    report = test.report(now=2.0)
    assert report.status == "ship"
    assert report.metric("stayed").verdict == "worse"
    assert "Know that it is worse elsewhere: stayed fell from 0.4" in report.recommendation.text
    assert " in web bought fell from 0.1" in report.recommendation.text
