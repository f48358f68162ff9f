"""The evidence of one arm, and what the sum of both is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from tests.verdict.abtest.quantiles import plain
from truthlag.abtest import QuantileArm
from truthlag.verdict.abtest.inference import AsymptoticSequence
from truthlag.verdict.abtest.quantiles.binomial_ranks import at_most, least_rows, outer_ranks
from truthlag.verdict.abtest.quantiles.ladder import Ladder
from truthlag.verdict.abtest.quantiles.rank_scale import BinomialScale, MixtureScale
from truthlag.verdict.abtest.quantiles.total_scale import GuaranteedTotal, NormalTotal, SequenceTotal


def test_binomial_tails() -> None:
    for n, p in ((1, 0.5), (17, 0.3), (1_000, 0.99), (100_000, 0.999)):
        counts = np.arange(-1, min(n, 2_000) + 2)
        assert at_most(counts, n, p) == pytest.approx(stats.binom.cdf(counts, n, p), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("n", "p"), [(20, 0.5), (60, 0.9), (7, 0.01)])
@pytest.mark.parametrize("one_sided", [False, True])
def test_mixture_against_an_integral(n: int, p: float, one_sided: bool) -> None:
    scale = MixtureScale(30.0, one_sided)
    a, b = scale._prior(p)
    counts = np.arange(n + 1)
    plain_wealth = np.array([plain.log_wealth(int(count), n, p, a, b, one_sided) for count in counts])
    found = scale.evidence(counts.astype(float), n, p)
    if one_sided:
        expected = np.log(0.9 * np.exp(plain_wealth) + 0.1)
    else:
        # From the count on at which it is least, it stays so: the least lies between two counts.
        place = int(plain_wealth.argmin())
        expected = np.where(counts < place, plain_wealth, found)
        assert (found[place:] <= plain_wealth[place:] + 1e-8).all()
        assert scale.floor(n, p) <= plain_wealth.min()
    assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (30, 0.9), (200, 0.99), (500, 0.5)])
@pytest.mark.parametrize("narrow_at", [0.5, 20.0, 1e5])
@pytest.mark.parametrize("one_sided", [False, True])
def test_a_mixture_is_an_e_value(n: int, p: float, narrow_at: float, one_sided: bool) -> None:
    # By enumeration. Where more values than p are below the place, the one-sided one must not gain either.
    counts = np.arange(n + 1)
    evidence = MixtureScale(narrow_at, one_sided).evidence(counts.astype(float), n, p)
    for share in (p, (1 + p) / 2, 1.0) if one_sided else (p,):
        assert special.logsumexp(evidence + stats.binom.logpmf(counts, n, share)) <= 1e-9
    # And it does gain where fewer are.
    if n > 100:
        assert special.logsumexp(evidence + stats.binom.logpmf(counts, n, p - 0.3)) > 0


@pytest.mark.parametrize("one_sided", [False, True])
def test_evidence_never_rises_with_the_count(one_sided: bool) -> None:
    for scale in (BinomialScale(), MixtureScale(50.0, one_sided)):
        for n, p in ((100.0, 0.9), (33.3, 0.5), (100_000.0, 0.999)):
            evidence = scale.evidence(np.linspace(0, n, 1_000), n, p)
            # Differences of logarithms of beta functions of size n.
            assert (evidence[1:] <= evidence[:-1] + 1e-14 * n).all()
            assert evidence[-1] >= scale.floor(n, p) - 1e-9


def test_the_guaranteed_total() -> None:
    # Two independent normal values of which only positive ones count.
    random = np.random.default_rng(1)
    total = (np.maximum(random.standard_normal((2, 1_000_000)), 0) ** 2).sum(axis=0)
    scale = GuaranteedTotal()
    for alpha in (0.05, 0.01):
        bound = scale.total(-float(stats.norm.ppf(alpha)))
        # 4 standard errors.
        assert abs((total >= bound).mean() - alpha) < 4 * math.sqrt(alpha / 1_000_000)
    assert scale.statistic(0.0) == 0.0


def test_totals_and_back() -> None:
    sequence = AsymptoticSequence(0.05, 1_000)
    scales = [NormalTotal(), GuaranteedTotal()]
    scales += [SequenceTotal(sequence, 700, one_sided) for one_sided in (False, True)]
    for scale in scales:
        for statistic in (0.8, 1.6448536, 3.0, 8.0, 30.0):
            assert scale.statistic(scale.total(statistic)) == pytest.approx(statistic, rel=1e-12)
    assert GuaranteedTotal().total(50.0) == math.inf
    assert GuaranteedTotal().statistic(1e5) == math.inf


@pytest.mark.parametrize("one_sided", [False, True])
def test_a_sequence_reads_an_e_value_as_its_own(one_sided: bool) -> None:
    sequence = AsymptoticSequence(0.05, 1_000)
    for log_e_value in (0.1, 1.0, 3.0, 20.0, 300.0):
        statistic = SequenceTotal(sequence, 500, one_sided).statistic(log_e_value)
        evidence = sequence.evidence(statistic, math.inf, 500, one_sided=one_sided)
        assert math.log(evidence.e_value) == pytest.approx(log_e_value, rel=1e-9)
    # What the interval ends with is what is significant.
    quantile = sequence.quantile(math.inf, 500, one_sided=one_sided)
    assert SequenceTotal(sequence, 500, one_sided).total(quantile) == pytest.approx(math.log(20), rel=1e-12)


def test_ranks_of_the_outer_interval() -> None:
    assert outer_ranks(1_000, 0.95, 1.959963984540054, 1_000) == (936, 965)
    assert outer_ranks(100, 0.99, 1.96, 100) == (97, 101)
    # As of a quarter of the rows: twice as far.
    assert outer_ranks(1_000, 0.5, 1.96, 250) == (438, 563)


def test_least_rows() -> None:
    assert least_rows(0.99, 0.05) == 299
    assert 0.99**299 <= 0.05 < 0.99**298
    assert least_rows(0.01, 0.05) == 299
    arm = QuantileArm.of(range(299), 0.99)
    assert arm.interval(0.9)[1] == 298
    assert QuantileArm.of(range(298), 0.99).interval(0.9)[1] == math.inf


@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.99])
@pytest.mark.parametrize("effect", [1.0, 3.7])
def test_ladders_go_as_far_as_asked(p: float, effect: float) -> None:
    random = np.random.default_rng(2)
    rows = 2_000
    arm = QuantileArm(p, QuantileArm.of(random.normal(size=rows), p).ranks, rows, effect)
    for scale in (BinomialScale(), MixtureScale(100.0, one_sided=True), MixtureScale(100.0, one_sided=False)):
        ladder = Ladder(arm, scale)
        for budget in (1.0, 10.0, 400.0, 1450.0):
            ranks, evidence = ladder.below(budget)
            assert ranks[0] == 0 or evidence[0] > budget
            assert (np.diff(ranks) == 1).all() and (evidence[1:] <= evidence[:-1]).all()
            ranks, evidence = ladder.above(budget)
            assert ranks[-1] == rows + 1 or evidence[-1] > budget
            assert (np.diff(ranks) == 1).all() and (evidence[1:] >= evidence[:-1]).all()
