"""What all detectors promise: one by one is as many at once, bytes and back at any point, what becomes of alarms, errors."""

from __future__ import annotations

import copy
import inspect
import json
import math
import pickle
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    ECDD,
    EDDM,
    EWMA,
    FHDDM,
    HDDMA,
    HDDMW,
    KSWIN,
    RDDM,
    STEPD,
    EDetector,
    EProcess,
    PageHinkley,
)

CLASSES: list[Any] = [
    ADWIN,
    CUSUM,
    DDM,
    ECDD,
    EDDM,
    EDetector,
    EProcess,
    EWMA,
    FHDDM,
    HDDMA,
    HDDMW,
    KSWIN,
    PageHinkley,
    RDDM,
    STEPD,
]
# What those are given that cannot be made without; the charts practically never alarm.
ARGUMENTS: dict[Any, tuple[float, ...]] = {CUSUM: (0.25, 0.25, 0.5, 1e6), EWMA: (0.25, 0.25, 0.05, 1e6)}
ARGUMENTS |= {EDetector: (0.1,), EProcess: (0.1,)}
# The target of a chart is its estimation before the first value.
TARGETS = {CUSUM: 0.25, EWMA: 0.25}
ALLOWED = dict.fromkeys([ADWIN, CUSUM, EWMA, KSWIN, PageHinkley], "a finite number")
ALLOWED |= dict.fromkeys([ECDD, EDDM, FHDDM, RDDM, STEPD], "0 or 1")
ALLOWED |= dict.fromkeys([DDM, EDetector, EProcess, HDDMA, HDDMW], "a number from 0 to 1")
SENSITIVE: list[Any] = [
    lambda **more: ADWIN(delta=0.3, clock=1, **more),
    lambda **more: DDM(warm_start=5, warning_threshold=0.5, drift_threshold=1.0, **more),
    lambda **more: EDDM(warm_start=3, **more),
    lambda **more: FHDDM(10, 0.2, 5, **more),
    lambda **more: HDDMA(0.1, 0.3, two_sided_test=True, **more),
    lambda **more: HDDMW(0.1, 0.3, two_sided_test=True, **more),
    lambda **more: PageHinkley(min_instances=3, threshold=1.0, **more),
    lambda **more: KSWIN(0.4, 12, 5, 1, **more),
    lambda **more: CUSUM(0.2, 0.4, h=2.0, direction="both", head_start=0.5, warning_share=0.5, **more),
    lambda **more: EWMA(0.2, 0.4, 0.3, 1.5, direction="both", limits="exact", warning_share=0.5, **more),
    lambda **more: ECDD(average_run_length=100, min_num_instances=3, **more),
    lambda **more: STEPD(4, 0.2, 0.4, two_sided_test=True, **more),
    lambda **more: RDDM(5, 0.5, 1.5, 20, 12, 4, **more),
]
STREAM = st.lists(st.sampled_from([0, 0, 0, 1]), max_size=60) | st.lists(st.sampled_from([0, 1]), max_size=60)
RESET = st.sampled_from(["auto", "manual", "never"])


def new(kind: Any) -> Any:
    return kind(*ARGUMENTS.get(kind, ()))


def seen(detector: Any) -> tuple[Any, ...]:
    said = detector.drift_detected, detector.warning_detected, detector.estimation
    return *said, detector.statistics, detector.to_bytes()


@given(st.sampled_from(SENSITIVE), RESET, st.lists(STREAM, min_size=1, max_size=4))
def test_many_at_once_are_one_by_one_and_bytes_go_on(make: Any, reset: str, streams: list[list[int]]) -> None:
    one, many = make(reset=reset), make(reset=reset)
    for stream in streams:
        alarms = []
        for position, value in enumerate(stream):
            if one.update(value):
                alarms.append(position)
            assert one.drift_detected or not alarms or alarms[-1] != position
        found = many.update_many(stream)
        assert (found.dtype, found.tolist()) == (np.int64, alarms)
        assert seen(one) == seen(many)
        many = type(many).from_bytes(many.to_bytes())
        one = pickle.loads(pickle.dumps(one))
        assert seen(copy.deepcopy(one)) == seen(one) == seen(many)
        assert repr(one) == repr(many)


