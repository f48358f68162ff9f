"""A guardrail on any metric: its status, its reasons, its arguments."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag import ModelPerformanceTracker
from truthlag.abtest import (
    Counts,
    Guardrail,
    GuardrailResult,
    Known,
    LatencyHistogram,
    Mean,
    MeanWithCovariate,
    Proportion,
    QuantileArm,
    Quantiles,
    Ratio,
    ab_test_report,
    compare,
)
from truthlag.verdict.abtest.guardrails.status import position, status_of

RATES = st.builds(lambda n, share: Proportion(round(n * share), n), st.integers(1, 5_000), st.floats(0, 1))


@given(
    RATES,
    RATES,
    st.sampled_from(["lower", "higher"]),
    st.floats(0.001, 0.5),
    st.sampled_from(["absolute", "relative"]),
    st.sampled_from(["fixed", "confidence_sequence"]),
    st.floats(0.001, 0.4),
)
def test_the_status_is_where_the_interval_is(
    control: Proportion, treatment: Proportion, direction: str, margin: float, scale: str, mode: str, alpha: float
) -> None:
    result = Guardrail("rate", direction, margin, scale=scale, mode=mode, alpha=alpha).check(control, treatment)
    interval = result.interval
    if interval is None:
        assert result.status == "undecided"
        assert result.reasons
        return
    low, high = interval
    loss = (low, high) if direction == "lower" else (-high, -low)
    assert (result.status == "pass") <= (loss[1] < margin)
    assert (result.status == "block") <= (loss[0] > margin)
    # The other way round but for rounding of the test, whose p-value is at alpha there.
    if result.status == "undecided" and not loss[0] <= margin <= loss[1]:
        assert min(abs(limit - margin) for limit in loss) < 1e-6
    assert result.comparison.confidence == pytest.approx(1 - 2 * alpha)
    told = {"pass": "is inside the margin", "block": "is outside the margin"}.get(result.status)
    assert told is None or told in result.reasons[0]


TIGHT, LOOSE = Mean(1_000, 5.0, 999.0), Mean(1_000, 5.5, 999.0)


@pytest.mark.parametrize(
    ("direction", "margin", "treatment", "status"),
    [
        ("lower", 0.2, TIGHT, "pass"),
        ("lower", 0.2, LOOSE, "block"),
        ("lower", 0.5, LOOSE, "undecided"),
        ("lower", 0.7, LOOSE, "pass"),
        ("higher", 0.2, LOOSE, "pass"),
        ("higher", 0.2, Mean(1_000, 4.5, 999.0), "block"),
        ("higher", 0.02, TIGHT, "undecided"),
    ],
)
def test_means(direction: str, margin: float, treatment: Mean, status: str) -> None:
    # The interval is the difference -+ .0735.
    result = Guardrail("cost", direction, margin, mode="fixed").check(TIGHT, treatment)
    assert result.status == status
    assert (result.passed, result.blocked) == (status == "pass", status == "block")


def test_every_kind_of_arm() -> None:
    random = np.random.default_rng(1)
    values = random.normal(10, 2, 4_000)
    units = np.arange(4_000) // 4
    histogram = LatencyHistogram()
    histogram.update_many(values.clip(0))
    counts = Counts(900, 100, 100, 900)
    kinds: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
        (values, {}, {}),
        (values.tolist(), {}, {}),
        ((values > 10).astype(int), {}, {}),
        (Proportion(500, 1_000), {}, {}),
        (TIGHT, {}, {}),
        (Ratio.of_clusters(values, units), {}, {}),
        (MeanWithCovariate.of(values, values + random.normal(size=4_000)), {}, {}),
        (Known(1_000, 0.9, 0.01), {}, {}),
        (counts, {}, {}),
        (values, {}, {"cluster": (units, units)}),
        (values, {"quantile": 0.9}, {}),
        (values, {"quantile": 0.9}, {"cluster": (units, units)}),
        (Quantiles.of(values), {"quantile": 0.9}, {}),
        (QuantileArm.of(values, 0.9), {"quantile": 0.9}, {}),
        (QuantileArm.of(values, 0.9), {}, {}),
        (histogram, {"quantile": 0.9}, {}),
    ]
    for arm, options, more in kinds:
        for mode in ("fixed", "confidence_sequence"):
            rail = Guardrail("recall", "higher", 5.0, mode=mode, **options)
            result = rail.check(arm, arm, **more)
            assert (result.status, result.metric) == ("pass", "recall"), (arm, mode)
            assert rail.check(arm, arm, **more) == result
            # Far less than the spread.
            assert replace(rail, margin=1e-9).check(arm, arm, **more).status == "undecided"


def test_trackers() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    trackers = []
    for seed in (1, 2):
        tracker = ModelPerformanceTracker("model", clock=lambda: start + timedelta(days=2))
        random = np.random.default_rng(seed)
        actual = random.random(4_000) < 0.3
        predicted = np.where(random.random(4_000) < (0.9 if seed == 1 else 0.5), actual, ~actual)
        ids = [f"{seed}-{row}" for row in range(4_000)]
        tracker.log_predictions(
            ids, predicted.astype(int), timestamps=[start + timedelta(minutes=row % 60) for row in range(4_000)]
        )
        tracker.log_ground_truths(ids, actual.astype(int))
        trackers.append(tracker)
    rail = Guardrail("accuracy", "higher", 0.05)
    window = {"start": start, "end": start + timedelta(hours=1)}
    assert rail.check(trackers[0], trackers[0], window=window).status == "pass"
    assert rail.check(*trackers, window=window).status == "block"


def test_the_planned_size_is_waited_for() -> None:
    rail = Guardrail("cost", "lower", 0.2, mode="fixed", planned_n=4_000)
    early, late = rail.check(TIGHT, TIGHT), rail.check(Mean(2_000, 5.0, 1_999.0), Mean(2_000, 5.0, 1_999.0))
    assert (early.status, late.status) == ("undecided", "pass")
    assert "2,000 of the planned 4,000" in early.reasons[0]
    # The interval is inside already; that is not said as if it decided anything.
    assert not any("inside" in reason for reason in early.reasons)


def test_an_invalid_comparison_stays_so() -> None:
    comparison = replace(
        compare(TIGHT, TIGHT, mode="fixed", hypothesis="non_inferiority", margin=0.2),
        verdict="invalid",
        reasons=("why",),
    )
    assert status_of(comparison) == "invalid"
    result = GuardrailResult("cost", status_of(comparison), comparison)
    assert (result.passed, result.blocked, result.reasons) == (False, False, ("why",))


def test_relative_margins() -> None:
    rail = Guardrail("latency", "lower", 0.05, scale="relative", quantile=0.5, mode="fixed")
    values = np.linspace(90, 110, 20_000)
    assert rail.check(values, values).status == "pass"
    assert rail.check(values, 1.03 * values).status == "pass"
    assert rail.check(values, 1.08 * values).status == "block"
    low, high = rail.check(values, 1.05 * values).interval
    assert low < 0.05 < high < 0.055
    assert "margin of 5%" in rail.check(values, values).reasons[0]
    assert "on the relative scale" in rail.check(values, values).comparison.method
    assert "delta" not in rail.check(values, values).comparison.method


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_degenerate_arms(mode: str) -> None:
    rail = Guardrail("cost", "lower", 0.2, mode=mode)
    for control, treatment in (
        ([], []),
        ([1.5], [2.5]),
        ([2.5] * 500, [2.5] * 500),
        ([1.5, 2.5], []),
        ([0.0] * 9, [0] * 9),
    ):
        result = rail.check(control, treatment)
        assert result.status == "undecided"
        assert result.reasons and all(reason.endswith(".") for reason in result.reasons)
    for bad in ([1.0, math.nan], [math.inf, 2.0]):
        with pytest.raises(ValueError, match=r"^treatment\[[01]\] must be a finite number"):
            rail.check([1.0, 2.0], bad)
    latency = Guardrail("latency", "lower", 5, quantile=0.99, mode=mode)
    assert "no rows" in latency.check([], []).reasons[0]
    few = latency.check([1.0], [2.0])
    assert few.status == "undecided"
    assert few.interval == (-math.inf, math.inf)
    assert any("too few rows" in reason for reason in few.reasons)
    assert "unbounded to unbounded" in few.reasons[0]
    with pytest.raises(ValueError, match=r"^treatment\[1\] must be a number other than NaN"):
        latency.check([1.0], [1.0, math.nan])
    with pytest.raises(ValueError, match=r"\(control\)$"):
        latency.check([1.0, 2.0], [1.0], cluster=([1], [1]))


class TestArguments:
    @pytest.mark.parametrize(
        ("change", "error", "told"),
        [
            ({"metric": 5}, TypeError, "metric must be a str, got 5 of type int"),
            ({"direction": "up"}, ValueError, "direction must be one of"),
            ({"margin": 0}, ValueError, "margin must be a finite number above 0, got 0 of type int"),
            ({"margin": -1.0}, ValueError, "margin must be a finite number above 0"),
            ({"margin": "50"}, TypeError, "margin must be a finite number above 0"),
            ({"margin": math.nan}, ValueError, "margin must be a finite number above 0"),
            ({"scale": "log"}, ValueError, "scale must be one of"),
            ({"quantile": 99}, ValueError, "quantile must be a number between 0 and 1"),
            ({"mode": "bayes"}, ValueError, "mode must be one of"),
            ({"alpha": 0.5}, ValueError, "alpha must be a finite number above 0 and below 0.5"),
            ({"alpha": 0}, ValueError, "alpha must be"),
            ({"planned_n": 100}, ValueError, "planned_n must be None with mode"),
            ({"mode": "fixed", "expected_n": 100}, ValueError, "expected_n must be None with mode"),
            ({"expected_n": 0}, ValueError, "expected_n must be an int from 1"),
            ({"quantile": 0.9, "method": "welch"}, ValueError, "method must be None or one of 'ranks'"),
        ],
    )
    def test_of_a_guardrail(self, change: dict[str, Any], error: type[Exception], told: str) -> None:
        with pytest.raises(error) as caught:
            Guardrail(**{"metric": "latency", "direction": "lower", "margin": 50, **change})
        assert str(caught.value).startswith(told) or (told.startswith("alpha") and "alpha" in str(caught.value))

    def test_of_a_check(self) -> None:
        rail, of_quantile = Guardrail("latency", "lower", 50), Guardrail("latency", "lower", 50, quantile=0.99)
        for arm in (Quantiles.of([1.0]), LatencyHistogram()):
            with pytest.raises(
                TypeError, match=r"^control must have one value that is guarded: give the guardrail a quantile"
            ):
                rail.check(arm, arm)
        with pytest.raises(
            ValueError, match=r"^control must be the quantile of the guardrail \(0.99\), got that at 0.5$"
        ):
            of_quantile.check(QuantileArm.of([1.0], 0.5), [1.0])
        with pytest.raises(TypeError, match=r"^treatment must be raw values, Quantiles"):
            of_quantile.check([1.0], Proportion(1, 2))
        with pytest.raises(ValueError, match=r"^cluster must be None unless both arms are raw values"):
            of_quantile.check(Quantiles.of([1.0]), Quantiles.of([1.0]), cluster=([1], [1]))
        with pytest.raises(TypeError, match=r"^cluster must be a pair"):
            of_quantile.check([1.0], [1.0], cluster=[1])
        with pytest.raises(ValueError, match=r"^window must be None with a quantile"):
            of_quantile.check([1.0], [1.0], window={})
        with pytest.raises(ValueError, match=r"^method must be None or one of 'welch'"):
            Guardrail("cost", "lower", 1, method="ranks").check(TIGHT, TIGHT)


def test_there_and_back() -> None:
    rail = Guardrail("latency", "lower", 50, quantile=0.99)
    assert Guardrail(**json.loads(json.dumps(rail.to_dict()))) == rail == pickle.loads(pickle.dumps(rail))
    random = np.random.default_rng(2)
    for n in (5, 20_000):
        result = rail.check(*random.lognormal(4.6, 0.8, (2, n)))
        content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        assert GuardrailResult.from_dict(content) == result == pickle.loads(pickle.dumps(result))
    for change, error in (
        ({"status": "ok"}, ValueError),
        ({"metric": 3}, TypeError),
        ({"quantile": "a"}, TypeError),
        ({"comparison": {}}, ValueError),
        ({"more": 1}, ValueError),
    ):
        with pytest.raises(error):
            GuardrailResult.from_dict({**content, **change})
    with pytest.raises(TypeError, match=r"^content must be a mapping"):
        GuardrailResult.from_dict([])  # type: ignore[arg-type]


def test_texts() -> None:
    rail = Guardrail("latency", "lower", 50, quantile=0.999)
    assert str(rail) == "p99.9 of latency may rise by 50"
    assert str(Guardrail("recall", "higher", 0.02, scale="relative")) == "recall may fall by 2%"
    result = Guardrail("<b>", "lower", 0.2, mode="fixed").check(TIGHT, LOOSE)
    lines = str(result).splitlines()
    assert lines[0] == "guardrail <b>: block"
    assert lines[1] == "  the whole interval of the difference (0.4264 to 0.5736) is outside the margin of 0.2."
    # Each reason once.
    assert "reasons" not in str(result)
    assert "<b>" not in result._repr_html_() and "&lt;b&gt;: block" in result._repr_html_()
    assert "Infinity" not in str(rail.check([1.0], [2.0]))


def test_position_without_an_interval() -> None:
    assert position(compare([], [], hypothesis="non_inferiority", margin=1.0)) == "undecided"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("direction", "higher"),
        ("margin", 500.0),
        ("hypothesis", "superiority"),
        ("scale", "relative"),
        ("alpha", 0.4),
        ("metric", "recall"),
        ("alternative", "greater"),
    ],
)
def test_that_a_check_does_not_make_another_guardrail_of_it(name: str, value: Any) -> None:
    """With `direction="higher"` one that may not rise passed a rise of 200."""
    rail = Guardrail("latency", "lower", 50, quantile=0.9, mode="fixed")
    with pytest.raises(ValueError, match=f"{name} must be left out, since it is the guardrail's own"):
        rail.check(np.arange(100.0), np.arange(100.0) + 200, **{name: value})


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("direction", ["lower", "higher"])
@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_there_is_no_difference_from_a_control_that_is_infinite(scale: Any, direction: Any, mode: Any) -> None:
    """Where all requests of the control ran out of time, any treatment is infinitely far from it: no margin holds or is broken."""
    rail = Guardrail("latency", direction, 0.1, scale=scale, quantile=0.5, mode=mode)
    for treatment in ([1.0] * 400, list(map(float, range(400)))):
        # The quantile is as infinite where a few requests were answered.
        for control in ([math.inf] * 400, [1.0] * 20 + [math.inf] * 380):
            result = rail.check(control, treatment)
            assert (result.status, result.comparison.verdict) == ("undecided", "undecided")
            assert result.reasons[0] == "p50 of the control is infinite, so that there is no difference from it."
            assert result.comparison.p_value is None and result.interval is None
    both = rail.check([math.inf] * 400, [math.inf] * 400)
    assert both.status == "undecided" and both.interval == (-math.inf, math.inf)
    # It may be finite: then the limits say how far apart the two are at least.
    perhaps = rail.check([1.0] * 190 + [math.inf] * 210, [0.5] * 400)
    assert perhaps.interval is not None and perhaps.interval[0] < perhaps.interval[1]


def test_a_treatment_that_is_infinite_is_told_as_that() -> None:
    result = Guardrail("latency", "lower", 5.0, quantile=0.5, mode="fixed").check([1.0] * 400, [math.inf] * 400)
    assert result.status == "block"
    assert result.reasons[0] == "the whole interval of the difference (infinite) is outside the margin of 5."
    text = str(ab_test_report(metrics={}, guardrails=[result]))
    assert "unbounded" not in text and "infinite" in text
