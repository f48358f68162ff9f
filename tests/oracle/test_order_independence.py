"""The same events in any order: the same content and the same metrics, bit for bit.

Holds for events with distinct explicit times and before anything is dropped: at equal times the later arrival wins, and
what has left cannot come back.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.reference import identity
from tests.oracle.spelling import IDS, SECOND, as_datetime
from truthlag import ModelPerformanceTracker

START = 1_700_000_000 * SECOND
NOW = as_datetime(START + 3600 * SECOND)
RETENTION = datetime.timedelta(days=30)
FEATURES = st.sampled_from([None, {"amount": 500}, {"amount": 501}])
SCORES = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1), st.floats(-65_536, 65_536))

#: (id, decision or label, is it a label, score, features) without its time.
EVENTS = st.lists(
    st.tuples(st.sampled_from(IDS), st.integers(0, 1), st.booleans(), SCORES, FEATURES), min_size=1, max_size=30
)


def new_tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("model", retention=RETENTION, clock=lambda: NOW)


def feed(events: list[Any], cuts: set[int]) -> ModelPerformanceTracker:
    """Logs the events in order: one by one, or up to each cut as batches of predictions or labels that stand in a row."""
    tracker = new_tracker()
    position = 0
    while position < len(events):
        end = position + 1
        is_label = events[position][2]
        if position in cuts:
            while end < len(events) and events[end][2] == is_label:
                end += 1
        run = events[position:end]
        ids, values, times = [one[0] for one in run], [one[1] for one in run], [as_datetime(one[5]) for one in run]
        if end - position > 1 and is_label:
            tracker.log_ground_truths(ids, values, timestamps=times)
        elif end - position > 1:
            scores, features = [one[3] for one in run], [one[4] for one in run]
            tracker.log_predictions(ids, values, scores, features=features, timestamps=times)
        elif is_label:
            tracker.log_ground_truth(ids[0], values[0], times[0])
        else:
            tracker.log_prediction(ids[0], values[0], run[0][3], run[0][4], times[0])
        position = end
    return tracker


def bits(value: Any) -> Any:
    """The value with its floats spelled out to the last bit."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {key: bits(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(one) for one in value]
    return value


def everything(tracker: ModelPerformanceTracker, windows: list[dict[str, Any]]) -> list[Any]:
    answers: list[Any] = [tracker.compute_metrics(hours, now=now) for hours in (1, 0.01, 100) for now in (None, NOW)]
    answers += [tracker.snapshot(**window).to_dict() for window in windows]
    return [bits(answer) for answer in answers]


def content(tracker: ModelPerformanceTracker) -> list[Any]:
    views = (tracker.predictions, tracker.ground_truths)
    return [sorted(((identity(key), entry) for key, entry in view.items()), key=repr) for view in views]


WINDOWS: list[dict[str, Any]] = [
    {},
    {"exact": True},
    {"threshold": 0.5},
    {"start": as_datetime(START + 5), "end": as_datetime(START + 20)},
    {"window": datetime.timedelta(hours=1), "now": NOW, "exact": True},
]
GAUGES = ("predictions", "labels", "matched", "pending", "orphan_labels")


@given(data=st.data(), events=EVENTS)
def test_any_order_gives_the_same(data: Any, events: list[Any]) -> None:
    times = data.draw(st.lists(st.integers(0, 40), min_size=len(events), max_size=len(events), unique=True))
    timed = [(*event, START + time) for event, time in zip(events, times, strict=True)]
    orders = [timed, sorted(timed, key=lambda event: event[5]), data.draw(st.permutations(timed))]
    cuts = data.draw(st.sets(st.integers(0, len(events))))
    trackers = [feed(order, cuts if number else set()) for number, order in enumerate(orders)]
    expected = everything(trackers[0], WINDOWS)
    for tracker in trackers[1:]:
        assert content(tracker) == content(trackers[0])
        assert everything(tracker, WINDOWS) == expected
        counters = [{name: one.counters()[name] for name in GAUGES} for one in (tracker, trackers[0])]
        assert counters[0] == counters[1]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_many_gives_the_same(seed: int) -> None:
    """Enough rows for whole cells, sums that are kept up to date, and corrections of what they hold."""
    generator = np.random.default_rng(seed)
    size = 40_000
    ids = generator.integers(0, 25_000, size)
    times = generator.permutation(size)
    is_label = generator.random(size) < 0.4
    values = generator.integers(0, 2, size)
    scores = np.where(generator.random(size) < 0.5, generator.random(size), generator.integers(0, 9, size) / 8)
    answers, contents = [], []
    windows: list[dict[str, Any]] = [{}, {"threshold": 0.25}, {"exact": True}]
    windows += [
        {"start": as_datetime(START + low), "end": as_datetime(START + low + 17_000)} for low in (0, 999, 22_222)
    ]
    orders = (np.argsort(times), np.argsort(-times), generator.permutation(size))
    for order in orders:
        tracker = new_tracker()
        for number, part in enumerate(np.array_split(order, 25)):
            # Runs of one kind keep the order of the events where it matters: within one id.
            for label in (False, True):
                rows = part[is_label[part] == label]
                at = (START + times[rows]).astype("datetime64[us]")
                if label:
                    tracker.log_ground_truths(ids[rows], values[rows], timestamps=at)
                else:
                    tracker.log_predictions(ids[rows], values[rows], scores[rows], timestamps=at)
            if number % 5 == 0:
                # What is asked on the way must not show in what is answered later.
                tracker.snapshot()
                tracker.compute_metrics()
        answers.append(everything(tracker, windows))
        contents.append(content(tracker))
    assert answers[0] == answers[1] == answers[2]
    assert contents[0] == contents[1] == contents[2]
