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
from itertools import pairwise
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
CHECK = "`check` and `AlertPolicy`"
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
        labelled = np.flatnonzero(self.is_labelled)
        self.by_arrival = labelled[np.argsort(self.known[labelled], kind="stable")]
        self.first = moment(self.times.min())
        self.last = moment(self.times.max())
        self.first_midnight = self.first.replace(hour=0, minute=0, second=0, microsecond=0)
        order = np.argsort(self.times[self.is_labelled], kind="stable")
        self.known_times = self.times[self.is_labelled][order]
        self.is_wrong = (self.predictions != self.labels)[self.is_labelled][order]

    def tracker(self, since: datetime | None = None) -> ModelPerformanceTracker:
        """One that has been told of all predictions since then, and of no label."""
        tracker = ModelPerformanceTracker("elec2", retention=None)
        rows = np.flatnonzero(self.times >= plain(since or self.first))
        tracker.log_predictions(rows, self.predictions[rows], self.scores[rows], timestamps=self.times[rows])
        return tracker

    def label(self, tracker: ModelPerformanceTracker) -> None:
        """Tell it of all labels, in the order in which they came."""
        self.tell(tracker, self.by_arrival)

    def tell(self, tracker: ModelPerformanceTracker, rows: Any) -> None:
        """Tell it of the labels of these rows."""
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
        arrivals, told = self.known[self.by_arrival], 0
        asked = self.first_midnight + every
        while asked < self.last + MIN_AGE + every:
            until = int(np.searchsorted(arrivals, plain(asked)))
            self.tell(tracker, self.by_arrival[told:until])
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
    log.tell(tracker, np.flatnonzero(log.is_labelled & (log.known < ready)))
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
    """What is known in hindsight of the rate of errors: when it rose, fell, rose for eleven months, and fell."""

    spring: datetime
    spring_end: datetime
    summer: datetime
    summer_end: datetime


@cache
def truth_of(log: Log) -> Truth:
    """The log divided where its two parts differ most, and then what lies before, and again."""
    summer_end = split(log, log.first, log.last)
    summer = split(log, log.first, summer_end)
    spring_end = split(log, log.first, summer)
    return Truth(split(log, log.first, spring_end), spring_end, summer, summer_end)


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


def incidents(log: Log, rule: str, looks: str, *options: str) -> Spoken:
    """The incidents that `truthlag replay --alerts` shows."""
    program = [sys.executable, "-c", "from truthlag.show.cli import main; main()", "replay", str(log.path)]
    given = ["--alerts", "--alert-metrics", "accuracy", "--min-age", "2d", "--format", "json", *options]
    finished = subprocess.run([*program, *given], capture_output=True, check=True, encoding="utf-8")
    found = []
    for line in finished.stdout.splitlines():
        incident = json.loads(line)
        if incident["kind"] == "degradation":
            start, end = incident["start"], incident["end"]
            found.append((datetime.fromisoformat(start), log.last if end is None else datetime.fromisoformat(end)))
    return Spoken(rule, tuple(found), looks)


def watched(log: Log, rule: str, **options: Any) -> Spoken:
    """The alarms of a detector that takes each decision once when it is two days old."""
    is_new = "detector" in options
    # What knows no baseline needs the first weeks to learn from; what has one does not look at them again.
    tracker = log.tracker(log.first if is_new else log.first + BASELINE)
    if not is_new:
        options |= {"baseline": baseline_of(log)}
    watch = tracker.watch("accuracy", min_age=MIN_AGE, **options)
    alarms = []
    watch.on_alarm = alarms.append
    log.label(tracker)
    watch.look()
    return Spoken(rule, at_once([alarm.time + MIN_AGE for alarm in alarms]), "decision")


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
        "check, days": lambda log: incidents(log, CHECK, "day", "--every", "1d", "--no-watch"),
        "check, weeks": lambda log: incidents(log, CHECK, "week", "--every", "7d", "--no-watch"),
        "check and watch": lambda log: incidents(log, "`check`, `AlertPolicy`, e-detector", "week", "--every", "7d"),
        "e-detector": lambda log: watched(log, "e-detector", tolerance=0.0),
        "e-detector, 5 percent": lambda log: watched(log, "e-detector, 5 percent tolerated", tolerance=margin(log)),
        "e-detector, 10 points": lambda log: watched(log, "e-detector, 10 points tolerated", tolerance=0.10),
        **{name: lambda log, name=name: popular(log, name) for name in DETECTORS},
    }


def margin(log: Log) -> float:
    """Five percent of the accuracy of the baseline."""
    return 0.05 * float(baseline_of(log).accuracy or 0.0)


# -- the table ---------------------------------------------------------------------------------------------------------

HEADINGS = (
    "rule",
    "looks",
    "before",
    "spring: first alarm",
    "wrong by then",
    "summer: first alarm",
    "wrong by then",
    "in all",
    "after",
)
NEVER = "never"


def spells(starts: Sequence[datetime]) -> str:
    """How many alarms, and how many spells of them with a week of silence before each."""
    ordered = sorted(starts)
    begun = sum(one - before > WEEK for before, one in pairwise(ordered)) + bool(ordered)
    return f"{len(ordered):,}" if begun == len(ordered) else f"{len(ordered):,} ({begun})"


def cost(log: Log, starts: Sequence[datetime], loss: datetime, end: datetime) -> tuple[str, str]:
    """The first alarm of a loss, and how many decisions were wrong from its beginning until then; or until it was over."""
    usual = 1 - float(baseline_of(log).accuracy or 0.0)
    first = min((start for start in starts if loss <= start < end), default=None)
    wrong, decisions = log.wrong(loss, end if first is None else first)
    told = NEVER if first is None else f"{first:%Y-%m-%d}"
    return told, f"{wrong:,} ({round(wrong - usual * decisions):+,})"


