"""Any object in any argument: only documented errors, and what raises changes nothing."""

from __future__ import annotations

import copy
import datetime
import functools
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import mischief
from tests.api.mischief import Mischief
from truthlag import ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5, 12)
PROFILES = {"moderate": 250, "thorough": 20_000}
EXAMPLES = PROFILES.get(os.environ.get("HYPOTHESIS_PROFILE", "moderate"), PROFILES["moderate"])
fuzz = functools.partial(
    settings,
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

#: What a caller may be told. An error that an object itself raises while it is asked is the caller's own.
ALLOWED = (ValueError, TypeError, Mischief)

#: Every method, and arguments that it takes; each is replaced by anything in turn.
METHODS: dict[str, dict[str, Any]] = {
    "log_prediction": {"request_id": "new", "prediction": 1, "score": 0.5, "features": {"a": 1}, "timestamp": NOW},
    "log_ground_truth": {"request_id": "new", "actual": 1, "timestamp": NOW},
    "log_predictions": {
        "request_ids": ["x", "y", "z"],
        "predictions": [1, 0, 1],
        "scores": [0.5, None, 0.25],
        "features": [{"a": 1}, None, {}],
        "timestamps": [NOW, NOW, NOW],
        "on_error": "raise",
    },
    "log_ground_truths": {
        "request_ids": ["x", "y", "z"],
        "actuals": [1, 0, None],
        "timestamps": [NOW, NOW, NOW],
        "on_error": "raise",
    },
    "forget": {"request_id": "nobody"},
    "retract_ground_truth": {"request_id": "nobody"},
    "compute_metrics": {"window_hours": 24, "now": NOW},
    "snapshot": {
        "window": datetime.timedelta(hours=1),
        "start": None,
        "end": None,
        "min_age": datetime.timedelta(hours=1),
        "now": NOW,
        "threshold": 0.5,
        "confidence": 0.9,
        "exact": True,
    },
    "from_bytes": {"data": b""},
}
CONSTRUCTOR: dict[str, Any] = {
    "model_name": "m",
    "model_version": "v",
    "retention": datetime.timedelta(days=3),
    "max_predictions": 1000,
    "max_orphan_labels": 10,
    "keep_ids": True,
    "keep_features": True,
    "history_limit": 5,
    "clock": lambda: NOW,
}
#: The first argument is given by place, the others by name; `from_bytes` takes its own by place only.
CASES = [(method, argument) for method, arguments in METHODS.items() for argument in arguments]
NUMBER = len(mischief.odd_objects())
ANYTHING = st.one_of(
    # By number and made anew, since some are used up by being asked.
    st.integers(0, NUMBER - 1).map(lambda number: mischief.odd_objects()[number]),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.integers(),
    st.floats(),
    st.datetimes(timezones=st.none() | st.just(datetime.UTC)),
    st.timedeltas(),
    st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2), st.binary(max_size=2)), max_size=4),
    st.dictionaries(
        st.text(max_size=2), st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2)), max_size=2
    ),
)


@functools.cache
def saved_tracker() -> bytes:
    tracker = ModelPerformanceTracker("m", "v", clock=lambda: NOW)
    tracker.log_prediction("one", 1, 0.5, {"a": 1})
    tracker.log_ground_truth("one", 1)
    tracker.log_prediction("two", 0, None)
    tracker.log_ground_truth("nobody here", 0)
    return tracker.to_bytes()


def content(tracker: ModelPerformanceTracker) -> Any:
    return tracker.counters(), dict(tracker.predictions), dict(tracker.ground_truths), list(tracker.metrics_history)


def call(function: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    """Whether the call went through; anything but a documented error fails the test."""
    (_, first), *rest = arguments.items()
    with warnings.catch_warnings():
        # numpy warns when it is asked to make sense of some of the objects.
        warnings.simplefilter("ignore")
        try:
            function(first, **dict(rest))
        except ALLOWED:
            return False
        except KeyError:
            raise
    return True


def check(method: str, replaced: dict[str, Any]) -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    went_through = call(getattr(tracker, method), METHODS[method] | replaced)
    after = content(tracker)
    if not went_through:
        assert after == before
    # Whatever happened, the tracker goes on.
    tracker.log_prediction("afterwards", 1, 0.5)
    tracker.log_ground_truth("afterwards", 1)
    assert tracker.ground_truths["afterwards"]["actual"] == 1
    assert tracker.counters()["predictions"] == after[0]["predictions"] + 1


@pytest.mark.parametrize(("method", "argument"), CASES)
def test_every_odd_object(method: str, argument: str) -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            check(method, {argument: odd})
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} in {method}({argument}=...)")
            raise


@pytest.mark.parametrize("method", METHODS)
@fuzz()
@given(data=st.data())
def test_anything_anywhere(method: str, data: Any) -> None:
    replaced = data.draw(st.dictionaries(st.sampled_from(list(METHODS[method])), ANYTHING, min_size=1))
    check(method, replaced)


