"""The guardrail on the p99 of two lists and of two arrays of latencies, against the plain code that it replaces."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benches.figure import Figure, at_least, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, ratios, scaled, seconds
from truthlag import ModelABTestMonitor
from truthlag.abtest import Guardrail, LatencyHistogram

MARGIN_MS = 50.0
KINDS = {"lists": at_least(4), "arrays": at_least(3)}
PLAIN, OURS, INTERVAL = "plain code", "check_guardrails", "check_guardrails with an interval"


def plain_guardrail(control: Any, treatment: Any, most: float) -> dict[str, Any]:
    """Return the answer of a lesson on monitoring: two percentiles by numpy, and their difference."""
    before, now = np.percentile(control, 99), np.percentile(treatment, 99)
    increase = now - before
    return {
        "guardrail": "latency_p99",
        "control_p99_ms": round(before, 1),
        "treatment_p99_ms": round(now, 1),
        "increase_ms": round(increase, 1),
        "threshold_ms": most,
        "passed": increase <= most,
        "action": "OK" if increase <= most else "BLOCK - latency guardrail violated",
    }


class GuardrailLoad:
    """Lognormal latencies of two arms, as arrays and as lists, in the order in which they came."""

    def __init__(self, rows: int) -> None:
        random = np.random.default_rng(7)
        arrays = [100 * np.exp(0.8 * random.standard_normal(rows)) for _ in range(2)]
        self.arms: dict[str, list[Any]] = {"arrays": arrays, "lists": [array.tolist() for array in arrays]}
        self.monitor = ModelABTestMonitor("old", "new")

    def plain(self, kind: str) -> dict[str, Any]:
        """Return the answer of the plain code."""
        return plain_guardrail(*self.arms[kind], MARGIN_MS)

    def ours(self, kind: str) -> dict[str, Any]:
        """Return the answer that replaces it."""
        return self.monitor.check_guardrails(*self.arms[kind], MARGIN_MS)

    def with_interval(self, kind: str) -> dict[str, Any]:
        """Return the answer with an interval and a status beside it."""
        return self.monitor.check_guardrails(*self.arms[kind], MARGIN_MS, mode="fixed")

    def check(self, kind: str) -> None:
        """Raise AssertionError unless the answer is that of the plain code, and the status that of sorted values."""
        expected, got = self.plain(kind), self.ours(kind)
        if got != expected:
            raise AssertionError(f"wrong answer: expected {expected}, got {got}")
        told = self.with_interval(kind)
        if {name: told[name] for name in expected} != expected:
            raise AssertionError(f"an interval changes the answer: expected {expected}, got {told}")
        low, high = told["increase_interval_ms"]
        if low is None or high is None or not low < expected["increase_ms"] < high:
            raise AssertionError(f"wrong interval: {low} to {high} around {expected['increase_ms']}")

    def check_histograms(self) -> None:
        """Raise AssertionError unless histograms of the arrays have the same p99, to their relative error."""
        right = Guardrail("latency", "lower", MARGIN_MS, quantile=0.99, mode="fixed").check(*self.arms["arrays"])
        arms = right.comparison.control, right.comparison.treatment
        for arm, values in zip(arms, self.arms["arrays"], strict=True):
            estimate = filled(values).at(0.99).estimate
            if estimate is None or arm.estimate is None or abs(estimate / arm.estimate - 1) > 0.001:
                raise AssertionError(f"wrong p99 of a histogram: expected {arm.estimate}, got {estimate}")


def filled(values: Sequence[float]) -> LatencyHistogram:
    """Return a histogram of the values."""
    histogram = LatencyHistogram()
    histogram.update_many(values)
    return histogram


def latency_guardrail(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of the p99 guardrail, how many times faster it is than the plain code, and that of a histogram."""
    load = GuardrailLoad(sizes.guarded_rows)
    for kind, bar in KINDS.items():
        load.check(kind)
        calls = {PLAIN: load.plain, OURS: load.ours, INTERVAL: load.with_interval}
        contenders = {name: (lambda call=call: seconds(lambda: call(kind))) for name, call in calls.items()}
        times = interleave(contenders, sizes.repeats, progress.say)
        what = f"p99 guardrail on two {kind} of {sizes.guarded_rows:,}"
        for name in calls:
            yield median_figure(f"{what}: {name}", scaled(times[name], 1e3), "ms")
        faster = ratios(times[PLAIN], times[OURS])
        yield median_figure(f"{what}: times faster than the plain code", faster, "x", bar)
    load.check_histograms()
    values = load.arms["arrays"][0]
    spent = [seconds(lambda: filled(values)) for _ in range(sizes.repeats)]
    yield median_figure("latency histogram: a value of an array", scaled(spent, 1e9 / sizes.guarded_rows), "ns")
