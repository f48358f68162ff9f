"""False alarms of means and ratios, whose tests rest on standard errors: by simulation, at fixed seeds.

The runs are many enough that a share has a standard error of .0035 at .05 and .0016 at .01; bounds are 1.2 times the level and
three of those.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from truthlag.verdict.two_sample import LossTest, f_loss, mean_loss, proportion_loss, ratio_loss

RUNS = 4000
#: -E[s log s + (1 - s) log(1 - s)] over beta(.2, .2), which is psi(1.4) - psi(1.2).
MEAN_LOG_LOSS = 0.22765535200707
BOUNDS = {0.05: 0.06 + 3 * 0.0035, 0.01: 0.012 + 3 * 0.0016}

Floats = NDArray[np.float64]
Sample = tuple[Floats, Floats]


def check(tests: list[LossTest], margin: float = 0.0) -> None:
    p_values = np.array([test.p_value(margin) for test in tests])
    for level, bound in BOUNDS.items():
        assert (p_values <= level).mean() <= bound, level


class TestMeans:
    """Log loss of a calibrated model with scores of beta(.2, .2): a skewness of 4."""

    @staticmethod
    def sample(random: np.random.Generator, rows: int) -> Sample:
        means, errors = np.empty(RUNS), np.empty(RUNS)
        for part in np.array_split(np.arange(RUNS), max(1, RUNS * rows // 2_000_000)):
            scores = random.beta(0.2, 0.2, (len(part), rows)).clip(1e-6, 1 - 1e-6)
            losses = -np.log(np.where(random.random(scores.shape) < scores, scores, 1 - scores))
            means[part], errors[part] = losses.mean(axis=1), losses.std(axis=1, ddof=1) / np.sqrt(rows)
        return means, errors

    @pytest.mark.parametrize(
        ("baseline_rows", "rows"), [(None, 100), (2000, 100), (500, 500), (500, 2000), (100, 2000)]
    )
    def test_gains_and_losses_where_there_are_none(self, baseline_rows: int | None, rows: int) -> None:
        random = np.random.default_rng(11)
        tests = both_tests(self.sample, MEAN_LOG_LOSS, random, baseline_rows, rows)
        check(tests)
        p_values = np.array([test.gain_p_value() for test in tests])
        for level, bound in BOUNDS.items():
            assert (p_values <= level).mean() <= bound, level

    def test_a_gain_that_is_there_is_found(self) -> None:
        random = np.random.default_rng(12)
        (before, noise), (means, errors) = self.sample(random, 10_000), self.sample(random, 200)
        found = [
            mean_loss(first, error, 10_000, mean / 1.5, other / 1.5, 200, higher_is_better=False, is_positive=True)
            for first, error, mean, other in zip(before, noise, means, errors, strict=True)
        ]
        # As measured, less one in a hundred.
        assert np.mean([test.gain_p_value() <= 0.05 for test in found]) >= 0.79

    def test_why_of_logarithms(self) -> None:
        # Plain t tests against a known baseline: next to no alarm of a loss at .01, and gains where there are none.
        random = np.random.default_rng(6)
        tests = [
            mean_loss(MEAN_LOG_LOSS, None, None, mean, error, 100, higher_is_better=False)
            for mean, error in zip(*self.sample(random, 100), strict=True)
        ]
        assert np.mean([test.p_value() <= 0.01 for test in tests]) < 0.003
        assert np.mean([test.gain_p_value() <= 0.01 for test in tests]) > 0.03


class TestRareEvents:
    """Log loss of one score for all, of an event in fifty: a skewness of 7."""

    RATE = 0.02
    MEAN = -RATE * np.log(RATE) - (1 - RATE) * np.log(1 - RATE)

    @classmethod
    def sample(cls, random: np.random.Generator, rows: int) -> Sample:
        events = random.binomial(rows, cls.RATE, RUNS)
        low, high = -np.log(1 - cls.RATE), -np.log(cls.RATE)
        share = events / rows
        return low + (high - low) * share, (high - low) * np.sqrt(share * (1 - share) / (rows - 1))

    @pytest.mark.parametrize(
        ("baseline_rows", "rows"), [(2000, 100), (100, 2000), (5000, 500), (500, 5000), (None, 500)]
    )
    def test_gains_and_losses_where_there_are_none(self, baseline_rows: int | None, rows: int) -> None:
        random = np.random.default_rng(13)
        tests = both_tests(self.sample, self.MEAN, random, baseline_rows, rows)
        for p_values in ([test.p_value() for test in tests], [test.gain_p_value() for test in tests]):
            for level, bound in BOUNDS.items():
                # Some ten events at most: a count at which it alarms is all or nothing, and has a chance of up to .008.
                assert (np.array(p_values) <= level).mean() <= bound + 0.008, level

    @pytest.mark.parametrize(("baseline_rows", "rows"), [(2000, 100), (100, 2000)])
    def test_nothing_is_said_of_two_events(self, baseline_rows: int, rows: int) -> None:
        random = np.random.default_rng(14)
        tests = both_tests(self.sample, self.MEAN, random, baseline_rows, rows)
        is_gain = rows < baseline_rows
        for test in tests:
            low, high = test.interval(0.9)
            assert (test.gain_p_value() if is_gain else test.p_value()) >= 0.4
            assert (high == math.inf) if is_gain else (low == -math.inf)


def both_tests(
    sample: Callable[[np.random.Generator, int], Sample],
    known: float,
    random: np.random.Generator,
    baseline_rows: int | None,
    rows: int,
) -> list[LossTest]:
    means, errors = sample(random, rows)
    before, noise = sample(random, baseline_rows) if baseline_rows else (np.full(RUNS, known), [None] * RUNS)
    return [
        mean_loss(*given, baseline_rows, mean, error, rows, higher_is_better=False, is_positive=True)
        for *given, mean, error in zip(before, noise, means, errors, strict=True)
    ]


class TestAreas:
    """AUC of normal scores, with DeLong's standard errors."""

    @staticmethod
    def sample(random: np.random.Generator, area: float, positives: int, negatives: int) -> Sample:
        areas, errors = np.empty(RUNS), np.empty(RUNS)
        shift = np.sqrt(2) * stats.norm.ppf(area)
        for part in np.array_split(np.arange(RUNS), max(1, RUNS * (positives + negatives) // 1_000_000)):
            above, below = random.normal(shift, 1, (len(part), positives)), random.normal(0, 1, (len(part), negatives))
            ranks = np.concatenate([above, below], axis=1).argsort(axis=1).argsort(axis=1)
            # For each row the share of the other class that it is on the right side of.
            of_above = (ranks[:, :positives] - above.argsort(axis=1).argsort(axis=1)) / negatives
            of_below = 1 - (ranks[:, positives:] - below.argsort(axis=1).argsort(axis=1)) / positives
            areas[part] = of_above.mean(axis=1)
            variances = of_above.var(axis=1, ddof=1) / positives + of_below.var(axis=1, ddof=1) / negatives
            errors[part] = np.sqrt(variances)
        return areas, errors

    @pytest.mark.parametrize("area", [0.7, 0.93, 0.97])
    @pytest.mark.parametrize(
        ("before", "now"),
        [
            (None, (20, 80)),
            ((100, 900), (20, 80)),
            ((50, 50), (50, 50)),
            ((50, 50), (200, 200)),
            ((100, 300), (100, 300)),
        ],
    )
    def test_of_log_odds(self, area: float, before: tuple[int, int] | None, now: tuple[int, int]) -> None:
        random = np.random.default_rng(7)
        areas, errors = self.sample(random, area, *now)
        firsts, noise = self.sample(random, area, *before) if before else (np.full(RUNS, area), [None] * RUNS)
        check(
            [
                ratio_loss(first, error, second, other, baseline_n=before and min(before), n=min(now))
                for first, error, second, other in zip(firsts, noise, areas, errors, strict=True)
            ]
        )


class TestFMeasures:
    @staticmethod
    def shares(precision: float, recall: float) -> Floats:
        """True positives, false positives and false negatives among the relevant rows."""
        kinds = np.array([1, 1 / precision - 1, 1 / recall - 1])
        return kinds / kinds.sum()

    @classmethod
    def lost(cls, precision: float, recall: float, beta: float, margin: float) -> Floats:
        """The shares once the measure has fallen by a margin, precision and recall alike."""

        def fall(factor: float) -> float:
            now = cls.shares(precision * factor, recall * factor)
            return measure(cls.shares(precision, recall), beta) - measure(now, beta) - margin

        factor = optimize.brentq(fall, 0.5, 1.0)
        return cls.shares(precision * factor, recall * factor)

    @pytest.mark.parametrize(("precision", "recall"), [(0.6, 0.6), (0.9, 0.5), (0.5, 0.9), (0.9, 0.9), (0.97, 0.97)])
    @pytest.mark.parametrize(("beta", "before", "rows"), [(2.0, None, 100), (0.5, 1000, 100), (2.0, 100, 500)])
    def test_others_than_f1(self, precision: float, recall: float, beta: float, before: int | None, rows: int) -> None:
        random = np.random.default_rng(8)
        base, margin = self.shares(precision, recall), 0.02
        now = random.multinomial(rows, self.lost(precision, recall, beta, margin), RUNS)
        firsts: list[tuple[int, ...] | float] = [measure(base, beta)] * RUNS
        if before:
            firsts = list(map(tuple, random.multinomial(before, base, RUNS).tolist()))
        check([f_loss(first, tuple(row), beta) for first, row in zip(firsts, now.tolist(), strict=True)], margin)  # type: ignore[arg-type]

    @pytest.mark.parametrize("margin", [0.0, 0.02])
    @pytest.mark.parametrize(("precision", "recall"), [(0.6, 0.6), (0.9, 0.5), (0.9, 0.9), (0.97, 0.97)])
    @pytest.mark.parametrize(
        ("before", "rows"),
        [
            (100, 100),
            (None, 100),
            pytest.param(1000, 100, marks=pytest.mark.slow),
            pytest.param(4000, 2000, marks=pytest.mark.slow),
        ],
    )
    def test_f1(self, precision: float, recall: float, before: int | None, rows: int, margin: float) -> None:
        random = np.random.default_rng(9)
        base = self.shares(precision, recall)
        now = self.lost(precision, recall, 1.0, margin) if margin else base
        hits = random.binomial(rows, now[0], RUNS)
        firsts = random.binomial(before, base[0], RUNS) if before else np.zeros(RUNS, dtype=int)
        alarms = remembered(
            lambda first, hit: f_loss(
                (first, before - first, 0) if before else measure(base, 1.0), (hit, rows - hit, 0)
            ).p_value(margin)
        )
        p_values = np.array([alarms(int(first), int(hit)) for first, hit in zip(firsts, hits, strict=True)])
        for level, bound in BOUNDS.items():
            assert (p_values <= level).mean() <= bound, level

    def test_f1_does_not_ask_which_error_it_is(self) -> None:
        tests = [f_loss((80, 20, 10), (150, errors, 40 - errors)) for errors in (0, 15, 40)]
        assert len({(test.estimate, test.p_value(0.02)) for test in tests}) == 1

    def test_f1_without_margin_is_the_test_of_the_share_of_true_positives(self) -> None:
        assert f_loss((80, 20, 10), (150, 20, 40)).p_value() == pytest.approx(
            proportion_loss((80, 110), 150, 210).p_value(), rel=1e-5
        )


def measure(shares: Floats, beta: float) -> float:
    weight = beta * beta
    return float((1 + weight) * shares[0] / ((1 + weight) * shares[0] + weight * shares[2] + shares[1]))


def remembered(p_value: Callable[[int, int], float]) -> Callable[[int, int], float]:
    return functools.cache(p_value)
