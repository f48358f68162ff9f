"""Anything for any argument: an answer, a ValueError or a TypeError."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.anything import ANYTHING
from tests.api.mischief import Mischief
from truthlag import ModelABTestMonitor
from truthlag.abtest import Guardrail, LatencyHistogram, QuantileArm, Quantiles, compare, quantile_from_limits

RAIL = Guardrail("latency", "lower", 50, quantile=0.99)
CALLS: dict[str, Any] = {
    "arm": lambda x: QuantileArm.of(x, 0.9),
    "arm p": lambda x: QuantileArm.of([1.0, 2.0], x),
    "arm cluster": lambda x: QuantileArm.of([1.0, 2.0], 0.5, cluster=x),
    "values": lambda x: Quantiles.of(x).at(0.5).interval(),
    "value in values": lambda x: Quantiles.of([1.0, x]),
    "confidence": lambda x: QuantileArm.of([1.0, 2.0], 0.5).interval(x),
    "update": lambda x: LatencyHistogram().update(x),
    "update many": lambda x: LatencyHistogram().update_many(x),
    "relative error": lambda x: LatencyHistogram(x),
    "bytes": lambda x: LatencyHistogram.from_bytes(x),
    "design effect": lambda x: LatencyHistogram().at(0.5, design_effect=x),
    "database": lambda x: quantile_from_limits(100, x, 1.0, 5.0),
    "rows": lambda x: quantile_from_limits(x, 3.0, 1.0, 5.0, rows=x),
    "metric": lambda x: Guardrail(x, "lower", 1.0),
    "direction": lambda x: Guardrail("a", x, 1.0),
    "margin": lambda x: Guardrail("a", "lower", x),
    "options": lambda x: Guardrail("a", "lower", 1.0, mode=x, alpha=x, scale=x),
    "planned": lambda x: Guardrail("a", "lower", 1.0, mode="fixed", planned_n=x),
    "quantile": lambda x: Guardrail("a", "lower", 1.0, quantile=x),
    "control": lambda x: RAIL.check(x, [1.0, 2.0]),
    "treatment": lambda x: RAIL.check([1.0, 2.0], x),
    "both": lambda x: RAIL.check(x, x),
    "cluster": lambda x: RAIL.check([1.0, 2.0], [1.0, 2.0], cluster=x),
    "mode of the check": lambda x: ModelABTestMonitor("a", "b").check_guardrails([1.0, 2.0], [1.0, 2.0], mode=x),
    "threshold": lambda x: ModelABTestMonitor("a", "b").check_guardrails([1.0, 2.0], [1.0, 2.0], x, mode="fixed"),
}


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything=ANYTHING)
def test_anything(name: str, anything: Any) -> None:
    with contextlib.suppress(ValueError, TypeError, Mischief), warnings.catch_warnings():
        # numpy warns of what it makes of some objects; that is the caller's.
        warnings.simplefilter("ignore", DeprecationWarning)
        CALLS[name](anything)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False), max_size=40),
    st.lists(st.floats(allow_nan=False), max_size=40),
    st.floats(0.001, 0.999),
    st.sampled_from(["fixed", "confidence_sequence"]),
    st.sampled_from([None, "ranks", "guaranteed", "outer"]),
    st.sampled_from(["absolute", "relative"]),
    st.sampled_from(["superiority", "non_inferiority", "equivalence"]),
)
def test_any_values_have_an_answer(
    control: list[float], treatment: list[float], p: float, mode: str, method: str | None, scale: str, hypothesis: str
) -> None:
    arms = Quantiles.of(control).at(p), Quantiles.of(treatment).at(p)
    margin = None if hypothesis == "superiority" else 1.0
    result = compare(*arms, mode=mode, method=method, scale=scale, hypothesis=hypothesis, margin=margin)
    assert result.reasons
    str(result)
    result._repr_html_()
    for interval in (result.difference_interval, result.relative_interval):
        assert interval is None or interval[0] <= interval[1]
        assert interval is None or not np.isnan(interval).any()
    assert result.p_value is None or 0 <= result.p_value <= 1
