"""A snapshot against the reference: every number of it, from the definition."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracle.agreement import FIXED_POINT, agrees, assert_plain
from tests.oracle.reference import Window

#: Ratios of counts, and of what is made of them: a handful of roundings of numbers of at most 1.
FEW_ROUNDINGS = 2.0**-50
#: Sums of as many such numbers as a window of the tests has rows.
MANY_ROUNDINGS = 2.0**-46


def expected_metrics(window: Window) -> dict[str, tuple[Fraction | float | None, float]]:
    """Value and absolute tolerance by name, except for what depends on bins."""
    proportions = window.proportions()
    proportions["f1_score"] = proportions.pop("f1")
    proportions["f_half_score"], proportions["f2_score"] = window.f_beta(0.5), window.f_beta(2)
    expected: dict[str, tuple[Fraction | float | None, float]] = {
        name: (value, FEW_ROUNDINGS) for name, value in proportions.items()
    }
    variance = window.score_variance()
    return expected | {
        "matthews_correlation": (window.matthews_correlation(), FEW_ROUNDINGS),
        # Relative to the value alone: exact until the last division.
        "mean_score": (window.mean_score(), 0.0),
        "score_std": (None if variance is None else float(variance) ** 0.5, 0.0),
        "brier_score": (window.brier_score(), 0.0),
        "log_loss": (window.log_loss(), FIXED_POINT),
        "expected_calibration_error": (window.expected_calibration_error(), MANY_ROUNDINGS),
    }


def assert_snapshot(answer: Any, window: Window, *, exact: bool, confidence: float) -> None:
    assert (answer.predictions, answer.sample_size, answer.scored) == (
        len(window.rows),
        len(window.matched),
        len(window.scored),
    )
    count = window.confusion()
    counts = answer.counts
    found = {
        "tp": counts.true_positives,
        "fp": counts.false_positives,
        "fn": counts.false_negatives,
        "tn": counts.true_negatives,
    }
    assert found == count
    pending = [decision for decision, _, actual in window.rows if actual is None]
    assert (counts.pending_positives, counts.pending_negatives) == (pending.count(1), pending.count(0))
    assert (answer.exact, answer.confidence) == (exact, confidence)
    expected = expected_metrics(window)
    assert set(answer.metrics) == {*expected, "roc_auc", "average_precision"}
    for name, (value, absolute) in expected.items():
        metric = answer.metrics[name]
        assert agrees(metric.value, value, absolute=absolute), (name, metric, value and float(value))
        assert getattr(answer, name) == metric.value
    for name, value in (("roc_auc", window.roc_auc()), ("average_precision", window.average_precision())):
        metric = answer.metrics[name]
        bound = metric.error_bound or 0.0
        assert not exact or not bound, (name, metric)
        assert agrees(metric.value, value, absolute=bound + MANY_ROUNDINGS), (name, metric, value and float(value))
    for metric in answer.metrics.values():
        assert (metric.value is not None) or metric.reason
        if metric.interval is not None:
            low, high = metric.interval
            assert low <= high
            assert low - FEW_ROUNDINGS <= metric.value <= high + FEW_ROUNDINGS, metric
    assert_calibration(answer, window)
    assert_curves(answer, window, exact=exact)
    assert_plain(answer.to_dict())


def assert_calibration(answer: Any, window: Window) -> None:
    if not window.scores_are_probabilities():
        assert answer.calibration == ()
        return
    bins: dict[int, list[tuple[float, int]]] = {}
    for score, actual in window.scored:
        bins.setdefault(min(int(score * 10.0), 9), []).append((score, actual))
    assert [row.n for row in answer.calibration] == [len(bins[number]) for number in sorted(bins)]
    for row, number in zip(answer.calibration, sorted(bins), strict=True):
        part = Window([(0, score, actual) for score, actual in bins[number]])
        assert agrees(row.mean_score, part.mean_score())
        assert agrees(row.positive_rate, part.proportions()["prevalence"])
        assert agrees(row.lower, Fraction(number, 10), absolute=FEW_ROUNDINGS)
        assert agrees(row.upper, Fraction(number + 1, 10), absolute=FEW_ROUNDINGS)


def assert_curves(answer: Any, window: Window, *, exact: bool) -> None:
    """With exact ranks each point is what its threshold would have given; with bins the ends and the direction hold."""
    positives = sum(actual for _, actual in window.scored)
    negatives = len(window.scored) - positives
    assert bool(answer.roc_curve) == bool(positives and negatives)
    assert bool(answer.precision_recall_curve) == bool(positives)
    if answer.roc_curve:
        points = [(point.false_positive_rate, point.true_positive_rate) for point in answer.roc_curve]
        assert points[0] == (0.0, 0.0)
        assert points[-1] == (1.0, 1.0)
        assert points == sorted(points)
    if not exact:
        return
    for point in answer.roc_curve[1:]:
        again = window.at_threshold(point.threshold).proportions()
        assert agrees(point.true_positive_rate, again["recall"])
        assert agrees(point.false_positive_rate, 1 - again["specificity"])
    for point in answer.precision_recall_curve[1:]:
        again = window.at_threshold(point.threshold).proportions()
        assert agrees(point.recall, again["recall"])
        assert agrees(point.precision, again["precision"])
