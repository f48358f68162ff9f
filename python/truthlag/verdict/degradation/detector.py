"""Is the model getting worse: the detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from weakref import WeakKeyDictionary

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.call.tracker import Time
from truthlag.metrics import Metric, PerformanceSnapshot
from truthlag.verdict.degradation.any_time import AnyTimeEvidence
from truthlag.verdict.degradation.any_time_look import looked_at_any_time
from truthlag.verdict.degradation.baseline import Baseline, BaselineSource, GivenBaseline, baseline_of
from truthlag.verdict.degradation.given import given_sample
from truthlag.verdict.degradation.history import MOST_REJUDGED, BaselineEntry, CheckEntry
from truthlag.verdict.degradation.labels import Labels
from truthlag.verdict.degradation.look import Question, judged
from truthlag.verdict.degradation.moments import MICROSECOND, moment, present
from truthlag.verdict.degradation.plan import Plan
from truthlag.verdict.degradation.report import DegradationReport, Evidence
from truthlag.verdict.degradation.rules import TwoRules
from truthlag.verdict.degradation.sample import CONFIDENCE, Sample
from truthlag.verdict.degradation.trend_check import TrendCheck
from truthlag.verdict.process_lock import ProcessLock

__all__ = ["DegradationDetector"]

_AGAIN_AT_ONCE = 50
"""Windows that a check judges anew by itself."""

_CURRENT = "a ModelPerformanceTracker, a PerformanceSnapshot, or a mapping of counts as (k, n) or Metrics"


class DegradationDetector(TwoRules, TrendCheck):
    """Compares what a model does with a baseline, and says how sure that is.

    `check` tests every metric against a baseline that has a size and noise of its own. The two plain rules are here too: a
    metric five percent below its baseline (`check_absolute_degradation`), and a straight line through the last values
    (`check_trend_degradation`).

    Args:
        baseline_metrics: What is compared with: a mapping of metrics by name (numbers are taken as exact unless `n` says on
            how many rows; counts as `(k, n)`, a `Metric` or a `confusion_matrix` have their noise); a `PerformanceSnapshot`;
            `ConfusionCounts`; a tracker and a window of it, as `(tracker, timedelta)` or `(tracker, {"start": ...,
            "end": ...})`; a `RollingBaseline` or a `SeasonalBaseline`.
        metrics: The metrics that are judged; None for all those of the library that the baseline has and that have a
            direction and a test. The more there are, the more it takes for each of them to alarm.
        directions: `"higher"` or `"lower"`, whichever is better, by metric: needed for those that are not the library's own,
            and for those of it that say nothing of quality (`prevalence`, `mean_score`, ...).
        margins: The loss that is tolerated, in units of the metric: a number for all, or by metric; 5 percent of the
            baseline's magnitude where none is given.
        alpha: The chance of any false alarm in a check; 0.05 by default.
        n: On how many rows the numbers of a mapping rest: an int for all, or by metric. It is the denominator of the
            metric: for precision the predicted positives. A share is taken for the nearest count of that many rows; one that is
            none of them, even allowing for the digits that it is written with, is an error: 0.9333 is 14 of 15, and nothing of 10.

    Attributes:
        history: What was said when, and what became of it: each a `CheckEntry` or a `BaselineEntry`, oldest first, 1000 at most.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A value is not allowed, a metric is not in the baseline, or its direction is not known.

    Example:
        >>> from truthlag import DegradationDetector
        >>> baseline = {"accuracy": 0.95, "precision": 0.90, "recall": 0.88, "f1_score": 0.89}
        >>> detector = DegradationDetector(baseline)
        >>> current = {"accuracy": 0.91, "precision": 0.85, "recall": 0.82, "f1_score": 0.83}
        >>> result = detector.check_absolute_degradation(current)
        >>> result["severity"], sorted(result["alerts"])
        ('critical', ['f1_score', 'precision', 'recall'])
        >>> result["alerts"]["recall"]["drop_percent"]
        6.82
        >>> detector.baseline["recall"]
        0.88

    Fifty rows of the same values prove little, two thousand do:

        >>> small = detector.check({"accuracy": (45, 50), "recall": (16, 20)})
        >>> large = detector.check({"accuracy": (1780, 2000), "recall": (640, 800)})
        >>> small.severity, large.severity, len(detector.history)
        ('undecided', 'critical', 2)
    """

    _HISTORY_LIMIT = 1000

    def __init__(
        self,
        baseline_metrics: Baseline,
        *,
        metrics: Sequence[str] | None = None,
        directions: Mapping[str, Literal["higher", "lower"]] | None = None,
        margins: float | Mapping[str, float] | None = None,
        alpha: float = 0.05,
        n: int | Mapping[str, int] | None = None,
    ) -> None:
        self._plan = Plan.of(metrics, directions, margins, alpha)
        self._source = self._resolved(baseline_metrics, n)
        self._given = baseline_metrics
        plain = metrics is None and directions is None and margins is None and n is None
        # A plain mapping may hold anything until it is asked, as that of the plain detector.
        if not (plain and isinstance(self._source, GivenBaseline)):
            self._validate(self._source)
        self.history: list[CheckEntry | BaselineEntry] = []
        self._lock = ProcessLock()
        self._evidence: WeakKeyDictionary[ModelPerformanceTracker, AnyTimeEvidence] = WeakKeyDictionary()

    @property
    def baseline(self) -> Any:
        """The mapping that was given; for other baselines the values of the metrics that may fall, by name.

        That of a baseline which follows the window is for a window that ends now. It can be set, as by `rebaseline`.
        """
        if isinstance(self._source, GivenBaseline):
            return self._given
        now = datetime.now(UTC)
        sample = self._source._sample(Sample(levels={}, described="", start=now, end=now))
        names = self._plan.names(sample)
        rising = self._plan.directions_of(names)
        values = {name: sample.levels[name].metric.value for name in names if rising[name]}
        return {name: value for name, value in values.items() if value is not None}

    @baseline.setter
    def baseline(self, baseline_metrics: Any) -> None:
        with self._lock:
            self._source = self._resolved(baseline_metrics, None)
            self._given = baseline_metrics
            self._begin_anew()

    def check(
        self,
        snapshot_or_tracker: ModelPerformanceTracker | PerformanceSnapshot | Mapping[str, tuple[int, int] | Metric],
        *,
        window: timedelta | None = None,
        min_age: timedelta | None = None,
        min_coverage: float | None = None,
        labels: Labels | None = None,
        now: Time | None = None,
        evidence: Evidence = "one look",
    ) -> DegradationReport:
        """Whether a window is worse than the baseline, metric by metric.

        For each metric: `"critical"` where a loss beyond the margin is proven, `"warning"` where any loss is, `"improved"`
        where a gain is, `"ok"` where the loss is surely within the margin, else `"undecided"`; `"immature"` while too few
        labels have come, `"no_data"` where there is nothing to compare. Proven is at `alpha`, with p-values adjusted by Holm
        (1979) over the metrics, so that it is the chance of any false alarm; surely is a one-sided limit at 1 - `alpha` for
        each metric by itself.

        Tests: for shares of rows (accuracy, precision, recall, ...) the score test of Farrington and Manning (1990) with
        limits after Miettinen and Nurminen (1985), exact in small samples; for F-measures the delta method; for `roc_auc`
        DeLong's standard errors, for other ratios those of the delta method; for means (Brier score, log loss) Welch's test.
        Those but the first need 100 relevant rows on either side: for metrics of both classes twice those of the rarer.

        It is one look: a window that is looked at again and again gives a false alarm sooner or later. With `evidence="any time"`
        a tracker may be looked at as often as one likes: the chance that any look, ever, calls a metric that has not lost a
        warning or critical is at most `alpha`. It is judged then by all rows since the baseline (of the same model; else by all that
        are held), each counted once when its time has come, by the label that it has then. That is for shares of rows and
        `f1_score`; others have `"no_data"` or are `"undecided"`. The evidence is the strongest so far, so that an alarm stays where
        enough labels are there; `rebaseline` begins anew, with the rows that come after it. It is of this detector in this
        process: a copy, a pickle or a restart begins without any.

        A check of a tracker, but for one at any time, also judges anew up to 50 earlier windows whose labels were not all there: see
        `rejudge`.

        Args:
            snapshot_or_tracker: What is judged: a tracker, with the window that follows; a snapshot; or a mapping of counts
                as `(k, n)`, or of `Metric` objects, by name.
            window: The length of the window of a tracker, by the time of the prediction; None for all predictions held.
            min_age: How long predictions have had to get their labels: the window ends that long before `now`.
            min_coverage: The share of predictions (for precision: of those predicted positive, too) that must have a label. None
                for 0.8 of the baseline's own share, or 0.5 where that is not known.
            labels: `"both"`; `"positives_only"` where labels of 0 are never reported, as with chargebacks: then the coverage
                says nothing, and recall alone is judged; None to find out.
            now: The end of the window, and the time of the entry in `history`; None for the clock.
            evidence: `"one look"`, or `"any time"`: then there is neither `window` nor `now`, and the baseline is one that does not
                move. The time of a row comes when `min_age` lies between its prediction and the newest label; without `min_age`,
                when all earlier rows have their labels, which one that never comes holds up for good. It is that of the first
                such look.

        Returns:
            The report; the last entry of `history` holds it too.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed, or arguments contradict each other.

        Cost: a snapshot, and one for each window that is judged anew; up to some fifty milliseconds for a share of rows
        against a sample of them, below one for other tests. The first check imports scipy.

        Example:
            >>> from datetime import datetime, timedelta
            >>> import numpy as np
            >>> from truthlag import DegradationDetector, ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", clock=lambda: datetime(2026, 3, 1))
            >>> random = np.random.default_rng(7)
            >>> hours = np.datetime64("2026-01-30") + np.arange(30 * 24 * 60).astype("timedelta64[m]")
            >>> right = random.random(len(hours)) < np.where(hours < np.datetime64("2026-02-26"), 0.95, 0.80)
            >>> _ = tracker.log_predictions(np.arange(len(hours)), np.ones(len(hours)), timestamps=hours)
            >>> _ = tracker.log_ground_truths(np.arange(len(hours)), right)
            >>> february = (tracker, {"start": datetime(2026, 2, 1), "end": datetime(2026, 2, 15)})
            >>> detector = DegradationDetector(february, metrics=["precision"])
            >>> detector.check(tracker, window=timedelta(days=2), now=datetime(2026, 2, 20)).severity
            'ok'
            >>> detector.check(tracker, window=timedelta(days=2)).severity
            'critical'
        """
        question = Question.of(self._source, self._plan, min_coverage, labels)
        if _is_any_time(evidence):
            with self._lock:
                found = looked_at_any_time(self._evidence, snapshot_or_tracker, question, window, min_age, now)
                return self._noted(found, question)
        if isinstance(snapshot_or_tracker, ModelPerformanceTracker):
            tracker = snapshot_or_tracker
            asked = present(tracker) if now is None else moment("now", now)
            is_placed = not (window is None and min_age is None and now is None)
            current = Sample.of_snapshot(tracker.snapshot(window, min_age=min_age, now=asked if is_placed else None))
            self._rejudge(tracker, asked, _AGAIN_AT_ONCE)
            return self._noted(judged(current, question, asked, tracker), question)
        asked = present(None) if now is None else moment("now", now)
        for name, value in (("window", window), ("min_age", min_age)):
            if value is not None:
                raise ValueError(f"{name} must be None where no tracker is judged, got {described(value)}")
        if isinstance(snapshot_or_tracker, PerformanceSnapshot):
            current = Sample.of_snapshot(snapshot_or_tracker)
        elif isinstance(snapshot_or_tracker, Mapping):
            current = self._given_sample(snapshot_or_tracker)
        else:
            raise TypeError(f"snapshot_or_tracker must be {_CURRENT}, got {described(snapshot_or_tracker)}")
        return self._noted(judged(current, question, asked, None), question)

    def rejudge(self, tracker: ModelPerformanceTracker) -> list[CheckEntry]:
        """Judges past windows anew whose labels have changed since: what was said too early is set right.

        Each window is asked as it was, with the baseline and the options of that time. Windows without an end, and those
        whose predictions have begun to expire, are left alone. What was said first stays in the entry. It is another look
        at the same rows: take the latest judgement for the earlier ones, not beside them.

        Args:
            tracker: What holds the predictions; windows of other models and versions are left alone.

        Returns:
            The entries of `history` that changed, as they are now.

        Raises:
            TypeError: `tracker` is none.

        Cost: a snapshot for each window in the history.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag import DegradationDetector, ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector", clock=lambda: datetime(2026, 3, 1))
            >>> _ = tracker.log_predictions(list(range(100)), [1] * 100, timestamps=[datetime(2026, 2, 28, 12)] * 100)
            >>> detector = DegradationDetector({"precision": 0.9}, margins=0.1)
            >>> detector.check(tracker, window=timedelta(days=1))["precision"].verdict
            'immature'
            >>> _ = tracker.log_ground_truths(list(range(100)), [row % 10 > 0 for row in range(100)])
            >>> [entry.latest["precision"].verdict for entry in detector.rejudge(tracker)]
            ['ok']
        """
        if not isinstance(tracker, ModelPerformanceTracker):
            raise TypeError(f"tracker must be a ModelPerformanceTracker, got {described(tracker)}")
        return self._rejudge(tracker, present(tracker), None)

    def rebaseline(
        self,
        baseline_metrics: Baseline,
        *,
        n: int | Mapping[str, int] | None = None,
        note: str = "",
        now: Time | None = None,
    ) -> None:
        """Sets another baseline, for a new version of the model say, and notes it in `history`.

        The other options stay; margins that were not given follow the new baseline. Windows that were judged before keep
        the baseline of their time.

        Args:
            baseline_metrics: As in the constructor.
            n: As in the constructor.
            note: What the history says of it.
            now: When; None for now.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed, or the baseline lacks a metric that is judged; then nothing changes.

        Cost: that of the constructor.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": (950, 1000)})
            >>> detector.rebaseline({"accuracy": (900, 1000)}, note="version 3 trades accuracy for recall")
            >>> detector.check({"accuracy": (895, 1000)}).severity
            'ok'
            >>> [type(entry).__name__ for entry in detector.history]
            ['BaselineEntry', 'CheckEntry']
        """
        if not isinstance(note, str):
            raise TypeError(f"note must be a str, got {described(note)}")
        time = present(None) if now is None else moment("now", now)
        source = self._resolved(baseline_metrics, n)
        example = self._validate(source)
        words = example.described if example.counts is None or example.counts.labelled else repr(source)
        with self._lock:
            self._source, self._given = source, baseline_metrics
            self._begin_anew()
        self._append(BaselineEntry(time, note, words))

    # -- beneath -------------------------------------------------------------------------------------------------------

    def _resolved(self, baseline_metrics: Any, n: Any) -> BaselineSource:
        named = (*(self._plan.metrics or ()), *self._plan.higher_is_better)
        return baseline_of(baseline_metrics, n, named)

    def _validate(self, source: BaselineSource) -> Sample:
        example = source._example()
        self._plan.directions_of(self._plan.names(example))
        return example

    def __getstate__(self) -> dict[str, Any]:
        # Evidence is of a tracker in this process.
        return self.__dict__ | {"_evidence": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state | {"_evidence": WeakKeyDictionary()})

    def _given_sample(self, given: Any) -> Sample:
        named = (*(self._plan.metrics or ()), *self._plan.higher_is_better)
        return given_sample(
            "snapshot_or_tracker",
            given,
            n=None,
            named=named,
            confidence=CONFIDENCE,
            described_as="metrics that were given",
        )

    def _noted(self, report: DegradationReport, question: Question) -> DegradationReport:
        self._append(CheckEntry(report.asked, report, (), question))
        return report

    def _append(self, entry: CheckEntry | BaselineEntry) -> None:
        with self._lock:
            self.history.append(entry)
            if len(self.history) > self._HISTORY_LIMIT:
                del self.history[: -self._HISTORY_LIMIT]

    def _begin_anew(self) -> None:
        """Rows that were taken at any time have been held against the baseline of their time."""
        for tracker, evidence in list(self._evidence.items()):
            try:
                self._evidence[tracker] = evidence.anew(self._source._example(), tracker)
            except ValueError:
                # The next look says what is wrong.
                del self._evidence[tracker]

    def _rejudge(self, tracker: ModelPerformanceTracker, asked: datetime, most: int | None) -> list[CheckEntry]:
        """Judges windows anew, latest first: all of them, or as many as `most` of those that wait for labels."""
        with self._lock:
            changed = []
            looked_at = 0
            for place in reversed(range(len(self.history))):
                entry = self.history[place]
                if not isinstance(entry, CheckEntry) or not _is_of(entry, tracker):
                    continue
                if most is not None and (looked_at == most or not _waits(entry)):
                    continue
                looked_at += 1
                again = self._again(entry, tracker, asked)
                if again is not None:
                    self.history[place] = again
                    changed.append(again)
            return changed[::-1]

    def _again(self, entry: CheckEntry, tracker: ModelPerformanceTracker, asked: datetime) -> CheckEntry | None:
        """The entry with one judgement more; None where nothing has changed, or rows have left."""
        last, question = entry.latest, entry._question
        if not isinstance(question, Question) or last.end is None or last.counts is None:
            return None
        snapshot = tracker.snapshot(start=last.start, end=last.end + MICROSECOND)
        if snapshot.counts == last.counts or snapshot.predictions < last.counts.labelled + last.counts.pending:
            return None
        report = judged(Sample.of_snapshot(snapshot), question, asked, tracker)
        return replace(entry, rejudged=(*entry.rejudged, report)[-MOST_REJUDGED:])


def _is_of(entry: CheckEntry, tracker: ModelPerformanceTracker) -> bool:
    report = entry.report
    return (
        report.evidence == "one look"
        and report.end is not None
        and (report.model, report.version) == (tracker.model_name, tracker.model_version)
    )


def _is_any_time(evidence: Any) -> bool:
    if not isinstance(evidence, str):
        raise TypeError(f'evidence must be "one look" or "any time", got {described(evidence)}')
    if evidence not in {"one look", "any time"}:
        raise ValueError(f'evidence must be "one look" or "any time", got {described(evidence)}')
    return evidence == "any time"


def _waits(entry: CheckEntry) -> bool:
    counts = entry.latest.counts
    return counts is not None and counts.pending > 0
