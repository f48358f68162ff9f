"""What all confidence sequences promise: one by one is as many at once, bytes and back at any point, units, errors."""

from __future__ import annotations

import copy
import math
import pickle
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api import mischief
from truthlag import _core
from truthlag.detectors import (
    DDM,
    BetaBinomialSequence,
    BettingSequence,
    ConfidenceSequence,
    EmpiricalBernsteinSequence,
)

CLASSES: list[Any] = [BetaBinomialSequence, BettingSequence, EmpiricalBernsteinSequence]
MAKERS: list[Any] = [
    BetaBinomialSequence,
    lambda **more: BetaBinomialSequence(0.3, narrow_at=20, **more),
    lambda **more: BettingSequence(0.3, grid=40, **more),
    lambda **more: BettingSequence(0.3, grid=[0.5, 0.1, 0.9], **more),
    EmpiricalBernsteinSequence,
]
STREAM = st.lists(st.sampled_from([0, 0, 0, 1]), max_size=90) | st.lists(st.sampled_from([0, 1]), max_size=90)
MEANS = st.lists(st.floats(0, 1), max_size=40)
SIDE = st.sampled_from(["both", "lower", "upper"])


def seen(sequence: Any) -> tuple[Any, ...]:
    return sequence.n, sequence.interval, sequence.is_empty, sequence.estimation, sequence.to_bytes()


def goes_on(make: Any, streams: list[list[float]]) -> None:
    one, many = make(), make()
    for stream in streams:
        for value in stream:
            assert one.update(value) is None
        assert many.update_many(stream) is None
        assert seen(one) == seen(many)
        many = type(many).from_bytes(many.to_bytes())
        one = pickle.loads(pickle.dumps(one))
        assert seen(copy.deepcopy(one)) == seen(one) == seen(many)
        assert repr(one) == repr(many)
        assert (one.log_e_value(0.3), one.excludes(0.3)) == (many.log_e_value(0.3), many.excludes(0.3))


@given(st.sampled_from(MAKERS), SIDE, st.booleans(), st.lists(STREAM, min_size=1, max_size=4))
def test_many_at_once_are_one_by_one_and_bytes_go_on(
    make: Any, side: str, running: bool, streams: list[list[float]]
) -> None:
    goes_on(lambda: make(side=side, running_intersection=running), streams)


@given(st.sampled_from(MAKERS[2:]), SIDE, st.booleans(), st.lists(MEANS, min_size=1, max_size=3))
def test_so_it_is_for_values_between(make: Any, side: str, running: bool, streams: list[list[float]]) -> None:
    goes_on(lambda: make(side=side, running_intersection=running), streams)


@given(st.sampled_from(MAKERS), SIDE, STREAM)
def test_the_running_intersection_is_that_of_all(make: Any, side: str, stream: list[int]) -> None:
    plain, running = make(side=side), make(side=side, running_intersection=True)
    lowest, highest = 0.0, 1.0
    for value in stream:
        plain.update(value)
        running.update(value)
        low, high = plain.interval
        lowest, highest = max(lowest, low), min(highest, high)
        if lowest >= highest:
            assert running.is_empty
            assert all(running.excludes(mean) for mean in (0.0, 0.1, 0.5, 1.0))
            break
        # The limits of counts are found from another start, to some units of rounding.
        assert running.interval == pytest.approx((lowest, highest), abs=1e-14)
        assert not running.is_empty


@given(st.sampled_from(MAKERS), SIDE, STREAM, st.floats(0, 1))
def test_a_mean_is_excluded_by_the_interval_and_by_its_e_value_alike(
    make: Any, side: str, stream: list[int], mean: float
) -> None:
    sequence = make(side=side)
    sequence.update_many(stream)
    low, high = sequence.interval
    assert 0 <= low <= high <= 1 or sequence.is_empty
    is_against = sequence.log_e_value(mean) >= math.log(1 / sequence.parameters["alpha"])
    log_evidence = sequence.log_e_value(mean)
    # Beyond what a float can hold it is infinite.
    expected = math.exp(log_evidence) if log_evidence < 709 else math.inf
    assert sequence.e_value(mean) == pytest.approx(expected) or sequence.e_value(mean) > 1e307
    is_outside = not low <= mean <= high
    assert sequence.excludes(mean) == (is_against or is_outside)
    near = min(abs(mean - low), abs(mean - high)) < 1e-9
    assert near or is_against == is_outside


