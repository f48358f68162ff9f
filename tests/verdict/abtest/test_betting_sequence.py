"""E-values by bets on batches: their mean by enumeration, a plain search for the nearest rates, and what they find."""

from __future__ import annotations

import json
import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from truthlag.abtest import (
    BatchedProportion,
    GroupSequentialPlan,
    MetricPlan,
    Proportion,
    compare,
    compare_many,
    statistic_from_dict,
)
from truthlag.verdict.abtest.difference.betting_proportions import _LOG_WEIGHTS, _SIZES, BettingEvidence, _Line
from truthlag.verdict.abtest.inference.exact_sequence import ExactSequence

Counts = tuple[list[int], list[int]]


def evidence(control: Counts, treatment: Counts, expected_n: int = 60, one_sided: bool = False) -> BettingEvidence:
    return BettingEvidence(BatchedProportion(*control), BatchedProportion(*treatment), expected_n, one_sided)


def outcomes(rows: list[int], rate: float) -> list[tuple[list[int], float]]:
    """All successes that batches may have, with the chance of each."""
    return [
        (list(successes), math.prod(float(stats.binom.pmf(k, n, rate)) for k, n in zip(successes, rows, strict=True)))
        for successes in product(*(range(n + 1) for n in rows))
    ]


RATES = [(0.02, 0.02), (0.3, 0.3), (0.5, 0.5), (0.1, 0.4), (0.9, 0.2), (0.05, 0.6)]


@pytest.mark.parametrize(("p", "q"), RATES)
@pytest.mark.parametrize("rows", [([2, 3, 1], [3, 1, 2]), ([1, 6], [4, 2])])
def test_the_mean_is_at_most_one(rows: tuple[list[int], list[int]], p: float, q: float) -> None:
    means = np.zeros(6)
    for successes, chance in outcomes(rows[0], p):
        for others, other_chance in outcomes(rows[1], q):
            arms = (successes, rows[0]), (others, rows[1])
            both, side = evidence(*arms, 20), evidence(*arms, 20, one_sided=True)
            logarithms = [both.against_difference(q - p).up, both.against_ratio(q / p - 1).up]
            # Of one side: at the value, and at values beyond, on the side of which the truth is no better.
            logarithms += [side.against_difference(q - p).up, side.against_difference(q - p).down]
            logarithms += [side.against_difference(q - p + 0.07).up, side.against_difference(q - p - 0.07).down]
            means += chance * other_chance * np.exp(logarithms)
    assert means.max() <= 1 + 1e-9
    # It bets all the same: an e-value that is 1 whatever comes would pass too.
    assert means.min() < 1 - 1e-6


@pytest.mark.parametrize(("shift", "slope"), [(0.0, 1.0), (0.2, 1.0), (-0.37, 1.0), (0.0, 3.0), (0.0, 0.2)])
def test_the_nearest_rates_are_those_of_a_search(shift: float, slope: float) -> None:
    random = np.random.default_rng(4)
    line = _Line(shift, slope)
    for _ in range(60):
        n, m = random.integers(1, 500, 2).astype(float)
        first, second = special.expit(random.normal(-1, 3, 2))

        def divergence(rate: float, n: float = n, m: float = m, a: float = first, b: float = second) -> float:
            other = shift + slope * rate
            return float(
                n * (special.rel_entr(a, rate) + special.rel_entr(1 - a, 1 - rate))
                + m * (special.rel_entr(b, other) + special.rel_entr(1 - b, 1 - other))
            )

        found = float(line.nearest(np.array([n]), np.array([first]), np.array([m]), np.array([second]))[0])
        searched = optimize.minimize_scalar(
            divergence, bounds=(line.low + 1e-12, line.high - 1e-12), method="bounded", options={"xatol": 1e-12}
        )
        # The search knows the rate to the root of the rounding of what it minimises; the divergence itself is flat there.
        assert divergence(found) <= searched.fun + 1e-9 * max(1.0, searched.fun)


