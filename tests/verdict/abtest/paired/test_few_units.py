"""Confidence sequences of pairs from the first clusters on: few of them tell little of their own spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from truthlag.abtest import PairedRows, compare_paired

LOOKS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)
ROWS = 3


def test_that_no_difference_is_seldom_found_however_early_one_looks() -> None:
    """By normal quantiles 8 percent of these tests found one, nearly all at two clusters."""
    random = np.random.default_rng(11)
    runs, found = 400, 0
    for _ in range(runs):
        values = random.normal(size=(LOOKS[-1], 1)) + 0.3 * random.normal(size=(LOOKS[-1], ROWS))
        for clusters in LOOKS:
            now = values[:clusters].ravel()
            where = np.repeat(np.arange(clusters), ROWS)
            result = compare_paired(np.zeros(len(now)), now, metric="cost", cluster=where)
            if result.is_decided:
                found += 1
                break
    assert found / runs <= 0.03


def _two_clusters() -> PairedRows:
    return PairedRows(
        labels=[1, 0, 1, 1, 0, 0],
        control_predictions=[0, 0, 1, 0, 1, 0],
        treatment_predictions=[1, 0, 1, 1, 1, 0],
        control_scores=[0.2, 0.4, 0.6, 0.2, 0.6, 0.4],
        treatment_scores=[0.9, 0.1, 0.9, 0.8, 0.4, 0.1],
        cluster=["a", "a", "a", "b", "b", "b"],
    )


@pytest.mark.parametrize("metric", ["brier_score", "f1_score"])
def test_that_two_clusters_decide_nothing_and_say_how_little_they_are(metric: str) -> None:
    result = compare_paired(_two_clusters(), metric=metric)
    assert result.verdict == "undecided"
    assert result.difference_interval == (-math.inf, math.inf)
    assert "the variances rest on 2 clusters alone." in result.reasons


def test_that_what_is_left_of_rounding_is_no_number_of_labels() -> None:
    result = compare_paired(_two_clusters(), metric="accuracy")
    assert result.difference_interval is None
    assert result.label_ratio is None
    assert "show no spread" in result.reasons[0]


def test_that_draws_of_clusters_are_held_against_t_too() -> None:
    before, now = np.zeros(12), np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95] * 2)
    where = np.repeat([0, 1, 2], 4)
    options = {"metric": "cost", "cluster": where, "method": "bootstrap"}
    result = compare_paired(before, now, **options)
    assert result.verdict == "undecided"
    assert "the variances rest on 3 clusters alone." in result.reasons


def test_that_many_pairs_have_the_interval_of_normal_statistics() -> None:
    random = np.random.default_rng(4)
    now = random.normal(0.1, 1.0, 20_000)
    result = compare_paired(np.zeros(20_000), now, metric="cost")
    low, high = result.difference_interval or (0.0, 0.0)
    # Equation 9 of Waudby-Smith and others (2024), narrow at 5 000.
    spent = -2 * math.log(0.05)
    weight = 20_000 * (spent + math.log(spent + 1)) / 5_000
    quantile = math.sqrt(2 * (weight + 1) / weight * math.log(math.sqrt(weight + 1) / 0.05))
    assert (high - low) / 2 == pytest.approx(quantile * now.std(ddof=1) / math.sqrt(20_000), rel=1e-3)


def test_that_a_ratio_of_few_units_has_no_end() -> None:
    """It ended at 1.2e304 once."""
    result = compare_paired([1.0, 2.0, 3.0], [1.1, 2.4, 3.8], metric="cost", relative_method="log")
    assert result.relative_interval == (-1.0, math.inf)


def test_that_values_whose_squares_are_no_numbers_are_told() -> None:
    now = np.arange(1.0, 50.0) * 1e200
    result = compare_paired(now, 1.1 * now, metric="cost")
    assert (result.verdict, result.difference_interval) == ("undecided", None)
    assert result.reasons[0] == "the values are too large: their squares are no numbers."