def test_the_interval_before_the_first_value_and_after_a_reset() -> None:
    for kind in CLASSES:
        sequence = kind()
        assert (sequence.n, sequence.interval, sequence.estimation) == (0, (0.0, 1.0), 0.0)
        assert (sequence.is_empty, sequence.excludes(0.5), sequence.e_value(0.5) <= 1) == (False, False, True)
        new = sequence.to_bytes()
        sequence.update_many([0, 1] * 200)
        assert sequence.to_bytes() != new
        assert (sequence.n, sequence.estimation) == (400, 0.5)
        assert type(sequence.n) is int
        sequence.reset()
        assert sequence.to_bytes() == new
        assert eval(repr(sequence)).parameters == sequence.parameters
        assert isinstance(sequence, ConfidenceSequence)


@pytest.mark.parametrize("kind", [BettingSequence, EmpiricalBernsteinSequence])
def test_units(kind: Any) -> None:
    x = np.random.default_rng(0).beta(2, 5, 300)
    for low, high in [(-10.0, 30.0), (1e6, 1e6 + 1), (-1e300, 1e300), (0.0, 1e-300)]:
        plain, scaled = kind(), kind(bounds=(low, high))
        plain.update_many(x)
        scaled.update_many(np.clip(low + x * (high - low), low, high))
        # Rounding of the units.
        tolerance = 1e-9 * (high - low) + 1e-14 * max(abs(low), abs(high))
        expected = [low + limit * (high - low) for limit in plain.interval]
        assert scaled.interval == pytest.approx(expected, abs=tolerance)
        assert scaled.estimation == pytest.approx(low + plain.estimation * (high - low), abs=tolerance)
        assert scaled.excludes(low) is True
        assert kind.from_bytes(scaled.to_bytes()).interval == scaled.interval
    grid = BettingSequence(bounds=(10, 20), grid=[12.0, 11.0, 18.0])
    grid.update_many([11.5] * 200)
    assert (grid.interval, grid.parameters["grid"]) == ((11.0, 12.0), (11.0, 12.0, 18.0))


def test_values_whose_mean_moves_leave_an_empty_intersection() -> None:
    moving = [0] * 500 + [1] * 500
    for kind in CLASSES:
        running, plain = kind(running_intersection=True), kind()
        for sequence in (running, plain):
            sequence.update_many(moving)
        assert running.is_empty and running.interval[0] >= running.interval[1]
        assert running.excludes(0.5) and running.excludes(0.0)
        # Those who bet keep what they won against a later mean, and first values have larger weights. Counts have no order.
        is_excluded = kind is not BetaBinomialSequence
        assert not plain.is_empty and plain.excludes(0.5) is is_excluded


def test_values_of_every_kind() -> None:
    values = [0, 1, 0, 0, 1] * 10
    for kind in CLASSES:
        expected = kind()
        expected.update_many(values)
        for dtype in ("bool", "int8", "uint64", "float32", "float64"):
            sequence, one_by_one = kind(), kind()
            array = np.array(values, dtype=dtype)
            sequence.update_many(array[::-1][::-1])
            for value in array:
                one_by_one.update(value)
            assert seen(sequence) == seen(one_by_one) == seen(expected)
        expected.update_many([])
        expected.update_many(np.array([], dtype=object))
        assert expected.n == 50


BAD_VALUES: list[tuple[Any, type[Exception], str]] = [
    (None, TypeError, "must be a number, got None"),
    ("1", TypeError, "must be a number, got '1' of type str"),
    (1j, TypeError, "must be a number, got 1j of type complex"),
    (float("nan"), ValueError, ", got NaN"),
    (float("inf"), ValueError, ", got inf"),
    (-1e-9, ValueError, ", got -0.000000001"),
    (1.5, ValueError, ", got 1.5"),
    (10**400, ValueError, ", got inf"),
]


