"""The end of `truthlag replay --alerts`: the incidents, what they rest on, and whether `--fail-on` has an answer."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING

from truthlag.show.alert_looks import AlertLooks
from truthlag.show.alert_settings import told_looks
from truthlag.show.counted import counted
from truthlag.show.incident_formats import write_incidents_as_csv, write_incidents_as_json
from truthlag.show.incident_table import incident_summary, show_incidents, show_timeline
from truthlag.show.judge import reached
from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthlag.alerts import DryRun
    from truthlag.show.alert_settings import AlertSettings
    from truthlag.show.console import Console
    from truthlag.show.period import Period
    from truthlag.show.replay import Replay, ReplaySettings


class AlertRun:
    """What a replay shows in place of its rows. It takes the periods as a writer of rows does, and keeps the time they span."""

    def __init__(self, settings: ReplaySettings, alerts: AlertSettings, model: str) -> None:
        self.looks = AlertLooks(settings, alerts, model)
        self._settings = settings
        self._alerts = alerts
        self._replay: Replay | None = None
        self._start: int | None = None
        self._end = 0

    def begin(self) -> None:
        """There is nothing to show before the end."""

    def row(self, period: Period) -> None:
        """Take note of a period."""
        self._start = period.start if self._start is None else self._start
        self._end = period.end

    def attach(self, replay: Replay) -> None:
        """Take note of the replay whose end is shown."""
        self._replay = replay

    @cached_property
    def found(self) -> DryRun:
        """What the policy made of it; to be asked once the replay is over."""
        return self.looks.dry_run(0 if self._replay is None else self._replay.last_prediction)

    def show(self, output: str, console: Console) -> None:
        """Print the incidents: as a table with a timeline, as JSON lines, or as CSV."""
        incidents = self.found.incidents
        if output == "json":
            write_incidents_as_json(sys.stdout, incidents)
        elif output == "csv":
            write_incidents_as_csv(sys.stdout, incidents)
        else:
            show_incidents(console, incidents)
            if self._start is not None:
                show_timeline(console, incidents, to_datetime(self._start), to_datetime(self._end))
            if incidents:
                console.print(incident_summary(incidents, len(self.found.notifications)), markup=False, soft_wrap=True)

    def said(self) -> Iterator[str]:
        """The lines below the incidents that say what they rest on."""
        looks, alerts, settings = self.looks, self._alerts, self._settings
        if looks.judged:
            yield told_looks(looks.judged, looks.verdicts, looks.looks)
            tolerated = (
                f"{100 * settings.tolerance:g}% of the baseline" if alerts.margin is None else f"{alerts.margin:g}"
            )
            yield f"critical: worse by more than {tolerated}, beyond chance; a warning: worse at all, beyond chance"
            if alerts.watch:
                yield self._watch_line()
        if looks.without_value:
            yield f"not looked at, since the baseline leaves them undefined: {', '.join(looks.without_value)}"
        yield alerts.described(settings.every, is_watched=bool(looks.watched))

    def _watch_line(self) -> str:
        looks = self.looks
        if looks.watched:
            told = counted(looks.alarms, "alarm")
            return f"between the looks an e-detector watched {', '.join(looks.watched)}: {told}"
        if not self._settings.min_age:
            return "no watch between the looks: at --min-age 0 it would see the fastest labels alone"
        return "no watch between the looks: none of the metrics is a share of rows that can fall"

    def reached(self, level: str) -> bool:
        """Whether any incident was as bad as `level` at its worst."""
        return any(reached(incident.peak_severity, level) for incident in self.found.incidents)

    @property
    def decided(self) -> bool:
        """Whether there is anything to go by: an incident, or a look that found something good or bad."""
        return bool(self.found.incidents) or self.looks.is_decided
