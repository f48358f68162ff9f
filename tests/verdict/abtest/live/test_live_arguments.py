"""Bad arguments are refused with an error that names them, and change nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truthlag import ModelPerformanceTracker
from truthlag.abtest import Guardrail, LatencyHistogram, ModelABTest, OutcomeMetric, TrackerMetric


def made(**options: Any) -> ModelABTest:
    given = {"name": "x", "arms": ["a", "b"], "metrics": {"bought": "any"}, **options}
    return ModelABTest(given.pop("name"), given.pop("arms"), **given)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"name": 7}, TypeError, "name must be a str, got 7 of type int"),
        ({"name": ""}, ValueError, "name must have from 1 to 1024 characters"),
        ({"salt": "a\0b"}, ValueError, "salt must be a str without the character 0"),
        ({"salt": "\ud800"}, ValueError, "salt must be a str that UTF-8 can hold"),
        ({"arms": "ab"}, TypeError, "arms must be a sequence of names"),
        ({"arms": ["a"]}, ValueError, "arms must be from 2 to 100 different names, got 1"),
        ({"arms": ["a", "a"]}, ValueError, "arms must be from 2 to 100 different names"),
        ({"arms": ["a", 2]}, TypeError, "arms must be names of type str, got 2 of type int"),
        ({"arms": ["a", ""]}, ValueError, "arms must be names, got an empty one"),
        ({"weights": [1]}, ValueError, "weights must be 2 numbers, one for each arm, got 1"),
        ({"weights": {"a": 1, "c": 1}}, ValueError, "weights must be of the arms a, b, got a, c"),
        ({"weights": [0, 0]}, ValueError, "weights must be"),
        ({"weights": [1, -1]}, ValueError, r"weights\['b'\] must be"),
        ({"share": 1.5}, ValueError, "share must be a finite number from 0 to 1, got 1.5"),
        ({"share": True}, TypeError, "share must be"),
        ({"metrics": ["bought"]}, TypeError, "metrics must be metrics by name"),
        ({"metrics": {}}, ValueError, "metrics must be from 1 to 1000, got 0"),
        ({"metrics": {"a": "mean"}}, ValueError, r"metrics\['a'\] must be one of 'any', 'count'"),
        ({"metrics": {"a": 3}}, TypeError, r"metrics\['a'\] must be an OutcomeMetric"),
        ({"metrics": {1: "any"}}, TypeError, "metrics must have names of type str"),
        (
            {"metrics": {"conversion": TrackerMetric()}},
            ValueError,
            r"metrics\['conversion'\] must be a metric of trackers",
        ),
        ({"guardrails": "p99"}, TypeError, "guardrails must be Guardrails"),
        ({"guardrails": ["p99"]}, TypeError, r"guardrails\[0\] must be a Guardrail"),
        (
            {"guardrails": [Guardrail("e", "lower", 1, mode="group_sequential")]},
            ValueError,
            r"guardrails\[0\] must have the mode 'confidence_sequence' or 'fixed'",
        ),
        (
            {"guardrails": [Guardrail("bought", "lower", 1, method="welch")]},
            ValueError,
            "method must be None or one of",
        ),
        (
            {"guardrails": [(Guardrail("recall", "lower", 1, quantile=0.5), TrackerMetric())]},
            ValueError,
            "must be about outcomes",
        ),
        ({"mode": "daily"}, ValueError, "mode must be one of"),
        ({"alpha": 0.5}, ValueError, "alpha must be below 0.5"),
        ({"planned_n": 10}, ValueError, "planned_n must be None with mode 'confidence_sequence'"),
        ({"mode": "fixed", "planned_n": 0}, ValueError, "planned_n must be an int from 1"),
        ({"mode": "fixed", "planned_n": 9, "expected_n": 9}, ValueError, "expected_n must be None with mode 'fixed'"),
        ({"spending": "pocock"}, ValueError, "spending must be left out"),
        ({"assignment": "random"}, ValueError, "assignment must be one of 'hash', 'external'"),
        ({"covariates": "age"}, TypeError, "covariates must be a sequence of names"),
        ({"covariates": ["age", "age"]}, ValueError, "different names, got 'age' of type str more than once"),
        ({"segments": "ios"}, TypeError, "segments must be True, False or a sequence of names"),
        ({"max_units": 0}, ValueError, "max_units must be an int from 1"),
        ({"max_outcomes": 1.5}, TypeError, "max_outcomes must be an int from 1"),
        ({"clock": 7}, TypeError, "clock must be a callable or None, got 7 of type int"),
        ({"source": b"x"}, TypeError, "source must be a str"),
    ],
)
def test_what_a_test_cannot_be_made_of(options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        made(**options)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"kind": "mean"}, ValueError, "kind must be one of"),
        ({"kind": "ratio"}, ValueError, "denominator must be given for a ratio"),
        ({"denominator": "views"}, ValueError, "denominator must be given for a ratio and for nothing else"),
        ({"outcome": ""}, TypeError, "outcome must be a name or None"),
        ({"window": 7}, TypeError, "window must be a timedelta"),
        ({"window": timedelta(days=40_000)}, ValueError, "window must be a timedelta of at most 36,525 days"),
        ({"window": timedelta(0)}, ValueError, "window must be above 0"),
        ({"late_labels": True}, ValueError, "window must be given with late_labels"),
        ({"late_labels": 1}, TypeError, "late_labels must be True or False"),
        ({"hypothesis": "equivalence"}, ValueError, "margin must be given for equivalence"),
        ({"direction": "up"}, ValueError, "direction must be one of"),
    ],
)
def test_what_a_metric_cannot_be_made_of(options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        OutcomeMetric(**options)


def test_what_a_tracker_metric_cannot_be_made_of() -> None:
    with pytest.raises(ValueError, match="min_age must be given where rows without a label are negative"):
        TrackerMetric(unlabelled="negative")
    with pytest.raises(ValueError, match="min_age must be a timedelta of at least 0"):
        TrackerMetric(min_age=timedelta(-1))


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda test: test.assign(None), TypeError, "unit_id must be a str, bytes, int or UUID, got None"),
        (lambda test: test.assign(True), TypeError, "unit_id must be a str, bytes, int or UUID, got True"),
        (lambda test: test.assign(1.0), TypeError, "unit_id must be a str, bytes, int or UUID, got 1.0"),
        (lambda test: test.assign("x" * 1_025), ValueError, "unit_id must have at most 1024 bytes, got 1025"),
        (lambda test: test.assign(10**5_000), ValueError, "unit_id must have at most 1024 digits"),
        (lambda test: test.assign(1, at="now"), TypeError, "at must be"),
        (lambda test: test.log_exposure(1, "c"), ValueError, "arm must be one of 'a', 'b', got 'c'"),
        (lambda test: test.log_exposure(1, 0), TypeError, "arm must be one of 'a', 'b', got 0"),
        (lambda test: test.log_exposure(1, timestamp=float("nan")), ValueError, "timestamp must be"),
        (
            lambda test: test.log_exposure(1, timestamp=9e11),
            ValueError,
            "timestamp must be a time from the year 1000 to 9000",
        ),
        (lambda test: test.log_exposure(1, segment="ios"), ValueError, "the test was made without segments"),
        (lambda test: test.log_exposure(1, segment=7), TypeError, "segment must be a str or None"),
        (
            lambda test: test.log_exposure(1, covariates={"age": 3}),
            ValueError,
            "covariates must be of 'spend', got 'age'",
        ),
        (lambda test: test.log_exposure(1, covariates={"spend": "3"}), TypeError, r"covariates\['spend'\] must be"),
        (lambda test: test.log_exposure(1, covariates=[3]), TypeError, "covariates must be numbers by name"),
        (lambda test: test.log_outcome(1, "sold"), ValueError, "outcome must be one of 'bought', got 'sold'"),
        (lambda test: test.log_outcome(1, 7), TypeError, "outcome must be a str, got 7"),
        (lambda test: test.log_outcome(1, "bought", float("inf")), ValueError, "value must be a finite number"),
        (
            lambda test: test.log_outcome(1, "bought", 1e101),
            ValueError,
            r"value must be a number from -1e\+100 to 1e\+100",
        ),
        (lambda test: test.log_outcome(1, "bought", "1"), TypeError, "value must be a finite number"),
        (
            lambda test: test.log_outcome(1, "bought", event_id=1.5),
            TypeError,
            "event_id must be a str, bytes, int or UUID",
        ),
        (lambda test: test.attach("c", LatencyHistogram(), "bought"), ValueError, "arm must be one of"),
        (
            lambda test: test.attach("a", LatencyHistogram()),
            ValueError,
            "outcome must be one of 'bought' for a histogram",
        ),
        (
            lambda test: test.attach("a", {}),
            TypeError,
            "source must be a ModelPerformanceTracker or a LatencyHistogram",
        ),
        (
            lambda test: test.attach("a", ModelPerformanceTracker("m"), "bought"),
            ValueError,
            "outcome must be None for a tracker",
        ),
        (lambda test: test.ramp(2.0), ValueError, "share must be a finite number from 0 to 1"),
        (lambda test: test.report(now="today"), TypeError, "now must be"),
        (lambda test: test.merge("x"), TypeError, "other must be a ModelABTest, got 'x'"),
    ],
)
def test_what_it_cannot_be_told(call: Any, error: type[Exception], told: str) -> None:
    test = made(covariates=["spend"])
    before = test.to_bytes()
    with pytest.raises(error, match=told):
        call(test)
    assert test.to_bytes() == before


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.sampled_from(["a", "bought", "any", object(), 1j, [], {}, (), ["a", "b"], {"spend": 2}, timedelta(1)]),
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_nothing_else_than_value_and_type_errors(data: st.DataObject) -> None:
    test = made(covariates=["spend"], segments=True)
    calls = [
        lambda *args: test.log_exposure(args[0], args[1], timestamp=args[2], segment=args[3], covariates=args[4]),
        lambda *args: test.log_outcome(args[0], args[1], args[2], timestamp=args[3], event_id=args[4]),
        lambda *args: test.log_outcome(args[0], "bought", args[2], timestamp=args[3]),
        lambda *args: test.assign(args[0], at=args[1]),
        lambda *args: test.ramp(args[0], weights=args[1], at=args[2]),
        lambda *args: test.attach(args[0], args[1], args[2]),
        lambda *args: test.revise(alpha=args[0], metrics=args[1]),
        lambda *args: OutcomeMetric(args[0], outcome=args[1], denominator=args[2], window=args[3], margin=args[4]),
        lambda *args: made(arms=args[0], weights=args[1], share=args[2], metrics=args[3], guardrails=args[4]),
        lambda *args: ModelABTest.from_bytes(args[0]),
        lambda *args: test.report(now=args[0]),
    ]
    for _ in range(4):
        call = data.draw(st.sampled_from(calls))
        try:
            call(*(data.draw(ANYTHING) for _ in range(5)))
        except (TypeError, ValueError):
            continue
    assert ModelABTest.from_bytes(test.to_bytes()).to_bytes() == test.to_bytes()


def test_a_server_that_only_logs_never_loads_scipy() -> None:
    code = (
        "import sys\n"
        "from truthlag.abtest import Guardrail, ModelABTest, TrackerMetric\n"
        "rails = [Guardrail('errors', 'lower', 0.1), (Guardrail('recall', 'higher', 0.1), TrackerMetric())]\n"
        "test = ModelABTest('x', ['a', 'b'], metrics={'bought': 'any', 'recall': TrackerMetric()}, guardrails=rails)\n"
        "test.log_exposure(1), test.log_outcome(1, 'bought'), test.assign(2)\n"
        "ModelABTest.from_bytes(test.to_bytes()).merge(test)\n"
        "print('scipy' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    found = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout == "False\n"
