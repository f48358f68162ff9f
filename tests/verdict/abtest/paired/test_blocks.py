"""Blocks of rows: only where rows are drawn, and only where there are several of them."""

from __future__ import annotations

import numpy as np
import pytest

from truthlag.abtest import PairedRows, compare_paired

RANDOM = np.random.default_rng(2)
NOW = RANDOM.normal(0.3, 1.0, 200)


@pytest.mark.parametrize("now", [NOW, (NOW > 0).astype(float)])
def test_that_blocks_are_not_taken_for_rows(now: np.ndarray) -> None:
    with pytest.raises(ValueError, match="block must be None unless pairs are drawn anew"):
        compare_paired(np.zeros(200), now, metric="cost", block=10)
    assert compare_paired(np.zeros(200), now, metric="cost", block=10, method="bootstrap").method != "none"


def test_that_average_precision_has_blocks_without_being_asked_for_draws() -> None:
    labels = (RANDOM.random(300) < 0.4).astype(int)
    scores = [np.clip(0.2 * labels + 0.8 * RANDOM.random(300), 0, 1) for _ in range(2)]
    rows = PairedRows(labels=labels, control_scores=scores[0], treatment_scores=scores[1])
    assert "blocks of 10 rows" in compare_paired(rows, metric="average_precision", block=10, resamples=200).method


def test_that_less_than_two_blocks_tell_no_spread() -> None:
    """The same rows in a circle have nearly the same mean wherever one begins: an interval of no width."""
    result = compare_paired(np.zeros(200), NOW, metric="cost", block=150, method="bootstrap", mode="fixed")
    assert result.difference_interval is None
    assert result.reasons[0] == "200 pairs are fewer than two blocks of 150, and nothing tells their spread."


def test_that_few_blocks_are_told() -> None:
    result = compare_paired(np.zeros(200), NOW, metric="cost", block=20, method="bootstrap", mode="fixed")
    assert "the variances rest on 10 blocks alone." in result.reasons
