"""The options of `truthlag abtest`."""

from __future__ import annotations

import math
import sys
from typing import Any

import click

from truthlag.show.abtest.metric_spec import Margin, parse_margin, parse_weights
from truthlag.show.option_values import duration, finite

_EPILOG = """\b
Metrics: COLUMN[:KIND][:DIRECTION], such as
  converted                a proportion where there are only 0 and 1, else a mean
  revenue:mean:higher      a mean over rows; with --unit, rows are clustered
  revenue:sum              of each unit the sum of its rows (needs --unit)
  converted:any            the share of units with a 1 on any row (needs --unit)
  clicks/views:ratio       the sum of one column over that of another
  latency:p99:lower        a quantile
  prediction/label:recall  a metric of a model; score/label:roc_auc needs scores

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


@click.command(epilog=_EPILOG)
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
@click.option("--control", metavar="NAME", help="The arm that the others are held against.  [default: by its name]")
@click.option(
    "--treatment",
    "treatments",
    multiple=True,
    metavar="NAME",
    help="An arm that is judged; may be given several times.  [default: all others]",
)
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
    callback=finite,
    default=0.05,
    show_default=True,
    help="The probability of a wrong verdict.",
)
@click.option(
    "--planned-n",
    type=click.IntRange(1),
    help="Units of control and one treatment together at which a fixed test is looked at, or all alpha of a plan is spent.",
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
    callback=duration,
    metavar="DURATION",
    default="1d",
    show_default=True,
    help="--time: a look after each such period.",
)
@click.option("--label-time", metavar="COLUMN", help="When the values of the metrics became known.")
@click.option(
    "--min-age",
    callback=duration,
    metavar="DURATION",
    default="0",
    show_default=True,
    help="--label-time: compare rows by the labels they had when they were this old.",
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
    callback=finite,
    metavar="QUANTILE",
    help="Cap the values of means at this quantile of all arms together, such as 0.999.",
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
    """Is a treatment of a test better than its control?

    Several treatments are each held against the one control, with what remains after allowing for their number. Gates come
    first, then metrics, then guardrails, and then one recommendation with the numbers that it rests on.

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
    if given["label_time"] is not None and (given["time"] is None or not given["min_age"]):
        raise click.UsageError(
            "--label-time needs the --time of the rows, and the --min-age at which they are compared"
        )
    if given["min_age"] and given["label_time"] is None:
        raise click.UsageError("--min-age is about the labels of --label-time, which is not given")
    if given["every"] <= 0:
        raise click.UsageError("--every must be longer than 0")
    for name in ("unit", "time", "segment"):
        if given[name] == given["arm"]:
            raise click.UsageError(f"--{name} and --arm name the same column")
