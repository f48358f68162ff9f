"""The tracker against the reference: any calls in any order, the same counters, content and metrics."""

from __future__ import annotations

import copy
import datetime
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.oracle.agreement import assert_content, assert_plain_metrics
from tests.oracle.measured import assert_snapshot
from tests.oracle.reference import ReferenceTracker, identity
from tests.oracle.spelling import (
    IDS,
    SECOND,
    as_datetime,
    spell_binaries,
    spell_binary,
    spell_id,
    spell_ids,
    spell_scores,
    spell_time,
    spell_times,
)
from truthlag import ModelPerformanceTracker

START = 1_700_000_000 * SECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
TEN_YEARS = 87_660 * HOUR

#: Steps of twenty seconds and retentions of minutes, so that events, cutoffs and windows often meet exactly.
TIMES = st.one_of(
    st.integers(-60, 240).map(lambda step: START + step * 20 * SECOND),
    st.integers(-20, 20).map(lambda step: START + step),
    st.sampled_from([0, 1, START - HOUR - 1, START - 1_000 * HOUR]),
)
#: Exact in fixed point, tied often, on both ends of [0, 1] and beyond; some that fixed point rounds.
SCORES = st.one_of(
    st.none(),
    st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.5]),
    st.sampled_from([-0.0, 0.1, 1 / 3, 1e-13, 5e-324, 1 - 2.0**-53, 0.0312500000001]),
    st.sampled_from([-1.0, 1.5, 65_536.0, -65_536.0]),
)
PROBABILITIES = st.one_of(st.none(), st.floats(0, 1))
BINARIES = st.integers(0, 1)
FEATURES = st.sampled_from(
    [None, {}, {"amount": 500}, {"amount": 500.5, "country": "é"}, {"nested": {"list": [1, None]}}]
)
SPANS = st.sampled_from([0, 1, 20 * SECOND, 5 * MINUTE, HOUR, 24 * HOUR, 100_000 * HOUR])
data = st.data()


class Clock:
    """A clock that is moved by hand. The time is kept on the class, so that a copy of it is the same clock."""

    now = START

    def __call__(self) -> datetime.datetime:
        return as_datetime(Clock.now)


def _span(microseconds: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=microseconds)


