"""Events of a live test, to be told to it in any order and by any number of processes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.abtest import Guardrail, ModelABTest, OutcomeMetric

DAY = 86_400.0


@dataclass(frozen=True)
class Exposure:
    """A call of `log_exposure`."""

    unit: Any
    time: float
    arm: str | None = None
    segment: str | None = None
    spend: float | None = None


@dataclass(frozen=True)
class Outcome:
    """A call of `log_outcome`."""

    unit: Any
    name: str
    value: float
    time: float
    event: str | None = None


def server(source: str | None = None, **options: Any) -> ModelABTest:
    """One process of a test with all kinds of metrics, which was ramped up twice."""
    given: dict[str, Any] = {
        "salt": "events",
        "share": 0.5,
        "weights": [3, 1],
        "metrics": {
            "bought": "any",
            "revenue": "total",
            "clicks": "count",
            "basket": OutcomeMetric("average", outcome="revenue"),
            "price": OutcomeMetric("ratio", outcome="revenue", denominator="clicks"),
        },
        "guardrails": [Guardrail("latency", "lower", 50, quantile=0.9), Guardrail("latency", "lower", 20)],
        "covariates": ["spend"],
        "segments": True,
        **options,
    }
    test = ModelABTest("ranker", ["v1", "v2"], source=source, **given)
    test.ramp(0.8, at=DAY)
    test.ramp(1.0, weights=[1, 1], at=2 * DAY)
    return test


def tell(test: ModelABTest, events: Iterable[Exposure | Outcome]) -> ModelABTest:
    """Log events in the order in which they are given."""
    for event in events:
        if isinstance(event, Exposure):
            known = None if event.spend is None else {"spend": event.spend}
            test.log_exposure(event.unit, event.arm, timestamp=event.time, segment=event.segment, covariates=known)
        else:
            test.log_outcome(event.unit, event.name, event.value, timestamp=event.time, event_id=event.event)
    return test


def drawn(seed: int, units: int = 300) -> list[Exposure | Outcome]:
    """Events with repeats, corrections to earlier exposures, units of two arms, outcomes before and without exposures, and ids."""
    random = np.random.default_rng(seed)
    events: list[Exposure | Outcome] = []
    for unit in range(units):
        for _ in range(int(random.integers(0, 4))):
            arm = None if random.random() < 0.95 else ("v1", "v2")[int(random.integers(2))]
            segment = (None, "ios", "web")[int(random.integers(3))]
            spend = None if random.random() < 0.2 else float(np.round(random.gamma(2.0, 10.0), 3))
            events.append(Exposure(unit, float(random.integers(0, 5)) * DAY / 2, arm, segment, spend))
        for _ in range(int(random.integers(0, 5))):
            name = ("bought", "revenue", "clicks", "latency")[int(random.integers(4))]
            event = None if random.random() < 0.5 else f"event {random.integers(6)}"
            events.append(Outcome(unit, name, float(random.gamma(1.5, 20.0)), float(random.uniform(0, 3 * DAY)), event))
    return events


def content(test: ModelABTest, now: float = 4 * DAY) -> Any:
    """What a look at a copy of a test says, as JSON: to the last digit."""
    return json.dumps(ModelABTest.from_bytes(test.to_bytes()).report(now=now).to_dict(), sort_keys=True)


def dealt(events: Sequence[Any], processes: int, seed: int) -> list[list[Any]]:
    """The events in another order, dealt out to processes."""
    random = np.random.default_rng(seed)
    hands: list[list[Any]] = [[] for _ in range(processes)]
    for place in random.permutation(len(events)):
        hands[int(random.integers(processes))].append(events[place])
    return hands
