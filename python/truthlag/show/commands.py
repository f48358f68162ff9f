"""The options of the command line."""

from __future__ import annotations

import math
import sys
from importlib import metadata
from typing import Any

import click

from truthlag.show.abtest.metric_spec import Margin, parse_margin, parse_weights
from truthlag.show.alert_settings import AlertSettings, parse_looks, parse_metrics
from truthlag.show.columns import Columns
from truthlag.show.duration import DAY, parse_duration
from truthlag.show.ending import orderly_ending
from truthlag.show.judge import Baseline, parse_baseline


def _duration(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """Microseconds of an option such as `7d`."""
    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


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


def _no_nan(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """A number: NaN is inside of every range, since it compares false with its ends; infinity is where there is no end."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no {'number' if math.isnan(value) else 'finite number'}")
    return value


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
    callback=_duration,
    metavar="DURATION",
    default="1d",
    show_default=True,
    help="One row for each such period.",
)
@click.option(
    "--window",
    callback=_duration,
    metavar="DURATION",
    help="A row is about the predictions of so long.  [default: 7d, or --every when that is longer]",
)
@click.option(
    "--min-age",
    callback=_duration,
    metavar="DURATION",
    default="0",
    show_default=True,
    help="Only predictions this old, so that labels had time to arrive.",
)
@click.option(
    "--retention",
    callback=_duration,
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
    callback=_no_nan,
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
    callback=_no_nan,
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


_ABTEST_EPILOG = """\b
Metrics: COLUMN[:KIND][:DIRECTION], such as
  converted                a proportion where there are only 0 and 1, else a mean
  revenue:mean:higher      a mean over rows; with --unit, rows are clustered
  revenue:sum              of each unit the sum of its rows (needs --unit)
  converted:any            the share of units with a 1 on any row (needs --unit)
  clicks/views:ratio       the sum of one column over that of another
  latency:p99:lower        a quantile

\b
Guardrails: COLUMN[:KIND][:DIRECTION]:MARGIN, such as
  error:lower:0.001        may rise by .001
  latency:p99:lower:5%     may rise by 5 percent of the control's

\b
Exit codes:
  0    a report was made, whatever it says
  1    the file cannot be read or compared, or the output not be written
  2    wrong usage
  4    --strict: a bad row
  130  interrupted
  141  the reader of the output went away, as in `| head`
"""


def _margin(_context: click.Context, _option: click.Parameter, value: str | None) -> Margin | None:
    """`0.5` or `2%`."""
    try:
        return None if value is None else parse_margin(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _weights(_context: click.Context, _option: click.Parameter, value: str | None) -> dict[str, float] | None:
    """`A=1,B=1`."""
    try:
        return None if value is None else parse_weights(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _spending(_context: click.Context, _option: click.Parameter, value: str) -> str | float:
    """A name or a power."""
    if value in ("obrien_fleming", "pocock"):
        return value
    try:
        power = float(value)
    except ValueError:
        power = math.nan
    if not 0 < power < math.inf:
        raise click.BadParameter(f"`{value}` is not obrien_fleming, pocock, or a power above 0 such as 2")
    return power


@truthlag.command(epilog=_ABTEST_EPILOG)
@click.argument("file", type=click.Path())
@click.option("--arm", required=True, metavar="COLUMN", help="The arm of each row.")
@click.option(
    "--metric",
    "metrics",
    required=True,
    multiple=True,
    metavar="COLUMN[:KIND]",
    help="What is compared; may be given several times, the primary metric first.",
)
@click.option(
    "--guardrail",
    "guardrails",
    multiple=True,
    metavar="COLUMN:MARGIN",
    help="What may not get worse by more than a margin; may be given several times.",
)
@click.option("--unit", metavar="COLUMN", help="What was randomised, such as a user; rows of one are clustered.")
@click.option("--control", metavar="NAME", help="The arm that the other is held against.  [default: by its name]")
@click.option("--treatment", metavar="NAME", help="The arm that is judged, where there are more than two.")
@click.option(
    "--weights",
    callback=_weights,
    metavar="A=1,B=1",
    help="The shares of the units that the arms should get.  [default: equal]",
)
@click.option("--no-weights", is_flag=True, help="These shares are not known: no sample-ratio gate.")
@click.option(
    "--mode",
    type=click.Choice(["confidence_sequence", "fixed", "group_sequential"]),
    default="confidence_sequence",
    show_default=True,
    help="When one looks: at any time, once, or by a plan.",
)
@click.option(
    "--hypothesis",
    type=click.Choice(["superiority", "non_inferiority", "equivalence"]),
    default="superiority",
    show_default=True,
    help="What is to be shown of the primary metric.",
)
@click.option(
    "--margin", callback=_margin, metavar="NUMBER|PERCENT", help="A difference of it that does not matter: 0.5, or 2%."
)
@click.option(
    "--direction",
    type=click.Choice(["higher", "lower"]),
    default="higher",
    show_default=True,
    help="Which values of the primary metric are better.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0.0, 0.5, min_open=True, max_open=True),
    callback=_no_nan,
    default=0.05,
    show_default=True,
    help="The probability of a wrong verdict.",
)
@click.option(
    "--planned-n",
    type=click.IntRange(1),
    help="Units of both arms together at which a fixed test is looked at, or all alpha of a plan is spent.",
)
@click.option(
    "--expected-n", type=click.IntRange(1), help="Units at which a confidence sequence is narrowest.  [default: 5000]"
)
@click.option(
    "--spending",
    callback=_spending,
    default="obrien_fleming",
    show_default=True,
    metavar="NAME|POWER",
    help="group_sequential: how alpha is spent: obrien_fleming, pocock, or a power such as 2.",
)
@click.option("--time", metavar="COLUMN", help="The time of each row: the intervals over time are shown.")
@click.option(
    "--every",
    callback=_duration,
    metavar="DURATION",
    default="1d",
    show_default=True,
    help="--time: a look after each such period.",
)
@click.option("--segment", metavar="COLUMN", help="Compare in each segment too, adjusted for their number.")
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    metavar="COLUMN",
    help="Known before the test: means are adjusted for it, and the arms must be alike in it.",
)
@click.option(
    "--winsorize",
    type=click.FloatRange(0.5, 1.0, min_open=True, max_open=True),
    callback=_no_nan,
    metavar="QUANTILE",
    help="Cap the values of means at this quantile of both arms together, such as 0.999.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How it is printed.",
)
@click.option(
    "--html", type=click.Path(), metavar="FILE", help="Write the report, with pictures, to a file that loads nothing."
)
@click.option("--strict", is_flag=True, help="Stop at the first bad row.")
def abtest(no_weights: bool, **given: Any) -> None:
    """Compare the two arms of a test: gates, metrics, guardrails, one recommendation.

    FILE is Parquet, CSV or CSV.gz, one row an observation. Rows without a value of a metric are left out of that metric and
    counted; rows that cannot be understood are left out whole, and told on standard error.
    """
    from truthlag.show.abtest.request import AbTestRequest
    from truthlag.show.abtest.run import run_abtest

    if given["weights"] is not None and no_weights:
        raise click.UsageError("--weights and --no-weights exclude each other")
    _check_abtest(given)
    sys.exit(run_abtest(AbTestRequest(has_weights=not no_weights, **given)))


def _check_abtest(given: dict[str, Any]) -> None:
    mode = given["mode"]
    if mode == "group_sequential" and given["planned_n"] is None:
        raise click.UsageError("--mode group_sequential needs --planned-n, at which all of alpha is spent")
    if mode == "confidence_sequence" and given["planned_n"] is not None:
        raise click.UsageError("--planned-n is for the modes fixed and group_sequential: use --expected-n")
    if mode != "confidence_sequence" and given["expected_n"] is not None:
        raise click.UsageError("--expected-n tunes a confidence sequence: use --planned-n")
    if mode != "group_sequential" and given["spending"] != "obrien_fleming":
        raise click.UsageError("--spending is for --mode group_sequential")
    if mode == "group_sequential" and given["segment"] is not None:
        raise click.UsageError(
            "--segment goes with the modes confidence_sequence and fixed: a plan is of one comparison"
        )
    if given["hypothesis"] != "superiority" and given["margin"] is None:
        raise click.UsageError(f"--hypothesis {given['hypothesis']} needs a --margin")
    if given["every"] <= 0:
        raise click.UsageError("--every must be longer than 0")
    for name in ("unit", "time", "segment"):
        if given[name] == given["arm"]:
            raise click.UsageError(f"--{name} and --arm name the same column")


@truthlag.command()
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed, the same story.")
@click.option("--fast", is_flag=True, help="A third of the traffic.")
def demo(seed: int, fast: bool) -> None:
    """A year of a fraud model whose truth arrives 30 to 90 days late: what early labels hide, and what to do."""
    from truthlag.show.demo import run_demo

    run_demo(seed=seed, fast=fast)
