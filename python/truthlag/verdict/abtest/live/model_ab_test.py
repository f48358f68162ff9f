"""A live A/B test of models."""

from __future__ import annotations

import math
import os
import secrets
import time as system_time
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, Self

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker, Time
from truthlag.verdict.abtest.gates.sample_ratio import MOST_SEGMENTS
from truthlag.verdict.abtest.live import state_bytes
from truthlag.verdict.abtest.live.allocation import Allocation
from truthlag.verdict.abtest.live.evaluate import Evaluation, evaluate
from truthlag.verdict.abtest.live.logged_look import LoggedLook, iso
from truthlag.verdict.abtest.live.moments import moment_of_test
from truthlag.verdict.abtest.live.over_time import over_time
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.live.shard import COVARIATE, LARGEST, Columns, Shard
from truthlag.verdict.abtest.live.unit_hash import event_number, typed_bytes, unit_digest
from truthlag.verdict.abtest.pictures.interval_over_time import IntervalOverTime
from truthlag.verdict.abtest.quantiles import LatencyHistogram
from truthlag.verdict.abtest.report.report import ABTestReport
from truthlag.verdict.abtest.statistics.checks import finite
from truthlag.verdict.alerts.forking import guard
from truthlag.verdict.detectors.parameters import choice, count
from truthlag.verdict.process_lock import ProcessLock

MOST_LOOKS = 10_000
_MOST_TEXT = 1_024
_ASSIGNMENTS = ("hash", "external")
#: Of the threads of a child, one moves the test to its process.
_FORKED = ProcessLock()


