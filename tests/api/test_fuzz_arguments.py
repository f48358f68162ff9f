"""Any object in any argument: only documented errors, and what raises changes nothing."""

from __future__ import annotations

import contextlib
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
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.api import mischief
from tests.api.anything import ANYTHING
from tests.api.mischief import Mischief
from truthlag import ModelPerformanceTracker, PerformanceSnapshot

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
    "from_bytes": {"data": b"", "clock": None},
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


def construct(arguments: dict[str, Any]) -> None:
    """Make a tracker, and use it: a clock is only asked when it is needed."""
    names = arguments["model_name"], arguments["model_version"]
    options = {name: value for name, value in arguments.items() if name not in ("model_name", "model_version")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tracker = ModelPerformanceTracker(*names, **options)
            tracker.log_prediction("a", 1, 0.5)
            tracker.log_ground_truth("a", 1)
            tracker.compute_metrics()
            tracker.snapshot()
        except ALLOWED:
            return
    assert tracker.counters()["labels"] <= 1


@pytest.mark.parametrize("argument", CONSTRUCTOR)
def test_the_constructor(argument: str) -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            construct(CONSTRUCTOR | {argument: odd})
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} as {argument}")
            raise


@fuzz()
@given(replaced=st.dictionaries(st.sampled_from(list(CONSTRUCTOR)), ANYTHING, min_size=1))
def test_the_constructor_takes_anything(replaced: dict[str, Any]) -> None:
    construct(CONSTRUCTOR | replaced)


def ask_by_a_clock(odd: Any) -> None:
    """Everything that asks the clock, which says this."""
    tracker = ModelPerformanceTracker("m", clock=lambda: odd)
    for ask in (
        lambda: tracker.log_prediction("a", 1, 0.5),
        lambda: tracker.log_ground_truth("a", 1),
        lambda: tracker.log_predictions(["a"], [1]),
        lambda: tracker.log_prediction("a", 1, 0.5, None, NOW),
        lambda: tracker.compute_metrics(),
        lambda: tracker.snapshot(datetime.timedelta(hours=1)),
    ):
        before = content(tracker)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ask()
            except ALLOWED:
                assert content(tracker) == before


def test_a_clock_may_say_any_odd_object() -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            ask_by_a_clock(odd)
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} as what the clock says")
            raise


@fuzz()
@given(odd=ANYTHING)
def test_a_clock_may_say_anything(odd: Any) -> None:
    ask_by_a_clock(odd)


def look_up(tracker: ModelPerformanceTracker, name: str, ask: str, odd: Any) -> None:
    view = getattr(tracker, name)
    if ask == "in":
        assert (odd in view) in (True, False)
        return
    try:
        entry = view.get(odd) if ask == "get" else view[odd]
    except (*ALLOWED, KeyError):
        return
    assert entry is None or set(entry) >= {"timestamp"}


@pytest.mark.parametrize("ask", ["in", "[]", "get"])
@pytest.mark.parametrize("name", ["predictions", "ground_truths"])
def test_views(name: str, ask: str) -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            look_up(tracker, name, ask, odd)
        except Mischief:
            assert ask == "in"
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} asked of {name}")
            raise


@pytest.mark.parametrize("ask", ["in", "[]", "get"])
@pytest.mark.parametrize("name", ["predictions", "ground_truths"])
@fuzz()
@given(odd=ANYTHING)
def test_views_are_asked_for_anything(name: str, ask: str, odd: Any) -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    with contextlib.suppress(Mischief):
        look_up(tracker, name, ask, odd)
    assert content(tracker) == before


@pytest.mark.parametrize("name", ["predictions", "ground_truths"])
@fuzz()
@given(odd=ANYTHING)
def test_views_are_compared_with_anything(name: str, odd: Any) -> None:
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    before = content(tracker)
    with contextlib.suppress(*ALLOWED):
        getattr(tracker, name) == odd  # noqa: B015 - whether it raises is what is asked
    assert content(tracker) == before


def save_or_load(tracker: ModelPerformanceTracker, method: str, **arguments: Any) -> None:
    before = content(tracker)
    with contextlib.suppress(*ALLOWED, OSError):
        getattr(tracker, method)(**arguments)
    assert content(tracker) == before


@pytest.mark.parametrize("method", ["save", "load"])
def test_paths(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            save_or_load(tracker, method, path=odd)
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} as the path of {method}")
            raise


@pytest.mark.parametrize("method", ["save", "load"])
@fuzz()
@given(path=ANYTHING)
def test_a_path_is_anything(method: str, path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever is written is written in this folder. The type is asked, since some objects raise when asked for theirs.
    if issubclass(type(path), str | bytes):
        assume(("/" if issubclass(type(path), str) else b"/") not in path)
    monkeypatch.chdir(tmp_path)
    tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW)
    save_or_load(tracker, method, path=path)


@pytest.mark.parametrize("method", ["load", "from_bytes"])
@fuzz()
@given(clock=st.one_of(ANYTHING, ANYTHING.map(lambda odd: lambda: odd)))
def test_the_clock_of_a_saved_tracker_is_anything(method: str, clock: Any, tmp_path: Path) -> None:
    path = tmp_path / "tracker"
    path.write_bytes(saved_tracker())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if method == "load":
                tracker = ModelPerformanceTracker.load(path, clock=clock)
            else:
                tracker = ModelPerformanceTracker.from_bytes(saved_tracker(), clock=clock)
        except ALLOWED:
            return
        before = content(tracker)
        assert before == content(ModelPerformanceTracker.from_bytes(saved_tracker()))
        try:
            tracker.log_prediction("new", 1, 0.5)
        except ALLOWED:
            assert content(tracker) == before


def ask_f_beta(snapshot: PerformanceSnapshot, beta: Any) -> None:
    before = snapshot.to_dict()
    with contextlib.suppress(*ALLOWED):
        metric = snapshot.f_beta(beta)
        assert metric.name == "f_beta"
        assert metric.value is not None
        assert 0 <= metric.value <= 1
    assert snapshot.to_dict() == before


@functools.cache
def a_snapshot() -> PerformanceSnapshot:
    return ModelPerformanceTracker.from_bytes(saved_tracker(), clock=lambda: NOW).snapshot()


def test_an_odd_beta() -> None:
    for number, odd in enumerate(mischief.odd_objects()):
        try:
            ask_f_beta(a_snapshot(), odd)
        except BaseException as error:
            error.add_note(f"object {number}: {type(odd)} as beta")
            raise


@fuzz()
@given(beta=st.one_of(ANYTHING, st.floats(min_value=0, exclude_min=True), st.integers(min_value=1)))
def test_beta_is_anything(beta: Any) -> None:
    ask_f_beta(a_snapshot(), beta)


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
