"""What all detectors promise: one by one is as many at once, bytes and back at any point, what becomes of alarms, errors."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.detectors import ADWIN, DDM, EDDM, FHDDM, HDDMA, HDDMW, EDetector, EProcess, PageHinkley

CLASSES: list[Any] = [
    ADWIN,
    DDM,
    EDDM,
    FHDDM,
    HDDMA,
    HDDMW,
    PageHinkley,
    lambda **more: EDetector(0.1, **more),
    lambda **more: EProcess(0.1, **more),
]
SENSITIVE: list[Any] = [
    lambda **more: ADWIN(delta=0.3, clock=1, **more),
    lambda **more: DDM(warm_start=5, warning_threshold=0.5, drift_threshold=1.0, **more),
    lambda **more: EDDM(warm_start=3, **more),
    lambda **more: FHDDM(10, 0.2, 5, **more),
    lambda **more: HDDMA(0.1, 0.3, two_sided_test=True, **more),
    lambda **more: HDDMW(0.1, 0.3, two_sided_test=True, **more),
    lambda **more: PageHinkley(min_instances=3, threshold=1.0, **more),
    lambda **more: EDetector(0.3, arl=10, **more),
    lambda **more: EDetector((1, 9), arl=10, form="cusum", bets=5, **more),
    lambda **more: EProcess(0.2, alpha=0.3, family=2, **({"reset": "auto"} | more)),
]
STREAM = st.lists(st.sampled_from([0, 0, 0, 1]), max_size=60) | st.lists(st.sampled_from([0, 1]), max_size=60)
RESET = st.sampled_from(["auto", "manual", "never"])


def seen(detector: Any) -> tuple[Any, ...]:
    return detector.drift_detected, detector.warning_detected, detector.estimation, detector.to_bytes()


@given(st.sampled_from(SENSITIVE), RESET, st.lists(STREAM, min_size=1, max_size=4))
def test_many_at_once_are_one_by_one_and_bytes_go_on(make: Any, reset: str, streams: list[list[int]]) -> None:
    one, many = make(reset=reset), make(reset=reset)
    for stream in streams:
        alarms = []
        for position, value in enumerate(stream):
            stood = reset == "manual" and one.drift_detected
            if one.update(value) and not stood:
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
    detector = kind()
    assert (detector.drift_detected, detector.warning_detected, detector.estimation) == (False, False, 0.0)
    new = detector.to_bytes()
    detector.update_many([0, 1] * 100)
    assert detector.estimation == pytest.approx(0.5, abs=0.1)
    assert detector.to_bytes() != new
    detector.reset()
    assert detector.to_bytes() == new
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
    assert manual.update(0) is True
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
    detector = kind()
    detector.update_many([0, 1, 1])
    before = seen(detector)
    allowed = {ADWIN: "a finite number", PageHinkley: "a finite number", EDDM: "0 or 1", FHDDM: "0 or 1"}
    bad = list(BAD_VALUES)
    if kind not in (ADWIN, PageHinkley):
        bad += [(1.5, ValueError, "got 1.5"), (-1, ValueError, "got -1")]
    for value, error, message in bad:
        with pytest.raises(error, match=message) as raised:
            detector.update(value)
        start = "x must be a number" if error is TypeError else f"x must be {allowed.get(kind, 'a number from 0 to 1')}"
        assert str(raised.value).startswith(start)
        if isinstance(value, float):
            with pytest.raises(error, match=r"^values\[2\] must be"):
                detector.update_many([0, 1, value, 0])
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
