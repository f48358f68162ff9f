"""Metrics that are given by hand, as a mapping: numbers, counts, or metrics of a snapshot."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.metrics import ConfusionCounts, Metric
from truthlag.verdict.culprit import entry_name
from truthlag.verdict.degradation.known_metrics import Kind, kind_of, successes_and_trials
from truthlag.verdict.degradation.sample import Level, Sample, metrics_of_counts
from truthlag.verdict.degradation.wilson import wilson
from truthlag.verdict.directions import HIGHER_IS_BETTER
from truthlag.verdict.faults import judges, judging

__all__ = ["UNKNOWN_SPREAD", "Rows", "given_sample", "rows_of"]

Rows = int | Mapping[str, int] | None
"""On how many rows given numbers rest: all of them, each by name, or not told."""

UNKNOWN_SPREAD = "a given number of unknown spread"
"""Why a number that was given with its rows has no interval."""

_LOSSES = {"log_loss": (0.0, math.inf), "brier_score": (0.0, 1.0)}
_LEAST_ROUNDING = 0.0005
# Rows that a float counts exactly.
_MOST_ROWS = 2**53

_ENTRY = "a finite number, counts as (k, n), or a Metric"
_COUNT_KEYS = ("confusion_matrix", "counts")
_PREVALENCE_KEYS = ("prevalence", "actual_positive_rate")


@judges
def given_sample(
    argument: str, given: Any, *, n: Rows, named: Collection[str], confidence: float, described_as: str
) -> Sample:
    """A sample of what a mapping says of the library's metrics, and of those that are `named` besides.

    Raises:
        TypeError: It is no mapping, or an entry that is needed has the wrong type.
        ValueError: An entry that is needed has a value that is not allowed.
    """
    with judging(argument, given, "a mapping of metrics by name"):
        entries = [(name, value) for name, value in given.items()]
    counts = _counts(argument, entries)
    levels: dict[str, Level] = {}
    if counts is not None:
        metrics = metrics_of_counts(counts, confidence)
        asked = [name for name, _ in entries if isinstance(name, str) and name in metrics] or list(metrics)
        levels.update({name: _level_of_counts(metrics[name], counts) for name in (*asked, *named) if name in metrics})
    for name, value in entries:
        if not isinstance(name, str) or value is None or name in levels:
            continue
        if name in HIGHER_IS_BETTER or name in named or kind_of(name) is not None:
            rows = n.get(name) if isinstance(n, Mapping) else n
            levels[name] = _level(argument, name, value, rows, confidence)
    return Sample(
        levels=levels,
        described=described_as,
        counts=counts,
        prevalence=_prevalence(entries, counts),
        confidence=confidence,
    )


def rows_of(n: Any, given: Any) -> Rows:
    """The argument `n`, checked.

    Raises:
        TypeError: It is no int and no mapping of ints.
        ValueError: A number is not positive, or there is no such metric.
    """
    if n is None:
        return None
    if not isinstance(n, Mapping):
        return _positive("n", n)
    for name in n:
        if name not in given:
            raise ValueError(f"n must name metrics of baseline_metrics, got {described(name)}")
    return {name: _positive(entry_name("n", name), rows) for name, rows in n.items()}


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a positive int, got {described(value)}")
    if value <= 0:
        raise ValueError(f"{name} must be a positive int, got {described(value)}")
    rows = int(value)
    if rows > _MOST_ROWS:
        raise ValueError(f"{name} must be a positive int of at most 2**53, got {described(value)}")
    return rows


def _level_of_counts(metric: Metric, counts: ConfusionCounts) -> Level:
    return Level(metric, successes_and_trials(metric.name, counts))


def _level(argument: str, name: str, value: Any, rows: int | None, confidence: float) -> Level:
    where = entry_name(argument, name)
    if isinstance(value, Metric):
        return _level_of_metric(where, name, value, kind_of(name))
    if isinstance(value, tuple | list):
        return _level_of_pair(where, name, value, confidence)
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{where} must be {_ENTRY}, got {described(value)}")
    number = _finite(where, value)
    _in_range(where, name, number)
    if rows is None:
        return Level(Metric(name, number, reason="a given number, taken as exact"), is_exact=True)
    if kind_of(name) is not Kind.PROPORTION:
        return Level(Metric(name, number, n=rows, reason=UNKNOWN_SPREAD))
    if not 0 <= number <= 1:
        raise ValueError(f"{where} must be a share from 0 to 1, got {described(value)}")
    successes = round(number * rows)
    if abs(successes - number * rows) > rows * _rounding_of(number):
        raise ValueError(
            f"{where} must be a share of its n = {rows} rows to within the digits that it is written with, got {described(value)}: "
            f"{successes} of {rows} is {successes / rows:.6g}; give counts as (k, n)"
        )
    return _level_of_counted(name, successes, rows, confidence, number)


def _rounding_of(share: float) -> float:
    """What a share is off by, if it was rounded to the digits it is written with: half a unit of the last, 0.0005 at least.

    A difference of that size is of no account; the nearest count of 1,000 rows is never further away.
    """
    exponent = Decimal(repr(share)).as_tuple().exponent
    # With what the product of a share and its rows rounds to.
    return max(0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0, _LEAST_ROUNDING) * (1 + 1e-9)


def _in_range(where: str, name: str, value: float) -> None:
    """Losses cannot be negative, nor can a Brier score be above 1."""
    low, high = _LOSSES.get(name, (-math.inf, math.inf))
    if not low <= value <= high:
        allowed = f"of at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{where} must be a number {allowed}, got {value:g}")


def _level_of_metric(where: str, name: str, metric: Metric, kind: Kind | None) -> Level:
    rows: Any = metric.n
    if isinstance(rows, bool | np.bool_) or not isinstance(rows, Integral) or rows < 0:
        raise ValueError(f"{where} must have an int of at least 0 as its n, got {described(rows)}")
    if metric.value is None:
        return Level(metric)
    if not math.isfinite(metric.value):
        raise ValueError(f"{where} must have a finite value, got {described(metric.value)}")
    error: Any = metric.standard_error
    if error is not None and not (isinstance(error, Real) and math.isfinite(error) and float(error) >= 0):
        raise ValueError(f"{where} must have a standard_error of at least 0, or None, got {described(error)}")
    _in_range(where, name, metric.value)
    if kind is Kind.PROPORTION and metric.n > 0:
        if not 0 <= metric.value <= 1:
            raise ValueError(f"{where} must have a share from 0 to 1 as its value, got {described(metric.value)}")
        return Level(metric, (round(metric.value * metric.n), metric.n))
    return Level(metric)


def _level_of_pair(where: str, name: str, pair: Any, confidence: float) -> Level:
    allowed = "counts as (k, n), ints with 0 <= k <= n and n > 0"
    if kind_of(name) not in {None, Kind.PROPORTION}:
        raise ValueError(f"{where} must be a finite number or a Metric, since it is no share of rows, got counts")
    is_pair = len(pair) == 2 and all(isinstance(x, Integral) and not isinstance(x, bool | np.bool_) for x in pair)
    if not is_pair:
        raise TypeError(f"{where} must be {allowed}, got {', '.join(map(described, pair[:3])) or 'nothing'}")
    successes, trials = map(int, pair)
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{where} must be {allowed}, got ({successes}, {trials})")
    return _level_of_counted(name, successes, trials, confidence, successes / trials)


def _level_of_counted(name: str, successes: int, trials: int, confidence: float, value: float) -> Level:
    low, high = wilson(value, trials, confidence)
    error = math.sqrt(value * (1 - value) / trials) or None
    return Level(Metric(name, value, low, high, None, trials, None, error), (successes, trials))


def _finite(where: str, value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where} must be {_ENTRY}, got {described(value)}")
    return number


def _counts(argument: str, entries: list[tuple[Any, Any]]) -> ConfusionCounts | None:
    for name, value in entries:
        if not isinstance(name, str) or name not in _COUNT_KEYS:
            continue
        if isinstance(value, ConfusionCounts):
            return value
        where = entry_name(argument, name)
        with judging(where, value, "ConfusionCounts, or a mapping with the counts tp, fp, fn and tn"):
            found = [value[key] for key in ("tp", "fp", "fn", "tn")]
        for key, number in zip(("tp", "fp", "fn", "tn"), found, strict=True):
            if isinstance(number, bool | np.bool_) or not isinstance(number, Integral) or number < 0:
                raise TypeError(f"{where}[{key!r}] must be an int of at least 0, got {described(number)}")
        return ConfusionCounts(*map(int, found))
    return None


def _prevalence(entries: list[tuple[Any, Any]], counts: ConfusionCounts | None) -> float | None:
    if counts is not None:
        positives = counts.true_positives + counts.false_negatives
        return positives / counts.labelled if counts.labelled else None
    for name, value in entries:
        if isinstance(name, str) and name in _PREVALENCE_KEYS:
            share = value[0] / value[1] if isinstance(value, tuple | list) else getattr(value, "value", value)
            if isinstance(share, Real) and 0 <= float(share) <= 1:
                return float(share)
    return None