class ModelABTest:
    """A test that runs: it assigns units to arms, takes exposures and outcomes as they come, and says what they show.

    Units are what is assigned: users, mostly. Ids are typed as those of requests are: `1`, `"1"` and `b"1"` are different units, and
    a UUID is its canonical text. Only a hash of them is kept. Threads may share a test; each process has one of its own, and all of
    them `merge`.

    It holds the exposures by unit (the first one in each arm) and every outcome with its time, so that it does not matter in which order
    they come, nor in which process. A unit takes some 170 bytes and an outcome 38.

    Args:
        name: What the test is called.
        arms: The names of the arms, the control first.
        weights: The shares of the exposed units that the arms get, by arm or in order; they need not add up to 1. None for equal ones.
        salt: What makes the assignment one of its own: tests with other salts assign independently. None for the name.
        share: The share of the units that is exposed, from 0 to 1; see `ramp`.
        metrics: The metrics by name, the primary one first: an `OutcomeMetric` or its kind alone (`"any"`, `"count"`, `"total"`,
            `"average"`), or a `TrackerMetric`.
        guardrails: Guardrails, each about the metric of its name or, if there is none, about the mean of the outcomes of its name; a
            pair of a guardrail and a metric says which. One with a quantile is about the outcomes themselves, clustered by unit.
        mode: When one may look: `"confidence_sequence"` at any time, `"group_sequential"` now and then until `planned_n`, `"fixed"` once,
            at `planned_n`. Guardrails have a mode of their own.
        alpha: The probability of a wrong verdict on the primary metric, all treatments and looks together.
        planned_n: The units of the control and one treatment together, for the modes that need them.
        expected_n: The same at which a confidence sequence is narrowest.
        spending: How alpha is spent; see `compare`.
        assignment: `"hash"`: by `assign`. `"external"`: by someone else, who says the arm of each exposure.
        covariates: The names of what is known of units before the test; exposures may bring them or `log_covariates`, a gate compares
            them, and metrics may be adjusted for them.
        segments: Whether the sizes of the arms are looked at by segment too, and with the default mode the metrics of outcomes: False,
            True, or the names of the segments.
        max_units: How many units this process keeps; further ones are dropped and counted.
        max_outcomes: How many outcomes it keeps, values of `log_covariates` among them.
        clock: A callable that returns the present time, instead of the system's clock.
        source: What this process is called among those that merge; None for a random name. Two processes must not share one.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Source: Fabijan and others (2019), "Diagnosing sample ratio mismatch", for the gates; Crook and others (2009), "Seven pitfalls to avoid
    when running controlled experiments on the web", for ramps and Simpson's paradox.

    Example:
        >>> from truthlag.abtest import ModelABTest
        >>> test = ModelABTest("ranker", ["v1", "v2"], salt="ranker-1", metrics={"bought": "any"}, expected_n=4_000)
        >>> test.assign("ann"), test.assign("ann"), test.assign("bob")
        ('v2', 'v2', 'v1')
        >>> for user in range(4_000):
        ...     arm = test.log_exposure(user, timestamp=0.0)
        ...     if user % 100 < (30 if arm == "v2" else 20):
        ...         _ = test.log_outcome(user, "bought", timestamp=60.0)
        >>> report = test.report(now=3_600.0)
        >>> report.status, report.metric("bought").verdict
        ('ship', 'better')
        >>> test.name, test.arms, test.salt, test.share, test.units, test.outcomes, len(test.looks)
        ('ranker', ('v1', 'v2'), 'ranker-1', 1.0, 4000, 1003, 1)
    """

    def __init__(
        self,
        name: str,
        arms: Any,
        *,
        weights: Any = None,
        salt: str | None = None,
        share: float = 1.0,
        metrics: Mapping[str, Any],
        guardrails: Any = (),
        mode: str = "confidence_sequence",
        alpha: float = 0.05,
        planned_n: int | None = None,
        expected_n: int | None = None,
        spending: Any = "obrien_fleming",
        assignment: str = "hash",
        covariates: Any = (),
        segments: Any = False,
        max_units: int = 5_000_000,
        max_outcomes: int = 50_000_000,
        clock: Callable[[], Any] | None = None,
        source: str | None = None,
    ) -> None:
        self._name = _text("name", name)
        self._salt = self._name if salt is None else _text("salt", salt)
        if "\0" in self._salt:
            raise ValueError("salt must be a str without the character 0, which ends it in the hash")
        self._salted = typed_bytes("salt", self._salt)[1:] + b"\0"
        choice("assignment", assignment, _ASSIGNMENTS)
        self._allocation = Allocation.begin(arms, weights, share, assigns=assignment == "hash")
        self._settings = Settings.of(
            {
                "metrics": metrics,
                "guardrails": guardrails,
                "mode": mode,
                "alpha": alpha,
                "planned_n": planned_n,
                "expected_n": expected_n,
                "spending": spending,
                "covariates": covariates,
                "segments": segments,
            }
        )
        self._begin(max_units, max_outcomes, clock, source)

    def _begin(self, max_units: Any, max_outcomes: Any, clock: Any, source: Any) -> None:
        """What is of this process alone."""
        self._max_units = int(count("max_units", max_units, 1, 2**40))
        self._max_outcomes = int(count("max_outcomes", max_outcomes, 1, 2**40))
        if clock is not None and not callable(clock):
            raise TypeError(f"clock must be a callable or None, got {described(clock)}")
        self._clock = clock
        #: The lock of the events is held for moments; the others, for a look and a copy, are taken before it.
        self._lock, self._looking, self._copying, self._process = RLock(), ProcessLock(), ProcessLock(), os.getpid()
        self._source = secrets.token_hex(8) if source is None else _text("source", source)
        self._own = Shard(len(self._settings.covariates))
        self._others: dict[str, Columns] = {}
        #: What the parent of this process had seen when it forked.
        self._inherited: dict[str, Shard] = {}
        self._looks: tuple[LoggedLook, ...] = ()
        self._trackers: dict[str, ModelPerformanceTracker] = {}
        self._histograms: dict[tuple[str, str], LatencyHistogram] = {}
        self._places = {arm: place for place, arm in enumerate(self._allocation.arms)}
        self._known_outcomes = frozenset(self._settings.outcomes)
        self._no_values = [float("nan")] * len(self._settings.covariates)
        guard(self)

    @property
    def name(self) -> str:
        """What the test is called."""
        return self._name

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, the control first."""
        return self._allocation.arms

    @property
    def salt(self) -> str:
        """What makes the assignment one of its own."""
        return self._salt

    @property
    def share(self) -> float:
        """The share of the units that the newest period exposes."""
        return self._allocation.periods[-1].share

    @property
    def looks(self) -> tuple[LoggedLook, ...]:
        """The looks that were taken, in order of time; the newest 10,000, and the final one."""
        return self._looks

    @property
    def units(self) -> int:
        """How many units this process keeps, those of outcomes without an exposure among them."""
        return self._own.units

    @property
    def outcomes(self) -> int:
        """How many outcomes this process keeps, values of `log_covariates` among them."""
        return self._own.events

    def assign(self, unit_id: Any, *, at: Time | None = None) -> str | None:
        """The arm of a unit, or None where it is not exposed: serve it the control, and log no exposure.

        The arm follows from salt, id and weights alone, the same on every machine, and never changes: of the SHA-256 of salt, a byte 0,
        a letter for the type and the id, the first eight bytes decide the arm and the next eight whether the unit is exposed. The manual
        tells it byte by byte. Nothing is logged.

        Args:
            unit_id: A str, bytes, int or UUID.
            at: When; None for the clock.

        Raises:
            TypeError: The id or the time has the wrong type.
            ValueError: It is too long, or arms are assigned by someone else.

        Cost: two to three microseconds.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], share=0.1, metrics={"bought": "any"})
            >>> [test.assign(user) for user in range(12)]
            [None, None, None, None, 'v1', None, None, None, None, None, None, None]
        """
        if not self._allocation.assigns:
            raise ValueError("assign must not be asked: the test was made with assignment 'external'")
        when = self._moment("at", at)
        place = self._allocation.arm_of(unit_digest(self._salted, unit_id), when)
        return None if place is None else self._allocation.arms[place]

    def ramp(self, share: float | None = None, *, weights: Any = None, at: Time | None = None) -> None:
        """Begin a period in which another share of the units is exposed.

        Units that were exposed stay so when the share rises, in their arms. Other weights hold for the units that a larger share is the
        first to expose; for units that have their arm already they are refused. All processes must be told the same, with the same `at`.
        Metrics are averaged over the periods, so that a change of the weights does no harm.

        Args:
            share: The share from 0 to 1; None for that of the last period.
            weights: The weights from then on; None for those of the last period.
            at: The beginning of the period, after that of the last one; None for the clock.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: It is not allowed, or nothing would change.

        Cost: some microseconds.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], weights=[9, 1], share=0.1, metrics={"bought": "any"})
            >>> test.ramp(0.5, weights=[1, 1], at=86_400.0)
            >>> test.assign(4, at=0.0), test.assign(5, at=0.0), test.assign(5, at=90_000.0), test.share
            ('v1', None, 'v2', 0.5)
        """
        start = self._moment("at", at)
        # Whoever ramps down in an emergency does not wait for a look.
        with self._lock:
            self._allocation = self._allocation.ramp(share, weights, start)

    def log_exposure(
        self,
        unit_id: Any,
        arm: str | None = None,
        *,
        timestamp: Time | None = None,
        segment: str | None = None,
        covariates: Mapping[str, float] | None = None,
    ) -> str | None:
        """A unit has seen its arm. The first exposure counts, by its time and not by when it is logged; later ones change nothing.

        A unit that is told to have seen two arms is in none of them, and the gate `double_exposure` looks at how many there are. One that
        saw another arm than it is assigned to is in none either, and the gate `assignment` looks.

        Args:
            unit_id: A str, bytes, int or UUID.
            arm: The arm that it saw; None for that which it is assigned to.
            timestamp: When; None for the clock.
            segment: Its segment then, if the test has segments.
            covariates: What was known of it before, by name; those that are missing are not known.

        Returns:
            The arm; None where the unit is not exposed then, so that nothing is logged, or where it was dropped.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: It is not allowed. Nothing is logged.

        Cost: some eight microseconds for a new unit, five for one that is known.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], salt="a", metrics={"bought": "any"})
            >>> test.log_exposure("ann", timestamp=0.0)
            'v1'
        """
        digest = unit_digest(self._salted, unit_id)
        when = self._moment("timestamp", timestamp)
        if arm is None:
            if not self._allocation.assigns:
                raise ValueError("arm must be given: the test was made with assignment 'external'")
            place = self._allocation.arm_of(digest, when)
            if place is None:
                return None
        else:
            place = self._place("arm", arm)
        if segment is not None:
            self._check_segment(segment)
        values = self._no_values if covariates is None else self._values(covariates)
        if self._process != os.getpid():
            self._after_fork()
        with self._lock:
            own = self._own
            if not own.knows(digest) and own.units >= self._max_units:
                own.dropped_units += 1
                own.version += 1
                return None
            if segment is not None and not own.knows_segment(segment) and own.segments >= MOST_SEGMENTS:
                raise ValueError(f"segment must be one of the {MOST_SEGMENTS} that there are, got {described(segment)}")
            own.expose(digest, place, when, segment, values)
        return self._allocation.arms[place]

    def log_covariates(self, unit_id: Any, covariates: Mapping[str, float], *, timestamp: Time | None = None) -> bool:
        """What is known of a unit from before, where whoever logs the exposure does not know it: from a table of the month before, mostly.

        Of a covariate the newest value counts that was known when the unit was first exposed: that of the exposure, or else the last
        one that is logged with a time up to it; of several of one time the greatest. It may be logged before the exposure, late and in
        any order. A value of a later time does not count, since the treatment may have moved it, and the report says how many there are.

        Log each value once. The same one again moves no metric, but is not recognised: it takes room once more, which counts toward
        `max_outcomes`, and one of a later time is among those of the report once more.

        Args:
            unit_id: A str, bytes, int or UUID.
            covariates: The values by name, from -1e100 to 1e100; None for one that is not known.
            timestamp: As of when they are so, which is not when it is logged; None for the clock.

        Returns:
            Whether they were kept; False where there is no room, which is counted. A value takes the room of an outcome.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: It is not allowed. Nothing is logged.

        Cost: some six microseconds, and two for each further covariate.

        Example:
            >>> from truthlag.abtest import ModelABTest, OutcomeMetric
            >>> revenue = OutcomeMetric("total", covariates=["revenue before"])
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"revenue": revenue}, covariates=["revenue before"])
            >>> test.log_covariates("ann", {"revenue before": 31.5}, timestamp=0.0)
            True
        """
        digest = unit_digest(self._salted, unit_id)
        names = self._settings.covariates
        known = [
            (name, value) for name, value in zip(names, self._values(covariates), strict=True) if not math.isnan(value)
        ]
        when = self._moment("timestamp", timestamp)
        if self._process != os.getpid():
            self._after_fork()
        with self._lock:
            own = self._own
            has_no_room = own.events + len(known) > self._max_outcomes
            if has_no_room or (not own.knows(digest) and own.units >= self._max_units):
                own.dropped_events += len(known)
                own.version += 1
                return False
            for name, value in known:
                own.outcome(digest, COVARIATE + name, value, when, 0)
        return True

    def log_outcome(
        self,
        unit_id: Any,
        outcome: str,
        value: float = 1.0,
        *,
        timestamp: Time | None = None,
        event_id: Any = None,
    ) -> bool:
        """Something came of a unit: a purchase, an error, a latency. It may be logged before the exposure, late, and in any order.

        It counts if it happened at the exposure of the unit or later. A unit may have many; they are rolled up by unit.

        Args:
            unit_id: A str, bytes, int or UUID.
            outcome: One of the outcomes that metrics and guardrails are made of.
            value: A number from -1e100 to 1e100.
            timestamp: When it happened; None for the clock.
            event_id: An id of its own, such as that of a request: an outcome that comes again with it counts once, in whichever process.
                Without, each call counts.

        Returns:
            Whether it was kept; False where there is no room, which is counted.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: It is not allowed. Nothing is logged.

        Cost: some six microseconds.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"revenue": "total"})
            >>> test.log_outcome("ann", "revenue", 12.5, timestamp=30.0, event_id="order-1")
            True
        """
        digest = unit_digest(self._salted, unit_id)
        if outcome not in self._known_outcomes:
            if not isinstance(outcome, str):
                raise TypeError(f"outcome must be a str, got {described(outcome)}")
            allowed = ", ".join(map(repr, self._settings.outcomes)) or "none, since all metrics are of trackers"
            raise ValueError(f"outcome must be one of {allowed}, got {described(outcome)}")
        number = _number("value", value)
        when = self._moment("timestamp", timestamp)
        event = 0 if event_id is None else event_number(event_id)
        if self._process != os.getpid():
            self._after_fork()
        with self._lock:
            own = self._own
            if own.events >= self._max_outcomes or (not own.knows(digest) and own.units >= self._max_units):
                own.dropped_events += 1
                own.version += 1
                return False
            own.outcome(digest, outcome, number, when, event)
        return True

    def attach(self, arm: str, source: ModelPerformanceTracker | LatencyHistogram, outcome: str | None = None) -> None:
        """Let an arm's labels, or its latencies, come from what is kept already.

        They are not in the bytes, nor merged: attach them again to what `from_bytes` or `merge` gives.

        Args:
            arm: The arm.
            source: The tracker of the arm, for metrics and guardrails that are of the kind `TrackerMetric`; or a `LatencyHistogram` of
                an outcome, for guardrails with a quantile, in place of outcomes that are logged.
            outcome: Which outcome a histogram is of.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: There is no such arm, or a histogram is of nothing.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> from truthlag.abtest import ModelABTest, TrackerMetric
            >>> test = ModelABTest("fraud", ["v1", "v2"], metrics={"recall": TrackerMetric()})
            >>> for arm in test.arms:
            ...     test.attach(arm, ModelPerformanceTracker("fraud", arm))
            >>> test.report(now=0.0).status
            'no_data'
        """
        self._place("arm", arm)
        if isinstance(source, LatencyHistogram):
            if outcome not in self._known_outcomes:
                allowed = ", ".join(map(repr, self._settings.outcomes)) or "none"
                raise ValueError(f"outcome must be one of {allowed} for a histogram, got {described(outcome)}")
            self._histograms[arm, str(outcome)] = source
        elif isinstance(source, ModelPerformanceTracker):
            if outcome is not None:
                raise ValueError(f"outcome must be None for a tracker, got {described(outcome)}")
            self._trackers[arm] = source
        else:
            raise TypeError(f"source must be a ModelPerformanceTracker or a LatencyHistogram, got {described(source)}")

    def revise(self, **changes: Any) -> None:
        """Change what is asked, before the first look.

        Args:
            changes: `metrics`, `guardrails`, `mode`, `alpha`, `planned_n`, `expected_n` or `spending`, as in the constructor. Arms,
                weights and salt cannot be changed.

        Raises:
            TypeError: There is no such argument, or it has the wrong type.
            ValueError: It is not allowed, or a look was taken. The test is as before.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
            >>> test.revise(mode="fixed", planned_n=20_000)
            >>> _ = test.report(now=0.0)
            >>> test.revise(planned_n=10_000)
            Traceback (most recent call last):
                ...
            ValueError: planned_n must stay as it is: the test was looked at
        """
        with self._looking, self._lock:
            if self._looks and changes:
                raise ValueError(f"{', '.join(map(str, changes))} must stay as it is: the test was looked at")
            self._settings = self._settings.changed(changes)
            self._known_outcomes = frozenset(self._settings.outcomes)

    def report(self, *, now: Time | None = None) -> ABTestReport:
        """Look: gates, then metrics, then guardrails, then one recommendation. The look is logged, and freezes what is asked.

        Args:
            now: The moment of the look, from which on nothing has happened yet; not before that of the last look. None for the clock,
                or the last look where the clock was set back or is behind that of a process which was merged.

        Returns:
            The report.

        Raises:
            TypeError: It is no time.
            ValueError: It is before the last look, or a metric needs a tracker that is not attached.

        Cost: some milliseconds, and from many units two to four microseconds a unit and one an outcome; logging goes on meanwhile, the
        columns are copied piece by piece. With mode `"group_sequential"` one or two milliseconds more a metric for each look before.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
            >>> print(test.report(now=0.0).recommendation)
            Nothing can be said of v2 yet: the control and the treatment have no rows.
        """
        when = self._moment("now", now)
        with self._looking:
            if now is None and self._looks:
                when = max(when, self._looks[-1].moment)
            if self._looks and when < self._looks[-1].moment:
                raise ValueError(f"now must not be before the last look, {self._looks[-1].at}, got {iso(when)}")
            # What is logged after the copy began is of a later look. The allocation is read after it, and so knows all periods of it.
            shards = self._taken_shards()
            content = (self._allocation, self._settings, dict(self._trackers), dict(self._histograms))
            found = evaluate(Evaluation(self._name, *content, tuple(shards.values()), self._looks, when))
            self._looks = _kept((*self._looks, found.look))
        return found.report

    def interval_over_time(self, metric: str | None = None, *, arm: str | None = None) -> IntervalOverTime:
        """The difference of a metric with its interval at the looks that were taken, as rows and as a picture.

        Args:
            metric: The metric; None for the primary one.
            arm: The treatment; None for the only one.

        Raises:
            TypeError: The arm has the wrong type.
            ValueError: There is no such metric or treatment, or no look was taken yet.

        Cost: some microseconds a look.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
            >>> for user in range(300):
            ...     arm = test.log_exposure(user, timestamp=float(user))
            ...     if user % 3 == 0:
            ...         _ = test.log_outcome(user, "bought", timestamp=float(user))
            ...     if user % 100 == 99:
            ...         _ = test.report(now=user + 1.0)
            >>> shown = test.interval_over_time()
            >>> [look.n for look in shown.looks], shown.to_svg().startswith("<svg")
            ([100, 200, 300], True)
        """
        treatments = self.arms[1:]
        if arm is None and len(treatments) > 1:
            raise ValueError(f"arm must be one of {', '.join(map(repr, treatments))}, got None")
        which = treatments[0] if arm is None else self.arms[self._place("arm", arm)]
        if which not in treatments:
            raise ValueError(f"arm must be a treatment, got {described(arm)}, which is the control")
        return over_time(self._looks, self._settings, metric, which)

    def merge(self, other: ModelABTest) -> ModelABTest:
        """The test of what both have seen, in a process of its own; neither of them is changed, and both may go on.

        It does not matter in which order tests are merged, nor how often: each process has a place of its own, in which its newest state
        counts. The earliest exposure of a unit wins. Looks are those of both.

        Args:
            other: A test with the same name, arms, salt and questions, and the same periods or the first of them.

        Raises:
            TypeError: It is no such test.
            ValueError: It is another test, or two processes shared a source.

        Cost: a microsecond or two a unit of this process and of the other one.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> def server():
            ...     return ModelABTest("ranker", ["v1", "v2"], salt="a", metrics={"bought": "any"})
            >>> first, second = server(), server()
            >>> _ = first.log_exposure("ann", timestamp=0.0), second.log_exposure("bob", timestamp=0.0)
            >>> both = first.merge(second)
            >>> both.merge(second).merge(first).report(now=60.0).units
            {'v1': 1, 'v2': 1}
        """
        if not isinstance(other, ModelABTest):
            raise TypeError(f"other must be a ModelABTest, got {described(other)}")
        for what, mine, theirs in (
            ("name", self._name, other._name),
            ("salt", self._salt, other._salt),
            ("arms", self.arms, other.arms),
            ("assignment", self._allocation.assigns, other._allocation.assigns),
        ):
            if mine != theirs:
                raise ValueError(
                    f"other must have the {what} of this test ({described(mine)}), got {described(theirs)}"
                )
        asked = other._settings.to_dict()
        for what, value in self._settings.to_dict().items():
            if value != asked[what]:
                raise ValueError(f"other must have the {what} of this test, got others")
        made = self._alike()
        made._others = _joined(self._taken_shards(), other._taken_shards())
        made._allocation = self._allocation.joined(other._allocation)
        looks = {_look_key(look): look for look in (*self._looks, *other._looks)}
        made._looks = _kept(tuple(looks[key] for key in sorted(looks)))
        return made

    def __add__(self, other: object) -> ModelABTest:
        return self.merge(other) if isinstance(other, ModelABTest) else NotImplemented

    def to_bytes(self) -> bytes:
        """The test as bytes: what is asked, the periods, the looks, and all that was seen, by hashes of the units.

        They are the same in whatever order events came, and have a format version and a checksum.

        Returns:
            Bytes for `from_bytes`.

        Cost: two microseconds a unit; a unit takes 46 bytes and an outcome 36.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
            >>> ModelABTest.from_bytes(test.to_bytes()).arms
            ('v1', 'v2')
        """
        shards = self._taken_shards()
        header = {
            "name": self._name,
            "salt": self._salt,
            "allocation": self._allocation.to_dict(),
            "settings": self._settings.to_dict(),
            "looks": [look.to_dict() for look in self._looks],
        }
        return state_bytes.written(header, shards)

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        *,
        max_units: int = 5_000_000,
        max_outcomes: int = 50_000_000,
        clock: Callable[[], Any] | None = None,
        source: str | None = None,
    ) -> Self:
        """The test that `to_bytes` wrote. What it logs from now on is of a new process.

        Args:
            data: What it gave.
            max_units: As in the constructor, for what is new.
            max_outcomes: As in the constructor, for what is new.
            clock: As in the constructor.
            source: As in the constructor; another one than those of the bytes.

        Raises:
            TypeError: They are no bytes.
            ValueError: They are damaged, or of a version that this one does not know.

        Example:
            >>> from truthlag.abtest import ModelABTest
            >>> test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
            >>> _ = test.log_exposure("ann", timestamp=0.0)
            >>> sum(ModelABTest.from_bytes(test.to_bytes()).report(now=60.0).units.values())
            1
        """
        header, rest = state_bytes.read(data)
        made = cls.__new__(cls)
        try:
            made._name, made._salt = _text("name", header["name"]), _text("salt", header["salt"])
            made._salted = typed_bytes("salt", made._salt)[1:] + b"\0"
            made._allocation = Allocation.from_dict(header["allocation"])
            made._settings = Settings.from_dict(header["settings"])
            looks = _kept(tuple(sorted(map(LoggedLook.from_dict, header["looks"]), key=_look_key)))
            arms, covariates = len(made._allocation.arms), len(made._settings.covariates)
            shards = state_bytes.shards_of(header["shards"], rest, arms, covariates)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            raise ValueError("data must be bytes of a ModelABTest, got some that contradict themselves") from error
        made._begin(max_units, max_outcomes, clock, source)
        made._looks, made._others = looks, shards
        if made._source in shards:
            raise ValueError(f"source must be another one than those of the bytes, got {described(made._source)}")
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy, by way of the bytes; limits, clock and attachments are not in them."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<ModelABTest {self._name!r} of {', '.join(self.arms)}, {len(self._looks)} looks>"

    def _alike(self) -> ModelABTest:
        """The same test in a process of its own, which has seen nothing."""
        made = ModelABTest.__new__(ModelABTest)
        made._name, made._salt, made._salted = self._name, self._salt, self._salted
        made._allocation, made._settings = self._allocation, self._settings
        made._begin(self._max_units, self._max_outcomes, self._clock, None)
        return made

    def _before_fork(self) -> None:
        """No event is half logged in the child."""
        self._lock.acquire()

    def _after_fork_in_parent(self) -> None:
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock = RLock()

    def _after_fork(self) -> None:
        """A child of a fork has a place of its own, since its parent goes on with the other."""
        with _FORKED:
            if self._process == os.getpid():
                return
            if self._own.version:
                # Put into columns when they are asked for: this is the first event that the child logs.
                self._inherited[self._source] = self._own
            self._own, self._source = Shard(len(self._settings.covariates)), secrets.token_hex(8)
            self._process = os.getpid()

    def _taken_shards(self) -> dict[str, Columns]:
        """All that was seen by source, as of now; events go on but for moments."""
        if self._process != os.getpid():
            self._after_fork()
        with self._copying:
            for source, shard in self._inherited.items():
                self._others[source] = shard.columns()
            self._inherited = {}
            found = dict(self._others)
            with self._lock:
                own, source = self._own, self._source
                if not own.version:
                    return found
                copy = own.begin_copy()
            try:
                copy.fill()
            finally:
                with self._lock:
                    saved = own.end_copy()
        found[source] = copy.columns(saved)
        return found

    def _moment(self, name: str, value: Any) -> int:
        if value is None:
            if self._clock is None:
                return system_time.time_ns() // 1_000
            return moment_of_test("clock()", self._clock())
        return moment_of_test(name, value)

    def _place(self, name: str, arm: Any) -> int:
        place = self._places.get(arm) if isinstance(arm, str) else None
        if place is None:
            kind = ValueError if isinstance(arm, str) else TypeError
            raise kind(f"{name} must be one of {', '.join(map(repr, self.arms))}, got {described(arm)}")
        return place

    def _check_segment(self, segment: Any) -> None:
        allowed = self._settings.segments
        if not isinstance(segment, str):
            raise TypeError(f"segment must be a str or None, got {described(segment)}")
        if allowed is False:
            raise ValueError(f"segment must be None: the test was made without segments, got {described(segment)}")
        if allowed is not True and segment not in allowed:
            raise ValueError(f"segment must be one of {', '.join(map(repr, allowed))}, got {described(segment)}")
        if len(segment) > _MOST_TEXT:
            raise ValueError(f"segment must have at most {_MOST_TEXT} characters, got {len(segment)}")

    def _values(self, covariates: Any) -> list[float]:
        names = self._settings.covariates
        if covariates is None:
            return self._no_values
        if not isinstance(covariates, Mapping):
            raise TypeError(f"covariates must be numbers by name, got {described(covariates)}")
        for name in covariates:
            if name not in names:
                allowed = ", ".join(map(repr, names)) or "none: the test was made without covariates"
                raise ValueError(f"covariates must be of {allowed}, got {described(name)}")
        return [
            float("nan") if covariates.get(name) is None else _number(f"covariates[{name!r}]", covariates[name])
            for name in names
        ]


def _number(name: str, value: Any) -> float:
    """One whose square is a float, so that no single value spoils a metric."""
    number = finite(name, int(value) if isinstance(value, bool) else value)
    if abs(number) > LARGEST:
        raise ValueError(f"{name} must be a number from {-LARGEST:g} to {LARGEST:g}, got {described(value)}")
    return number


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {described(value)}")
    if not 0 < len(value) <= _MOST_TEXT:
        raise ValueError(f"{name} must have from 1 to {_MOST_TEXT} characters, got {len(value)}")
    return str(value)


def _joined(first: Mapping[str, Columns], second: Mapping[str, Columns]) -> dict[str, Columns]:
    """Of each source its newest state."""
    found = dict(first)
    for source, columns in second.items():
        mine = found.get(source)
        if mine is None:
            found[source] = columns
            continue
        older, newer = (mine, columns) if mine.version < columns.version else (columns, mine)
        found[source] = newer
        if not older.may_grow_to(newer):
            raise ValueError(
                f"other must not share a source with this test unless one is an earlier state of the other, but {source!r} is two processes"
            )
    return found


def _look_key(look: LoggedLook) -> tuple[int, str]:
    return look.moment, repr(look)


def _kept(looks: tuple[LoggedLook, ...]) -> tuple[LoggedLook, ...]:
    """The newest looks, and the final one."""
    if len(looks) <= MOST_LOOKS:
        return looks
    final = tuple(look for look in looks if look.is_final)[:1]
    newest = tuple(look for look in looks if look not in final)[len(final) - MOST_LOOKS :]
    return tuple(sorted((*final, *newest), key=_look_key))
