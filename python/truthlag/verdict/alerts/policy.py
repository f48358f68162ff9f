"""From verdicts to incidents: when a person is told, and when not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from truthlag.call.described import described
from truthlag.verdict.alerts.clock import Clock, PolicyClock, end_of, not_ahead
from truthlag.verdict.alerts.dry_run import DryRun, dry_run
from truthlag.verdict.alerts.forking import ForkSafeLock
from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.label_feed import LabelFeed
from truthlag.verdict.alerts.ledger.ledger import Ledger, Taken
from truthlag.verdict.alerts.mute import Mute
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.observation import ALARM, LabelCount, Observation
from truthlag.verdict.alerts.parameters import choice, optional_word, word
from truthlag.verdict.alerts.recovery import AskedWatches, recovery
from truthlag.verdict.alerts.report_reader import observations_of
from truthlag.verdict.alerts.saved_state import arguments_of, packed, saved, saved_ledger, unpacked
from truthlag.verdict.alerts.settings import Settings
from truthlag.verdict.alerts.sinks.outlet import AnySink, Outlet
from truthlag.verdict.alerts.sinks.sink import Sink
from truthlag.verdict.alerts.threshold import Threshold, judged
from truthlag.verdict.alerts.tracked_labels import AskedTrackers, checked_tracker, labels_that_came
from truthlag.verdict.alerts.watch_reader import observation_of
from truthlag.verdict.watch import Alarm

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker


class AlertPolicy:
    """Takes the verdicts on models, look by look, and says when that is worth a person's attention.

    **Opening and closing.** A metric falls when `open_looks` (m of the last n) found it at least as bad as `open_at`, and
    the first of these was `open_after` ago or more. It is good again when `close_looks` found it at most as bad as
    `close_at`, and the first of these was `close_after` ago or more. Verdicts that decide nothing (`undecided`, `immature`,
    `no_data`) count as no look. It is critical when the rule for opening holds for critical looks alone. A feed of labels
    opens and closes by its own rule (`LabelFeed`).

    **Alarms.** An alarm of a detector, which has weighed the evidence over time, opens at once and stands until something
    proves that it is good again; more alarms meanwhile are evidence, and no news. Proof are looks at the same metric by the
    rule for closing, of windows that begin after the loss did, where they say when they begin; `observe_recovery`; and, of a
    watch (`observe_watch`), the rows that it has taken since its last alarm, which `tick` asks for. These prove it where a
    likelihood ratio of 100 says that their mean loss is below a limit, so that a mean at the limit is taken for good in at most
    one of 100 stretches between alarms. The limit is the least of two: half-way from what is good (the baseline and what is
    tolerated; without a baseline, the mean loss before the change) to what is alarmed of; and what 1 000 rows at the baseline
    exclude. So a model that is back at its baseline is told to be so after some 1 000 to 3 000 rows, later where the loss was
    small. No alarm for a while proves nothing, since a detector begins afresh after each: `alarm_lasts` ends an incident all
    the same, as `lapsed`.

    **Incidents.** All metrics of a model that fall together are one incident, which ends when the last of them is good
    again. What falls within `reopen_within` of its end is the same incident, reopened.

    **Telling.** What is told follows from how things are and what people know, looked at with each observation and each
    `tick`: that an incident has opened, has become critical, is still open (`repeat_every`, at most `repeat_limit` times), is
    over, is back. Between two notifications of one model at least `cool_down` passes, but for something worse than
    all that was told within it. So what recovers before it could be told is never told. A warning that nobody acknowledges
    within `escalate_after` of being told is critical.

    **Time** is that of the observations: `at`, or the `clock` where it is not given. A look at a metric that is older than the
    last look at it is left out, and counted as `late`; one of the same time as `repeated`, so that a restarted server may
    send again what it is not sure of. Between metrics, order does not matter. Time never goes back: what comes late for
    another reason is told at the newest time seen. So a time may lie ahead of the `clock` by a day at most, and back as far as
    it likes: one far ahead would end and silence everything until then. Where the whole log lies ahead, as in a simulation,
    give its `clock`.

    **Bounds.** At most `open_limit` incidents are open (then the one that was not looked at for longest is ended, as
    `displaced`), `closed_limit` are kept, each with `evidence_limit` looks; `metric_limit` metrics are watched. What is not
    looked at for `forget_after` is forgotten, and its incident ends as `stale`.

    Thread-safe. Sinks are called outside of the lock, in the thread that observes: it waits for functions, for logging and for
    files, and never for webhooks, which send from threads of their own. One process should own a policy: after a fork each has a copy.

    Args:
        open_looks: Bad looks that open, of how many: (m, n), or one number for all of so many.
        open_after: For how long it must have been bad.
        open_at: The least severity that is bad: `warning` or `critical`.
        close_looks: Good looks that close, of how many.
        close_after: For how long it must have been good.
        close_at: The worst verdict that is good: `ok`, or `warning` with `open_at="critical"`.
        alarm_lasts: How long after its last alarm a detector's incident ends, proof or not; None for never.
        group_by: `model`, or `metric` for incidents of each metric alone.
        reopen_within: How soon after its end an incident reopens; 0 for never. At least `cool_down`.
        cool_down: The least time between two notifications of a model.
        escalate_after: How long a warning may stay unacknowledged; None for ever.
        repeat_every: How often to remind of what is open and unacknowledged; None for never.
        repeat_limit: How often at most, for each time that it was told to have opened.
        forget_after: How long a metric is remembered that is not looked at.
        open_limit: The most open incidents.
        closed_limit: The most closed incidents that are kept.
        evidence_limit: The most looks that an incident keeps: the first and the last of them.
        metric_limit: The most metrics that are watched.
        label_feed: What to hold the labels of each model against: a `LabelFeed` whose settings are copied; None for one of
            hours.
        sinks: Where notifications go: sinks, or functions that take a `Notification`.
        clock: Gives the time where `at` is not given, and the one that `at` is held against; None for the system's.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy(open_looks=(2, 3), close_looks=2, sinks=[print])
        >>> day = lambda number: datetime(2026, 3, number)
        >>> _ = policy.observe("fraud", "recall", "critical", day(1))
        >>> _ = policy.observe("fraud", "recall", "ok", day(2))
        >>> _ = policy.observe("fraud", "recall", "critical", day(3))
        2026-03-03 00:00 critical opened: fraud: recall worse since 2026-03-01 00:00
        >>> _ = policy.observe("fraud", "recall", "ok", day(4))
        >>> _ = policy.observe("fraud", "recall", "ok", day(5))
        2026-03-05 00:00 recovered: fraud: recall after 2 d
    """

    def __init__(
        self,
        *,
        open_looks: int | tuple[int, int] = (2, 3),
        open_after: timedelta = timedelta(0),
        open_at: str = "warning",
        close_looks: int | tuple[int, int] = 2,
        close_after: timedelta = timedelta(0),
        close_at: str = "ok",
        alarm_lasts: timedelta | None = None,
        group_by: str = "model",
        reopen_within: timedelta = timedelta(hours=6),
        cool_down: timedelta = timedelta(hours=1),
        escalate_after: timedelta | None = None,
        repeat_every: timedelta | None = timedelta(days=1),
        repeat_limit: int = 3,
        forget_after: timedelta = timedelta(days=60),
        open_limit: int = 1_000,
        closed_limit: int = 1_000,
        evidence_limit: int = 50,
        metric_limit: int = 10_000,
        label_feed: LabelFeed | None = None,
        sinks: Sequence[AnySink] = (),
        clock: Clock | None = None,
    ) -> None:
        self._settings = Settings.checked(dict(locals()))
        if label_feed is not None and not isinstance(label_feed, LabelFeed):
            raise TypeError(f"label_feed must be a LabelFeed or None, got {described(label_feed)}")
        self._clock = PolicyClock(clock)
        self._outlet = Outlet(sinks)
        self._feed = LabelFeed(**(LabelFeed() if label_feed is None else label_feed).settings)
        self._ledger = Ledger(self._settings, self._feed)
        self._trackers = AskedTrackers()
        self._watches = AskedWatches()
        self._lock = ForkSafeLock()

    # -- what comes in -------------------------------------------------------------------------------------------------

    def observe(
        self,
        model: str,
        metric: str,
        verdict: str,
        at: datetime | None = None,
        *,
        evidence: Mapping[str, Any] | None = None,
        first_bad: datetime | None = None,
    ) -> tuple[Notification, ...]:
        """Take one look at one metric.

        Args:
            model: The model, with its version where versions are watched one by one.
            metric: The metric.
            verdict: `ok`, `improved`, `warning`, `critical`, `undecided`, `immature` or `no_data`.
            at: When; None for now. A naive datetime is UTC.
            evidence: What was seen, by name: see `Observation`.
            first_bad: When the loss is thought to have begun, where that is known.

        Returns:
            What was told then, to the sinks too: of this, and of other models where something was due.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: some 50 microseconds, and some four for each open incident.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> seen = {"current": 0.81, "baseline": 0.90, "loss": 0.09, "p_value": 0.001}
            >>> told = policy.observe("fraud", "accuracy", "critical", datetime(2026, 3, 1), evidence=seen)
            >>> told[0].incident.metrics[0].value
            0.81
        """
        return self._take([Observation(model, metric, verdict, self._clock.at(at), evidence, first_bad)])

    def observe_value(
        self, model: str, metric: str, value: float | None, threshold: Threshold, at: datetime | None = None
    ) -> tuple[Notification, ...]:
        """Take the plain value of a metric, judged by a threshold.

        Args:
            model: The model.
            metric: The metric.
            value: What it was; None or NaN for no data.
            threshold: What is bad, and what is good again.
            at: When; None for now.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: that of `observe`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import Threshold
            >>> policy = AlertPolicy(open_looks=1)
            >>> (told,) = policy.observe_value("fraud", "accuracy", 0.84, Threshold(0.85), datetime(2026, 3, 1))
            >>> told.severity
            'critical'
        """
        verdict, evidence = judged(value, threshold)
        return self._take([Observation(model, metric, verdict, self._clock.at(at), evidence)])

    def observe_report(
        self, report: Any, *, model: str | None = None, at: datetime | None = None
    ) -> tuple[Notification, ...]:
        """Take all metrics of a detector's report together, so that what fell together is told together.

        Args:
            report: A mapping of metrics to results, or what has one as `metrics`. A result is a verdict, a mapping with one,
                or has one as `verdict`, with its numbers from `to_dict()` and its `sentence`.
            model: The model; None for the report's `model`.
            at: When; None for the report's `at` or `now`, or else for now.

        Returns:
            What was told then.

        Raises:
            TypeError: It is no report, or an argument has the wrong type.
            ValueError: An argument has a value that is not allowed, or a verdict is none.

        Cost: that of `observe`, for each metric.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> report = {"accuracy": "warning", "f1_score": {"verdict": "critical", "current": 0.6}, "recall": "ok"}
            >>> (told,) = policy.observe_report(report, model="fraud", at=datetime(2026, 3, 1))
            >>> told.text
            'critical opened: fraud: accuracy, f1_score worse since 2026-03-01 00:00'
        """
        now = self._clock.now()
        observations = observations_of(report, model, at, lambda: now)
        for one in observations[:1]:
            not_ahead("at", one.at, now)
        return self._take(observations)

    def observe_alarm(
        self,
        model: str,
        metric: str,
        at: datetime | None = None,
        *,
        severity: str = "critical",
        first_bad: datetime | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> tuple[Notification, ...]:
        """Take the alarm of a detector that watches a metric.

        Args:
            model: The model.
            metric: The metric or loss that is watched.
            at: When it alarmed; None for now.
            severity: `warning` or `critical`.
            first_bad: The estimated time of the change.
            evidence: What the detector saw.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: that of `observe`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy()
            >>> (told,) = policy.observe_alarm("fraud", "error", datetime(2026, 3, 9), first_bad=datetime(2026, 3, 7))
            >>> told.incident.first_bad.day
            7
        """
        choice("severity", severity, ("warning", "critical"))
        return self._take([Observation(model, metric, severity, self._clock.at(at), evidence, first_bad, ALARM)])

    def observe_recovery(
        self, model: str, metric: str, at: datetime | None = None, *, evidence: Mapping[str, Any] | None = None
    ) -> tuple[Notification, ...]:
        """Take the word of what raised an alarm that the metric is good again.

        Args:
            model: The model.
            metric: The metric or loss, as in the alarm.
            at: When; None for now.
            evidence: What proves it.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: that of `observe`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy()
            >>> _ = policy.observe_alarm("fraud", "error", datetime(2026, 3, 9))
            >>> print(*policy.observe_recovery("fraud", "error", datetime(2026, 3, 12)))
            2026-03-12 00:00 recovered: fraud: error after 3 d
        """
        return self._take([Observation(model, metric, "ok", self._clock.at(at), evidence, source=ALARM)])

    def observe_watch(self, alarm: Alarm) -> tuple[Notification, ...]:
        """Take an alarm of a watch, now: what `on_alarm` of `ModelPerformanceTracker.watch` can be.

        Its watch is asked by `tick` from then on whether it is good again: a watch of this process, restored with its tracker or
        not, of `EDetector`, `EProcess`, `DDM`, `HDDMA` or `PageHinkley` with `reset="auto"`. Of others nothing is known.
        An alarm that it got better (`Alarm.is_gain`) opens nothing; one whose direction is not known is told as a change.

        Args:
            alarm: The alarm. The time of the change that the first one estimates is the first bad time of the incident.

        Returns:
            What was told then.

        Raises:
            TypeError: It is no alarm.

        Cost: that of `observe`.

        Example:
            >>> from truthlag import AlertPolicy, ModelPerformanceTracker
            >>> policy = AlertPolicy()
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> watch = tracker.watch("accuracy", baseline=0.95, on_alarm=policy.observe_watch)
            >>> _ = tracker.log_predictions(list(range(100)), [1] * 100)
            >>> _ = tracker.log_ground_truths(list(range(100)), [0] * 100)
            >>> [(incident.model, incident.severity) for incident in policy.incidents()]
            [('fraud-detector', 'critical')]
        """
        now = self._clock.now()
        found = observation_of(alarm, now)
        self._watches.note(alarm)
        return self._take([] if alarm.is_gain else [found])

    def observe_labels(self, model: str, count: int, at: datetime | None = None) -> tuple[Notification, ...]:
        """Take the number of labels that came in one period; each period once, those without labels too.

        Periods before it that nobody reported count as periods without labels (see `LabelFeed`); where this one is good, what
        they were is told to nobody, but kept as an incident. A count that comes for one of them afterwards is `late`.

        Args:
            model: The model.
            count: How many.
            at: The end of the period; None for now.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: that of `LabelFeed.observe`, about a millisecond.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy()
            >>> for hour in range(24 * 14):
            ...     _ = policy.observe_labels("fraud", 40, datetime(2026, 3, 2) + timedelta(hours=hour))
            >>> (told,) = policy.observe_labels("fraud", 0, datetime(2026, 3, 16))
            >>> told.incident.kind, told.severity
            ('labels', 'critical')
        """
        return self._take([LabelCount(model, count, self._clock.at(at))])

    def observe_labels_of(
        self, tracker: "ModelPerformanceTracker", at: datetime | None = None, *, model: str | None = None
    ) -> tuple[Notification, ...]:
        """Take the number of labels that have come to a tracker since the last call, as those of one period.

        Call it once each period. The first call notes where the tracker stands. What came is what `tracker.counters()` says is
        held (`labels`), has left (`expired_labelled`, `dropped_orphans`) or was too late (`late_labels`): repeats and
        corrections are no news, and labels that are retracted count as not come. The state keeps where the tracker stood, so
        that a restart loses nothing where the tracker is restored too; of a new tracker all labels count.

        Args:
            tracker: The tracker.
            at: The end of the period; None for now.
            model: What the model is called here; None for the tracker's `model_name`.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed.

        Cost: that of `observe_labels` and of `tracker.counters()`.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag import AlertPolicy, ModelPerformanceTracker
            >>> policy, tracker = AlertPolicy(), ModelPerformanceTracker("fraud")
            >>> for hour in range(24 * 14):
            ...     _ = tracker.log_ground_truths([f"{hour}-{number}" for number in range(40)], [1] * 40)
            ...     _ = policy.observe_labels_of(tracker, datetime(2026, 3, 2) + timedelta(hours=hour))
            >>> (told,) = policy.observe_labels_of(tracker, datetime(2026, 3, 16))
            >>> told.incident.model, told.incident.peak.value
            ('fraud', 0)
        """
        tracker = checked_tracker(tracker)
        name = word("model", tracker.model_name if model is None else model)
        when = self._clock.at(at)
        total = labels_that_came(tracker)
        with self._lock.hold():
            told = self._ledger.take_total(name, total, when, is_same=self._trackers.is_last(name, tracker))
            self._trackers.note(name, tracker)
        return self._outlet.send(told)

    def tick(self, at: datetime | None = None) -> tuple[Notification, ...]:
        """Let time go on without an observation: reminders, escalation, recoveries, mutes that run out, labels overdue.

        The watches of alarms that stand are asked whether it is good again, as they are now (see `observe_watch`). Periods of
        labels that are overdue count as periods without labels (see `LabelFeed`), since whoever reports them may be down
        with their feed.

        Args:
            at: The time; None for now.

        Returns:
            What was told.

        Raises:
            TypeError: `at` is no datetime.
            ValueError: UTC cannot hold it, or it is more than a day ahead.

        Cost: some four microseconds for each open incident, one for each feed of labels, and a look (`Watch.look`) for each
            watch whose alarm stands; that of `observe_labels` for each period that is overdue, until labels are too few.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> [notification.kind for notification in policy.tick(datetime(2026, 3, 2))]
            ['reminder']
        """
        when = self._clock.at(at)
        with self._lock.hold():
            standing = self._ledger.standing_alarms()
        # A watch that is asked looks, and may call back here from any thread: nothing is held meanwhile.
        raised = [(one, self._watches.that_raised(one.last.details)) for one in standing]
        asked = [(one, recovery(watch, one.first.details)) for one, watch in raised if watch is not None]
        with self._lock.hold():
            told = self._ledger.tick(when, asked)
        return self._outlet.send(told)

    def dry_run(self, observations: Iterable[Observation | LabelCount]) -> DryRun:
        """What this policy would have told over a past log, from a state of its own: nothing is sent, nothing changes.

        Args:
            observations: In order of time, of any time: none is too far ahead here, so one that is ends what is open. Those
                of one time are taken together, as `observe_report` does. Nothing ticks between them.

        Returns:
            The notifications and incidents; `print` shows them.

        Raises:
            TypeError: They are no iterable, or one is neither an `Observation` nor a `LabelCount`.

        Cost: that of `observe`, for each.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import Observation
            >>> log = [Observation("fraud", metric, "critical", datetime(2026, 3, 1)) for metric in ("recall", "f1_score")]
            >>> print(AlertPolicy(open_looks=1).dry_run(log))
            2026-03-01 00:00 critical opened: fraud: recall, f1_score worse since 2026-03-01 00:00
            1 incident, 1 notification
        """
        return dry_run(Ledger(self._settings, self._feed), observations)

    # -- what people do ------------------------------------------------------------------------------------------------

    def acknowledge(
        self,
        incident_id: str,
        at: datetime | None = None,
        *,
        until: datetime | None = None,
        by: str | None = None,
        covers: str | None = None,
        note: str | None = None,
    ) -> tuple[Notification, ...]:
        """Take an open incident up: no reminders and no escalation of it until it is over, or `until`.

        Args:
            incident_id: Which one.
            at: When; None for now.
            until: Until when; None for its end.
            by: Who.
            covers: How bad it may become without being told of again: `warning` or `critical`; None for as bad as it is.
            note: What to remember.

        Returns:
            What was told meanwhile.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: No such incident is open, or an argument has a value that is not allowed.

        Cost: that of `tick`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> (told,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> _ = policy.acknowledge(told.incident.id, datetime(2026, 3, 1, 9), by="Ada")
            >>> policy.incidents()[0].state, policy.tick(datetime(2026, 3, 4))
            ('acknowledged', ())
        """
        when = self._clock.at(at)
        end = end_of(until, when)
        by, note = optional_word("by", by), optional_word("note", note)
        severity = None if covers is None else choice("covers", covers, ("warning", "critical"))
        with self._lock.hold():
            told = self._ledger.acknowledge(incident_id, when, end, by, severity, note)
        return self._outlet.send(told)

    def resolve(
        self, incident_id: str, at: datetime | None = None, *, note: str | None = None
    ) -> tuple[Notification, ...]:
        """End an open incident, whatever the metrics say; what is bad still must open it anew.

        Args:
            incident_id: Which one.
            at: When; None for now.
            note: What to remember.

        Returns:
            What was told then.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: No such incident is open, or an argument has a value that is not allowed.

        Cost: that of `tick`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> (told,) = policy.observe_alarm("fraud", "error", datetime(2026, 3, 1))
            >>> [str(one) for one in policy.resolve(told.incident.id, datetime(2026, 3, 1, 9), note="rolled back")]
            ['2026-03-01 09:00 closed: fraud: error after 9 h, resolved']
        """
        when, note = self._clock.at(at), optional_word("note", note)
        with self._lock.hold():
            told = self._ledger.resolve(incident_id, when, note)
        return self._outlet.send(told)

    def mute(
        self,
        model: str | None = None,
        metric: str | None = None,
        *,
        at: datetime | None = None,
        until: datetime | None = None,
        reason: str | None = None,
    ) -> Mute:
        """Tell nothing of a model, of a metric, or of all, for a while. Incidents are kept all the same.

        What is open still at the end of a mute is told then; what was over by then never is.

        Args:
            model: Of which model; None for all.
            metric: Of which metric; None for all. That of a label feed is `labels`.
            at: From when, which may lie ahead, by a year at most; None for now.
            until: Until when; None for until `unmute`.
            reason: Why.

        Returns:
            The mute, whose `id` is for `unmute`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has a value that is not allowed, or there are 1 000 mutes.

        Cost: nothing to speak of; each mute is looked at with each thing that could be told.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> mute = policy.mute("fraud", at=datetime(2026, 3, 1), until=datetime(2026, 3, 3))
            >>> policy.observe("fraud", "recall", "critical", datetime(2026, 3, 2))
            ()
            >>> [notification.kind for notification in policy.tick(datetime(2026, 3, 3))]
            ['opened']
        """
        model, metric = optional_word("model", model), optional_word("metric", metric)
        when = self._clock.planned(at)
        end, reason = end_of(until, when), optional_word("reason", reason)
        with self._lock.hold():
            return self._ledger.mute(model, metric, when, end, reason)

    def unmute(self, mute_id: str, at: datetime | None = None) -> tuple[Notification, ...]:
        """End a mute before its time.

        Args:
            mute_id: The `id` of the mute.
            at: When; None for now.

        Returns:
            What is told now that it could not be told before.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: There is no such mute, or it is over.

        Cost: that of `tick`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> mute = policy.mute(at=datetime(2026, 3, 1))
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 2))
            >>> [notification.kind for notification in policy.unmute(mute.id, datetime(2026, 3, 3))]
            ['opened']
        """
        when, mute_id = self._clock.at(at), word("mute_id", mute_id)
        with self._lock.hold():
            told = self._ledger.unmute(mute_id, when)
        return self._outlet.send(told)

    # -- what can be asked ---------------------------------------------------------------------------------------------

    def incidents(self, state: str | None = None) -> tuple[Incident, ...]:
        """The incidents that are kept, by start.

        Args:
            state: Only those that are `open`, `acknowledged` or `recovered`; None for all.

        Returns:
            They, as they are now.

        Raises:
            TypeError: `state` is no str.
            ValueError: It is none of the three.

        Cost: proportional to the incidents.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> len(policy.incidents("open")), len(policy.incidents("recovered"))
            (1, 0)
        """
        if state is not None:
            choice("state", state, ("open", "acknowledged", "recovered"))
        with self._lock.hold():
            found = self._ledger.incidents()
        return tuple(one for one in found if state in (None, one.state))

    def mutes(self) -> tuple[Mute, ...]:
        """The mutes that are not over, those ahead among them.

        Example:
            >>> from truthlag import AlertPolicy
            >>> AlertPolicy().mutes()
            ()
        """
        with self._lock.hold():
            return tuple(self._ledger.mutes.all)

    def counters(self) -> dict[str, int]:
        """What came and what became of it.

        Returns:
            `observations` taken, of them `late` and `repeated`; incidents `opened`, `reopened`, and ended as `recovered`,
            `resolved`, `lapsed`, `stale` and `displaced`; `notifications`; the `metrics` watched now, and the incidents `open` and
            `closed` that are kept; `sink_errors`: what sinks raised that keep to none of their promises.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> counters = policy.counters()
            >>> counters["observations"], counters["opened"], counters["notifications"], counters["open"]
            (1, 1, 1, 1)
        """
        with self._lock.hold():
            counted = self._ledger.counters()
        return {**counted, "sink_errors": self._outlet.errors}

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Where notifications go.

        Example:
            >>> from truthlag import AlertPolicy
            >>> AlertPolicy(sinks=[print]).sinks[0].counters()
            {'sent': 0, 'failed': 0}
        """
        return self._outlet.sinks

    # -- the state -----------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The settings and the whole state as plain values, for `from_dict`; not the sinks and the clock.

        Example:
            >>> import json
            >>> from truthlag import AlertPolicy
            >>> json.loads(json.dumps(AlertPolicy().to_dict()))["version"]
            1
        """
        with self._lock.hold():
            return saved(self._settings, self._feed, self._ledger)

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, sinks: Sequence[AnySink] = (), clock: Clock | None = None, **changed: Any
    ) -> Self:
        """The policy that `to_dict` wrote, which goes on where that one was: nothing is told twice.

        Args:
            data: What `to_dict` gave.
            sinks: Where notifications go.
            clock: Gives the time where `at` is not given.
            **changed: Settings that are to be others from now on; all but `group_by`.

        Returns:
            A policy.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: `data` is nothing that `to_dict` wrote, or an argument has a value that is not allowed.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> restored = AlertPolicy.from_dict(policy.to_dict(), repeat_every=timedelta(hours=12))
            >>> restored.observe("fraud", "recall", "critical", datetime(2026, 3, 1, 6))
            ()
        """
        policy = cls(**arguments_of(data, changed), sinks=sinks, clock=clock)
        policy._ledger = saved_ledger(data, policy._settings, policy._feed)
        return policy

    def to_bytes(self) -> bytes:
        """The settings and the whole state as bytes, for `from_bytes`, with a checksum.

        Example:
            >>> from truthlag import AlertPolicy
            >>> AlertPolicy.from_bytes(AlertPolicy().to_bytes()).incidents()
            ()
        """
        return packed(self.to_dict())

    @classmethod
    def from_bytes(
        cls, data: bytes, *, sinks: Sequence[AnySink] = (), clock: Clock | None = None, **changed: Any
    ) -> Self:
        """The policy that `to_bytes` wrote: see `from_dict`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: `data` are damaged, or an argument has a value that is not allowed.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> AlertPolicy.from_bytes(policy.to_bytes(), sinks=[print]).incidents() == policy.incidents()
            True
        """
        return cls.from_dict(unpacked(data), sinks=sinks, clock=clock, **changed)

    def close(self) -> None:
        """Close the sinks: what waits to be sent gets its time. Observations are taken still.

        Example:
            >>> from truthlag import AlertPolicy
            >>> with AlertPolicy(sinks=[print]) as policy:
            ...     pass
            >>> policy.close()
        """
        self._outlet.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        """Refused: a policy without its sinks would be silent, and with them there would be two that speak."""
        raise TypeError(
            "an AlertPolicy cannot be pickled or copied: use to_bytes and from_bytes, which takes its sinks"
        )

    def __repr__(self) -> str:
        counted = self.counters()
        return f"AlertPolicy({counted['metrics']} metrics watched, {counted['open']} incidents open)"

    def _take(self, observations: Sequence[Taken]) -> tuple[Notification, ...]:
        with self._lock.hold():
            told = self._ledger.take(observations)
        return self._outlet.send(told)