def test_against_no_difference_as_turner_ly_and_grunwald_write_it() -> None:
    # The nearest rate is the mean of both, weighted by the rows.
    control, treatment, expected_n = ([1, 2, 0, 3], [40, 60, 30, 50]), ([2, 5, 4, 4], [50, 40, 45, 55]), 500
    (k, n), (j, m) = (np.array(control, dtype=float), np.array(treatment, dtype=float))
    earned, scale = np.zeros(2 * len(_SIZES)), 0.0
    for batch in range(1, 4):
        past = k[:batch].sum() + j[:batch].sum() + 0.5, n[:batch].sum() + m[:batch].sum() + 1
        rate, share = past[0] / past[1], m[batch] / (n[batch] + m[batch])
        scale = scale or 1 / math.sqrt(expected_n * rate * (1 - rate) * share * (1 - share))
        sizes = scale * np.concatenate([-_SIZES, _SIZES])
        first, second = (special.expit(special.logit(rate) + step * sizes) for step in (-share, 1 - share))
        nearest = (1 - share) * first + share * second
        for count, rows, rates in ((k[batch], n[batch], first), (j[batch], m[batch], second)):
            earned += stats.binom.logpmf(count, rows, rates) - stats.binom.logpmf(count, rows, nearest)
    expected = special.logsumexp(earned + np.concatenate([_LOG_WEIGHTS, _LOG_WEIGHTS])) - math.log(2)
    found = evidence(control, treatment, expected_n)
    assert found.against_difference(0.0).up == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found.path()[-1] == found.against_difference(0.0).up
    for looks in range(1, 4):
        cut = evidence(*((one[:looks], rows[:looks]) for one, rows in (control, treatment)), expected_n)
        assert found.path()[looks - 1] == pytest.approx(cut.against_difference(0.0).up, abs=1e-14)


BATCHES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 200), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5
)


# Rows that changed while they came: what bets earned first is not where the differences that are left are, and evidence that jumps.
@example([(1, 16, 0.0, 0.0), (5, 121, 0.0, 1.0), (60, 117, 1.0, 0.0)], "two_sided", 10)
@example([(1, 11, 0.0, 0.0), (2, 163, 0.0, 1.0), (81, 47, 0.0, 0.0)], "two_sided", 10)
@settings(max_examples=40, deadline=None)
@given(BATCHES, st.sampled_from(["two_sided", "greater", "less"]), st.integers(10, 20_000))
def test_limits_p_value_and_verdict_agree(batches: Any, alternative: Any, expected_n: int) -> None:
    control, treatment = (
        BatchedProportion([round(batch[rate] * batch[rows]) for batch in batches], [batch[rows] for batch in batches])
        for rows, rate in ((0, 2), (1, 3))
    )
    result = compare(control, treatment, expected_n=expected_n, alternative=alternative)
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.reasons
    if result.difference_interval is None:
        assert not (control.n and treatment.n)
        return
    low, high = result.difference_interval
    assert low <= high
    assert result.p_value == pytest.approx(min(1.0, 1 / result.e_value) if result.e_value else 1.0)
    rule = ExactSequence(0.05, expected_n, has_bets=True)
    effect = rule.effect_of_batches(control, treatment, one_sided=alternative != "two_sided")
    for limit, is_up in ((low, True), (high, False)):
        if abs(limit) < 1 - 1e-9 and low < high:
            # Where bets would need rates beyond the ends the evidence jumps.
            outside, inside = (effect.against(limit + step) for step in ((-1e-9, 1e-9) if is_up else (1e-9, -1e-9)))
            assert (outside.up if is_up else outside.down) >= math.log(20) - 1e-3
            assert (inside.up if is_up else inside.down) <= math.log(20) + 1e-3
    # Within the interval nothing is rejected: the evidence falls towards its middle.
    if -1 <= low < high <= 1:
        for place in np.linspace(low, high, 9)[1:-1]:
            assert effect.against(float(place)).up <= math.log(20) + 1e-6
    if alternative == "two_sided":
        assert (result.verdict == "better") == (low > 0) and (result.verdict == "worse") == (high < 0)


@pytest.mark.parametrize(
    "batches",
    [
        [(1, 16, 0.0, 0.0), (5, 121, 0.0, 1.0), (60, 117, 1.0, 0.0)],
        [(35, 106, 0.5, 0.0), (8, 12, 0.0, 1.0)],
        [(60, 22, 1.0, 0.0), (25, 107, 0.0, 0.0), (57, 54, 0.0, 0.5)],
        [(100, 100, 0.1, 0.4), (100, 100, 0.1, 0.4)],
        [(100, 100, 0.4, 0.1), (100, 100, 0.4, 0.1)],
    ],
)
def test_both_scales_are_on_one_side(batches: Any) -> None:
    control, treatment = (
        BatchedProportion([round(batch[rate] * batch[rows]) for batch in batches], [batch[rows] for batch in batches])
        for rows, rate in ((0, 2), (1, 3))
    )
    results = [compare(control, treatment, expected_n=10, scale=scale) for scale in ("absolute", "relative")]
    assert results[0].verdict == results[1].verdict != "undecided"
    for result in results:
        for low, high in filter(None, (result.difference_interval, result.relative_interval)):
            assert low <= high and (low >= 0 if result.verdict == "better" else high <= 0)