@pytest.mark.parametrize("method", ["log_predictions", "log_ground_truths"])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
@fuzz()
@given(data=st.data())
def test_anything_inside_a_batch(method: str, on_error: str, data: Any) -> None:
    arguments = METHODS[method] | {"on_error": on_error}
    columns = [name for name in arguments if name != "on_error"]
    for name in data.draw(st.sets(st.sampled_from(columns), min_size=1)):
        odd = data.draw(ANYTHING)
        row = data.draw(st.integers(0, 2))
        arguments = arguments | {name: [*arguments[name][:row], odd, *arguments[name][row + 1 :]]}
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            report = getattr(tracker, method)(arguments.pop("request_ids"), **arguments)
        except ALLOWED:
            assert content(tracker) == before
            return
    assert report.accepted + report.skipped + report.rejected == 3
    counters = tracker.counters()
    assert (counters["rejected"], counters["skipped"]) == (report.rejected, report.skipped)
    assert len(report.errors) == report.rejected
    assert on_error == "skip" or report.rejected == 0


@pytest.mark.parametrize("argument", CONSTRUCTOR)
def test_the_constructor(argument: str) -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                arguments = CONSTRUCTOR | {argument: odd}
                tracker = ModelPerformanceTracker(
                    arguments.pop("model_name"), arguments.pop("model_version"), **arguments
                )
                # A clock is only asked when it is needed.
                tracker.log_prediction("a", 1, 0.5)
                tracker.log_ground_truth("a", 1)
                tracker.compute_metrics()
                tracker.snapshot()
            except ALLOWED:
                continue
            except BaseException as error:
                error.add_note(f"object {number}: {type(odd)} as {argument}")
                raise


def test_a_clock_may_say_anything() -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        tracker = ModelPerformanceTracker("m", clock=lambda odd=odd: odd)
        for ask in (
            lambda: tracker.log_prediction("a", 1, 0.5),
            lambda: tracker.log_ground_truth("a", 1),
            lambda: tracker.log_predictions(["a"], [1]),
            lambda: tracker.log_prediction("a", 1, 0.5, None, NOW),
            lambda: tracker.compute_metrics(),
            lambda: tracker.snapshot(datetime.timedelta(hours=1)),
        ):
            before = tracker.counters()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    ask()
                except ALLOWED:
                    assert tracker.counters() == before
                except BaseException as error:
                    error.add_note(f"object {number}: {type(odd)} as what the clock says")
                    raise


@pytest.mark.parametrize("ask", ["in", "[]", "get"])
@pytest.mark.parametrize("name", ["predictions", "ground_truths"])
def test_views(name: str, ask: str) -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    view = getattr(tracker, name)
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            if ask == "in":
                assert (odd in view) in (True, False)
            elif ask == "get":
                view.get(odd)
            else:
                view[odd]
        except (*ALLOWED, KeyError):
            continue
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} asked of {name}")
            raise


@pytest.mark.parametrize("method", ["save", "load"])
def test_paths(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            getattr(tracker, method)(odd)
        except (*ALLOWED, OSError):
            pass
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} as the path of {method}")
            raise
        assert content(tracker) == before


def test_too_many_and_too_few_arguments() -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    for method, arguments in METHODS.items():
        function = getattr(tracker, method)
        for arity in range(12):
            try:
                function(*[object()] * arity)
            except TypeError:
                continue
            assert method in ("compute_metrics", "snapshot") and arity == 0
        with pytest.raises(TypeError, match="unknown"):
            function(*list(arguments.values())[:1], unknown=1)
    assert content(tracker)[:3] == before[:3]


@pytest.mark.parametrize("odd", [1, 1.5, "x", None, b"\x80\x04.", object()])
def test_unpickling_refuses_another_state(odd: object) -> None:
    tracker = ModelPerformanceTracker("m")
    function, arguments, *_ = tracker.__reduce__() if "__reduce__" in vars(type(tracker)) else tracker.__reduce_ex__(4)
    with pytest.raises((ValueError, TypeError)):
        function(*[odd for _ in arguments])


def test_a_clock_that_cannot_be_pickled_says_so() -> None:
    tracker = ModelPerformanceTracker("m", clock=lambda: NOW)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(tracker)
    # A copy within the process keeps the clock.
    assert (
        copy.deepcopy(ModelPerformanceTracker("m", clock=fixed_clock)).compute_metrics()["status"] == "no_matched_data"
    )


def fixed_clock() -> datetime.datetime:
    return NOW


def test_numpy_is_told_apart_from_its_scalars() -> None:
    """An array of one element is no scalar."""
    tracker = ModelPerformanceTracker("m")
    for array in (np.array([1]), np.array([1.0]), np.array([True])):
        with pytest.raises((TypeError, ValueError)):
            tracker.log_prediction("a", array, 0.5)
    assert tracker.counters()["predictions"] == 0