@pytest.mark.parametrize("make", SENSITIVE)
def test_values_of_every_kind(make: Any) -> None:
    values = [0, 1, 0, 0, 1, 1, 1, 1] * 10
    expected = make()
    alarms = expected.update_many(values).tolist()
    for kind in ("bool", "int8", "uint64", "float32", "float64"):
        detector = make()
        array = np.array(values, dtype=kind)
        assert detector.update_many(array[::-1][::-1]).tolist() == alarms
        assert seen(detector) == seen(expected)
        one_by_one = make()
        assert [position for position, value in enumerate(array) if one_by_one.update(value)] == alarms
    assert make().update_many([]).tolist() == make().update_many(np.array([], dtype=object)).tolist() == []


@pytest.mark.parametrize("kind", CLASSES)
def test_a_new_one_has_seen_nothing_and_a_reset_one_is_new(kind: Any) -> None:
    detector = new(kind)
    estimation = TARGETS.get(kind, 0.0)
    assert (detector.drift_detected, detector.warning_detected, detector.estimation) == (False, False, estimation)
    unused = detector.to_bytes()
    detector.update_many([0, 1] * 100)
    assert detector.estimation == pytest.approx(0.5, abs=0.1)
    assert detector.to_bytes() != unused
    detector.reset()
    assert detector.to_bytes() == unused
    assert eval(repr(detector)).parameters == detector.parameters


def test_parameters_of_every_kind_become_plain() -> None:
    detector = FHDDM(np.int64(50), Fraction(1, 8), np.uint8(10))
    expected = {"sliding_window_size": 50, "confidence_level": 0.125, "short_window_size": 10}
    assert detector.parameters == expected | {"polarity": "error", "reset": "auto"}
    assert [type(value) for value in detector.parameters.values()] == [int, float, int, str, str]
    assert FHDDM.from_bytes(detector.to_bytes()).parameters == detector.parameters
    assert HDDMA(two_sided_test=True).parameters["two_sided_test"] is True


def test_what_becomes_of_an_alarm() -> None:
    values = [0] * 100 + [1] * 100
    auto, manual, never = (DDM(reset=reset) for reset in ("auto", "manual", "never"))
    assert auto.update_many(values).tolist() == manual.update_many(values).tolist() == [100]
    assert never.update_many(values).tolist() == list(range(100, 200))
    assert (auto.drift_detected, manual.drift_detected, never.drift_detected) == (False, True, True)
    assert (auto.estimation, manual.estimation) == (1.0, pytest.approx(1 / 101))
    assert manual.update(0) is False
    assert manual.drift_detected
    manual.reset()
    assert manual.update(0) is False


BAD_VALUES: list[tuple[Any, type[Exception], str]] = [
    (None, TypeError, "a number, got None"),
    ("1", TypeError, "a number, got '1' of type str"),
    (1j, TypeError, "a number, got 1j of type complex"),
    (float("nan"), ValueError, ", got NaN"),
    (float("inf"), ValueError, ", got inf"),
    (10**400, ValueError, ", got inf"),
]


@pytest.mark.parametrize("kind", CLASSES)
def test_bad_values_change_nothing(kind: Any) -> None:
    detector = new(kind)
    detector.update_many([0, 1, 1])
    before = seen(detector)
    bad = list(BAD_VALUES)
    if ALLOWED[kind] != "a finite number":
        bad += [(1.5, ValueError, "got 1.5"), (-1, ValueError, "got -1")]
    for value, error, message in bad:
        with pytest.raises(error, match=message) as raised:
            detector.update(value)
        start = "x must be a number" if error is TypeError else f"x must be {ALLOWED[kind]}"
        assert str(raised.value).startswith(start)
        if isinstance(value, float):
            with pytest.raises(error, match=r"^values\[2\] must be"):
                detector.update_many([0, 1, value, 0])
    # Beyond what is taken in one go.
    with pytest.raises(ValueError, match=r"^values\[4000\] must be"):
        detector.update_many([0, 1] * 2_000 + [math.nan] + [1] * 1_000)
    for values, error in [
        (None, ValueError),
        ("101", ValueError),
        ([[0, 1]], ValueError),
        (["a"], TypeError),
        ([None], TypeError),
    ]:
        with pytest.raises(error, match=r"^values must be a list, a tuple or an array of one dimension"):
            detector.update_many(values)
    assert seen(detector) == before