def cumulated(
    random: np.random.Generator, rates: tuple[float, float], rows: tuple[int, int], looks: int, runs: int
) -> Any:
    return [random.binomial(n, rate, (runs, looks)) for n, rate in zip(rows, rates, strict=True)]


def found_at_some_look(
    rates: tuple[float, float], rows: tuple[int, int], looks: int, runs: int, seed: int = 5
) -> float:
    arms = cumulated(np.random.default_rng(seed), rates, rows, looks, runs)
    expected_n = sum(rows) * looks
    return float(
        np.mean(
            [
                evidence((k.tolist(), [rows[0]] * looks), (j.tolist(), [rows[1]] * looks), expected_n).path().max()
                >= math.log(20)
                for k, j in zip(*arms, strict=True)
            ]
        )
    )


@pytest.mark.parametrize(
    ("rate", "rows", "looks"),
    [(0.12, (500, 500), 19), (0.003, (50, 500), 20), (0.02, (10, 10), 20), (0.3, (1, 1), 100)],
)
def test_looked_at_after_every_batch_it_seldom_errs(rate: float, rows: tuple[int, int], looks: int) -> None:
    assert found_at_some_look((rate, rate), rows, looks, 1_500) <= 0.05


@pytest.mark.parametrize(
    ("rates", "rows", "looks", "least"),
    # What it finds, less three standard errors, beside what the exact form of the sums finds of the same: .40, .59, .00, .19.
    [
        ((0.12, 0.135), (500, 500), 19, 0.53),
        ((0.02, 0.1), (10, 10), 20, 0.68),
        ((0.003, 0.009), (50, 500), 20, 0.20),
        ((0.003, 0.009), (500, 50), 20, 0.33),
    ],
)
def test_it_finds_more_than_the_sums_tell(
    rates: tuple[float, float], rows: tuple[int, int], looks: int, least: float
) -> None:
    assert found_at_some_look(rates, rows, looks, 800) >= least


