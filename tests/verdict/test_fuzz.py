"""Any object in any argument: only TypeError and ValueError, and none where the plain classes have an answer."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import mischief
from tests.api.anything import MAKERS
from tests.verdict import plain_classes
from tests.verdict.outcomes import Failed, outcome
from truthlag import DegradationDetector, ModelABTestMonitor

Call = Callable[[Any, Any], Any]

FALLING = [0.95, 0.94, 0.92, 0.91, 0.89, 0.88, 0.86]
ARMS = [1, 0, 1, 0, 1], [1, 1, 1, 1, 0]


def absolute(module: Any, baseline: Any = None, current: Any = None, thresholds: Any = None) -> Any:
    detector = module.DegradationDetector({"a": 0.9, "b": 0.8} if baseline is None else baseline)
    return detector.check_absolute_degradation({"a": 0.5} if current is None else current, thresholds)


def trend(module: Any, values: Any = FALLING, window: Any = 3, min_slope: Any = -0.01, name: Any = "m") -> Any:
    return module.DegradationDetector({}).check_trend_degradation(name, values, window, min_slope)


def evaluate(module: Any, control: Any = ARMS[0], treatment: Any = ARMS[1], higher: Any = True, **settings: Any) -> Any:
    monitor = module.ModelABTestMonitor("old", "new", **({"min_sample_size": 2} | settings))
    return monitor.evaluate(control, treatment, "rate", higher)


def names(module: Any, control: Any = "old", treatment: Any = "new", metric: Any = "rate") -> Any:
    monitor = module.ModelABTestMonitor(control, treatment, 2, 0.9999)
    return monitor.evaluate(*ARMS, metric), monitor.evaluate(*ARMS[::-1], metric)


def guardrails(module: Any, control: Any = (1, 2), treatment: Any = (1, 3), limit: Any = 50) -> Any:
    return module.ModelABTestMonitor("old", "new").check_guardrails(control, treatment, limit)


class Ours:
    DegradationDetector = DegradationDetector
    ModelABTestMonitor = ModelABTestMonitor


PLACES: dict[str, Call] = {
    "baseline_metrics": lambda module, odd: absolute(module, [odd] if odd is None else odd),
    "a value of baseline_metrics": lambda module, odd: absolute(module, {"a": odd}),
    "a baseline with a threshold": lambda module, odd: absolute(module, {"a": odd}, None, {"a": 0.9}),
    "current_metrics": lambda module, odd: absolute(module, None, [odd] if odd is None else odd),
    "a value of current_metrics": lambda module, odd: absolute(module, None, {"a": odd}),
    "thresholds": lambda module, odd: absolute(module, None, None, odd),
    "a value of thresholds": lambda module, odd: absolute(module, None, None, {"a": odd}),
    "recent_values": lambda module, odd: trend(module, odd),
    "a recent value": lambda module, odd: trend(module, [1, 0.5, odd]),
    "window": lambda module, odd: trend(module, window=odd),
    "min_slope": lambda module, odd: trend(module, min_slope=odd),
    "metric_name of the trend": lambda module, odd: trend(module, name=odd),
    "control_metric": lambda module, odd: evaluate(module, odd),
    "treatment_metric": lambda module, odd: evaluate(module, ARMS[0], odd),
    "a value of control_metric": lambda module, odd: evaluate(module, [1, 0, odd]),
    "higher_is_better": lambda module, odd: evaluate(module, higher=odd),
    "min_sample_size": lambda module, odd: evaluate(module, min_sample_size=odd),
    "significance_level": lambda module, odd: evaluate(module, significance_level=odd),
    "control_name": lambda module, odd: names(module, control=odd),
    "treatment_name": lambda module, odd: names(module, treatment=odd),
    "metric_name": lambda module, odd: names(module, metric=odd),
    "control_latencies": lambda module, odd: guardrails(module, odd),
    "treatment_latencies": lambda module, odd: guardrails(module, (1, 2), odd),
    "a latency": lambda module, odd: guardrails(module, [1, odd]),
    "max_p99_increase_ms": lambda module, odd: guardrails(module, limit=odd),
}


#: Several arguments at once, each of them anything.
METHODS: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "check_absolute_degradation": (absolute, ["baseline", "current", "thresholds"]),
    "check_trend_degradation": (trend, ["values", "window", "min_slope", "name"]),
    "evaluate": (evaluate, ["control", "treatment", "higher", "min_sample_size", "significance_level"]),
    "check_guardrails": (guardrails, ["control", "treatment", "limit"]),
}
ARGUMENTS = (
    "baseline_metrics current_metrics thresholds recent_values window min_slope control_metric treatment_metric "
    "higher_is_better min_sample_size significance_level control_name treatment_name control_latencies "
    "treatment_latencies max_p99_increase_ms"
).split()
#: The argument, what is allowed and the value; an entry or an element is told by its argument.
TOLD = re.compile(rf"(?s)(\d+ percent of |an entry of )?({'|'.join(ARGUMENTS)})\b.* must .+, got .+")
EXAMPLES = 3_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 200
fuzz = functools.partial(settings, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


def check(ours: Callable[[], Any], plain: Callable[[], Any], what: str) -> None:
    """Ours fails only where the plain class fails too, and only as is documented, naming an argument."""
    mine = outcome(ours)
    if not isinstance(mine, Failed):
        return
    what = f"{what}: {mine.error!r}"
    # Without an error it is NaN in the result, as a name that is given.
    if mine.error is not None:
        assert isinstance(mine.error, TypeError | ValueError), what
        assert TOLD.match(str(mine.error)), what
    assert isinstance(outcome(plain), Failed), what


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("place", PLACES)
def test_every_odd_object(place: str) -> None:
    call = PLACES[place]
    # Some are used up by being asked: each class gets its own.
    pairs = zip(mischief.odd_objects(), mischief.odd_objects(), strict=True)
    for number, (odd, other) in enumerate(pairs):
        check(
            lambda odd=odd: call(Ours, odd),
            lambda other=other: call(plain_classes, other),
            f"object {number}: {type(odd)} as {place}",
        )


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("place", PLACES)
@fuzz()
@given(make=MAKERS)
def test_anything(place: str, make: Callable[[], Any]) -> None:
    check(lambda: PLACES[place](Ours, make()), lambda: PLACES[place](plain_classes, make()), place)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("method", METHODS)
@fuzz()
@given(data=st.data())
def test_anything_anywhere(method: str, data: Any) -> None:
    call, arguments = METHODS[method]
    makers = data.draw(st.dictionaries(st.sampled_from(arguments), MAKERS, min_size=1))
    check(
        lambda: call(Ours, **{name: make() for name, make in makers.items()}),
        lambda: call(plain_classes, **{name: make() for name, make in makers.items()}),
        method,
    )


def test_running_out_of_memory_stays_what_it_is() -> None:
    class Huge(list[Any]):
        def __len__(self) -> int:
            raise MemoryError

    with pytest.raises(MemoryError):
        trend(Ours, Huge())


def test_an_interrupt_passes_through() -> None:
    class Interrupted(list[Any]):
        def __len__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trend(Ours, Interrupted())


def test_scipy_is_loaded_by_the_first_p_value_only() -> None:
    program = """
        import sys
        import truthlag
        tracker = truthlag.ModelPerformanceTracker("m")
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 1)
        detector = truthlag.DegradationDetector(tracker.compute_metrics())
        detector.check_absolute_degradation(tracker.compute_metrics())
        detector.check_trend_degradation("accuracy", [0.9, 0.8, 0.7], window=3)
        monitor = truthlag.ModelABTestMonitor("old", "new", min_sample_size=3)
        monitor.evaluate([0, 1], [1, 1])
        monitor.check_guardrails([1, 2], [2, 3])
        assert not [name for name in sys.modules if name.split(".")[0] == "scipy"]
        monitor.evaluate([0, 1, 0], [1, 1, 0])
        assert "scipy.special" in sys.modules and "scipy.stats" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=120)