CHART = {"target": 0.1, "standard_deviation": 0.3}
BAD_PARAMETERS: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (DDM, {"warm_start": 1.5}, TypeError, "warm_start must be an int from 0 to 1000000, got 1.5 of type float"),
    (DDM, {"warm_start": -1}, ValueError, "warm_start must be an int from 0 to 1000000, got -1 of type int"),
    (DDM, {"drift_threshold": float("nan")}, ValueError, "drift_threshold must be a finite number from 0, got nan"),
    (DDM, {"reset": "later"}, ValueError, "reset must be one of 'auto', 'manual', 'never', got 'later' of type str"),
    (EDDM, {"alpha": 0.5}, ValueError, "beta must be a finite number from 0 to 0.5, got 0.9 of type float"),
    (FHDDM, {"short_window_size": 101}, ValueError, "short_window_size must be an int from 1 to 100, got 101"),
    (FHDDM, {"sliding_window_size": 10**9}, ValueError, "sliding_window_size must be an int from 1 to 1000000"),
    (FHDDM, {"polarity": 1}, TypeError, "polarity must be one of 'error', 'river', got 1 of type int"),
    (HDDMA, {"two_sided_test": 1}, TypeError, "two_sided_test must be True or False, got 1 of type int"),
    (HDDMW, {"lambda_val": 1}, ValueError, "lambda_val must be a number between 0 and 1, both excluded, got 1"),
    (PageHinkley, {"mode": "sideways"}, ValueError, "mode must be one of 'both', 'up', 'down', got 'sideways'"),
    (PageHinkley, {"alpha": "1"}, TypeError, "alpha must be a finite number from 0 to 1, got '1' of type str"),
    (ADWIN, {"delta": 0}, ValueError, "delta must be a number between 0 and 1, both excluded, got 0 of type int"),
    (ADWIN, {"clock": True}, TypeError, "clock must be an int from 1 to 1000000, got True of type bool"),
    (KSWIN, {"stat_size": 51}, ValueError, "stat_size must be an int from 1 to 50, got 51 of type int"),
    (KSWIN, {"window_size": 10**6, "stat_size": 10_001}, ValueError, "stat_size must be an int from 1 to 10000, got"),
    (KSWIN, {"seed": -1}, ValueError, "seed must be an int from 0 to 9007199254740991, got -1 of type int"),
    (KSWIN, {"alpha": 1.1}, ValueError, "alpha must be a finite number from 0 to 1, got 1.1 of type float"),
    (CUSUM, CHART | {"target": float("inf")}, ValueError, "target must be a finite number, got inf"),
    (CUSUM, CHART | {"standard_deviation": 0}, ValueError, "standard_deviation must be a finite number above 0, got 0"),
    (CUSUM, CHART | {"h": 0.0}, ValueError, "h must be a finite number above 0, got 0.0 of type float"),
    (CUSUM, CHART | {"head_start": 1}, ValueError, "head_start must be a finite number from 0 and below 1, got 1"),
    (CUSUM, CHART | {"warning_share": 2}, ValueError, "warning_share must be a finite number from 0 to 1, got 2"),
    (CUSUM, CHART | {"direction": "left"}, ValueError, "direction must be one of 'both', 'up', 'down', got 'left'"),
    (EWMA, CHART | {"lambda_val": 0}, ValueError, "lambda_val must be a finite number above 0 and at most 1, got 0"),
    (EWMA, CHART | {"limits": None}, TypeError, "limits must be one of 'asymptotic', 'exact', got None"),
    (ECDD, {"average_run_length": 500}, ValueError, "average_run_length must be one of 100, 400, 1000, got 500 of"),
    (ECDD, {"average_run_length": 400.0}, TypeError, "average_run_length must be one of 100, 400, 1000, got 400.0"),
    (STEPD, {"alpha_drift": 1}, ValueError, "alpha_drift must be a number between 0 and 1, both excluded, got 1"),
    (STEPD, {"two_sided_test": None}, TypeError, "two_sided_test must be True or False, got None"),
    (RDDM, {"max_concept_size": 5_000}, ValueError, "min_size_stable_concept must be an int from 1 to 5000, got 7000"),
    (RDDM, {"warn_limit": 0}, ValueError, "warn_limit must be an int from 1 to 1000000, got 0 of type int"),
]