def row(log: Log, spoken: Spoken) -> tuple[str, ...]:
    """What one rule came to: what it said before there was anything, when it spoke, and what was wrong by then."""
    truth = truth_of(log)
    starts = [start for start, _ in spoken.alarms]
    return (
        spoken.rule,
        spoken.looks,
        spells([start for start in starts if log.first + BASELINE <= start < truth.spring]),
        *cost(log, starts, truth.spring, truth.spring_end),
        *cost(log, starts, truth.summer, truth.summer_end),
        spells(starts),
        spells([start for start in starts if start >= truth.summer_end]),
    )


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [HEADINGS, ["---"] * 2 + ["---:"] * (len(HEADINGS) - 2), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# -- the picture -------------------------------------------------------------------------------------------------------

COLOURS = {"plain": "#e09f3e", "ours": "#1d3557", "popular": "#5b8e7d"}
_FIRST_OF_OURS, _FIRST_POPULAR = 4, 11


def weeks(log: Log) -> tuple[list[datetime], list[float]]:
    """The accuracy of each week in hindsight, at its middle; weeks with few decisions are left out."""
    middles, values = [], []
    start = log.first_midnight
    while start < log.last:
        wrong, decisions = log.wrong(start, start + WEEK)
        if decisions > 100:
            middles.append(start + WEEK / 2)
            values.append(1 - wrong / decisions)
        start += WEEK
    return middles, values


def draw(log: Log, spoken: Sequence[Spoken], path: Path) -> None:
    """Accuracy by week; beneath it a line for each rule, with a mark for each alarm and a bar for each incident."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt
    from matplotlib.dates import DateFormatter, MonthLocator, date2num

    mpl.rcParams |= {"svg.hashsalt": "truthlag", "font.size": 9, "svg.fonttype": "path"}
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(9, 6.4), sharex=True, height_ratios=(2, 3), layout="constrained"
    )
    truth = truth_of(log)
    for axes in (upper, lower):
        for start, end in ((truth.spring, truth.spring_end), (truth.summer, truth.summer_end)):
            axes.axvspan(start, end, color="#c1440e", alpha=0.10, linewidth=0)
        axes.axvspan(log.first, log.first + BASELINE, color="#888888", alpha=0.20, linewidth=0)
        axes.spines[["top", "right"]].set_visible(False)
    upper.plot(*weeks(log), color="#c1440e", linewidth=1.6)
    upper.axhline(float(baseline_of(log).accuracy or 0.0), color="#888888", linestyle=":", linewidth=1)
    upper.set_ylabel("accuracy by week")
    upper.set_ylim(0.44, 0.96)
    upper.grid(axis="y", color="#dddddd", linewidth=0.6)
    for start, end, name in (
        (truth.spring, truth.spring_end, "spring"),
        (truth.summer, truth.summer_end, "summer"),
        (log.first, log.first + BASELINE, "baseline"),
    ):
        upper.annotate(
            name, (start + (end - start) / 2, 0.97), ha="center", color="#666666", fontsize=8, annotation_clip=False
        )
    for place, one in enumerate(spoken):
        kind = "plain" if place < _FIRST_OF_OURS else "ours" if place < _FIRST_POPULAR else "popular"
        # One path for all marks of a rule, one mark a day: the picture stays small.
        days = sorted({start.replace(hour=12, minute=0, second=0, microsecond=0) for start, _ in one.alarms})
        across = [x for day in days for x in (date2num(day), date2num(day), np.nan)]
        lower.plot(across, [place - 0.32, place + 0.32, np.nan] * len(days), color=COLOURS[kind], linewidth=0.9)
        for start, end in one.alarms:
            if end > start:
                lower.plot([start, end], [place, place], color=COLOURS[kind], linewidth=4, solid_capstyle="butt")
    figure.legend(handles=_legend(), frameon=False, ncols=5, loc="outside lower center", fontsize=8, handlelength=1.5)
    names = [one.rule.replace("`", "") + ("" if one.looks == "decision" else f", {one.looks}") for one in spoken]
    lower.set_yticks(range(len(spoken)), names)
    lower.set_ylim(len(spoken) - 0.4, -0.6)
    lower.tick_params(axis="y", length=0)
    lower.xaxis.set_major_locator(MonthLocator(interval=3))
    lower.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)
    plt.close(figure)


def _legend() -> list[Any]:
    """What the colours and the marks of the lower picture mean."""
    from matplotlib.lines import Line2D

    kinds = {"plain": "plain rules", "ours": "trend, check, e-detector", "popular": "popular detectors"}
    return [
        *(Line2D([], [], color=COLOURS[kind], linewidth=4, label=text) for kind, text in kinds.items()),
        Line2D([], [], color="#333333", linestyle="none", marker="|", markersize=9, label="tick: a day with an alarm"),
        Line2D([], [], color="#333333", linewidth=4, solid_capstyle="butt", label="thick bar: an open incident"),
    ]


def put_into_page(table: str) -> None:
    """Replace the table of the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}", encoding="utf-8")


def main(folder: Path, picture: Path) -> None:
    """Make both."""
    log = log_of(folder)
    spoken = [say(log) for say in rules().values()]
    put_into_page(as_table([row(log, one) for one in spoken]))
    draw(log, spoken, picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else PICTURE)