class TestComparison:
    CONTROL = BatchedProportion([12, 9, 14, 10, 11, 8], [100] * 6)
    TREATMENT = BatchedProportion([22, 25, 24, 26, 21, 27], [100] * 6)

    def test_it_is_the_default_at_any_time(self) -> None:
        result = compare(self.CONTROL, self.TREATMENT, expected_n=1_200)
        assert result.verdict == "better" and "bets" in result.method and result.control.n == 600
        assert result == compare(self.CONTROL, self.TREATMENT, expected_n=1_200, method="exact")
        low, high = result.relative_interval
        assert 0 < low < result.relative_difference < high
        sums = compare(self.CONTROL.total, self.TREATMENT.total, expected_n=1_200, method="exact")
        assert result.e_value > sums.e_value
        assert np.diff(result.difference_interval) < np.diff(sums.difference_interval)

    @pytest.mark.parametrize(
        "options",
        [{"mode": "fixed"}, {"mode": "group_sequential", "planned_n": 2_400, "looks": 2}, {"method": "score"}],
    )
    def test_elsewhere_the_sums_are_compared(self, options: Any) -> None:
        result = compare(self.CONTROL, self.TREATMENT, **options)
        assert result == compare(self.CONTROL.total, self.TREATMENT.total, **options)

    def test_a_plan_of_looks(self) -> None:
        plan = GroupSequentialPlan(2_400)
        assert compare(self.CONTROL, self.TREATMENT, mode="group_sequential", looks=plan).mode == "group_sequential"
        assert plan.taken[0].n == 1_200

    def test_one_side_is_sharper(self) -> None:
        both = compare(self.CONTROL, self.TREATMENT, expected_n=1_200)
        one = compare(self.CONTROL, self.TREATMENT, expected_n=1_200, alternative="greater")
        assert one.e_value == pytest.approx(2 * both.e_value, rel=1e-6)
        assert one.difference_interval[0] > both.difference_interval[0] and one.difference_interval[1] == math.inf
        guarded = compare(self.CONTROL, self.TREATMENT, expected_n=1_200, hypothesis="non_inferiority", margin=0.02)
        assert guarded.verdict == "non_inferior"

    def test_the_first_batch_teaches_and_bets_nothing(self) -> None:
        result = compare(BatchedProportion([0], [500]), BatchedProportion([400], [500]))
        assert result.verdict == "undecided" and result.e_value == 1 and result.difference == 0.8

    def test_how_many_more(self) -> None:
        def after(batches: int) -> Any:
            arms = (BatchedProportion([k] * batches, [100] * batches) for k in (12, 15))
            return compare(*arms, expected_n=6_000)

        # The same rates on and on have less in them than chance would: the answer is near.
        needed = (1_600 + after(8).additional_n) / 200
        assert after(round(0.8 * needed)).verdict == "undecided" and after(round(1.2 * needed)).verdict == "better"

    def test_rows_that_changed(self) -> None:
        # Batches speak for a large difference and then for the reverse: no difference is compatible with both.
        control = BatchedProportion([1, 1, 1, 90, 90, 90], [100] * 6)
        treatment = BatchedProportion([90, 90, 90, 1, 1, 1], [100] * 6)
        result = compare(control, treatment, expected_n=1_000)
        assert result.reasons and result.difference == 0
        low, high = result.difference_interval
        assert low <= high

    def test_many(self) -> None:
        arms = {"a": {"m": self.CONTROL}, "b": {"m": self.TREATMENT}}
        segments = {"s": {"a": {"m": self.CONTROL}, "b": {"m": self.TREATMENT}}}
        rows = compare_many(arms, segments=segments, metrics={"m": MetricPlan("primary")}, expected_n=1_200).rows
        expected = compare(self.CONTROL, self.TREATMENT, metric="m", expected_n=1_200)
        assert [row.comparison for row in rows] == [expected, expected]
        assert rows[0].adjusted_interval == expected.difference_interval

    def test_refused(self) -> None:
        with pytest.raises(ValueError, match=r"treatment must have the batches of control \(6\), got 5"):
            compare(self.CONTROL, BatchedProportion([1] * 5, [9] * 5))
        with pytest.raises(ValueError, match="relative_method must be left out for a batched proportion"):
            compare(self.CONTROL, self.TREATMENT, relative_method="log")
        with pytest.raises(ValueError, match="method must be None or one of"):
            compare(self.CONTROL, self.TREATMENT, method="welch")
        with pytest.raises(TypeError, match="compare like with like"):
            compare(self.CONTROL, Proportion(1, 10))


class TestBatches:
    def test_halves_make_the_whole(self) -> None:
        random = np.random.default_rng(2)
        values, batches = random.random(1_000) < 0.2, random.integers(0, 30, 1_000)
        whole = BatchedProportion.of(values, batches)
        assert (
            BatchedProportion.of(values[:400], batches[:400]) + BatchedProportion.of(values[400:], batches[400:])
            == whole
        )
        assert whole.total == Proportion.of(values) and whole.n == 1_000
        for batch in range(30):
            assert (whole.successes[batch], whole.rows[batch]) == (
                values[batches == batch].sum(),
                (batches == batch).sum(),
            )
        step = BatchedProportion([], [])
        for k, n in zip(whole.successes, whole.rows, strict=True):
            step = step.followed_by(Proportion(k, n))
        assert step == whole
        assert statistic_from_dict(json.loads(json.dumps(whole.to_dict()))) == whole

    @pytest.mark.parametrize(
        ("successes", "rows", "error"),
        [
            ([1], [1, 2], "successes must have as many batches as rows"),
            ([3], [2], r"successes\[0\] must be an int from 0 to rows\[0\] \(2\), got 3"),
            ([-1], [2], r"successes\[0\]"),
            ([0], [-2], r"rows\[0\] must be an int of at least 0, got -2"),
            ([0.5], [2], r"successes\[0\]"),
        ],
    )
    def test_wrong_counts(self, successes: Any, rows: Any, error: str) -> None:
        with pytest.raises(ValueError, match=error):
            BatchedProportion(successes, rows)

    def test_wrong_rows(self) -> None:
        with pytest.raises(TypeError, match="rows must be counts of batches, got 'ab'"):
            BatchedProportion([1], "ab")  # type: ignore[arg-type]
        for wrong in ([0, -1], [0, 0.5], [0, math.nan]):
            with pytest.raises(ValueError, match=r"batches\[1\] must be a whole number from 0"):
                BatchedProportion.of([0, 1], wrong)
        with pytest.raises(ValueError, match=r"values\[1\] must be 0 or 1, got 2"):
            BatchedProportion.of([0, 2], [0, 0])
