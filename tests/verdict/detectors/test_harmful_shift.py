"""The test for a harmful shift: stored numbers, naive references, false alarms by simulation, and what all detectors promise."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from tests.verdict.sequences import naive
from tests.verdict.sequences.vectors import bernoulli, entries, is_near
from truthlag.detectors import DDM, HarmfulShift

METHODS = ["empirical_bernstein", "betting"]
STREAMS = {
    "abrupt_up": bernoulli(1001, [0.2] * 1000 + [0.4] * 1000),
    "abrupt_small": bernoulli(1002, [0.05] * 2000 + [0.08] * 3000),
    "stationary": bernoulli(1004, [0.2] * 5000),
}


def seen(detector: Any) -> tuple[Any, ...]:
    return detector.drift_detected, detector.warning_detected, detector.estimation, detector.to_bytes()


@pytest.mark.parametrize("name", ["abrupt_up_skip0", "abrupt_small_skip0", "abrupt_small_skip2000", "stationary_skip0"])
def test_stored_numbers(name: str) -> None:
    (entry,) = entries("detectors.json", f"harmful_shift_{name}")
    given, expected = entry["inputs"], entry["expected"]
    values = STREAMS[given["stream"]][given["skip_first"] :]
    detector = HarmfulShift(
        errors=given["source_errors"],
        n=given["source_n"],
        tolerance=given["eps_tol"],
        alpha=given["alpha"],
        reset="never",
    )
    assert is_near(entry, detector.source_limit, expected["U_source"])
    taken, alarms = 0, []
    for checkpoint, limit in zip(expected["lower_cs_running_at"], expected["lower_cs_running"], strict=True):
        alarms += detector.update_many(values[taken:checkpoint]).tolist()
        taken = checkpoint
        assert is_near(entry, detector.target_limit, limit)
    alarms += detector.update_many(values[taken:]).tolist()
    assert expected["first_alarm"] is None
    assert alarms == []


def log_capital(x: naive.Floats, limit: float) -> naive.Floats:
    """Of who bets that the mean is above a limit, after each value: approximate GRAPA, all anew."""
    factors = []
    for number, value in enumerate(x.tolist()):
        before = x[:number]
        counts = np.arange(1, number + 1)
        means = (0.5 + np.cumsum(before)) / (counts + 1)
        variance = (0.25 + float(((before - means) ** 2).sum())) / (number + 1)
        distance = max(0.0, (0.5 + float(before.sum())) / (number + 1) - limit)
        bet = min(distance / (variance + distance**2), 0.5 / limit)
        factors.append(1 + bet * (value - limit))
    logs: naive.Floats = np.cumsum(np.log(factors))
    return logs


@pytest.mark.parametrize("shift", [0.02, 0.15, 0.3])
def test_naive_references(shift: float) -> None:
    rng = np.random.default_rng([3, int(100 * shift)])
    x = np.clip(rng.beta(2, 8, 600) + shift * (np.arange(600) > 100), 0, 1)
    allowed, alpha = 0.25 + 0.02, 0.05
    low, _ = naive.empirical_bernstein(x, alpha / 2, "lower")
    above = {"empirical_bernstein": [low > 0.25, low > allowed]}
    logs = [log_capital(x, limit) for limit in (0.25, allowed)]
    above["betting"] = [one >= math.log(2 / alpha) for one in logs]
    for method in METHODS:
        detector = HarmfulShift(source_limit=0.25, tolerance=0.02, alpha=alpha, method=method, reset="never")
        warnings, alarms = (np.logical_or.accumulate(one).tolist() for one in above[method])
        for value, is_warning, is_alarm in zip(x.tolist(), warnings, alarms, strict=True):
            assert detector.update(value) == detector.drift_detected == is_alarm
            assert detector.warning_detected == (is_warning and not is_alarm)
        assert detector.estimation == pytest.approx(x.mean())
        assert alarms[-1] == (shift > 0.1)


def test_upper_limits_of_rates() -> None:
    for errors, n in [(0, 1), (0, 1_000), (3, 50), (400, 2_000), (499, 500), (10**6, 10**9)]:
        for alpha in (0.001, 0.05, 0.4):
            detector = HarmfulShift(errors=errors, n=n, tolerance=0, alpha=alpha)
            expected = stats.beta.ppf(1 - alpha / 2, errors + 1, n - errors)
            assert detector.source_limit == pytest.approx(expected, rel=1e-11)
    losses = [0, 1, 0, 0] * 100
    assert HarmfulShift(losses, tolerance=0).source_limit == HarmfulShift(errors=100, n=400, tolerance=0).source_limit


def test_upper_limits_of_means() -> None:
    rng = np.random.default_rng(5)
    for x in (rng.beta(2, 8, 500), rng.beta(0.2, 2, 300), np.full(50, 0.3)):
        alpha = 0.025
        t = np.arange(1, len(x) + 1)
        means = (0.5 + np.cumsum(x)) / (t + 1)
        variances = np.append(0.25, (0.25 + np.cumsum((x - means) ** 2)) / (t + 1))[:-1]
        bets = np.sqrt(2 * np.log(1 / alpha) / (len(x) * variances))

        def excess(mean: float, x: Any = x, bets: Any = bets, alpha: float = alpha) -> float:
            logs = np.cumsum(np.log(1 - np.minimum(bets, 0.75 / (1 - mean)) * (x - mean)))
            return float(logs.max()) - math.log(1 / alpha)

        expected = optimize.brentq(excess, float(x.mean()), 1 - 1e-9, xtol=1e-14)
        detector = HarmfulShift(x, tolerance=0.01)
        assert detector.source_limit == pytest.approx(expected, abs=1e-11)
        assert detector.parameters["source_limit"] == detector.source_limit


def test_upper_limits_of_means_hold() -> None:
    misses, widths = 0, []
    for seed in range(400):
        x = np.random.default_rng([seed, 11]).beta(1, 9, 300)
        limit = HarmfulShift(x, tolerance=0, alpha=0.1).source_limit
        misses += limit < 0.1
        widths.append(limit - 0.1)
    assert misses <= 400 * (0.05 + 3 * math.sqrt(0.05 * 0.95 / 400))
    # A limit from the normal distribution would lie 1.64 standard errors above the mean.
    assert np.mean(widths) < 2.2 * 1.64 * math.sqrt(0.1 * 0.9 / 11 / 300)


@pytest.mark.parametrize("method", METHODS)
def test_false_alarms(method: str) -> None:
    # The risk has grown by just the tolerance; source and target are drawn anew each time.
    alarms = 0
    for seed in range(400):
        rng = np.random.default_rng([seed, 12])
        errors = int(rng.binomial(1_000, 0.1))
        detector = HarmfulShift(errors=errors, n=1_000, tolerance=0.03, alpha=0.1, method=method)
        alarms += detector.update_many((rng.random(2_000) < 0.13).astype(int)).size > 0
    assert alarms <= 400 * (0.1 + 3 * math.sqrt(0.1 * 0.9 / 400))


def test_true_alarms_and_that_betting_is_sooner() -> None:
    delays: dict[str, list[int]] = {method: [] for method in METHODS}
    for seed in range(60):
        rng = np.random.default_rng([seed, 13])
        x = (rng.random(4_000) < 0.3).astype(int)
        for method in METHODS:
            detector = HarmfulShift(errors=400, n=2_000, tolerance=0.02, method=method)
            delays[method].append(int(detector.update_many(x)[0]))
    assert np.median(delays["betting"]) < 0.75 * np.median(delays["empirical_bernstein"]) < 1_000


RESET = st.sampled_from(["auto", "manual", "never"])
STREAM = st.lists(st.sampled_from([0, 1, 1, 0.7]), max_size=50)


@given(st.sampled_from(METHODS), RESET, st.lists(STREAM, min_size=1, max_size=4))
def test_many_at_once_are_one_by_one_and_bytes_go_on(method: str, reset: str, streams: list[list[float]]) -> None:
    def make() -> HarmfulShift:
        return HarmfulShift(errors=1, n=20, tolerance=0.05, alpha=0.5, method=method, reset=reset)

    one, many = make(), make()
    for stream in streams:
        alarms = [position for position, value in enumerate(stream) if one.update(value)]
        assert many.update_many(stream).tolist() == alarms
        assert seen(one) == seen(many)
        many = HarmfulShift.from_bytes(many.to_bytes())
        one = pickle.loads(pickle.dumps(one))
        assert seen(copy.deepcopy(one)) == seen(one) == seen(many)
        assert repr(one) == repr(many)
        assert (one.source_limit, one.target_limit) == (many.source_limit, many.target_limit)


@pytest.mark.parametrize("method", METHODS)
def test_what_becomes_of_an_alarm(method: str) -> None:
    def make(reset: str) -> HarmfulShift:
        return HarmfulShift(errors=1, n=20, tolerance=0.05, method=method, reset=reset)

    values = [0] * 10 + [1] * 400
    auto, manual, never = make("auto"), make("manual"), make("never")
    first = int(auto.update_many(values)[0])
    assert manual.update_many(values).tolist() == [first]
    assert never.update_many(values).tolist() == list(range(first, 410))
    assert manual.drift_detected and manual.update(0) is False and manual.drift_detected
    manual.reset()
    assert seen(manual) == seen(make("manual"))
    assert never.update_many([0] * 5_000).size == 5_000
    assert eval(repr(auto)).parameters == auto.parameters


def test_the_source_from_losses_goes_to_bytes() -> None:
    detector = HarmfulShift([0.1, 0.2, 0.15] * 50, tolerance=0.1)
    again = HarmfulShift.from_bytes(detector.to_bytes())
    assert again.source_limit == detector.source_limit
    assert (again.parameters, again.target_limit) == (detector.parameters, 0.0)
    with pytest.raises(ValueError, match=r"^data must be bytes of DDM"):
        DDM.from_bytes(detector.to_bytes())


BAD_PARAMETERS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({}, ValueError, "give one of source, source_limit, and errors with n"),
    ({"errors": 1}, ValueError, "give one of source, source_limit, and errors with n"),
    ({"n": 10, "source_limit": 0.1}, ValueError, "give one of source, source_limit, and errors with n"),
    ({"source": [0.5], "source_limit": 0.1}, ValueError, "give one of source, source_limit, and errors with n"),
    ({"errors": 3, "n": 2}, ValueError, "errors must be an int from 0 to 2, got 3"),
    ({"errors": 3, "n": 0}, ValueError, "n must be an int from 1 to"),
    ({"errors": 0.5, "n": 2}, TypeError, "errors must be an int from 0 to 2, got 0.5"),
    ({"source_limit": 0}, ValueError, "source_limit must be a finite number above 0"),
    ({"source_limit": "a"}, TypeError, "source_limit must be a finite number above 0"),
    ({"source": []}, ValueError, "source must have at least one loss"),
    ({"source": [0.1, 2.0]}, ValueError, "source[1] must be a number from 0 to 1, got 2"),
    ({"source": [0.1, math.nan]}, ValueError, "source[1] must be a number from 0 to 1, got nan"),
    ({"source": ["a"]}, TypeError, "source must be a list, a tuple or an array"),
    ({"source": [[0.1]]}, ValueError, "source must be a list, a tuple or an array"),
    ({"source_limit": 0.1, "tolerance": -0.1}, ValueError, "tolerance must be a finite number from 0 to 1"),
    ({"source_limit": 0.1, "tolerance": 0.9}, ValueError, "tolerance must be less than 1 - 0.1"),
    ({"errors": 2, "n": 2}, ValueError, "tolerance must be less than 1 - 1, which"),
    ({"source_limit": 0.1, "alpha": 1}, ValueError, "alpha must be a number between 0 and 1"),
    ({"source_limit": 0.1, "method": "x"}, ValueError, "method must be one of 'empirical_bernstein', 'betting'"),
    ({"source_limit": 0.1, "reset": "x"}, ValueError, "reset must be one of"),
]


@pytest.mark.parametrize(("parameters", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters(parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        HarmfulShift(**({"tolerance": 0.05} | parameters))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("method", METHODS)
def test_bad_values_change_nothing(method: str) -> None:
    detector = HarmfulShift(errors=1, n=20, tolerance=0.05, method=method)
    detector.update_many([0, 1, 0.5])
    before = seen(detector)
    for value in (math.nan, math.inf, -0.1, 1.1):
        with pytest.raises(ValueError, match=r"^x must be a number from 0 to 1, got"):
            detector.update(value)
        with pytest.raises(ValueError, match=r"^values\[1\] must be a number from 0 to 1, got"):
            detector.update_many([0, value])
    assert seen(detector) == before
    rng = np.random.default_rng(0)
    state = detector._state()
    for _ in range(300):
        hostile = list(state)
        hostile[int(rng.integers(len(state)))] = float(rng.choice([np.nan, np.inf, -1.0, 1e300, 0.5]))
        if not detector._restore(hostile):
            assert (detector.estimation, detector.drift_detected) == (0.0, False)
        detector.update_many([0, 1] * 20)
