"""Evaluations: known answers, a naive loop, the coverage of the intervals, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    EDDM,
    KSWIN,
    STEPD,
    AlwaysFires,
    EDetector,
    EProcess,
    Evaluation,
    HarmfulShift,
    IntervalEstimate,
    NeverFires,
    PageHinkley,
    Scenario,
    evaluate,
)
from truthlag.verdict.evaluation.estimate import median_estimate, paired_difference, rate_estimate, share_estimate
from truthlag.verdict.evaluation.run_length import run_length

SMALL: dict[str, Any] = {"runs": 30, "horizon": 2_000}


class AtRandom:
    """Alarms with a chance of its own at each value, whatever the values."""

    def __init__(self, chance: float, seed: int) -> None:
        self.chance, self.random, self.drift_detected = chance, np.random.default_rng(seed), False

    def update(self, x: float) -> None:
        self.drift_detected = bool(self.random.random() < self.chance)


def without_scenario(evaluation: Evaluation) -> list[dict[str, Any]]:
    results = evaluation.to_dict()["results"]
    for result in results:
        del result["scenario"]
    return results


def test_who_always_fires_and_who_never_does() -> None:
    scenarios = [Scenario(history=rows, length=70) for rows in (0, 40, 500)]
    evaluation = evaluate(CUSUM(0.1, 0.3), scenarios, runs=50, horizon=300)
    always, never = evaluation.dummies
    assert (always.detector, never.detector) == ("AlwaysFires", "NeverFires")
    assert without_scenario(evaluate(AlwaysFires, scenarios, runs=50, horizon=300)) == without_scenario(always)
    assert without_scenario(evaluate(NeverFires(), scenarios, runs=50, horizon=300)) == without_scenario(never)
    for result in always.results:
        assert result.run_length.mean.value == result.run_length.median.value == 1
        assert result.run_length.restricted_mean.value == 1
        assert result.run_length.false_alarms_per_1000.value == 1_000
        assert result.run_length.censored == 0
        assert result.detected.value == result.alarmed_without_change.value == 1
        assert result.median_delay.value == result.median_delay_when_detected.value == 1
        assert result.false_alarms_per_1000.value == (1_000 if result.scenario.history else None)
        assert result.alarmed_before.value == (result.scenario.history > 0)
    for result in never.results:
        assert result.run_length.mean.value is result.run_length.mean.high is result.run_length.median.value is None
        assert result.run_length.restricted_mean.value == result.run_length.restricted_mean.high == 300
        # 15 000 values without an alarm: Garwood's limit of none is -ln(0.025) alarms.
        assert result.run_length.mean.low == pytest.approx(15_000 / -math.log(0.025), rel=1e-12)
        assert result.run_length.censored == 50
        assert result.detected.value == result.alarmed_without_change.value == result.alarmed_before.value == 0
        assert result.median_delay.value is result.median_delay_when_detected.value is None
        assert result.false_alarms_per_1000.value == (0 if result.scenario.history else None)
    for result in (*always.results, *never.results):
        assert result.informedness.value == 0
        assert result.informedness.low < 0 < result.informedness.high


@pytest.mark.parametrize(
    "make", [DDM, EDDM, STEPD, lambda: PageHinkley(threshold=5.0), lambda: EDetector(0.1, arl=200)]
)
def test_against_one_value_after_the_other(make: Any) -> None:
    runs, horizon, seed = 25, 1_500, 4
    scenario = Scenario(before=0.1, after=0.3, history=700, length=300)
    first, alarms, delays, by_chance, false_alarms = [], 0, [], 0, []
    for run in range(runs):
        random = np.random.default_rng([seed, run])
        detector, place = make(), None
        for number, value in enumerate(random.random(horizon) < 0.1):
            if detector.update(value):
                alarms += 1
                place = number + 1 if place is None else place
        first.append(place)
        random = np.random.default_rng([seed, run])
        past, changed = random.random(1_000) < 0.1, random.random(300) < 0.3
        detector = make()
        false_alarms.append(sum(detector.update(value) for value in past[:700]))
        other = type(detector).from_bytes(detector.to_bytes())
        delays.append(next((number + 1 for number, value in enumerate(changed) if detector.update(value)), math.inf))
        by_chance += any(other.update(value) for value in past[700:])

    result = evaluate(make, scenario, runs=runs, horizon=horizon, seed=seed).results[0]
    found = [one for one in first if one is not None]
    watched = sum(found) + horizon * (runs - len(found))
    length = result.run_length
    assert length.mean.value == (pytest.approx(watched / len(found), rel=1e-12) if found else None)
    assert length.restricted_mean.value == pytest.approx(watched / runs, rel=1e-12)
    assert length.censored == runs - len(found)
    assert length.false_alarms_per_1000.value == pytest.approx(1_000 * alarms / (runs * horizon), rel=1e-12)
    detected = [delay for delay in delays if delay < math.inf]
    assert result.detected.value == len(detected) / runs
    assert result.alarmed_without_change.value == by_chance / runs
    assert result.informedness.value == pytest.approx((len(detected) - by_chance) / runs, abs=1e-12)
    assert result.median_delay.value == (np.median(delays) if np.median(delays) < math.inf else None)
    assert result.median_delay_when_detected.value == (np.median(detected) if detected else None)
    assert result.false_alarms_per_1000.value == pytest.approx(1_000 * sum(false_alarms) / (700 * runs), rel=1e-12)
    assert result.alarmed_before.value == sum(count > 0 for count in false_alarms) / runs


def test_alarms_at_random_are_worth_nothing() -> None:
    numbers = iter(range(10_000))
    result = evaluate(
        lambda: AtRandom(0.01, next(numbers)), Scenario(history=50, length=100), runs=400, horizon=400
    ).results[0]
    # The run length is geometric: 100 values, of which the first 400 tell; in 100 values 63.4 % alarm.
    assert result.run_length.mean.low < 100 < result.run_length.mean.high
    assert result.run_length.restricted_mean.low < 100 * (1 - 0.99**400) < result.run_length.restricted_mean.high
    assert result.run_length.false_alarms_per_1000.low < 10 < result.run_length.false_alarms_per_1000.high
    assert result.detected.low < 1 - 0.99**100 < result.detected.high
    assert result.median_delay.low <= 69 <= result.median_delay.high
    assert result.false_alarms_per_1000.low < 10 < result.false_alarms_per_1000.high
    assert result.informedness.low < 0 < result.informedness.high


@pytest.mark.parametrize("horizon", [30, 100, 1_000])
def test_the_intervals_of_a_geometric_run_length_cover_it(horizon: int) -> None:
    chance, runs, samples = 0.01, 60, 1_500
    random = np.random.default_rng(8)
    truths = {
        "mean": 1 / chance,
        "restricted_mean": (1 - (1 - chance) ** horizon) / chance,
        "alarmed": 1 - (1 - chance) ** horizon,
        "median": math.log(0.5) / math.log(1 - chance),
    }
    covered = dict.fromkeys(truths, 0)
    for _ in range(samples):
        lengths = random.geometric(chance, size=runs)
        result = run_length([int(one) if one <= horizon else None for one in lengths], None, horizon, 0.95)
        for name, truth in truths.items():
            estimate = getattr(result, name)
            low = -math.inf if estimate.low is None else estimate.low
            # The median of whole numbers lies between two of them.
            covered[name] += low <= truth + (name == "median") and (estimate.high is None or truth <= estimate.high)
    # Four standard errors of 1 500 samples. Wilson's interval covers 95 % on average over shares, not at each.
    for name, hits in covered.items():
        assert hits / samples >= (0.93 if name == "alarmed" else 0.95) - 4 * math.sqrt(0.05 * 0.95 / samples), name
    # And they are not so wide that they say nothing: exponential limits cover little more than they must.
    assert covered["mean"] / samples < 0.985


def test_run_lengths_that_vary_more_than_exponential_ones_have_wider_intervals() -> None:
    # Half of the detectors alarm soon and half hardly ever: the mean number of values for each alarm is that of the mixture.
    random = np.random.default_rng(9)
    truth = (0.5 * (1 - 0.95**500) / 0.05 + 0.5 * (1 - 0.9995**500) / 0.0005) / (
        1 - 0.5 * 0.95**500 - 0.5 * 0.9995**500
    )
    hits = 0
    for _ in range(600):
        lengths = random.geometric(np.where(random.random(200) < 0.5, 0.05, 0.0005))
        mean = run_length([int(one) if one <= 500 else None for one in lengths], None, 500, 0.95).mean
        hits += mean.low <= truth <= mean.high
    assert hits / 600 >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / 600)


def test_limits_of_counts_are_those_of_the_textbook() -> None:
    # Garwood (1936) for 10 events: 4.795 to 18.39; 95 %.
    estimate = rate_estimate([5, 5], 1_000, 0.95)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((5, 4.795 / 2, 18.39 / 2), rel=2e-4)
    low, high = stats.chi2.ppf([0.025, 0.975], [20, 22]) / 2
    assert (estimate.low, estimate.high) == pytest.approx((low / 2, high / 2), rel=1e-12)
    # Alarms in heaps count for fewer: the same ten in one run of ten.
    wider = rate_estimate([10, *[0] * 9], 200, 0.95)
    assert wider.value == 5
    assert wider.low < 0.2
    assert wider.high > 20
    # Ten of ten: Wilson (1927).
    assert share_estimate(10, 10, 0.95).low == pytest.approx(10 / (10 + 1.959964**2), rel=1e-6)


def test_the_interval_of_a_median_is_by_order_statistics() -> None:
    # Conover, "Practical nonparametric statistics": of 16 values, the 4th and the 13th with 97.9 %.
    estimate = median_estimate(np.arange(1.0, 17.0), 0.95)
    assert (estimate.low, estimate.value, estimate.high) == (4, 8.5, 13)
    for n in (6, 7, 16, 61, 400):
        estimate = median_estimate(np.arange(1.0, n + 1), 0.95)
        assert stats.binom.cdf(estimate.low - 1, n, 0.5) <= 0.025 < stats.binom.cdf(estimate.low, n, 0.5)
        assert estimate.high == n + 1 - estimate.low
    assert median_estimate(np.arange(5.0), 0.95) == IntervalEstimate(2, None, None)
    # 11 of 20 infinite: no median is known, but what it is at least.
    assert median_estimate(np.array([*range(1, 10), *[np.inf] * 11]), 0.95) == IntervalEstimate(None, 6, None)
    assert median_estimate(np.array([]), 0.95) == IntervalEstimate(None, None, None)


def test_the_difference_of_paired_shares_is_covered() -> None:
    random = np.random.default_rng(10)
    for both, first, second in [(0.2, 0.5, 0.05), (0.9, 0.02, 0.0), (0.0, 0.98, 0.0)]:
        counts = random.multinomial(100, [both, first, second, 1 - both - first - second], size=1_000)
        hits = 0
        for _, only_first, only_second, _ in counts.tolist():
            estimate = paired_difference(only_first, only_second, 100, 0.95)
            hits += estimate.low <= first - second <= estimate.high
        assert hits / 1_000 >= 0.93


def test_what_a_detector_has_seen_does_not_matter_and_stays() -> None:
    scenario = Scenario(after=0.4, history=300, length=200)
    used = CUSUM(0.1, 0.3, h=3.0)
    used.update_many([1] * 2)
    before = used.to_bytes()
    assert evaluate(used, scenario, **SMALL) == evaluate(lambda: CUSUM(0.1, 0.3, h=3.0), scenario, **SMALL)
    assert used.to_bytes() == before


@pytest.mark.parametrize(
    "make",
    [DDM, EDDM, KSWIN, lambda **given: CUSUM(0.1, 0.3, **given), lambda **given: EDetector(0.1, arl=100, **given)],
)
def test_an_alarm_that_stands_is_answered(make: Any) -> None:
    scenario = Scenario(after=0.4, history=800, length=200)
    stands = evaluate(lambda: make(reset="manual"), scenario, **SMALL)
    assert without_scenario(stands) == without_scenario(evaluate(lambda: make(reset="auto"), scenario, **SMALL))


def test_those_that_stand_by_default() -> None:
    scenario = Scenario(after=0.6, history=800, length=500)
    for detector in (EProcess(0.1), HarmfulShift(errors=100, n=1_000, tolerance=0.01)):
        result = evaluate(detector, scenario, **SMALL).results[0]
        assert result.detected.value > 0.9


@pytest.mark.parametrize("name", ["ADWIN", "binary.DDM", "binary.EDDM", "PageHinkley"])
def test_detectors_of_river(name: str) -> None:
    drift = pytest.importorskip("river.drift")
    module, _, kind = name.rpartition(".")
    other = getattr(getattr(drift, module) if module else drift, kind)
    ours = {"ADWIN": ADWIN, "DDM": DDM, "EDDM": EDDM, "PageHinkley": PageHinkley}[kind]
    scenarios = [
        Scenario(after=0.5, history=400, length=300),
        Scenario(after=0.5, kind="gradual", history=100, length=200),
    ]
    # River's ADWIN takes its time.
    few = {"runs": 10, "horizon": 400}
    expected = evaluate(ours, scenarios, **few)
    used = other()
    for value in [0, 1] * 100:
        used.update(value)
    for given in (other, used):
        assert without_scenario(evaluate(given, scenarios, **few)) == without_scenario(expected)


def test_other_objects_are_copied_and_reset() -> None:
    class Third:
        """Alarms at every third value."""

        def __init__(self) -> None:
            self.seen, self.drift_detected = 0, False

        def update(self, x: float) -> None:
            assert isinstance(x, float)
            self.seen += 1
            self.drift_detected = self.seen % 3 == 0

        def reset(self) -> None:
            self.seen = 0

    used = Third()
    used.update(1.0)
    result = evaluate(used, Scenario(history=8, length=9), runs=10, horizon=9).results[0]
    assert result.run_length.mean.value == 3
    assert result.run_length.false_alarms_per_1000.value == pytest.approx(1_000 / 3)
    assert result.false_alarms_per_1000.value == 250
    # The ninth value.
    assert result.median_delay.value == 1
    assert used.seen == 1


def test_it_is_deterministic_and_scenarios_do_not_touch_each_other() -> None:
    scenarios = [Scenario(history=300, after=0.4), Scenario(before=0.2, after=[0.0, 1.0, 1.0], history=100)]
    both = evaluate(DDM, scenarios, **SMALL)
    assert both.to_dict() == evaluate(DDM, scenarios, **SMALL).to_dict()
    alone = evaluate(DDM, scenarios[1], **SMALL)
    assert both.results[1].to_dict() == alone.results[0].to_dict()
    assert evaluate(DDM, scenarios, seed=1, **SMALL).to_dict() != both.to_dict()


class Recorder(NeverFires):
    """Keeps what it is shown."""

    shown: list[Any]

    def update_many(self, values: Any) -> Any:
        self.shown.append(np.array(values))
        return super().update_many(values)


def shown(scenario: Scenario, runs: int = 200, **given: Any) -> list[Any]:
    Recorder.shown = []
    evaluate(Recorder, scenario, runs=runs, horizon=10, **given)
    return Recorder.shown


def test_a_gradual_change_comes_in_a_straight_line() -> None:
    scenario = Scenario(before=0.0, after=1.0, history=0, length=100, kind="gradual", ramp=80)
    assert scenario.weights()[[0, 39, 79, 99]] == pytest.approx([1 / 80, 0.5, 1, 1])
    assert Scenario(kind="gradual", length=100).weights()[49:51] == pytest.approx([1, 1])
    streams = [values for values in shown(scenario) if values.size == 100]
    changed = np.array([values for values in streams if values.any()])
    assert changed.shape == (200, 100)
    # Four standard errors of 200 runs.
    assert np.abs(changed.mean(axis=0) - scenario.weights()).max() < 4 * 0.5 / math.sqrt(200)
    assert changed[:, 79:].all()


def test_losses_of_ones_own_are_resampled_in_blocks() -> None:
    losses = np.linspace(0, 1, 101)
    streams = shown(Scenario(before=losses, history=1_000, length=1, block_length=20), runs=20)
    values = np.concatenate([stream for stream in streams if stream.size == 1_000])
    assert set(values) <= set(losses)
    steps = np.diff(values)
    goes_on = np.isclose(steps, 0.01) | np.isclose(steps, -1.0)
    # A block ends with a chance of 1 in 20, and one in 101 goes on by chance.
    assert abs(goes_on.mean() - (1 - 1 / 20 * 100 / 101)) < 4 * math.sqrt(0.05 * 0.95 / values.size)
    assert abs(values.mean() - 0.5) < 0.05


def test_a_source_may_be_a_function() -> None:
    streams = shown(Scenario(before=lambda random, n: np.arange(n) % 7, history=70, length=30), runs=10)
    past = [values for values in streams if values.size == 70]
    assert len(past) == 10
    assert (past[0] == np.arange(70) % 7).all()


def test_a_baseline_is_drawn_for_each_run() -> None:
    seen = []

    def make(losses: Any) -> NeverFires:
        seen.append(losses)
        return NeverFires()

    evaluate(make, Scenario(before=0.3), runs=20, horizon=10, baseline_rows=400)
    assert {losses.size for losses in seen} == {400}
    # Of the run length and of the scenario, the same.
    assert [losses.tolist() for losses in seen[:20]] == [losses.tolist() for losses in seen[20:]]
    assert len({losses.sum() for losses in seen}) > 10
    assert abs(np.mean(seen) - 0.3) < 4 * math.sqrt(0.21 / 8_000)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    evaluate(
        DDM, [Scenario(history=10), Scenario(history=20)], runs=10, horizon=10, progress=lambda *both: told.append(both)
    )
    assert told == [(done, 30) for done in range(1, 31)]


def test_it_prints_a_table_and_goes_to_json() -> None:
    scenario = Scenario(history=5_000, after=[0, 1], name="a coin")
    evaluation = evaluate(DDM, [scenario, Scenario(history=0)], **SMALL)
    lines = str(evaluation).splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["a coin", "", "", ""]
    assert [line.split()[0] for line in lines[2:5]] == ["DDM", "AlwaysFires", "NeverFires"]
    assert "no alarm in 30 runs of 2,000" in lines[4]
    assert "over 3,000" in lines[4]
    assert "no history" in lines[6]
    assert lines[-1] == "30 runs each; in brackets, intervals of 95 %"
    data = json.loads(json.dumps(evaluation.to_dict()))
    assert data["results"][0]["scenario"]["after"] == "2 losses"
    assert data["dummies"][1]["results"][0]["run_length"]["mean"]["value"] is None


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"detector": 3}, TypeError, "detector must be a detector .* got 3 of type int"),
        ({"detector": dict}, TypeError, "detector must be a detector .* a function that makes an object of type dict"),
        ({"scenarios": []}, ValueError, "scenarios must be a Scenario or a list of them, got none"),
        ({"scenarios": [1]}, TypeError, "scenarios must be"),
        ({"scenarios": 0.1}, TypeError, "scenarios must be .* got 0.1"),
        ({"runs": 9}, ValueError, "runs must be an int from 10"),
        ({"runs": 20.5}, TypeError, "runs must be an int"),
        ({"horizon": 0}, ValueError, "horizon must be an int from 1"),
        ({"confidence": 1.0}, ValueError, "confidence must be a number between 0 and 1"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"progress": 1}, TypeError, "progress must be a function or None, got 1"),
        ({"baseline_rows": 0, "detector": EDetector}, ValueError, "baseline_rows must be an int from 1"),
        ({"baseline_rows": 10}, TypeError, "detector must be a function of the baseline's losses"),
        ({"baseline_rows": 10, "detector": len}, TypeError, "detector must be .* a function that makes"),
        ({"scenarios": Scenario(before=[0.5, 2.0])}, ValueError, "must be"),
        (
            {"scenarios": Scenario(before=lambda random, n: [0.0])},
            ValueError,
            "what before draws must be 30 values, got 1 of",
        ),
        ({"scenarios": Scenario(before=lambda random, n: "x")}, ValueError, "what before draws must be"),
    ],
)
def test_what_is_refused(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    arguments = {"detector": DDM(), "scenarios": Scenario(history=5, length=25), "runs": 10, "horizon": 30} | given
    with pytest.raises(kind, match=message):
        evaluate(arguments.pop("detector"), arguments.pop("scenarios"), **arguments)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"before": 1.5}, ValueError, "before must be a finite number from 0 to 1, got 1.5"),
        ({"after": math.nan}, ValueError, "after must be a finite number"),
        ({"after": "0.1"}, TypeError, "after must be a finite number"),
        ({"before": [0.5]}, ValueError, "before must have at least 2 values, got 1"),
        ({"before": [0.5, math.inf]}, ValueError, r"before\[1\] must be a finite number, got inf"),
        ({"before": np.ones((2, 2))}, ValueError, "before must be .* got 2 dimensions"),
        ({"history": -1}, ValueError, "history must be an int from 0"),
        ({"length": 0}, ValueError, "length must be an int from 1"),
        ({"kind": "sudden"}, ValueError, "kind must be one of 'abrupt', 'gradual', got 'sudden'"),
        ({"ramp": 10}, ValueError, "ramp must be None for an abrupt change, got 10"),
        ({"ramp": 0, "kind": "gradual"}, ValueError, "ramp must be an int from 1"),
        ({"block_length": 0.5}, ValueError, "block_length must be a finite number from 1"),
        ({"name": 3}, TypeError, "name must be a str or None, got 3"),
    ],
)
def test_scenarios_that_are_refused(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Scenario(**given)