@pytest.mark.parametrize("kind", CLASSES)
def test_bad_values_change_nothing(kind: Any) -> None:
    sequence = kind()
    sequence.update_many([0, 1, 1])
    before = seen(sequence)
    allowed = "0 or 1" if kind is BetaBinomialSequence else "a number from 0 to 1"
    for value, error, message in BAD_VALUES:
        with pytest.raises(error) as raised:
            sequence.update(value)
        assert str(raised.value).startswith("x must be") and str(raised.value).endswith(message)
        assert error is TypeError or f"x must be {allowed}, got" in str(raised.value)
        if isinstance(value, float):
            with pytest.raises(ValueError, match=rf"^values\[2\] must be {allowed}, got"):
                sequence.update_many([0, 1, value, 0])
        for question in (sequence.excludes, sequence.e_value, sequence.log_e_value):
            with pytest.raises(error, match=r"^value must be a number"):
                question(value)
    for values, error in [(None, ValueError), ("101", ValueError), ([[0, 1]], ValueError), (["a"], TypeError)]:
        with pytest.raises(error, match=r"^values must be a list, a tuple or an array of one dimension"):
            sequence.update_many(values)
    assert seen(sequence) == before


def test_a_value_outside_of_other_bounds_is_named_with_them() -> None:
    sequence = EmpiricalBernsteinSequence(bounds=(-2, 5.5))
    with pytest.raises(ValueError, match=r"^x must be a number from -2 to 5.5, got 5.6$"):
        sequence.update(5.6)
    with pytest.raises(ValueError, match=r"^values\[1\] must be a number from -2 to 5.5, got -2.1$"):
        sequence.update_many([0, -2.1])
    assert sequence.n == 0


BAD_PARAMETERS: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    *[
        (kind, {"alpha": alpha}, ValueError, "alpha must be a number between 0 and 1")
        for kind in CLASSES
        for alpha in (0, 1)
    ],
    *[(kind, {"alpha": "a"}, TypeError, "alpha must be a number between 0 and 1") for kind in CLASSES],
    *[(kind, {"side": "left"}, ValueError, "side must be one of 'both', 'lower', 'upper'") for kind in CLASSES],
    *[(kind, {"running_intersection": 1}, TypeError, "running_intersection must be True or") for kind in CLASSES],
    (
        BettingSequence,
        {"bounds": (1, 0)},
        ValueError,
        "bounds must be a tuple of two finite numbers, the lower one first",
    ),
    (
        BettingSequence,
        {"bounds": (1, 1)},
        ValueError,
        "bounds must be a tuple of two finite numbers, the lower one first",
    ),
    (BettingSequence, {"bounds": (0, math.inf)}, ValueError, "bounds[1] must be a finite number"),
    (BettingSequence, {"bounds": 1}, TypeError, "bounds must be a tuple of two finite numbers"),
    (EmpiricalBernsteinSequence, {"bounds": (1, 2, 3)}, ValueError, "bounds must be a tuple of two finite numbers"),
    (EmpiricalBernsteinSequence, {"bounds": (0, "1")}, TypeError, "bounds[1] must be a finite number"),
    (BettingSequence, {"grid": 0}, ValueError, "grid must be an int from 1 to 100000"),
    (BettingSequence, {"grid": 1.5}, TypeError, "grid must be an int from 1 to 100000"),
    (BettingSequence, {"grid": []}, ValueError, "grid must have from 1 to 100000 means, got 0"),
    (BettingSequence, {"grid": [0.5, 1.5]}, ValueError, "grid must have means from 0 to 1, got 1.5"),
    (BettingSequence, {"grid": [0.5, math.nan]}, ValueError, "grid must have means from 0 to 1, got nan"),
    (BettingSequence, {"grid": ["a"]}, TypeError, "grid must be a list, a tuple or an array"),
    (BetaBinomialSequence, {"prior": (0, 1)}, ValueError, "prior[0] must be a finite number from 1e-06"),
    (BetaBinomialSequence, {"prior": 1}, TypeError, "prior must be a tuple of two numbers"),
    (BetaBinomialSequence, {"prior": (1,)}, ValueError, "prior must be a tuple of two numbers, got 1"),
    (
        BetaBinomialSequence,
        {"prior": (0.5, 1), "side": "lower"},
        ValueError,
        "prior[0] must be a finite number from 1 to",
    ),
    (
        BetaBinomialSequence,
        {"prior": (1, 0.5), "side": "upper"},
        ValueError,
        "prior[1] must be a finite number from 1 to",
    ),
    (BetaBinomialSequence, {"narrow_at": 0}, ValueError, "narrow_at must be an int from 1"),
    (BetaBinomialSequence, {"narrow_at": 9, "prior": (1, 1)}, ValueError, "prior must be None beside narrow_at"),
]


