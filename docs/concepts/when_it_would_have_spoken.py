"""Makes the table and the picture of when-it-would-have-spoken.md: `python docs/concepts/when_it_would_have_spoken.py FOLDER_OF_THE_LOGS`.

Replays elec2 for each rule that could have watched it, as of then, and writes the table between the marks of the page. The
picture needs matplotlib besides the extra `cli`; without it the table is made all the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv

from truthlag import DegradationDetector, ModelPerformanceTracker, PerformanceSnapshot, detectors

HERE = Path(__file__).parent
PAGE = HERE / "when-it-would-have-spoken.md"
PICTURE = HERE / "when-it-would-have-spoken.svg"
LOG = "elec2_prediction_log.csv.gz"
BEGIN, END = "<!-- table: made by when_it_would_have_spoken.py -->", "<!-- end of the table -->"

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MIN_AGE = 2 * DAY
BASELINE = 14 * DAY
TREND_DAYS = 31
FEWEST_LABELS = 20
DETECTORS = ("ADWIN", "DDM", "EDDM", "HDDMA", "PageHinkley", "KSWIN")


@dataclass(frozen=True)
class Spoken:
    """What one rule said: when, and until when it stood by it (the same moment for an alarm that does not last)."""

    rule: str
    alarms: tuple[tuple[datetime, datetime], ...]
    looks: str


class Log:
    """elec2: the tracker as it is at the end, and the decisions of which the truth is known."""

    def __init__(self, path: Path) -> None:
        table = pyarrow.csv.read_csv(path)
        self.path = path
        self.times = table["timestamp"].to_numpy().astype("datetime64[us]")
        self.known = table["label_timestamp"].to_numpy().astype("datetime64[us]")
        self.predictions = table["prediction"].to_numpy()
        self.labels = table["label"].to_numpy(zero_copy_only=False).astype(float)
        self.scores = table["score"].to_numpy()
        self.is_labelled = ~np.isnan(self.labels) & ~np.isnat(self.known)
        self.first = moment(self.times.min())
        self.last = moment(self.times.max())
        self.first_midnight = self.first.replace(hour=0, minute=0, second=0, microsecond=0)
        order = np.argsort(self.times[self.is_labelled], kind="stable")
        self.known_times = self.times[self.is_labelled][order]
        self.is_wrong = (self.predictions != self.labels)[self.is_labelled][order]

    def tracker(self) -> ModelPerformanceTracker:
        """One that has been told of all predictions, and of no label."""
        tracker = ModelPerformanceTracker("elec2", retention=None)
        rows = np.arange(len(self.times))
        tracker.log_predictions(rows, self.predictions, self.scores, timestamps=self.times)
        return tracker

    def label(self, tracker: ModelPerformanceTracker) -> None:
        """Tell it of all labels, in the order in which they came."""
        rows = np.flatnonzero(self.is_labelled)
        rows = rows[np.argsort(self.known[rows], kind="stable")]
        tracker.log_ground_truths(rows, self.labels[rows].astype(int), timestamps=self.known[rows])

    def wrong(self, start: datetime, end: datetime) -> tuple[int, int]:
        """Wrong decisions of [start, end), and all whose truth is known."""
        low, high = (np.searchsorted(self.known_times, plain(one)) for one in (start, end))
        return int(self.is_wrong[low:high].sum()), int(high - low)

    def windows(self, every: timedelta, window: timedelta) -> Iterator[tuple[datetime, PerformanceSnapshot]]:
        """The windows after the baseline, each with the moment at which it is looked at, by the labels known then.

        Labels come by and by, so that each is told before the look that may know it.
        """
        tracker = self.tracker()
        rows = np.flatnonzero(self.is_labelled)
        rows = rows[np.argsort(self.known[rows], kind="stable")]
        arrivals, told = self.known[rows], 0
        asked = self.first_midnight + every
        while asked < self.last + MIN_AGE + every:
            until = int(np.searchsorted(arrivals, plain(asked)))
            some = rows[told:until]
            tracker.log_ground_truths(some, self.labels[some].astype(int), timestamps=self.known[some])
            told = until
            if asked >= self.first + BASELINE + MIN_AGE:
                yield asked, tracker.snapshot(start=asked - MIN_AGE - window, end=asked - MIN_AGE)
            asked += every


def moment(time: Any) -> datetime:
    """A time of numpy as an aware datetime."""
    found: datetime = time.astype("datetime64[us]").item()
    return found.replace(tzinfo=UTC)


def plain(time: datetime) -> np.datetime64:
    """The other way."""
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


@cache
def log_of(folder: Path) -> Log:
    """The log, read once."""
    return Log(folder / LOG)


def baseline_of(log: Log) -> PerformanceSnapshot:
    """The first two weeks, as known when all of it was two days old."""
    ready = plain(log.first + BASELINE + MIN_AGE)
    tracker = log.tracker()
    rows = np.flatnonzero(log.is_labelled & (log.known < ready))
    tracker.log_ground_truths(rows, log.labels[rows].astype(int), timestamps=log.known[rows])
    return tracker.snapshot(start=log.first, end=log.first + BASELINE)


# -- where the loss is -------------------------------------------------------------------------------------------------


def split(log: Log, start: datetime, end: datetime) -> datetime:
    """The moment that best divides these decisions into two rates of error: the largest likelihood of binomial counts."""
    low, high = (np.searchsorted(log.known_times, plain(one)) for one in (start, end))
    wrong = np.cumsum(log.is_wrong[low:high].astype(float))
    rows = np.arange(1.0, len(wrong) + 1)

    def likelihood(errors: Any, trials: Any) -> Any:
        rate = np.clip(errors / trials, 1e-12, 1 - 1e-12)
        return errors * np.log(rate) + (trials - errors) * np.log1p(-rate)

    gain = likelihood(wrong[:-1], rows[:-1]) + likelihood(wrong[-1] - wrong[:-1], rows[-1] - rows[:-1])
    return moment(log.known_times[low + int(np.argmax(gain)) + 1])


@dataclass(frozen=True)
class Truth:
    """What is known in hindsight."""

    loss: datetime
    """When accuracy first fell."""
    great_loss: datetime
    """When it fell for eleven months."""
    recovery: datetime


def truth_of(log: Log) -> Truth:
    """The changes of the error rate, found by splitting the log, and then its parts."""
    recovery = split(log, log.first, log.last)
    great_loss = split(log, log.first, recovery)
    return Truth(split(log, log.first, great_loss), great_loss, recovery)


# -- the rules ---------------------------------------------------------------------------------------------------------


def at_once(times: Sequence[datetime]) -> tuple[tuple[datetime, datetime], ...]:
    """Alarms that do not last."""
    return tuple((time, time) for time in times)


def five_percent(log: Log, every: timedelta, looks: str) -> Spoken:
    """The accuracy of the last day or week more than five percent below that of the baseline."""
    accuracy = baseline_of(log).accuracy
    detector = DegradationDetector({"accuracy": accuracy})
    alarms = [
        asked
        for asked, snapshot in log.windows(every, every)
        if snapshot.sample_size >= FEWEST_LABELS
        and detector.check_absolute_degradation({"accuracy": snapshot.accuracy})["severity"] != "ok"
    ]
    return Spoken("5 percent below the baseline", at_once(alarms), looks)


def seven_values(log: Log, every: timedelta, looks: str) -> Spoken:
    """A straight line through the last seven accuracies that falls by more than .01 from one to the next."""
    detector = DegradationDetector({"accuracy": baseline_of(log).accuracy})
    values: list[float] = []
    alarms = []
    for asked, snapshot in log.windows(every, every):
        if snapshot.sample_size >= FEWEST_LABELS:
            values.append(float(snapshot.accuracy or 0.0))
            if len(values) >= 7 and detector.check_trend_degradation("accuracy", values)["alert"]:
                alarms.append(asked)
    return Spoken("straight line through 7 values", at_once(alarms), looks)


def trend(log: Log) -> Spoken:
    """`check_trend` over the last 31 days, once a week, at the level .05."""
    days: list[tuple[int, int]] = []
    alarms = []
    detector = DegradationDetector(baseline_of(log), metrics=["accuracy"])
    for number, (asked, snapshot) in enumerate(log.windows(DAY, DAY)):
        counts = snapshot.counts
        right = counts.true_positives + counts.true_negatives
        if counts.labelled:
            days.append((right, counts.labelled))
        last = days[-TREND_DAYS:]
        if number % 7 == 6 and len(last) == TREND_DAYS:
            right_of, of = zip(*last, strict=True)
            if detector.check_trend("accuracy", list(right_of), trials=list(of)).verdict == "declining":
                alarms.append(asked)
    return Spoken("`check_trend` over 31 days", at_once(alarms), "week")


def incidents(log: Log, options: Sequence[str], looks: str, rule: str) -> Spoken:
    """The incidents that `truthlag replay --alerts` shows."""
    program = [sys.executable, "-c", "from truthlag.show.cli import main; main()", "replay", str(log.path)]
    given = ["--alerts", "--alert-metrics", "accuracy", "--no-watch", "--min-age", "2d", "--format", "json", *options]
    finished = subprocess.run([*program, *given], capture_output=True, check=True, encoding="utf-8")
    found = []
    for line in finished.stdout.splitlines():
        incident = json.loads(line)
        if incident["kind"] == "degradation":
            start, end = incident["start"], incident["end"]
            over = log.last if end is None else datetime.fromisoformat(end)
            found.append((datetime.fromisoformat(start), over))
    return Spoken(rule, tuple(found), looks)


def weekly_check(log: Log) -> Spoken:
    """`check` once a week, one critical look opens."""
    return incidents(log, ["--every", "7d"], "week", "`check` and `AlertPolicy`")


def daily_check(log: Log) -> Spoken:
    """`check` of the last week once a day, two of three critical looks open."""
    return incidents(log, ["--every", "1d"], "day", "`check` and `AlertPolicy`")


def watched(log: Log, rule: str, **options: Any) -> Spoken:
    """The alarms of a detector that takes each decision once when it is two days old."""
    tracker = log.tracker()
    if "detector" not in options:
        options |= {"baseline": baseline_of(log)}
    watch = tracker.watch("accuracy", min_age=MIN_AGE, **options)
    alarms = []
    watch.on_alarm = alarms.append
    log.label(tracker)
    watch.look()
    return Spoken(rule, at_once([alarm.time + MIN_AGE for alarm in alarms]), "decision")


def e_detector(log: Log, tolerance: float, rule: str) -> Spoken:
    """The e-detector against the counts of the baseline."""
    return watched(log, rule, tolerance=tolerance)


def popular(log: Log, name: str) -> Spoken:
    """One of the detectors that know no baseline, as it comes."""
    kind = getattr(detectors, name)
    return watched(log, name, detector=kind(seed=7) if name == "KSWIN" else kind())


def rules() -> dict[str, Callable[[Log], Spoken]]:
    """All of them, by a short name."""
    return {
        "five percent, days": lambda log: five_percent(log, DAY, "day"),
        "five percent, weeks": lambda log: five_percent(log, WEEK, "week"),
        "line, days": lambda log: seven_values(log, DAY, "day"),
        "line, weeks": lambda log: seven_values(log, WEEK, "week"),
        "trend": trend,
        "check, days": daily_check,
        "check, weeks": weekly_check,
        "e-detector": lambda log: e_detector(log, 0.0, "e-detector"),
        "e-detector, 5 percent": lambda log: e_detector(log, margin(log), "e-detector, 5 percent tolerated"),
        "e-detector, 10 points": lambda log: e_detector(log, 0.10, "e-detector, 10 points tolerated"),
        **{name: lambda log, name=name: popular(log, name) for name in DETECTORS},
    }


def margin(log: Log) -> float:
    """Five percent of the accuracy of the baseline."""
    return 0.05 * float(baseline_of(log).accuracy or 0.0)


# -- the table ---------------------------------------------------------------------------------------------------------

HEADINGS = ("rule", "looks", "before the loss", "first alarm after it", "days", "wrong until then", "too many", "alarms", "after the recovery")


def row(log: Log, truth: Truth, spoken: Spoken) -> tuple[str, ...]:
    """What one rule came to: what it said before there was anything, how long it took, and what the wait cost."""
    starts = [start for start, _ in spoken.alarms]
    before = sum(start < truth.loss for start in starts)
    after = [start for start in starts if start >= truth.loss]
    late = sum(start >= truth.recovery for start in starts)
    if not after:
        return (spoken.rule, spoken.looks, str(before), "never", "", "", "", str(len(starts)), str(late))
    first = min(after)
    wrong, decisions = log.wrong(truth.loss, first)
    usual = 1 - float(baseline_of(log).accuracy or 0.0)
    return (
        spoken.rule,
        spoken.looks,
        str(before),
        f"{first:%Y-%m-%d}",
        f"{(first - truth.loss) / DAY:.0f}",
        f"{wrong:,}",
        f"{wrong - usual * decisions:,.0f}",
        f"{len(starts):,}",
        str(late),
    )


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [HEADINGS, ["---"] * 2 + ["---:"] * (len(HEADINGS) - 2), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    log = log_of(Path(sys.argv[1]))
    truth = truth_of(log)
    print(truth)
    spoken = [say(log) for say in rules().values()]
    table = as_table([row(log, truth, one) for one in spoken])
    print(table)
