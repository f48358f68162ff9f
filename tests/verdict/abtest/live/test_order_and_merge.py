"""In whatever order events come, and in however many processes, a test says the same to the last digit."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict.abtest.live.events import DAY, Exposure, Outcome, content, dealt, drawn, server, tell
from truthlag.abtest import ModelABTest

EVENTS = drawn(1)
WHOLE = tell(server("one"), EVENTS)
SAID = content(WHOLE)


def test_the_events_are_of_all_kinds() -> None:
    report = ModelABTest.from_bytes(WHOLE.to_bytes()).report(now=4 * DAY)
    notes = " ".join(report.notes)
    assert "seen in several arms" in notes
    assert "than they were assigned to" in notes
    assert "older than the exposure" in notes
    assert "came again with their ids" in notes
    assert all(row.comparison.p_value is not None for row in report.metrics)
    assert "post-stratification" in report.metric("bought").comparison.method


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_calls_does_not_show_in_the_bytes(seed: int) -> None:
    (hand,) = dealt(EVENTS, 1, seed)
    assert tell(server("one"), hand).to_bytes() == WHOLE.to_bytes()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), processes=st.integers(2, 6))
def test_how_events_are_split_does_not_show_in_the_report(seed: int, processes: int) -> None:
    parts = [tell(server(), hand) for hand in dealt(EVENTS, processes, seed)]
    assert content(reduce(ModelABTest.merge, parts)) == SAID


def test_merging_is_commutative_associative_and_idempotent() -> None:
    parts = [tell(server(f"server {place}"), hand) for place, hand in enumerate(dealt(EVENTS, 3, 5))]
    merged = {reduce(ModelABTest.merge, order).to_bytes() for order in permutations(parts)}
    first, second, third = parts
    merged.add(first.merge(second.merge(third)).to_bytes())
    both = first + second
    merged.add(both.merge(third).merge(both).merge(first).merge(third).to_bytes())
    assert len(merged) == 1
    assert first.merge(first).to_bytes() == first.to_bytes()


def test_the_newest_state_of_a_process_counts() -> None:
    half = len(EVENTS) // 2
    growing, other = server("growing"), tell(server("other"), EVENTS[:40])
    early = ModelABTest.from_bytes(tell(growing, EVENTS[40:half]).to_bytes())
    together = other.merge(early)
    tell(growing, EVENTS[half:])
    assert content(together.merge(growing)) == SAID
    assert content(growing.merge(together)) == SAID
    # An older state changes nothing any more.
    assert together.merge(growing).merge(early).to_bytes() == together.merge(growing).to_bytes()


def test_a_process_that_goes_on_from_bytes_adds_to_them() -> None:
    half = len(EVENTS) // 2
    first = tell(server(), EVENTS[:half])
    second = tell(ModelABTest.from_bytes(first.to_bytes()), EVENTS[half:])
    assert content(second) == SAID
    # The first one is in it.
    assert content(second.merge(first)) == SAID
    third = pickle.loads(pickle.dumps(second))
    assert third.to_bytes() == second.to_bytes()


def test_a_merged_test_is_independent_of_its_parts() -> None:
    first, second = tell(server(), EVENTS[:100]), tell(server(), EVENTS[100:200])
    both = first.merge(second)
    before = both.to_bytes()
    tell(first, EVENTS[200:])
    assert both.to_bytes() == before


def test_the_earliest_exposure_wins() -> None:
    first, second = server(), server()
    first.log_exposure(7, timestamp=3 * DAY, segment="late")
    second.log_exposure(7, timestamp=2.5 * DAY, segment="early")
    tell(first, [Outcome(7, "bought", 1.0, 2.7 * DAY)])
    assert "older than the exposure" in " ".join(first.merge(server()).report(now=4 * DAY).notes)
    report = first.merge(second).report(now=4 * DAY)
    assert not report.notes
    assert list(report.gates["sample_ratio"].numbers["segments"]) == ["early"]
    arm = server().assign(7, at=3 * DAY)
    row = report.metric("bought").comparison
    assert (row.control if arm == "v1" else row.treatment).estimate == 1.0


def test_a_segment_of_an_exposure_that_does_not_count_leaves_no_trace() -> None:
    events = [Exposure(1, 2 * DAY, segment="first"), Exposure(1, 3 * DAY, segment="second"), Exposure(2, 3 * DAY)]
    events += [Exposure(2, 2.5 * DAY, segment="third"), Exposure(2, 3 * DAY, "v1"), Exposure(2, 3 * DAY, "v2")]
    assert len({tell(server("one"), order).to_bytes() for order in permutations(events)}) == 1


def test_an_outcome_with_an_id_counts_once_wherever_it_comes() -> None:
    exposures = [Exposure(unit, 2 * DAY) for unit in range(40)]
    orders = [Outcome(unit, "revenue", 2.0, 3 * DAY, f"order {unit}") for unit in range(40)]
    once = tell(server(), [*exposures, *orders])
    again = tell(server(), orders).merge(tell(once.merge(server()), orders))
    assert (
        once.report(now=4 * DAY).metric("revenue").comparison == again.report(now=4 * DAY).metric("revenue").comparison
    )
    plain = [Outcome(unit, "revenue", 2.0, 3 * DAY) for unit in range(40)]
    twice = tell(server(), [*exposures, *plain, *plain]).report(now=4 * DAY)
    assert twice.metric("revenue").comparison.control.estimate == 4.0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"salt": "other"}, "other must have the salt of this test"),
        ({"metrics": {"bought": "any"}}, "other must have the metrics of this test"),
        ({"guardrails": ()}, "other must have the guardrails of this test"),
        ({"alpha": 0.01}, "other must have the alpha of this test"),
        ({"mode": "fixed", "planned_n": 100}, "other must have the mode of this test"),
        ({"weights": [2, 1]}, "other must have the periods of this test"),
    ],
)
def test_another_test_is_not_merged(options: dict[str, Any], told: str) -> None:
    test = tell(server(), EVENTS[:20])
    before = test.to_bytes()
    with pytest.raises(ValueError, match=told):
        test.merge(server(**options))
    assert test.to_bytes() == before


def test_processes_that_share_a_source_are_found_out() -> None:
    first, second = tell(server("same"), EVENTS[:50]), tell(server("same"), EVENTS[50:100])
    with pytest.raises(ValueError, match="'same' is two processes"):
        first.merge(second)
    with pytest.raises(ValueError, match="source must be another one than those of the bytes"):
        ModelABTest.from_bytes(first.to_bytes(), source="same")


def test_a_longer_ramp_contains_a_shorter_one() -> None:
    def ramped(*shares: float) -> ModelABTest:
        test = ModelABTest("x", ["a", "b"], share=0.1, metrics={"bought": "any"})
        for day, share in enumerate(shares, 1):
            test.ramp(share, at=day * DAY)
        return test

    assert ramped(0.2).merge(ramped(0.2, 0.5)).share == 0.5
    assert ramped(0.2, 0.5).merge(ramped()).share == 0.5
    with pytest.raises(ValueError, match="other must have the periods of this test, or the first of them"):
        ramped(0.2, 0.5).merge(ramped(0.3))


def test_threads_share_a_test() -> None:
    test = server("one")
    hands = dealt(EVENTS * 3, 8, 2)
    threads = [threading.Thread(target=tell, args=(test, hand)) for hand in hands]
    for thread in threads:
        thread.start()
    looked = test.report(now=DAY / 4)
    for thread in threads:
        thread.join()
    assert looked.gates.gates
    expected = tell(server("one"), EVENTS * 3)
    expected.report(now=DAY / 4)
    assert content(test) == content(expected)
    assert test.outcomes == expected.outcomes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# From Python 3.12 on a fork beside threads is warned of, and whoever runs the tests may have some.
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_child_of_a_fork_is_a_process_of_its_own() -> None:
    half = len(EVENTS) // 2
    parent = tell(server("parent"), EVENTS[:half])
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()

    def work() -> None:
        theirs.send_bytes(tell(parent, EVENTS[half:]).to_bytes())

    child = context.Process(target=work)
    child.start()
    sent = mine.recv_bytes()
    child.join()
    later = [Exposure(unit, 3 * DAY) for unit in range(1_000, 1_040)]
    tell(parent, later)
    expected = tell(server(), [*EVENTS, *later])
    assert content(parent.merge(ModelABTest.from_bytes(sent))) == content(expected)
