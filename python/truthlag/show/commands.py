"""The options of the command line."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any

import click

from truthlag.show.abtest.command import abtest
from truthlag.show.alert_settings import AlertSettings, parse_looks, parse_metrics
from truthlag.show.columns import Columns
from truthlag.show.duration import DAY
from truthlag.show.ending import orderly_ending
from truthlag.show.judge import Baseline, parse_baseline
from truthlag.show.option_values import duration, finite


def _baseline(_context: click.Context, _option: click.Parameter, value: str) -> Baseline:
    """Days, a duration or a JSON file."""
    try:
        return parse_baseline(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _looks(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """`2/3` or `2`."""
    try:
        return None if value is None else parse_looks(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _metrics(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Names with commas between them."""
    try:
        return None if value is None else parse_metrics(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_REPLAY_EPILOG = """\b
Durations: 7d, 24h, 90m, 30s, 1d12h. Times without a zone are UTC.

\b
Exit codes:
  0    replayed
  1    the log cannot be read, or the output not be written
  2    wrong usage
  3    --fail-on: a verdict was as bad as that, or worse
  4    --strict: a bad row
  5    --fail-on: no period got a verdict
  130  interrupted; what was printed stays valid
  141  the reader of the output went away, as in `| head`
"""


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        # In here, since click itself would end with 1 on Ctrl-C and on a closed pipe.
        with orderly_ending():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("truthlag"), prog_name="truthlag")
def truthlag() -> None:
    """How good is a model whose truth arrives late?"""


