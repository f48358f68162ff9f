"""The p99 check of the monitor: its old answer to the byte, and what it says beside it when asked."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verdict import plain_classes
from truthlag import ModelABTestMonitor
from truthlag.abtest import Guardrail, QuantileArm, Quantiles

OURS, PLAIN = ModelABTestMonitor("old", "new"), plain_classes.ModelABTestMonitor("old", "new")
ADDED = {"mode", "status", "increase_interval_ms", "confidence", "p_value", "reasons"}


def bytes_of(answer: dict[str, Any]) -> bytes:
    """The answer as JSON, its numbers and flags in full."""
    return json.dumps(
        {name: value.item() if isinstance(value, np.generic) else value for name, value in answer.items()}
    ).encode()


@given(
    st.integers(1, 30_000),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["floats", "ints", "few", "large", "tiny", "negative", "zeros", "sorted"]),
    st.booleans(),
)
def test_the_old_answer_to_the_byte(n: int, seed: int, kind: str, is_list: bool) -> None:
    random = np.random.default_rng(seed)
    values = {
        "floats": lambda: random.lognormal(4, 1, n),
        "ints": lambda: random.integers(1, 3_000, n),
        "few": lambda: random.integers(0, 3, n) / 8,
        "large": lambda: random.integers(2**53 - 2, 2**60, n),
        "tiny": lambda: random.random(n) * 1e-308,
        "negative": lambda: random.normal(-50, 20, n),
        "zeros": lambda: random.choice([-0.0, 0.0, -1.0], n),
        "sorted": lambda: np.sort(random.lognormal(4, 1, n)),
    }[kind]()
    treatment = values[::-1].copy()[: max(1, n // 2)]
    arms = [arm.tolist() if is_list else arm for arm in (values, treatment)]
    assert bytes_of(OURS.check_guardrails(*arms)) == bytes_of(PLAIN.check_guardrails(*arms))


@pytest.mark.parametrize(
    "values", [[True, 5.5], [1, 2.5, 2**70], [2**62, 1], [-0.0, 0.0], [0.0, -0.0], [5], [*range(200), math.inf]]
)
def test_lists_of_other_things(values: list[Any]) -> None:
    assert bytes_of(OURS.check_guardrails(values, [3.5])) == bytes_of(PLAIN.check_guardrails(values, [3.5]))


def test_flags_alone_are_refused_as_before() -> None:
    with pytest.raises(TypeError, match=r"^control_latencies"):
        OURS.check_guardrails([True, False], [1.0])


@pytest.mark.parametrize("kind", ["array", "list"])
def test_what_is_beside_it(kind: str) -> None:
    random = np.random.default_rng(1)
    control, same = random.lognormal(4.6, 0.8, (2, 50_000))
    arms = {"pass": same, "block": 1.2 * same, "undecided": same[:300]}
    for status, treatment in arms.items():
        pair = [control, treatment] if kind == "array" else [control.tolist(), treatment.tolist()]
        plain = OURS.check_guardrails(*pair)
        answer = OURS.check_guardrails(*pair, mode="fixed")
        assert set(answer) == {*plain, *ADDED}
        assert {name: answer[name] for name in plain} == plain
        assert answer["status"] == status
        result = Guardrail("latency_p99", "lower", 50, quantile=0.99, mode="fixed").check(control, treatment)
        assert answer["reasons"] == list(result.reasons)
        assert answer["p_value"] == result.comparison.p_value
        assert answer["increase_interval_ms"] == [limit if math.isfinite(limit) else None for limit in result.interval]
        json.dumps(answer, allow_nan=False)
    wide = OURS.check_guardrails(control, same, mode="confidence_sequence")
    narrow = OURS.check_guardrails(control, same, mode="fixed")
    assert wide["increase_interval_ms"][1] > narrow["increase_interval_ms"][1]
    assert OURS.check_guardrails(control, same, 50, mode="fixed", alpha=0.001)["confidence"] == pytest.approx(0.998)


def test_clusters_and_samples() -> None:
    random = np.random.default_rng(2)
    users = np.repeat(np.arange(2_000), 10)
    values = random.lognormal(4.6, 0.8, 2_000)[users]
    rows = OURS.check_guardrails(values, values, mode="fixed")
    units = OURS.check_guardrails(values, values, mode="fixed", cluster=(users, users))
    # Ten equal rows a user: the interval is wider by about the root of ten.
    ratio = units["increase_interval_ms"][1] / rows["increase_interval_ms"][1]
    assert 2 < ratio < 6
    with pytest.raises(TypeError, match=r"^control_latencies"):
        OURS.check_guardrails(Quantiles.of(values), QuantileArm.of(values, 0.99))


@pytest.mark.parametrize(
    ("limit", "options", "error", "told"),
    [
        (0, {"mode": "fixed"}, ValueError, r"^max_p99_increase_ms must be a finite number above 0, got 0 of type int$"),
        (math.inf, {"mode": "fixed"}, ValueError, r"^max_p99_increase_ms must be a finite number above 0, got inf"),
        (50, {"mode": "twice"}, ValueError, r"^mode must be one of"),
        (50, {"mode": "fixed", "alpha": 2}, ValueError, r"^alpha must be"),
        (50, {"mode": "fixed", "cluster": [1]}, TypeError, r"^cluster must be a pair"),
    ],
)
def test_errors(limit: float, options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        OURS.check_guardrails([1.0, 2.0], [1.0, 2.0], limit, **options)
