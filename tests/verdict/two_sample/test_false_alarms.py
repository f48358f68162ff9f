"""False alarms of proportions at most 1.2 times the level, the baseline's own noise included, and the power beside it."""

from __future__ import annotations

import itertools

import pytest

from tests.verdict.two_sample.enumeration import Alarms, score_alarms
from truthlag.verdict.two_sample import proportion_loss
from truthlag.verdict.two_sample.proportion import ENOUGH

RATES = [0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99]
MOST = 1.2
CASES = list(
    itertools.product(
        [20, 50, 200, 1000, 5000, 20_000, None], [20, 50, 100, 200, 500, 1000, 2000, 20_000], [0.0, 0.02], [0.05, 0.01]
    )
)
#: A case in 13, over all sizes; the others are marked as slow.
FEW = CASES[5::13]


def check(baseline_trials: int | None, trials: int, margin: float, level: float, rates: list[float]) -> None:
    alarms = Alarms(baseline_trials, trials, margin, level)
    shares = {rate: alarms.share(rate, rate - margin) for rate in rates}
    assert max(shares.values()) <= MOST * level, shares


@pytest.mark.parametrize(("baseline_trials", "trials", "margin", "level"), FEW)
def test_where_the_true_loss_is_the_margin(
    baseline_trials: int | None, trials: int, margin: float, level: float
) -> None:
    check(baseline_trials, trials, margin, level, [0.5, 0.9, 0.97])


@pytest.mark.slow
@pytest.mark.parametrize("baseline_trials", [20, 50, 200, 1000, 5000, 20_000, None])
@pytest.mark.parametrize("trials", [20, 50, 100, 200, 500, 1000, 2000, 20_000])
def test_where_the_true_loss_is_the_margin_at_all_sizes(baseline_trials: int | None, trials: int) -> None:
    for margin, level in itertools.product([0.0, 0.02], [0.05, 0.01]):
        check(baseline_trials, trials, margin, level, RATES)


@pytest.mark.parametrize("margin", [0.0, 0.02])
@pytest.mark.parametrize(
    ("baseline_trials", "trials"), [(20_000, 2000), (2000, 20_000), (2000, 2000), (4000, 1000), (20_000, 1000)]
)
def test_the_score_test_where_successes_and_failures_are_enough(
    baseline_trials: int, trials: int, margin: float
) -> None:
    # Expected counts of exactly what it asks for, where its errors are largest; all outcomes of both samples.
    rate = 1 - max(ENOUGH / baseline_trials, ENOUGH / trials - margin)
    for level in (0.05, 0.01):
        assert score_alarms(baseline_trials, trials, margin, level, rate) <= MOST * level


def test_why_more_successes_and_failures_are_asked_for_than_ten() -> None:
    # 15 expected failures in the smaller sample.
    assert score_alarms(20_000, 150, 0.0, 0.01, 0.9) > 1.4 * 0.01


@pytest.mark.parametrize(("baseline_trials", "rate"), [(5000, 0.95), (20_000, 0.8), (None, 0.5), (20_000, 0.5)])
def test_a_loss_of_twice_the_margin_is_found_at_20_000_rows(baseline_trials: int | None, rate: float) -> None:
    alarms = Alarms(baseline_trials, 20_000, 0.02, 0.05)
    assert alarms.share(rate, rate - 0.04) >= 0.95


@pytest.mark.parametrize(
    ("baseline_trials", "trials", "rate", "loss", "power"),
    # As measured, less one in a hundred: the price of the exact test stays known.
    [
        (20, 20, 0.9, 0.4, 0.85),
        (10_000, 50, 0.95, 0.12, 0.86),
        (10_000, 200, 0.9, 0.07, 0.88),
        (1000, 1000, 0.95, 0.025, 0.73),
    ],
)
def test_power_against_no_margin(baseline_trials: int, trials: int, rate: float, loss: float, power: float) -> None:
    assert Alarms(baseline_trials, trials, 0.0, 0.05).share(rate, rate - loss) >= power


def test_which_test_is_asked() -> None:
    assert proportion_loss((19_000, 20_000), 18_500, 20_000).method == "Farrington-Manning score test"
    assert proportion_loss((19_900, 20_000), 18_500, 20_000).method == "exact unconditional test"
    assert proportion_loss((19_000, 20_000), 100, 120).method == "exact unconditional test"
    assert proportion_loss((0.95, None), 18_500, 20_000).method == "exact binomial test"