@truthlag.command(epilog=_REPLAY_EPILOG)
@click.argument("predictions", type=click.Path())
@click.option("--labels", type=click.Path(), help="File of labels, when they are not on the rows of PREDICTIONS.")
@click.option(
    "--every",
    callback=duration,
    metavar="DURATION",
    default="1d",
    show_default=True,
    help="One row for each such period.",
)
@click.option(
    "--window",
    callback=duration,
    metavar="DURATION",
    help="A row is about the predictions of so long.  [default: 7d, or --every when that is longer]",
)
@click.option(
    "--min-age",
    callback=duration,
    metavar="DURATION",
    default="0",
    show_default=True,
    help="Only predictions this old, so that labels had time to arrive.",
)
@click.option(
    "--retention",
    callback=duration,
    metavar="DURATION",
    help="Forget predictions older than this, which bounds memory.  [default: none]",
)
@click.option(
    "--baseline",
    callback=_baseline,
    metavar="DAYS|DURATION|FILE",
    default="14",
    show_default=True,
    help="Compare with the first so many days of the log, or with the metrics in a JSON file.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0.0, 1.0, max_open=True),
    callback=finite,
    default=0.05,
    show_default=True,
    help="A metric alerts when it is this share below its baseline; two alerts are critical.",
)
@click.option(
    "--min-labels",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="No verdict, and no baseline, on fewer labels.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="json: one object a line.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "critical"]),
    help="Exit with 3 when a verdict, or with --alerts an incident, is as bad as that.",
)
@click.option("--alerts", is_flag=True, help="Show no rows but the incidents that somebody would have been told of.")
@click.option(
    "--alert-metrics",
    callback=_metrics,
    metavar="NAMES",
    help="--alerts: judge these, such as accuracy,recall.  [default: those of the rows]",
)
@click.option(
    "--margin",
    type=click.FloatRange(0.0),
    callback=finite,
    help="--alerts: the loss that is tolerated, in units of the metric.  [default: --tolerance of the baseline]",
)
@click.option(
    "--open-looks",
    callback=_looks,
    metavar="M/N",
    help="--alerts: M bad looks of the last N open an incident.  [default: 2/3, or 1 where --every is above 1d]",
)
@click.option(
    "--open-at",
    type=click.Choice(["warning", "critical"]),
    help="--alerts: what a bad look is.  [default: critical]",
)
@click.option("--no-watch", is_flag=True, help="--alerts: no e-detector between the looks.")
@click.option("--strict", is_flag=True, help="Stop at the first bad row.")
@click.option(
    "--request-id", default=Columns.request_id, show_default=True, metavar="COLUMN", help="Id of the prediction."
)
@click.option(
    "--timestamp", default=Columns.timestamp, show_default=True, metavar="COLUMN", help="Time of the prediction."
)
@click.option(
    "--prediction", default=Columns.prediction, show_default=True, metavar="COLUMN", help="The decision, 0 or 1."
)
@click.option("--score", default=Columns.score, show_default=True, metavar="COLUMN", help="Score; may be absent.")
@click.option("--label", default=Columns.label, show_default=True, metavar="COLUMN", help="The truth, 0, 1 or empty.")
@click.option(
    "--label-timestamp",
    default=Columns.label_timestamp,
    show_default=True,
    metavar="COLUMN",
    help="When the truth arrived.",
)
@click.option("--label-request-id", metavar="COLUMN", help="Id in the file of labels.  [default: as in PREDICTIONS]")
def replay(
    predictions: str,
    labels: str | None,
    every: int,
    window: int | None,
    min_age: int,
    retention: int | None,
    baseline: Baseline,
    tolerance: float,
    min_labels: int,
    output: str,
    fail_on: str | None,
    alerts: bool,
    alert_metrics: tuple[str, ...] | None,
    margin: float | None,
    open_looks: tuple[int, int] | None,
    open_at: str | None,
    no_watch: bool,
    strict: bool,
    request_id: str,
    timestamp: str,
    prediction: str,
    score: str,
    label: str,
    label_timestamp: str,
    label_request_id: str | None,
) -> None:
    """Replay a log: predictions at their time, labels when they arrived.

    PREDICTIONS is Parquet, CSV or CSV.gz, with the labels on the same rows or in a file of their own (--labels). For
    each period one row tells how good the model was, as far as was known at the end of that period, and whether that
    is worse than the baseline.

    With --alerts the incidents come in place of the rows: what DegradationDetector.check at the end of each period, an
    e-detector between them, and a watch over the number of labels would have told, through an AlertPolicy. Nothing is sent.

    A bad row is left out, counted, and told on standard error with its line: on a terminal the first 20, elsewhere all.
    """
    from truthlag.show.replay import ReplaySettings
    from truthlag.show.replay_command import ReplayRequest, run_replay

    if label_request_id is not None and labels is None:
        raise click.UsageError("--label-request-id names a column of the file of --labels, and there is none")
    columns = Columns(request_id, timestamp, prediction, score, label, label_timestamp, label_request_id or request_id)
    try:
        settings = ReplaySettings(
            every,
            max(7 * DAY, every) if window is None else window,
            min_age,
            retention,
            baseline,
            min_labels,
            tolerance,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    of_alerts = {"metrics": alert_metrics, "margin": margin, "open_looks": open_looks, "open_at": open_at}
    of_alerts |= {"watch": False if no_watch else None}
    if not alerts:
        _refuse_without_alerts(of_alerts)
    policy = _alert_settings(baseline, of_alerts) if alerts else None
    sys.exit(run_replay(ReplayRequest(predictions, labels, columns, settings, output, fail_on, strict, policy)))


def _alert_settings(baseline: Baseline, given: dict[str, Any]) -> AlertSettings:
    for name in given["metrics"] or ():
        if baseline.metrics is not None and name not in baseline.metrics:
            raise click.UsageError(
                f"--alert-metrics names `{name}`, and the file of --baseline has {', '.join(baseline.metrics)}"
            )
    return AlertSettings(**{name: value for name, value in given.items() if value is not None})


_OPTIONS = {"metrics": "alert-metrics", "watch": "no-watch"}
"""Those that are not called as the setting is."""


def _refuse_without_alerts(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            option = _OPTIONS.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} is about the incidents of --alerts, which is not given")


@truthlag.command()
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed, the same story.")
@click.option("--fast", is_flag=True, help="A third of the traffic.")
def demo(seed: int, fast: bool) -> None:
    """A year of a fraud model whose truth arrives 30 to 90 days late: what early labels hide, and what to do."""
    from truthlag.show.demo import run_demo

    run_demo(seed=seed, fast=fast)


truthlag.add_command(abtest)
