"""Metrics of a live test adjusted for what was known of units before, against the obvious computation over the events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict.abtest.live.events import DAY, Exposure, Outcome, content, dealt, drawn, server, tell
from truthlag.abtest import (
    Guardrail,
    Mean,
    MeanWithCovariate,
    ModelABTest,
    OutcomeMetric,
    RatioWithCovariate,
    compare,
)

UNITS = 1_200


@dataclass(frozen=True)
class Known:
    """A call of `log_covariates`."""

    unit: Any
    value: float
    time: float


def adjusted(covariates: Sequence[str] = ("spend",)) -> dict[str, OutcomeMetric]:
    """All kinds of outcomes."""
    return {
        "revenue": OutcomeMetric("total", covariates=covariates),
        "bought": OutcomeMetric("any", outcome="revenue", covariates=covariates),
        "orders": OutcomeMetric("count", outcome="revenue", covariates=covariates),
        "basket": OutcomeMetric("average", outcome="revenue", covariates=covariates),
        "price": OutcomeMetric("ratio", outcome="revenue", denominator="clicks", covariates=covariates),
    }


def simple(**options: Any) -> ModelABTest:
    given_options: dict[str, Any] = {"salt": "covariates", "metrics": adjusted(), "covariates": ["spend"], **options}
    return ModelABTest("ranker", ["v1", "v2"], **given_options)


@dataclass
class Played:
    """What was told of each unit, in order of the units."""

    arm: list[str]
    spend: list[float]
    orders: list[list[float]]
    clicks: list[int]
    period: list[int]

    def by_arm(self, make: Any) -> Any:
        return [make(np.array([place for place, one in enumerate(self.arm) if one == arm])) for arm in ("v1", "v2")]


def play(test: ModelABTest, seed: int = 1, units: int = UNITS, lacking: float = 0.0, *, ramps: bool = False) -> Played:
    """Units whose orders follow what they spent before; some of them are new, and nothing is known of those."""
    random = np.random.default_rng(seed)
    if ramps:
        test.ramp(1.0, weights=[1, 1], at=DAY)
    played = Played([], [], [], [], [])
    for unit in range(units):
        period = int(ramps and unit >= units // 2)
        spend = float(random.gamma(2.0, 10.0)) if random.random() >= lacking else np.nan
        known = {} if np.isnan(spend) else {"spend": spend}
        arm = test.log_exposure(unit, timestamp=period * DAY + 60.0, covariates=known)
        if arm is None:
            continue
        base = 5.0 if np.isnan(spend) else spend
        orders = [float(base + random.normal(0.0, 4.0)) for _ in range(1 + random.poisson(base / 20.0))]
        if random.random() < 0.3:
            orders = []
        clicks = int(random.poisson(3.0)) + 1
        for value in orders:
            test.log_outcome(unit, "revenue", value, timestamp=period * DAY + 120.0)
        for _ in range(clicks):
            test.log_outcome(unit, "clicks", timestamp=period * DAY + 90.0)
        played.arm.append(arm)
        played.spend.append(spend)
        played.orders.append(orders)
        played.clicks.append(clicks)
        # Where weights have changed, units that were in the first share already are a stratum of their own.
        played.period.append(period if not period or test.assign(unit, at=60.0) is None else 2)
    return played


def per_unit(played: Played) -> dict[str, tuple[Any, Any]]:
    """Top and bottom of each metric by unit; a mean has no bottom."""
    total = np.array([sum(one) for one in played.orders])
    count = np.array([float(len(one)) for one in played.orders])
    return {
        "revenue": (total, None),
        "bought": (np.array([float(any(value > 0 for value in one)) for one in played.orders]), None),
        "orders": (count, None),
        "basket": (total, count),
        "price": (total, np.array(played.clicks, float)),
    }


def test_one_period_is_the_statistic_with_its_covariate() -> None:
    test = simple()
    played = play(test)
    spend = np.array(played.spend)
    report = test.report(now=3 * DAY)
    for name, (top, bottom) in per_unit(played).items():

        def arm(rows: Any, top: Any = top, bottom: Any = bottom) -> Any:
            if bottom is None:
                return MeanWithCovariate.of(top[rows], spend[rows])
            return RatioWithCovariate.of(top[rows], bottom[rows], covariates=[spend[rows]])

        wanted, found = compare(*played.by_arm(arm)), report.metric(name).comparison
        for field in ("difference", "standard_error", "p_value", "relative_difference"):
            # Sums by unit are in another order.
            assert getattr(found, field) == pytest.approx(getattr(wanted, field), rel=1e-9), (name, field)
        assert found.method == wanted.method and "after regression on covariates" in found.method
        assert found.difference_interval == pytest.approx(wanted.difference_interval, rel=1e-9)
        assert found.relative_interval == pytest.approx(wanted.relative_interval, rel=1e-9)
    plain = compare(*played.by_arm(lambda rows: Mean.of(per_unit(played)["revenue"][0][rows])))
    assert (report.metric("revenue").comparison.standard_error or 0.0) < 0.75 * (plain.standard_error or 0.0)


def least_squares(values: Any, played: Played, lacks: Any) -> float:
    """A level of each period and arm, one slope, and whether the covariate is missing; periods by their shares."""
    is_new = np.array(played.arm) == "v2"
    cell = 2 * np.array(played.period) + is_new
    used = np.unique(cell)
    # What stands in for a missing covariate makes no difference beside the indicator.
    filled = np.where(lacks, -123.0, np.array(played.spend))
    design = np.column_stack([(cell[:, None] == used).astype(float), filled, lacks.astype(float)])
    levels = np.linalg.lstsq(design, values, rcond=None)[0][: len(used)]
    shares = np.bincount(np.array(played.period)) / len(cell)
    return float(shares @ (levels[1::2] - levels[::2]))


@pytest.mark.parametrize("ramps", [False, True])
@pytest.mark.parametrize("lacking", [0.0, 0.3])
def test_means_are_those_of_least_squares(lacking: float, ramps: bool) -> None:
    test = simple(weights=[3, 1], share=0.5) if ramps else simple()
    played = play(test, lacking=lacking, ramps=ramps)
    lacks = np.isnan(played.spend)
    report = test.report(now=3 * DAY)
    for name in ("revenue", "bought", "orders"):
        found = report.metric(name).comparison
        assert found.difference == pytest.approx(least_squares(per_unit(played)[name][0], played, lacks), rel=1e-9), (
            name
        )
        assert found.control.n + found.treatment.n == len(played.arm)
        assert found.control.estimate == pytest.approx(
            per_unit(played)[name][0][np.array(played.arm) == "v1"].mean(), rel=1e-9
        )
    if ramps:
        assert "post-stratification after regression on covariates" in report.metric("revenue").comparison.method
    said = (
        f"{lacks.sum():,} of {len(played.arm):,} units have no covariate 'spend': they count in revenue, with the mean of the others"
        " in its place and an indicator of that as a further covariate."
    )
    assert (said in report.notes) == (said in report.metric("revenue").comparison.reasons) == bool(lacking)


def test_ratios_over_periods_are_those_of_their_linear_values() -> None:
    test = simple(weights=[3, 1], share=0.5)
    played = play(test, lacking=0.2, ramps=True)
    is_new, period = np.array(played.arm) == "v2", np.array(played.period)
    shares = np.bincount(period) / len(period)
    report = test.report(now=3 * DAY)
    for name in ("basket", "price"):
        top, bottom = per_unit(played)[name]
        linear = np.empty(len(period))
        for arm in (False, True):
            above, below = (
                sum(share * one[(is_new == arm) & (period == place)].mean() for place, share in enumerate(shares))
                for one in (top, bottom)
            )
            mine, ratio = is_new == arm, above / below
            linear[mine] = ratio + (top[mine] - ratio * bottom[mine]) / below
        found = report.metric(name).comparison
        assert found.difference == pytest.approx(least_squares(linear, played, np.isnan(played.spend)), rel=1e-9), name


def of_units(test: ModelABTest) -> dict[str, float]:
    """What the gate sees of the covariate: its mean in each arm, and how many lack it."""
    (gate,) = [one for one in test.report(now=9 * DAY).gates.gates if one.name == "pre_period_balance"]
    found: dict[str, float] = json.loads(json.dumps(gate.numbers))
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_newest_value_up_to_the_exposure_counts(seed: int) -> None:
    random = np.random.default_rng(seed)
    logged, told = simple(), simple()
    late = 0
    for unit in range(200):
        at = float(random.integers(2, 6))
        values = [(float(random.integers(0, 8)), float(random.normal())) for _ in range(int(random.integers(0, 4)))]
        own = float(random.normal()) if random.random() < 0.3 else None
        calls: list[Any] = [Known(unit, value, time * DAY) for time, value in values]
        calls.append(Exposure(unit, at * DAY, spend=own))
        for place in random.permutation(len(calls)):
            say(logged, [calls[place]])
        known = [(time, value) for time, value in values if time <= at]
        late += len(values) - len(known)
        best = own if own is not None else max(known)[1] if known else None
        told.log_exposure(unit, timestamp=at * DAY, covariates={} if best is None else {"spend": best})
        for test in (logged, told):
            test.log_outcome(unit, "revenue", float(unit), timestamp=7 * DAY)
    first, second = logged.report(now=9 * DAY), told.report(now=9 * DAY)
    assert [row.comparison for row in first.metrics] == [row.comparison for row in second.metrics]
    assert of_units(logged) == of_units(told)
    said = f"{late:,} values of covariate 'spend' are later than the exposure of their units, and do not count: the treatment may"
    assert any(note.startswith(said) for note in first.notes) == bool(late)


def say(test: ModelABTest, events: Iterable[Any]) -> ModelABTest:
    for event in events:
        if isinstance(event, Known):
            test.log_covariates(event.unit, {"spend": event.value}, timestamp=event.time)
        else:
            tell(test, [event])
    return test


def process(source: str | None = None) -> ModelABTest:
    """One of several, with ramps, segments and guardrails."""
    return server(source, metrics=adjusted(), guardrails=[Guardrail("revenue", "higher", 5.0)])


def events() -> list[Any]:
    random = np.random.default_rng(8)
    told: list[Any] = [
        one
        for one in drawn(2, 500)
        if isinstance(one, Exposure) or (isinstance(one, Outcome) and one.name in ("revenue", "clicks"))
    ]
    told += [
        Known(
            int(random.integers(500)),
            float(np.round(random.gamma(2.0, 10.0), 3)),
            float(random.integers(-4, 5)) * DAY / 2 + 3 * DAY,
        )
        for _ in range(700)
    ]
    return told


EVENTS = events()
WHOLE = say(process("one"), EVENTS)
SAID = content(WHOLE, now=9 * DAY)


def test_the_events_say_something() -> None:
    report = ModelABTest.from_bytes(WHOLE.to_bytes()).report(now=9 * DAY)
    for name in ("revenue", "bought", "orders", "basket", "price"):
        assert "after regression on covariates" in report.metric(name).comparison.method
    notes = " ".join(report.notes)
    assert "units have no covariate 'spend': they count in price" in notes
    assert "values of covariate 'spend' are later than the exposure" in notes


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), processes=st.integers(1, 5))
def test_order_and_processes_do_not_show(seed: int, processes: int) -> None:
    hands = dealt(EVENTS, processes, seed)
    if processes == 1:
        assert say(process("one"), hands[0]).to_bytes() == WHOLE.to_bytes()
    parts = [say(process(), hand) for hand in hands]
    assert content(reduce(ModelABTest.merge, parts), now=9 * DAY) == SAID


def test_merging_is_commutative_associative_and_idempotent() -> None:
    parts = [say(process(f"server {place}"), hand) for place, hand in enumerate(dealt(EVENTS, 3, 5))]
    first, second, third = parts
    merged = {reduce(ModelABTest.merge, order).to_bytes() for order in permutations(parts)}
    merged.add(first.merge(second.merge(third)).to_bytes())
    merged.add((first + second).merge(third).merge(first + second).merge(third).to_bytes())
    assert len(merged) == 1
    again = ModelABTest.from_bytes(first.to_bytes())
    assert again.merge(first).to_bytes() == first.to_bytes()


def test_a_value_that_comes_again_changes_nothing() -> None:
    test = simple()
    play(test, lacking=1.0, units=200)
    for unit in range(200):
        test.log_covariates(unit, {"spend": float(unit % 7)}, timestamp=0.0)
    before = test.report(now=3 * DAY)
    for unit in range(200):
        test.log_covariates(unit, {"spend": float(unit % 7)}, timestamp=0.0)
    assert test.report(now=3 * DAY).to_dict() == before.to_dict()


def test_a_value_that_comes_again_takes_room_again() -> None:
    test = simple(max_outcomes=2)
    test.log_exposure("ann", timestamp=0.0)
    kept = [test.log_covariates("ann", {"spend": 1.0}, timestamp=DAY) for _ in range(3)]
    assert kept == [True, True, False] and test.outcomes == 2
    notes = " ".join(test.report(now=2 * DAY).notes)
    assert "2 values of covariate 'spend' are later than the exposure" in notes and "1 outcomes were dropped" in notes


def test_covariates_come_by_a_call_of_their_own_after_the_outcomes() -> None:
    """A table of the month before, read days later, says the same as exposures that brought it."""
    brought, backfilled = simple(), simple()
    played = play(brought)
    again = play(backfilled, lacking=0.0)
    assert again == played
    other = simple()
    for unit, (arm, spend) in enumerate(zip(played.arm, played.spend, strict=True)):
        assert other.log_exposure(unit, timestamp=60.0) == arm
        for value in played.orders[unit]:
            other.log_outcome(unit, "revenue", value, timestamp=120.0)
        for _ in range(played.clicks[unit]):
            other.log_outcome(unit, "clicks", timestamp=90.0)
        other.log_covariates(unit, {"spend": spend}, timestamp=0.0)
    assert other.report(now=3 * DAY).to_dict() == brought.report(now=3 * DAY).to_dict()


def test_late_outcomes_count_when_they_are_in_their_window() -> None:
    from datetime import timedelta

    metrics = {"revenue": OutcomeMetric("total", window=timedelta(days=2), covariates=["spend"])}
    test = ModelABTest("late", ["v1", "v2"], salt="late", metrics=metrics, covariates=["spend"])
    random = np.random.default_rng(4)
    rows: list[tuple[str, float, float]] = []
    for unit in range(400):
        spend, at = float(random.gamma(2.0, 5.0)), float(random.integers(0, 4)) * DAY
        arm = test.log_exposure(unit, timestamp=at, covariates={"spend": spend})
        total = 0.0
        for _ in range(3):
            delay, value = float(random.uniform(0.0, 4.0)), spend + float(random.normal())
            test.log_outcome(unit, "revenue", value, timestamp=at + delay * DAY)
            total += value * (delay <= 2.0)
        if at + 2 * DAY <= 4.5 * DAY:
            rows.append((str(arm), total, spend))
    arms = [
        MeanWithCovariate.of([row[1] for row in rows if row[0] == arm], [row[2] for row in rows if row[0] == arm])
        for arm in ("v1", "v2")
    ]
    # All outcomes of those units have come, and those of younger ones do not count yet.
    found, wanted = test.report(now=4.5 * DAY).metric("revenue").comparison, compare(*arms)
    assert found.difference == pytest.approx(wanted.difference, rel=1e-9)
    assert found.p_value == pytest.approx(wanted.p_value, rel=1e-9)
    assert (found.control.n, found.treatment.n) == (arms[0].n, arms[1].n) and found.control.n < 200


def settled(spend: Any, units: int = UNITS, **options: Any) -> Any:
    """A report where each unit has the covariate that a function says, and orders that chance says."""
    test = simple(metrics={"revenue": OutcomeMetric("total", covariates=["spend"])}, **options)
    random = np.random.default_rng(2)
    values: dict[str, list[float]] = {"v1": [], "v2": []}
    for unit in range(units):
        value = spend(unit)
        arm = test.log_exposure(unit, timestamp=0.0, covariates={} if value is None else {"spend": value})
        values[str(arm)].append(float(random.gamma(2.0, 3.0)))
        test.log_outcome(unit, "revenue", values[str(arm)][-1], timestamp=60.0)
    return test.report(now=DAY), compare(*map(Mean.of, values.values()))


def test_a_covariate_that_does_not_vary_leaves_the_metric_as_it_is() -> None:
    report, plain = settled(lambda unit: 3.25)
    found = report.metric("revenue").comparison
    assert (found.difference, found.p_value) == pytest.approx((plain.difference, plain.p_value), rel=1e-12)
    assert found.method == "Welch's t test"
    assert report.notes == ("revenue is not adjusted for 'spend', which is the same for all units that have it.",)
    assert report.notes[0] in found.reasons


def test_a_covariate_that_no_unit_has_leaves_the_metric_as_it_is() -> None:
    report, plain = settled(lambda unit: None)
    found = report.metric("revenue").comparison
    assert found.p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert report.notes == ("revenue is not adjusted for 'spend', which no unit has.",)


def test_whether_a_unit_has_it_is_known_before_too() -> None:
    report, plain = settled(lambda unit: 1.0 if unit % 3 else None)
    found = report.metric("revenue").comparison
    assert found.method == "Welch's t test after regression on covariates"
    assert found.difference != pytest.approx(plain.difference, rel=1e-3)
    assert report.notes == (
        "400 of 1,200 units have no covariate 'spend': they count in revenue, with an indicator of that as a further covariate.",
        "revenue is not adjusted for 'spend', which is the same for all units that have it.",
    )


def test_few_units_are_not_adjusted_yet() -> None:
    report, plain = settled(float, units=50)
    assert report.metric("revenue").comparison.p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert report.notes == ("revenue is not adjusted for covariates before every arm has 30 units.",)
    # So early nothing is decided by a slope that follows the chance of a few units.
    assert "not adjusted" not in " ".join(settled(float, units=200)[0].notes)
    assert settled(float, units=0)[0].status == "no_data"


@pytest.mark.parametrize("scale", [1e-90, 1e99])
def test_the_unit_of_a_covariate_does_not_matter(scale: float) -> None:
    random = np.random.default_rng(9)
    values = random.gamma(2.0, 0.1, UNITS).tolist()
    near = settled(lambda unit: values[unit])[0].metric("revenue").comparison
    far = settled(lambda unit: values[unit] * scale)[0].metric("revenue").comparison
    assert (far.difference, far.p_value) == pytest.approx((near.difference, near.p_value), rel=1e-9)


def test_several_covariates_of_which_some_say_the_same() -> None:
    metrics = {"revenue": OutcomeMetric("total", covariates=["spend", "twice", "visits"])}
    test = simple(metrics=metrics, covariates=["visits", "spend", "twice"])
    random = np.random.default_rng(3)
    rows = []
    for unit in range(UNITS):
        spend, visits = random.gamma(2.0, 5.0), float(random.poisson(3.0))
        arm = test.log_exposure(
            unit, timestamp=0.0, covariates={"spend": spend, "visits": visits, "twice": 2 * spend + 1}
        )
        value = float(spend + visits + random.normal())
        test.log_outcome(unit, "revenue", value, timestamp=60.0)
        rows.append((float(arm == "v2"), spend, visits, value))
    table = np.array(rows)
    design = np.column_stack([np.ones(UNITS), table[:, :3]])
    wanted = np.linalg.lstsq(design, table[:, 3], rcond=None)[0][1]
    assert test.report(now=DAY).metric("revenue").comparison.difference == pytest.approx(wanted, rel=1e-6)


def test_a_covariate_that_the_arm_moves_makes_the_test_invalid() -> None:
    test = simple(metrics={"revenue": OutcomeMetric("total", covariates=["spend"])})
    random = np.random.default_rng(3)
    for unit in range(2_000):
        arm = test.assign(unit)
        spend = float(random.gamma(2.0, 5.0)) + 3.0 * (arm == "v2")
        test.log_exposure(unit, timestamp=0.0, covariates={"spend": spend})
        test.log_outcome(unit, "revenue", spend, timestamp=60.0)
    report = test.report(now=DAY)
    assert report.status == "invalid" and "pre_period_balance" in report.recommendation.text


def test_segments_and_several_arms_are_adjusted_too() -> None:
    test = ModelABTest(
        "three",
        ["v1", "v2", "v3"],
        salt="three",
        metrics={
            "revenue": OutcomeMetric("total", covariates=["spend"]),
            "plain": OutcomeMetric("total", outcome="revenue"),
        },
        covariates=["spend"],
        segments=True,
    )
    random = np.random.default_rng(6)
    for unit in range(3_000):
        spend = float(random.gamma(2.0, 10.0))
        test.log_exposure(unit, timestamp=0.0, segment=("ios", "web")[unit % 2], covariates={"spend": spend})
        test.log_outcome(unit, "revenue", spend + float(random.normal(0.0, 5.0)), timestamp=60.0)
    report = test.report(now=DAY)
    errors = {(row.arm, row.segment, row.metric): row.comparison.standard_error or 0.0 for row in report.metrics}
    for arm in ("v2", "v3"):
        for segment in (None, "ios", "web"):
            assert errors[arm, segment, "revenue"] < 0.5 * errors[arm, segment, "plain"]


def test_looks_of_a_plan_and_of_one_size() -> None:
    for mode in ("fixed", "group_sequential"):
        test = simple(mode=mode, planned_n=1_000)
        play(test)
        report = test.report(now=3 * DAY)
        assert "after regression on covariates" in report.metric("revenue").comparison.method
        assert test.looks[-1].is_final
        reasons = report.metric("revenue").comparison.reasons
        again = ModelABTest.from_bytes(test.to_bytes()).report(now=4 * DAY).metric("revenue").comparison
        assert again.reasons[: len(reasons)] == reasons


def test_a_guardrail_is_adjusted_as_its_metric_is() -> None:
    rail = Guardrail("revenue", "higher", 4.0)
    test = simple(guardrails=[rail, Guardrail("revenue", "higher", 400.0, quantile=0.5)])
    played = play(test)
    report = test.report(now=3 * DAY)
    spend, total = np.array(played.spend), per_unit(played)["revenue"][0]
    arms = played.by_arm(lambda rows: MeanWithCovariate.of(total[rows], spend[rows]))
    wanted = rail.check(*arms).comparison
    assert report.guardrails[0].comparison.standard_error == pytest.approx(wanted.standard_error, rel=1e-9)
    assert report.guardrails[0].status == rail.check(*arms).status
    assert "quantiles of revenue are not adjusted for covariates." in report.notes


def test_the_questions_go_through_bytes() -> None:
    test = simple()
    play(test, units=50)
    made = ModelABTest.from_bytes(test.to_bytes())
    assert made.to_bytes() == test.to_bytes()
    assert made.report(now=3 * DAY).to_dict() == test.report(now=3 * DAY).to_dict()
    assert OutcomeMetric("total", covariates=["a", "b"]).to_dict()["covariates"] == ["a", "b"]
    with pytest.raises(ValueError, match="other must have the metrics of this test"):
        simple(metrics={"revenue": "total"}).merge(
            simple(metrics={"revenue": OutcomeMetric("total", covariates=["spend"])})
        )


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: OutcomeMetric(covariates="spend"), TypeError, "covariates must be a sequence of names"),
        (lambda: OutcomeMetric(covariates=[1]), TypeError, "covariates must be names of type str"),
        (
            lambda: OutcomeMetric(covariates=["b", "a", "a"]),
            ValueError,
            "covariates must be at most 1000 different names, got 'a' of type str more than once",
        ),
        (
            lambda: OutcomeMetric(covariates=[str(place) for place in range(1_001)]),
            ValueError,
            "covariates must be at most 1000 different names, got 1001",
        ),
        (lambda: simple(covariates=[]), ValueError, "none: the test was made without covariates, got 'spend'"),
        (
            lambda: simple(covariates=["age"]),
            ValueError,
            "must be adjusted for covariates of the test, 'age', got 'spend'",
        ),
        (
            lambda: simple(guardrails=[Guardrail("revenue", "higher", 1.0, method="welch")]),
            ValueError,
            "no method of its own",
        ),
        (lambda: simple(metrics={"\0spend": "any"}), ValueError, "do not begin with the character 0"),
        (
            lambda: simple(metrics={"a": OutcomeMetric(outcome="\0spend")}),
            ValueError,
            "do not begin with the character 0",
        ),
        (lambda: simple().log_covariates("ann", {"age": 3.0}), ValueError, "covariates must be of 'spend', got 'age'"),
        (lambda: simple().log_covariates("ann", {"spend": float("inf")}), ValueError, "covariates['spend']"),
        (lambda: simple().log_covariates("ann", 3.0), TypeError, "covariates must be numbers by name"),
        (lambda: simple().log_covariates(1.5, {"spend": 3.0}), TypeError, "unit_id must be"),
    ],
)
def test_what_is_wrong_is_told(make: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert told in str(caught.value)


def test_a_value_takes_the_room_of_an_outcome() -> None:
    test = simple(max_outcomes=2, covariates=["spend", "visits"])
    assert test.log_covariates("ann", {"spend": 1.0, "visits": None}, timestamp=0.0)
    assert not test.log_covariates("ann", {"spend": 1.0, "visits": 2.0}, timestamp=0.0)
    assert test.outcomes == 1
    assert test.log_covariates("ann", {}, timestamp=0.0)
    test.log_exposure("ann", timestamp=DAY)
    assert "2 outcomes were dropped, since there was no room for more." in " ".join(test.report(now=2 * DAY).notes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["total", "average"])
def test_equal_versions_looked_at_daily_are_seldom_different(kind: Any) -> None:
    """Through a ramp with other weights, with new units of whom nothing is known, and outcomes that fall while weights change."""
    runs, decided, narrower = 150, 0, 0.0
    for seed in range(runs):
        random = np.random.default_rng(seed)
        metrics = {
            "revenue": OutcomeMetric(kind, covariates=["spend"]),
            "plain": OutcomeMetric(kind, outcome="revenue"),
        }
        test = simple(salt=f"run {seed}", share=0.5, weights=[3, 1], metrics=metrics, expected_n=800)
        test.ramp(1.0, weights=[1, 1], at=3 * DAY)
        ever, report = False, None
        for day in range(8):
            for unit in range(100 * day, 100 * (day + 1)):
                spend, is_known = float(random.gamma(2.0, 5.0)), random.random() > 0.3
                value = (spend if is_known else 3.0) + float(random.normal(0.0, 2.0)) + 2.0 * (day < 3)
                known = {"spend": spend} if is_known else {}
                if test.log_exposure(unit, timestamp=day * DAY, covariates=known) is not None:
                    for _ in range(1 + int(random.random() < 0.5)):
                        test.log_outcome(unit, "revenue", value, timestamp=day * DAY + 60.0)
            report = test.report(now=(day + 0.9) * DAY)
            ever = ever or report.metric("revenue").comparison.is_decided
        decided += ever
        assert report is not None
        errors = [report.metric(name).comparison.standard_error or 0.0 for name in ("revenue", "plain")]
        narrower += errors[0] / errors[1] / runs
    # At most .05, and three standard errors of 150 runs.
    assert decided / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert narrower < 0.6
