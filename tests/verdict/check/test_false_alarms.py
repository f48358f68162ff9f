"""How often `check` alarms where nothing is lost, or no more than is tolerated, and how often where more is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from tests.verdict.check.logs import Log
from truthlag import DegradationDetector
from truthlag.metrics import ConfusionCounts
from truthlag.verdict.degradation.balanced_accuracy import balanced_accuracy_loss

ALPHA = 0.05
RATES = np.linspace(0.05, 0.95, 19)


def alarms(detector: DegradationDetector, n: int, kinds: tuple[str, ...]) -> np.ndarray:
    """Whether each number of right answers out of n is called one of these."""
    return np.array([detector.check({"accuracy": (k, n)})["accuracy"].verdict in kinds for k in range(n + 1)])


@pytest.mark.parametrize("n", [20, 50, 300])
@pytest.mark.parametrize("margin", [0.0, 0.02])
def test_against_a_known_baseline_by_enumeration(n: int, margin: float) -> None:
    """Every outcome of n rows, weighted by its probability where the true loss is just the margin."""
    for rate in (0.7, 0.88, 0.97):
        detector = DegradationDetector({"accuracy": rate}, margins=margin)
        outcomes = stats.binom.pmf(np.arange(n + 1), n, rate - margin)
        assert outcomes[alarms(detector, n, ("critical",))].sum() <= ALPHA
        no_loss = stats.binom.pmf(np.arange(n + 1), n, rate)
        assert no_loss[alarms(detector, n, ("critical", "warning"))].sum() <= ALPHA
        assert no_loss[alarms(detector, n, ("improved",))].sum() <= ALPHA
        # Ok is a proof too: that the loss is below the margin.
        assert outcomes[alarms(detector, n, ("ok",))].sum() <= ALPHA


@pytest.mark.parametrize("margin", [0.0, 0.02])
def test_against_a_baseline_with_noise_by_enumeration(margin: float) -> None:
    """Every outcome of 9 rows of a baseline and 14 of a window, for true rates from .05 to .95."""
    before, now = 9, 14
    said = {
        pair: DegradationDetector({"accuracy": (pair[0], before)}, margins=margin)
        .check({"accuracy": (pair[1], now)})["accuracy"]
        .verdict
        for pair in itertools.product(range(before + 1), range(now + 1))
    }
    critical = np.array([[said[a, b] == "critical" for b in range(now + 1)] for a in range(before + 1)])
    alarm = np.array([[said[a, b] in {"critical", "warning"} for b in range(now + 1)] for a in range(before + 1)])
    for rate in RATES:
        base = stats.binom.pmf(np.arange(before + 1), before, rate)
        lost = stats.binom.pmf(np.arange(now + 1), now, rate - margin)
        kept = stats.binom.pmf(np.arange(now + 1), now, rate)
        assert base @ critical @ lost <= ALPHA, rate
        assert base @ alarm @ kept <= ALPHA, rate


def table(random: np.random.Generator, rows: int, recall: float = 0.8, specificity: float = 0.9) -> ConfusionCounts:
    positives = random.binomial(rows, 0.3)
    found, left = random.binomial(positives, recall), random.binomial(rows - positives, specificity)
    return ConfusionCounts(int(found), int(rows - positives - left), int(positives - found), int(left))


def test_all_metrics_of_a_table_together() -> None:
    """The chance of any false alarm in a check of eleven metrics, with the noise of the baseline."""
    random = np.random.default_rng(1)
    runs, alarmed = 500, 0
    for _ in range(runs):
        detector = DegradationDetector(table(random, 8000), alpha=0.2)
        report = detector.check({"counts": table(random, 5000)})
        assert len(report.verdicts) == 11
        alarmed += bool(report.alarms)
    # At most .2, and three standard deviations of 500 runs.
    assert alarmed / runs <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / runs)


def test_metrics_of_scores_one_by_one() -> None:
    random = np.random.default_rng(2)
    names = ("roc_auc", "average_precision", "brier_score", "log_loss")
    runs = 250
    found = {name: [0, 0] for name in names}
    for _ in range(runs):
        seeds = random.integers(0, 2**62, 2)
        base, now = (
            Log.of(int(seed), rows).tracker().snapshot() for seed, rows in zip(seeds, (1500, 700), strict=True)
        )
        report = DegradationDetector(base, metrics=names).check(now)
        for name in names:
            verdict = report[name]
            assert verdict.loss_p_value is not None and verdict.gain_p_value is not None
            found[name][0] += verdict.loss_p_value <= 0.1
            found[name][1] += verdict.gain_p_value <= 0.1
    for name, (losses, gains) in found.items():
        # .1 give or take three standard deviations of 250 runs.
        assert abs(losses / runs - 0.1) < 0.057, name
        assert abs(gains / runs - 0.1) < 0.057, name


def test_balanced_accuracy_with_a_rare_class() -> None:
    """Recalls of few rows are lopsided: simulated false alarms of a loss, and of a gain."""
    random = np.random.default_rng(4)
    runs = 1500
    for positives, recall, specificity in ((50, 0.31, 0.93), (60, 0.6, 0.8), (50, 0.95, 0.99)):
        losses = gains = 0
        for _ in range(runs):
            found, left = int(random.binomial(positives, recall)), int(random.binomial(2000, specificity))
            counts = ConfusionCounts(found, 2000 - left, positives - found, left)
            test = balanced_accuracy_loss((recall + specificity) / 2, counts)
            losses += test.p_value() <= ALPHA
            gains += test.gain_p_value() <= ALPHA
        # .05, and three standard deviations of 1 500 runs.
        assert max(losses, gains) / runs < ALPHA + 0.017, (positives, recall)


def test_a_loss_of_twice_the_margin_is_found_in_twenty_thousand_rows() -> None:
    random = np.random.default_rng(3)
    detector = DegradationDetector({"accuracy": (19_000, 20_000), "recall": (5400, 6000)}, margins=0.02)
    found = sum(
        "accuracy" in report.alarms and report["accuracy"].verdict == "critical"
        for report in (
            detector.check({"accuracy": (int(random.binomial(20_000, 0.91)), 20_000), "recall": (5400, 6000)})
            for _ in range(200)
        )
    )
    assert found >= 190
