"""`truthlag replay`, once its options are understood: from files to rows, messages and the exit code."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from truthlag.show.bad_rows import TOLD_ON_TERMINAL, BadRows
from truthlag.show.bar import progress_bar
from truthlag.show.console import Console, is_regular_file
from truthlag.show.counted import counted
from truthlag.show.errors import EXIT_DEGRADED, EXIT_FINE, EXIT_INTERRUPTED, EXIT_UNDECIDED, LogError
from truthlag.show.interrupt import Interrupts
from truthlag.show.machine_formats import CsvWriter, JsonWriter
from truthlag.show.outcome import Outcome
from truthlag.show.replay import Replay, ReplaySettings
from truthlag.show.summary import summary, why_no_baseline
from truthlag.show.table import TableWriter
from truthlag.show.timeline import Timeline
from truthlag.show.times import short_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthlag.show.alert_run import AlertRun
    from truthlag.show.alert_settings import AlertSettings
    from truthlag.show.columns import Columns
    from truthlag.show.period import Period
    from truthlag.show.progress import Progress


@dataclass(frozen=True)
class ReplayRequest:
    """One call of `truthlag replay`."""

    predictions: str
    labels: str | None
    columns: Columns
    settings: ReplaySettings
    output: str
    """`table`, `json` or `csv`."""
    fail_on: str | None
    strict: bool
    alerts: AlertSettings | None = None
    """What opens an incident, where incidents are shown in place of rows."""


class _Writer(Protocol):
    def begin(self) -> None: ...

    def row(self, period: Period) -> None: ...


def run_replay(request: ReplayRequest) -> int:
    """Replay and print; returns the exit code. Rows and summary go to standard output, messages to standard error."""
    out, err = Console(), Console(stderr=True)
    watched = _bar_console(request, out, err)
    # While a bar is drawn, messages go through its console: two on one terminal would tear each other.
    shared = watched or err

    def tell(message: str) -> None:
        shared.print(message, style="yellow", markup=False, soft_wrap=True)

    with Interrupts() as interrupts, progress_bar(watched) as progress:
        # A file or a pipe has room for all of them, and is where somebody looks for the one that is missing.
        at_most = TOLD_ON_TERMINAL if sys.stderr.isatty() else None
        alerts = _alerts(request)
        writer = _writer(request, out) if alerts is None else alerts
        run = _Run(request, writer, alerts, BadRows(tell, at_most=at_most, strict=request.strict))
        try:
            run.go(progress, tell, interrupts)
            code = run.exit_code(tell)
        except KeyboardInterrupt:
            run.outcome.interrupted = True
            tell(f"interrupted after {counted(run.outcome.periods, 'period')}")
            code = EXIT_INTERRUPTED
        except LogError as error:
            shared.print(str(error), style="red", markup=False, soft_wrap=True)
            code = error.exit_code
    if run.bad_rows.count:
        left_out = run.bad_rows.count
        tell(f"{counted(left_out, 'bad row')} {'was' if left_out == 1 else 'were'} left out")
    # A log that could not be read at all had no incidents that anybody knows of.
    if alerts is not None and (run.outcome.periods or code == EXIT_FINE):
        alerts.show(request.output, out)
    if request.output == "table" and run.outcome.periods:
        for line in run.summary():
            # On a terminal lines break between words; elsewhere they are as long as they are.
            out.print(line, style="dim", markup=False, soft_wrap=not out.is_terminal)
    return code


class _Run:
    """What one replay has done so far, so that it can be told however it ends."""

    def __init__(self, request: ReplayRequest, writer: _Writer, alerts: AlertRun | None, bad_rows: BadRows) -> None:
        self.request = request
        self.bad_rows = bad_rows
        self.outcome = Outcome()
        self._writer = writer
        self._alerts = alerts
        name = Path(request.predictions).name
        self._replay = Replay(request.settings, name, None if alerts is None else alerts.looks)
        if alerts is not None:
            alerts.attach(self._replay)
        self._timeline: Timeline | None = None

    def go(self, progress: Progress, tell: Callable[[str], None], interrupts: Interrupts) -> None:
        request = self.request
        timeline = Timeline(request.predictions, request.labels, request.columns, self.bad_rows, progress)
        self._timeline = timeline
        if timeline.columns.score is None:
            tell(f"{request.predictions}: no column `{request.columns.score}`, so AUC is left out")
        with interrupts.held():
            self._writer.begin()
        for period in self._replay.run(timeline.events(), tell):
            with interrupts.held():
                self.outcome.add(period)
                self._writer.row(period)
            if self._alerts is not None:
                # A look takes longer than all rows of its period.
                progress.reached(f"looked until {short_time(period.end)}")
        if self._replay.predictions == 0 and self.bad_rows.count:
            raise LogError(f"{request.predictions}: no row is good")

    def exit_code(self, tell: Callable[[str], None]) -> int:
        """The exit code of a replay that went through; says what is not plain from the rows."""
        request = self.request
        if not self.outcome.periods:
            tell(f"{request.predictions}: no predictions")
        if request.fail_on is None:
            return EXIT_FINE
        judged = self.outcome if self._alerts is None else self._alerts
        if judged.reached(request.fail_on):
            return EXIT_DEGRADED
        if judged.decided:
            return EXIT_FINE
        what = "period" if self._alerts is None else "look"
        tell(f"no {what} got a verdict, so --fail-on has nothing to go by; {self._why_undecided()}")
        return EXIT_UNDECIDED

    def _why_undecided(self) -> str:
        if self._replay.judge.baseline is None:
            return f"baseline: none; {why_no_baseline(self.request.settings, self._replay)}"
        least = counted(self.request.settings.min_labels, "label")
        if self._alerts is not None and not self._alerts.looks.judged:
            return "none of the metrics has a value in the baseline"
        if self._alerts is not None and self._alerts.looks.looks:
            return "every look since the baseline was undecided: longer windows have more labels"
        return f"every window since the baseline has fewer than {least}"

    def summary(self) -> list[str]:
        undated = 0 if self._timeline is None else self._timeline.undated_labels
        said = None if self._alerts is None else list(self._alerts.said())
        return list(summary(self.request.settings, self._replay, self.outcome, undated, said))


def _bar_console(request: ReplayRequest, out: Console, err: Console) -> Console | None:
    """Where a progress bar belongs: on a terminal that it shares with nothing but the lines of the table."""
    if not sys.stderr.isatty():
        return None
    if sys.stdout.isatty():
        # JSON and CSV go past the console, and are perhaps copied from the screen.
        return out if request.output == "table" else None
    # In a pipe the next program may have the terminal: `| head`, `| less`.
    return err if is_regular_file(sys.stdout) else None


def _alerts(request: ReplayRequest) -> AlertRun | None:
    if request.alerts is None:
        return None
    from truthlag.show.alert_run import AlertRun

    return AlertRun(request.settings, request.alerts, Path(request.predictions).name)


def _writer(request: ReplayRequest, console: Console) -> _Writer:
    if request.output == "json":
        return JsonWriter(sys.stdout)
    if request.output == "csv":
        return CsvWriter(sys.stdout)
    return TableWriter(console, request.settings.every)