class TrackerMachine(RuleBasedStateMachine):
    """Calls are replayed on the reference when an answer is compared, so that many calls may lie in between.

    The reference leaves open whether a label found the trace of its expired prediction. Where that was asked, the
    answers are tried one after the other: one combination of them must explain everything that was seen.
    """

    ids = IDS
    scores = SCORES
    MOST_CALLS = 30
    MOST_COMBINATIONS = 5_000

    @initialize(
        retention=st.sampled_from([None, 1, 40, 64 * 20 * SECOND, 100 * MINUTE, 24 * HOUR]),
        max_orphan_labels=st.sampled_from([0, 1, 3, 10_000_000]),
        keep_ids=st.sampled_from([True, True, False]),
        keep_features=st.sampled_from([True, True, False]),
        history_limit=st.sampled_from([0, 2, 10_000]),
    )
    def start(
        self, retention: int | None, max_orphan_labels: int, keep_ids: bool, keep_features: bool, history_limit: int
    ) -> None:
        self._start(
            retention=retention,
            max_orphan_labels=max_orphan_labels,
            keep_ids=keep_ids,
            keep_features=keep_features,
            history_limit=history_limit,
        )

    def _start(self, *, retention: int | None, max_predictions: int | None = None, **options: Any) -> None:
        Clock.now = START
        self.tracker = ModelPerformanceTracker(
            "model",
            "v1",
            retention=None if retention is None else _span(retention),
            max_predictions=max_predictions,
            clock=Clock(),
            **options,
        )
        self.model = ReferenceTracker(retention, max_predictions, options.get("max_orphan_labels", 10_000_000))
        self.keep_ids = options.get("keep_ids", True)
        self.keep_features = options.get("keep_features", True)
        self.history_limit = options.get("history_limit", 10_000)
        self.history: list[dict[str, Any]] = []
        self.calls: list[tuple[str, tuple[Any, ...], Any]] = []

    # Comparing

    def _say(self, name: str, *arguments: Any, answer: Any = None) -> None:
        self.calls.append((name, arguments, answer))
        if self.model.max_predictions is not None or len(self.calls) > self.MOST_CALLS:
            self.settle()

    def settle(self) -> None:
        """Replays the calls since the last time on the reference, and compares counters and content."""
        calls, self.calls = self.calls, []
        counters = self.tracker.counters()
        answers: list[bool] = []
        first_failure: AssertionError | None = None
        for _ in range(self.MOST_COMBINATIONS):
            model = self.model.copy()
            model.gone.clear()
            asked: list[bool] = []
            # How many labels were late is known, only not which.
            late = counters["late_labels"] - model.totals["late_labels"]

            def is_late(answers: list[bool] = answers, asked: list[bool] = asked, late: int = late) -> bool:
                if sum(asked) == late:
                    return False
                answer = answers[len(asked)] if len(asked) < len(answers) else True
                asked.append(answer)
                return answer

            try:
                for name, arguments, answer in calls:
                    expected = getattr(self, f"_replay_{name}")(model, is_late, *arguments)
                    assert answer == expected, (name, arguments, answer, expected)
                if model.max_predictions is not None:
                    model.drop(self.tracker.predictions)
                expected_counters = model.counters()
                differing = {
                    key: (counters[key], one) for key, one in expected_counters.items() if counters[key] != one
                }
                assert not differing, f"the counters differ (library, reference): {differing}"
                assert set(counters) == set(expected_counters)
                assert_content(self.tracker, model, self.ids, iterates=self.keep_ids)
            except AssertionError as failure:
                first_failure = first_failure or failure
                # The next combination: the last answer that was yes becomes no.
                while asked and not asked[-1]:
                    asked.pop()
                if not asked:
                    break
                answers = [*asked[:-1], False]
            else:
                self.model = model
                return
        note(f"calls since the last comparison: {calls}")
        note(
            f"{dict(self.tracker.predictions) if self.keep_ids else 0}\n{dict(self.tracker.ground_truths) if self.keep_ids else 0}\n{model}"
        )
        # The reference has lost its way: what comes after it would say nothing.
        del self.tracker
        raise first_failure if first_failure is not None else AssertionError("too many combinations")

    def _replay_prediction(self, model: ReferenceTracker, is_late: Any, *arguments: Any) -> None:
        model.log_prediction(*arguments)

    def _replay_label(self, model: ReferenceTracker, is_late: Any, *arguments: Any) -> None:
        model.log_ground_truth(*arguments, is_late)

    def _replay_forget(self, model: ReferenceTracker, is_late: Any, request_id: Any) -> bool:
        return model.forget(request_id)

    def _replay_retract(self, model: ReferenceTracker, is_late: Any, request_id: Any) -> bool:
        return model.retract_ground_truth(request_id)

    def _replay_stamp(self, model: ReferenceTracker, is_late: Any, clock: int) -> None:
        model.stamp(clock)

    def _replay_note(self, model: ReferenceTracker, is_late: Any, rejected: int, skipped: int) -> None:
        model.totals["rejected"] += rejected
        model.totals["skipped"] += skipped

    # Events

    @rule(data=data, index=st.integers(0, 12), decision=BINARIES, time=st.none() | TIMES, features=FEATURES)
    def log_prediction(self, data: Any, index: int, decision: int, time: int | None, features: Any) -> None:
        request_id, score = self.ids[index], data.draw(self.scores)
        self.tracker.log_prediction(
            spell_id(data.draw, request_id),
            spell_binary(data.draw, decision),
            score,
            features,
            timestamp=spell_time(data.draw, time),
        )
        kept = features if self.keep_features else None
        self._say("prediction", request_id, decision, score, kept, time, Clock.now)

    @rule(data=data, index=st.integers(0, 12), actual=BINARIES, time=st.none() | TIMES)
    def log_ground_truth(self, data: Any, index: int, actual: int, time: int | None) -> None:
        request_id = self.ids[index]
        self.tracker.log_ground_truth(
            spell_id(data.draw, request_id), spell_binary(data.draw, actual), spell_time(data.draw, time)
        )
        self._say("label", request_id, actual, time, Clock.now)

    @rule(data=data, index=st.integers(0, 12))
    def forget(self, data: Any, index: int) -> None:
        request_id = self.ids[index]
        self._say("forget", request_id, answer=self.tracker.forget(spell_id(data.draw, request_id)))

    @rule(data=data, index=st.integers(0, 12))
    def retract_ground_truth(self, data: Any, index: int) -> None:
        request_id = self.ids[index]
        self._say("retract", request_id, answer=self.tracker.retract_ground_truth(spell_id(data.draw, request_id)))

    def _batch_ids(self, data: Any) -> list[Any]:
        pool = data.draw(
            st.sampled_from([self.ids] + [[one for one in self.ids if type(one) is kind] for kind in (str, int)])
        )
        return data.draw(st.lists(st.sampled_from(pool), max_size=12))

    def _batch_times(self, data: Any, size: int) -> list[int] | None:
        return data.draw(st.none() | st.lists(TIMES, min_size=size, max_size=size))

    @rule(data=data, with_features=st.booleans())
    def log_predictions(self, data: Any, with_features: bool) -> None:
        ids = self._batch_ids(data)
        if self.model.max_predictions is not None:
            # Which row of a batch found which other one already gone is not told; new ids cannot depend on it.
            ids = [one for one in dict.fromkeys(ids) if identity(one) not in self.model.predictions]
            ids = list({identity(one): one for one in ids}.values())
        size = len(ids)
        decisions = data.draw(st.lists(BINARIES, min_size=size, max_size=size))
        scores = data.draw(st.lists(self.scores, min_size=size, max_size=size))
        features = data.draw(st.lists(FEATURES, min_size=size, max_size=size)) if with_features else None
        times = self._batch_times(data, size)
        report = self.tracker.log_predictions(
            spell_ids(data.draw, ids),
            spell_binaries(data.draw, decisions),
            spell_scores(data.draw, scores),
            features=features,
            timestamps=spell_times(data.draw, times),
            on_error=data.draw(st.sampled_from(["raise", "skip"])),
        )
        assert (report.accepted, report.skipped, report.rejected, report.errors) == (size, 0, 0, ())
        kept = features if features is not None and self.keep_features else [None] * size
        self._stamp_batch(times, size)
        for row in range(size):
            time = None if times is None else times[row]
            self.calls.append(("prediction", (ids[row], decisions[row], scores[row], kept[row], time, Clock.now), None))
        if self.model.max_predictions is not None:
            self.settle()

    def _stamp_batch(self, times: list[int] | None, size: int) -> None:
        """An empty batch has no event to stamp."""
        if times is None and size:
            self.calls.append(("stamp", (Clock.now,), None))

    @rule(data=data)
    def log_ground_truths(self, data: Any) -> None:
        ids = self._batch_ids(data)
        size = len(ids)
        actuals = data.draw(st.lists(st.sampled_from([0, 1, 0, 1, None]), min_size=size, max_size=size))
        times = self._batch_times(data, size)
        report = self.tracker.log_ground_truths(
            spell_ids(data.draw, ids),
            spell_binaries(data.draw, actuals),
            timestamps=spell_times(data.draw, times),
            on_error=data.draw(st.sampled_from(["raise", "skip"])),
        )
        skipped = actuals.count(None)
        assert (report.accepted, report.skipped, report.rejected, report.errors) == (size - skipped, skipped, 0, ())
        for row in range(size):
            if actuals[row] is not None:
                time = None if times is None else times[row]
                self.calls.append(("label", (ids[row], actuals[row], time, Clock.now), None))
        self._say("note", 0, skipped)

    # Refusals

    BAD_IDS = st.sampled_from(["", b"", True, None, 1.5, "x" * 1025, b"x" * 1025, "\ud800", 1 << 8192, object()])
    BAD_BINARIES = st.sampled_from([2, -1, 0.5, float("inf"), "1", None, b"1", 1j, object()])
    BAD_SCORES = st.sampled_from([float("nan"), float("inf"), -float("inf"), 65_536.1, "0.5", 10**400, object()])

    def _bad_time(self, data: Any) -> Any:
        return data.draw(
            st.sampled_from(
                [
                    -1,
                    -0.5,
                    float("nan"),
                    as_datetime(-1),
                    as_datetime(Clock.now + TEN_YEARS + SECOND),
                    10**30,
                    "2024-01-01",
                ]
            )
        )

    @rule(data=data, what=st.sampled_from(["id", "value", "score", "time"]), is_label=st.booleans())
    def a_bad_event_changes_nothing(self, data: Any, what: str, is_label: bool) -> None:
        request_id = data.draw(self.BAD_IDS if what == "id" else st.sampled_from(self.ids))
        value = data.draw(self.BAD_BINARIES if what == "value" else BINARIES)
        time = self._bad_time(data) if what == "time" else data.draw(st.none() | TIMES.map(as_datetime))
        with pytest.raises((ValueError, TypeError)):
            if is_label:
                if what == "score":
                    what, request_id = "id", ""
                self.tracker.log_ground_truth(request_id, value, time)
            else:
                score = data.draw(self.BAD_SCORES if what == "score" else self.scores)
                self.tracker.log_prediction(request_id, value, score, None, time)

    @rule(data=data, what=st.sampled_from(["id", "value", "time"]), is_label=st.booleans(), skip=st.booleans())
    def a_batch_with_a_bad_row(self, data: Any, what: str, is_label: bool, skip: bool) -> None:
        size = data.draw(st.integers(1, 5))
        bad = data.draw(st.integers(0, size - 1))
        ids = data.draw(st.lists(st.sampled_from(self.ids), min_size=size, max_size=size, unique_by=identity))
        values: list[Any] = data.draw(st.lists(BINARIES, min_size=size, max_size=size))
        times: list[Any] | None = self._batch_times(data, size)
        good = [(ids[row], values[row], None if times is None else times[row]) for row in range(size) if row != bad]
        if what == "id":
            ids = [*ids[:bad], data.draw(self.BAD_IDS), *ids[bad + 1 :]]
        elif what == "value":
            null = {None} if is_label else set()
            values[bad] = data.draw(self.BAD_BINARIES.filter(lambda value: value not in null))
        else:
            times = [START] * size if times is None else times
            good = [(request_id, value, START if time is None else time) for request_id, value, time in good]
        spelled = None if times is None else [spell_time(data.draw, time) for time in times]
        if what == "time" and spelled is not None:
            spelled[bad] = self._bad_time(data)
        held = (
            {one.request_id for one in self.model.predictions.values()}
            if self.model.max_predictions is not None
            else set()
        )
        if skip and not is_label and held:
            return  # see log_predictions
        log = self.tracker.log_ground_truths if is_label else self.tracker.log_predictions
        if not skip:
            with pytest.raises((ValueError, TypeError), match=rf"\b{bad}\b"):
                log(ids, values, timestamps=spelled)
            return
        report = log(ids, values, timestamps=spelled, on_error="skip")
        assert (report.accepted, report.skipped, report.rejected) == (size - 1, 0, 1)
        ((row, reason),) = report.errors
        assert row == bad and isinstance(reason, str) and reason
        for request_id, value, time in good:
            if is_label:
                self.calls.append(("label", (request_id, value, time, Clock.now), None))
            else:
                self.calls.append(("prediction", (request_id, value, None, None, time, Clock.now), None))
        self._say("note", 1, 0)

    @rule(data=data, is_label=st.booleans())
    def unequal_lengths_change_nothing(self, data: Any, is_label: bool) -> None:
        ids = data.draw(st.lists(st.sampled_from(self.ids), max_size=5))
        other = data.draw(st.lists(BINARIES, max_size=5).filter(lambda values: len(values) != len(ids)))
        with pytest.raises(ValueError, match="as long as"):
            (self.tracker.log_ground_truths if is_label else self.tracker.log_predictions)(ids, other)

    # Time

    @rule(step=st.sampled_from([1, 20 * SECOND, 5 * MINUTE, HOUR, 30 * HOUR, -1, -20 * SECOND, -HOUR, -5 * HOUR]))
    def move_clock(self, step: int) -> None:
        Clock.now += step

    # Reads

    @rule()
    def compare_counters_and_content(self) -> None:
        self.settle()

    @rule(hours=st.sampled_from([1, 24, 0.5, 1 / 3, 10_000, 0.25]), with_now=st.booleans(), now=TIMES, data=data)
    def compute_metrics(self, hours: float, with_now: bool, now: int, data: Any) -> None:
        answer = self.tracker.compute_metrics(hours, now=spell_time(data.draw, now) if with_now else None)
        self.settle()
        last = now if with_now else Clock.now
        first = last - datetime.timedelta(hours=hours) // _span(1)
        window = self.model.window(first, last if with_now else None)
        assert_plain_metrics(answer, window, len(self.model.predictions))
        if "status" not in answer:
            assert (answer["model"], answer["version"], answer["window_hours"]) == ("model", "v1", hours)
            self.history = [*self.history, answer][-self.history_limit :] if self.history_limit else []
        assert list(self.tracker.metrics_history) == self.history

    @rule(
        data=data,
        form=st.sampled_from(["all", "window", "now", "start", "end", "both", "min_age", "min_age now"]),
        span=SPANS,
        age=SPANS,
        time=TIMES,
        threshold=st.none() | st.sampled_from([0.5, 0.25, 0.0, 1.0, 0.1, -0.5]),
        exact=st.booleans(),
        confidence=st.sampled_from([0.95, 0.5, 0.999]),
    )
    def snapshot(
        self,
        data: Any,
        form: str,
        span: int,
        age: int,
        time: int,
        threshold: float | None,
        exact: bool,
        confidence: float,
    ) -> None:
        now = Clock.now
        arguments: dict[str, Any] = {}
        first: int | None = None
        last: int | None = None
        if form == "window":
            arguments, first = {"window": _span(span)}, now - span
        elif form == "now":
            arguments, first, last = {"window": _span(span), "now": spell_time(data.draw, time)}, time - span, time
        elif form == "start":
            arguments, first = {"start": spell_time(data.draw, time)}, time
        elif form == "end":
            arguments, last = {"end": spell_time(data.draw, time)}, time - 1
        elif form == "both":
            first, last = time, time + span - 1
            arguments = {"start": spell_time(data.draw, time), "end": spell_time(data.draw, time + span)}
            if span == 0:
                return  # whether an empty window is an error is for the tests of the arguments
        elif form == "min_age":
            arguments, first, last = {"window": _span(span), "min_age": _span(age)}, now - age - span, now - age
        elif form == "min_age now":
            arguments = {"window": _span(span), "min_age": _span(age), "now": spell_time(data.draw, time)}
            first, last = time - age - span, time - age
        answer = self.tracker.snapshot(**arguments, threshold=threshold, exact=exact, confidence=confidence)
        self.settle()
        window = self.model.window(first, last)
        assert_snapshot(
            answer, window if threshold is None else window.at_threshold(threshold), exact=exact, confidence=confidence
        )

    # Keeping

    @rule(way=st.sampled_from(["bytes", "file", "pickle", "deepcopy"]))
    def keep_and_come_back(self, way: str) -> None:
        if way == "bytes":
            self.tracker = ModelPerformanceTracker.from_bytes(self.tracker.to_bytes(), clock=Clock())
        elif way == "pickle":
            self.tracker = pickle.loads(pickle.dumps(self.tracker))
        elif way == "deepcopy":
            self.tracker = copy.deepcopy(self.tracker)
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "tracker"
                self.tracker.save(path)
                self.tracker = ModelPerformanceTracker.load(path, clock=Clock())
        assert list(self.tracker.metrics_history) == self.history

    def teardown(self) -> None:
        if hasattr(self, "tracker"):
            self.settle()


class BoundedTrackerMachine(TrackerMachine):
    """With a limit on predictions: the oldest leave, and the reference is told how many."""

    @initialize(
        retention=st.sampled_from([None, 64 * 20 * SECOND]),
        max_predictions=st.sampled_from([1, 2, 5, 8, 16]),
        max_orphan_labels=st.sampled_from([0, 2, 10_000_000]),
    )
    def start(self, retention: int | None, max_predictions: int, max_orphan_labels: int) -> None:  # type: ignore[override]
        self._start(retention=retention, max_predictions=max_predictions, max_orphan_labels=max_orphan_labels)


class ProbabilityMachine(TrackerMachine):
    """Scores that are probabilities, any of them, so that Brier score, log loss and calibration are defined."""

    scores = PROBABILITIES


TestTracker = TrackerMachine.TestCase
TestBoundedTracker = BoundedTrackerMachine.TestCase
TestProbabilities = ProbabilityMachine.TestCase