@pytest.mark.parametrize(("kind", "parameters", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters(kind: Any, parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        kind(**parameters)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("parameter", ["alpha", "side", "bounds", "grid", "running_intersection"])
def test_objects_that_raise_are_refused(parameter: str) -> None:
    for hostile in (*mischief.RAISING, *mischief.RAISING_MANY):
        with pytest.raises((TypeError, ValueError, mischief.Mischief)):
            BettingSequence(**{parameter: hostile()})


def test_counts() -> None:
    sequence = BetaBinomialSequence()
    sequence.update_counts(np.int64(3), np.uint8(9))
    assert (sequence.n, sequence.estimation) == (9, 1 / 3)
    before = seen(sequence)
    for counts, error, message in [
        ((4, 3), ValueError, "ones must be an int from 0 to 3, got 4"),
        ((-1, 3), ValueError, "ones must be an int from 0 to 3, got -1"),
        ((0, -1), ValueError, "n must be an int from 0 to"),
        ((0, 2**53), ValueError, "n must be an int from 0 to"),
        ((1.0, 3), TypeError, "ones must be an int from 0 to 3, got 1.0"),
        ((True, 3), TypeError, "ones must be an int"),
    ]:
        with pytest.raises(error) as raised:
            sequence.update_counts(*counts)  # type: ignore[arg-type]
        assert str(raised.value).startswith(message)
    assert seen(sequence) == before


def test_parameters_become_plain() -> None:
    sequence = BettingSequence(Fraction(1, 8), bounds=(np.int64(0), np.float32(2)), grid=np.array([1, 0]))  # type: ignore[arg-type]
    expected = {"alpha": 0.125, "side": "both", "bounds": (0.0, 2.0), "grid": (0.0, 1.0), "running_intersection": False}
    assert sequence.parameters == expected
    assert BettingSequence.from_bytes(sequence.to_bytes()).parameters == expected
    assert BetaBinomialSequence(narrow_at=np.int32(7)).parameters["narrow_at"] == 7
    assert BetaBinomialSequence().parameters["prior"] == (1.0, 1.0)


def test_hostile_bytes_are_errors() -> None:
    sequence = BettingSequence(grid=3)
    sequence.update_many([0, 1] * 60)
    data = sequence.to_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(ValueError, match=r"^data must be"):
            BettingSequence.from_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"^data must be"):
            BettingSequence.from_bytes(data[:place])
    with pytest.raises(
        ValueError, match=r"^data must be bytes of BetaBinomialSequence, got those of 'BettingSequence'"
    ):
        BetaBinomialSequence.from_bytes(data)
    with pytest.raises(ValueError, match=r"^data must be bytes of a detector"):
        DDM.from_bytes(data)
    with pytest.raises(TypeError, match=r"^data must be bytes of a confidence sequence"):
        BettingSequence.from_bytes("x")  # type: ignore[arg-type]


def test_states_that_cannot_be_are_refused() -> None:
    rng = np.random.default_rng(0)
    for kind in CLASSES:
        sequence = kind(running_intersection=True)
        sequence.update_many([0, 1, 1] * 30)
        state = sequence._state()
        for _ in range(200):
            hostile = list(state)
            hostile[int(rng.integers(len(state)))] = float(rng.choice([np.nan, np.inf, -1.0, 1e300, 0.5]))
            if sequence._restore(hostile):
                sequence.update_many([0, 1] * 50)
                assert len(sequence.interval) == 2
            else:
                assert (sequence.n, sequence.interval) == (0, (0.0, 1.0))


def test_the_base_is_not_made() -> None:
    with pytest.raises(TypeError, match="make one of its subclasses"):
        ConfidenceSequence()
    bare = _core.ConfidenceSequence()
    with pytest.raises(RuntimeError, match="not initialised"):
        bare.update(0)
    with pytest.raises(RuntimeError, match="no sequence X has 0 parameters"):
        bare._initialise("X", 0.05, "both", False, [], 0.0, 1.0)
    with pytest.raises(RuntimeError, match="initialised already"):
        BettingSequence()._initialise("EmpiricalBernsteinSequence", 0.05, "both", False, [], 0.0, 1.0)


def test_threads_take_turns() -> None:
    sequence = EmpiricalBernsteinSequence()
    values = np.random.default_rng(0).random(5_000)
    threads = [threading.Thread(target=sequence.update_many, args=(values,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = EmpiricalBernsteinSequence()
    expected.update_many(np.tile(values, 4))
    assert seen(sequence) == seen(expected)