@pytest.mark.parametrize(("kind", "parameters", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters(kind: Any, parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        kind(**parameters)
    assert str(raised.value).startswith(message)


def test_hostile_bytes_are_errors() -> None:
    detector = FHDDM()
    detector.update_many([0, 1] * 60)
    data = detector.to_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(ValueError, match=r"^data must be"):
            FHDDM.from_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"^data must be"):
            FHDDM.from_bytes(data[:place])
    with pytest.raises(ValueError, match=r"^data must be bytes of DDM, got those of 'FHDDM'"):
        DDM.from_bytes(data)
    with pytest.raises(TypeError, match=r"^data must be bytes"):
        DDM.from_bytes("x")  # type: ignore[arg-type]


def test_statistics_are_plain_numbers_or_none() -> None:
    for kind in CLASSES:
        detector = new(kind)
        assert "n" in detector.statistics or kind in (ADWIN, CUSUM, EWMA, HDDMW, STEPD)
        for values in ([], [0, 1] * 200):
            detector.update_many(values)
            assert {type(value) for value in detector.statistics.values()} <= {float, type(None)}
            json.dumps(detector.statistics, allow_nan=False)


def test_the_figures_of_adwin_are_those_of_its_window() -> None:
    values = np.random.default_rng(1).normal(3, 2, 500)
    detector = ADWIN()
    assert (detector.width, detector.total, detector.variance, detector.n_detections) == (0, 0.0, 0.0, 0)
    assert not detector.update_many(values).size
    assert (detector.width, detector.total) == (500, pytest.approx(values.sum(), rel=1e-12))
    # Merged from buckets: the rounding of some hundred sums.
    assert detector.variance == pytest.approx(values.var(), rel=1e-12)
    found = 0
    for value in values + 20:
        found += detector.update(value)
        assert detector.n_detections == detector.drift_detected
    assert found == 1
    never = ADWIN(reset="never")
    alarms = never.update_many([0.0] * 500 + [1.0] * 500 + [0.0] * 500)
    assert never.n_detections == alarms.size > 2


def test_update_takes_its_argument_as_any_method_does() -> None:
    detector = DDM()
    assert detector.update(x=1) is DDM.update(detector, True) is False
    assert detector.estimation == 1.0
    with pytest.raises(TypeError):
        detector.update()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        detector.update(1, 2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        detector.update(1, x=1)  # type: ignore[misc]
    with pytest.raises(TypeError):
        DDM.update(3, 1)  # type: ignore[arg-type]
    assert detector.statistics["n"] == 2
    assert inspect.signature(DDM.update).parameters.keys() == {"self", "x"}


def test_a_warning_of_a_chart_is_a_share_of_its_limit() -> None:
    chart = CUSUM(0.0, 1.0, h=4.0, warning_share=0.5)
    said = [(chart.update(1.0), chart.warning_detected) for _ in range(9)]
    # The sum grows by half a standard deviation.
    assert said == [(False, False)] * 4 + [(False, True)] * 4 + [(True, False)]
    assert chart.estimation == 1.0
    average = EWMA(0.0, 1.0, 0.5, 1.0, warning_share=0.5, direction="down")
    assert [average.update(-0.5), average.warning_detected] == [False, False]
    assert [average.update(-0.5), average.warning_detected] == [False, True]
    assert average.update(-2.0)


def test_after_an_alarm_rddm_goes_on_from_its_warnings() -> None:
    values = [number % 10 == 0 for number in range(1_000)] + [number % 4 == 0 for number in range(1_000)]
    auto = RDDM()
    alarm, warned = None, 0
    for position, value in enumerate(values):
        if auto.update(value):
            alarm = position
            break
        warned = warned + 1 if auto.warning_detected else 0
    assert alarm is not None
    assert warned > 5
    auto.update(0)
    assert auto.statistics["n"] == warned + 2
    # A reset by hand forgets all.
    manual = RDDM(reset="manual")
    assert manual.update_many(values).tolist() == [alarm]
    manual.reset()
    manual.update(0)
    assert manual.statistics["n"] == 1


@pytest.mark.parametrize("kind", [DDM, RDDM])
def test_threads_lose_no_value(kind: Any) -> None:
    detector = kind(reset="never")
    many = np.zeros(60_000)

    def work() -> None:
        for _ in range(3):
            # So many that other threads run meanwhile, and one by one.
            detector.update_many(many)
            for _ in range(2_000):
                detector.update(0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = 4 * 3 * 62_000
    if kind is RDDM:
        # The mean of no more than 40 000 values, worked out anew from the last 7 000 after each 33 000 more.
        taken = 7_000 + (taken - 40_000) % 33_000
    assert detector.statistics["n"] == taken
