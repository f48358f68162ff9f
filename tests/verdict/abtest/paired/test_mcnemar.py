"""Discordant pairs against other libraries, against counting, and against searches for what formulas say."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import optimize, stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import PairedRows, compare_paired, discordant_path, mcnemar
from truthlag.verdict.abtest.paired.discordant_effect import DiscordantEffect, tango_statistic
from truthlag.verdict.abtest.paired.discordant_tests import log_e_value, quantile
from truthlag.verdict.abtest.paired.mixed_sequence import MixedSequence

TABLES = [(59, 121), (121, 59), (0, 7), (1, 1), (5, 6), (40, 900), (2, 0), (0, 0), (13, 1)]
BETAS = (100, 6.25)


def test_vector() -> None:
    entry = vector("mcnemar_sm")
    (_, second), (first, _) = entry["inputs"]["table"]
    pairs, expected = sum(map(sum, entry["inputs"]["table"])), entry["expected"]
    for method, key in (
        ("corrected", "exact=False,correction=True"),
        ("score", "exact=False,correction=False"),
        ("exact", "exact=True,correction=True"),
    ):
        result = mcnemar(first, second, pairs=pairs, mode="fixed", method=method)
        assert agrees(result.p_value, entry, expected[key]["pvalue"])
        if method != "exact":
            assert agrees(quantile(method, first, second) ** 2, entry, expected[key]["statistic"])
    wald = mcnemar(first, second, pairs=pairs, mode="fixed", method="wald")
    assert agrees(wald.difference, entry, expected["diff_wald"]["diff"])
    assert agrees(wald.standard_error, entry, expected["diff_wald"]["se"])
    for limit, theirs in zip(wald.difference_interval, expected["diff_wald"]["ci95"], strict=True):
        assert agrees(limit, entry, theirs)
    anytime = mcnemar(first, second, pairs=pairs, concentration=100)
    assert agrees(math.log(anytime.e_value), entry, expected["anytime_evalue_k100"]["log_evalue"])
    assert agrees(anytime.p_value, entry, expected["anytime_evalue_k100"]["p"])


@pytest.mark.parametrize(("first", "second"), [table for table in TABLES if sum(table)])
def test_statsmodels(first: int, second: int) -> None:
    reference = pytest.importorskip("statsmodels.stats.contingency_tables")
    table = [[20, second], [first, 30]]
    for method, exact, correction in (("exact", True, True), ("score", False, False), ("corrected", False, True)):
        if method == "corrected" and first == second:
            continue  # Theirs corrects a difference of 0 to one of 1.
        theirs = reference.mcnemar(table, exact=exact, correction=correction).pvalue
        ours = mcnemar(first, second, pairs=first + second + 50, mode="fixed", method=method).p_value
        assert ours == pytest.approx(min(1.0, theirs), rel=1e-11), method


@pytest.mark.parametrize(("first", "second"), [table for table in TABLES if table[0] != table[1]])
def test_mid_p_by_its_definition(first: int, second: int) -> None:
    n, k = first + second, min(first, second)
    expected = 2 * (stats.binom.cdf(k, n, 0.5) - 0.5 * stats.binom.pmf(k, n, 0.5))
    # 1e-11: what comes back from a quantile, whose square is some tens.
    assert mcnemar(first, second, mode="fixed", method="mid_p").p_value == pytest.approx(expected, rel=1e-11)


def test_tails_beyond_floats_are_not_zero() -> None:
    from fractions import Fraction

    # 2^-800 times a few terms: exactly.
    tail = sum(math.comb(800, j) for j in range(21))
    expected = float(Fraction(2 * tail, 2**800))
    assert 0 < expected < 1e-190
    # The quantile is about 29, and an error of it of one part in 1e16 is one of 1e-13 of the tail.
    assert mcnemar(20, 780, mode="fixed", method="exact").p_value == pytest.approx(expected, rel=1e-11)
    logarithm = math.log(sum(math.comb(3000, j) for j in range(101))) - 3000 * math.log(2)
    far = quantile("exact", 100, 2900)
    assert float(stats.norm.logsf(far)) == pytest.approx(logarithm, rel=1e-12)


@pytest.mark.parametrize(("first", "second", "n"), [(3, 8, 40), (0, 5, 30), (9, 2, 11), (0, 0, 25), (60, 90, 400)])
@pytest.mark.parametrize("null", [-0.6, -0.2, -0.01, 0.0, 0.05, 0.3, 0.7])
def test_tango_is_the_score_of_the_likelihood(first: int, second: int, n: int, null: float) -> None:
    rest = n - first - second

    def surprise(share: float) -> float:
        parts = ((first, share), (second, share + null), (rest, 1 - 2 * share - null))
        return -sum(k * math.log(max(p, 1e-300)) for k, p in parts if k)

    bounds = (max(0.0, -null), (1 - null) / 2)
    share = optimize.minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    expected = (second - first - n * null) / math.sqrt(n * (2 * share + null - null * null))
    # The search knows its place to the root of the precision of its values.
    if first + second or null:
        assert tango_statistic(first, second, n, null) == pytest.approx(expected, abs=2e-5 * max(1, abs(expected)))


@pytest.mark.parametrize(("first", "second", "n"), [(1, 3, 44), (0, 3, 44), (0, 0, 44), (44, 0, 44), (700, 1, 10_000)])
def test_limits_are_where_the_statistic_is_the_quantile(first: int, second: int, n: int) -> None:
    low, high = DiscordantEffect(first, second, n, "").limits(1.959963984540054)
    assert -1 <= low < high <= 1
    for limit, level in ((low, 1.959963984540054), (high, -1.959963984540054)):
        if abs(limit) < 1:
            assert tango_statistic(first, second, n, limit) == pytest.approx(level, abs=1e-8)


@pytest.mark.parametrize("method", [None, "score", "mid_p", "exact", "corrected"])
@pytest.mark.parametrize("alternative", ["two_sided", "greater", "less"])
def test_test_and_interval_agree(method: str | None, alternative: str) -> None:
    for first, second in itertools.product(range(0, 14, 2), range(1, 15, 2)):
        result = mcnemar(first, second, pairs=60, mode="fixed", method=method, alternative=alternative)
        low, high = result.difference_interval
        assert (result.p_value > 0.05) == (low <= 0 <= high), (first, second)
        assert result.is_decided == (result.p_value <= 0.05)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_anytime_one_sided_test_and_interval_agree(alternative: str) -> None:
    for first, second in itertools.product(range(0, 60, 5), range(0, 60, 5)):
        result = mcnemar(first, second, pairs=200, alternative=alternative)
        low, high = result.difference_interval
        assert (result.p_value > 0.05) == (low <= 0 <= high), (first, second)
        assert result.verdict in {"undecided", "better" if alternative == "greater" else "worse"}


@pytest.mark.parametrize(("b", "c"), [(0.15, 0.05), (0.30, 0.02)])
def test_anytime_intervals_cover_at_all_looks(b: float, c: float) -> None:
    random = np.random.default_rng(4)
    missed = 0
    for _ in range(300):
        counts = np.zeros(3, dtype=int)
        for n in (*range(20, 200, 20), *range(200, 1_001, 100)):
            counts += random.multinomial(20 if n <= 200 else 100, [c, b, 1 - b - c])
            low, high = mcnemar(int(counts[0]), int(counts[1]), pairs=n).difference_interval
            if not low <= b - c <= high:
                missed += 1
                break
    # Three standard errors of 300 runs above .05.
    assert missed / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


def test_anytime_test_and_interval_agree() -> None:
    for first, second in itertools.product(range(0, 40, 3), range(1, 120, 7)):
        result = mcnemar(first, second, pairs=200)
        low, high = result.difference_interval
        assert (result.p_value > 0.05) == (low <= 0 <= high), (first, second)
        exact = log_e_value(first, second, BETAS)
        if exact > 0:
            assert math.log(result.e_value) == pytest.approx(exact, rel=1e-10, abs=1e-12)


def sizes(n: int, share: float, method: str | None) -> tuple[float, float]:
    """Size at no difference, and coverage, by all outcomes."""
    size = missed = 0.0
    half = share / 2
    for first in range(n + 1):
        for second in range(n + 1 - first):
            chance = stats.multinomial.pmf([first, second, n - first - second], n, [half, half, 1 - share])
            if chance < 1e-12:
                continue
            result = mcnemar(first, second, pairs=n, mode="fixed", method=method)
            size += chance * (result.p_value <= 0.05)
            low, high = result.difference_interval
            missed += chance * (not low <= 0 <= high)
    return size, missed


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_size_by_all_outcomes(share: float) -> None:
    size, missed = sizes(40, share, None)
    assert size == pytest.approx(missed, abs=1e-12)
    assert size <= 0.0505
    exact, _ = sizes(40, share, "exact")
    assert exact <= 0.05 and exact <= size


@pytest.mark.parametrize(("b", "c"), [(0.10, 0.05), (0.30, 0.05), (0.02, 0.0)])
def test_coverage_away_from_no_difference(b: float, c: float) -> None:
    random = np.random.default_rng(1)
    counts = random.multinomial(100, [c, b, 1 - b - c], size=3_000)
    outcomes, times = np.unique(counts, axis=0, return_counts=True)
    covered = 0
    for (first, second, _), number in zip(outcomes.tolist(), times.tolist(), strict=True):
        low, high = mcnemar(first, second, pairs=100, mode="fixed").difference_interval
        covered += number * (low <= b - c <= high)
    # 3 000 runs: .0119 is three standard errors.
    assert covered / 3_000 >= 0.95 - 0.0125


def test_ever_wrong_at_any_look() -> None:
    """The e-process crosses 1 / alpha in at most 5 percent of tests, though looked at after every discordant pair."""
    random = np.random.default_rng(2)
    from scipy import special

    runs, length = 4_000, 2_000
    wins = np.cumsum(random.random((runs, length)) < 0.5, axis=1)
    made = np.arange(1, length + 1)
    logarithm = np.logaddexp(
        *(special.betaln(a + wins, a + made - wins) - special.betaln(a, a) for a in (50, 3.125))
    ) + (made - 1) * math.log(2)
    ever = (logarithm >= math.log(20)).any(axis=1).mean()
    assert ever <= 0.05
    # That is the process of the results.
    place = 1_500
    first, second = place - int(wins[0, place - 1]), int(wins[0, place - 1])
    assert log_e_value(first, second, BETAS) == pytest.approx(logarithm[0, place - 1], abs=1e-9)


def test_path_ends_where_the_comparison_is() -> None:
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 3_000)
    control = np.where(random.random(3_000) < 0.85, labels, 1 - labels)
    treatment = np.where(random.random(3_000) < 0.88, labels, 1 - labels)
    times = random.permutation(3_000) * 60.0
    rows = PairedRows(
        labels=labels, control_predictions=control, treatment_predictions=treatment, times=times.astype(int)
    )
    for metric in ("accuracy", "recall", "specificity"):
        path, result = discordant_path(rows, metric=metric), compare_paired(rows, metric=metric)
        assert math.exp(path.log_e_values[-1]) == pytest.approx(result.e_value, rel=1e-9)
        assert len(path) == result.control_only + result.treatment_only
        assert (np.diff(path.times) > np.timedelta64(0)).all()
    assert path.p_value <= result.p_value


def test_one_sided_evidence_is_exact() -> None:
    assert mcnemar(59, 121, alternative="greater").e_value == pytest.approx(
        math.exp(log_e_value(59, 121, BETAS, "lower")), rel=1e-10
    )
    assert mcnemar(59, 121, alternative="less").verdict == "undecided"


def test_concentration_is_of_the_e_process_alone() -> None:
    assert mcnemar(59, 121, concentration=100, alternative="greater").verdict == "better"
    with pytest.raises(ValueError, match="concentration must be None but for the e-process"):
        mcnemar(59, 121, concentration=100, mode="fixed")
    with pytest.raises(ValueError, match="concentration must be a finite number from 2"):
        mcnemar(59, 121, concentration=1)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
@pytest.mark.parametrize("one_sided", [False, True])
def test_the_mixed_sequence_is_where_its_mean_is(alpha: float, one_sided: bool) -> None:
    sequence = MixedSequence(alpha, 800)
    for n in (1, 10, 100, 1_000, 100_000):
        quantile = sequence.quantile(math.inf, n, one_sided=one_sided)
        found = sequence.evidence(quantile, math.inf, n, one_sided=one_sided)
        assert found.e_value == pytest.approx(1 / alpha, rel=1e-9)
        assert sequence.statistic(-math.log(alpha), n, one_sided=one_sided) == pytest.approx(quantile, rel=1e-9)
    far = sequence.evidence(60.0, math.inf, 1_000, one_sided=one_sided)
    assert math.isinf(far.e_value) and far.p_value < 1e-300
    needed = sequence.units_needed(100, 1.0, one_sided=one_sided)
    assert math.sqrt(needed / 100) >= sequence.quantile(math.inf, needed, one_sided=one_sided) - 1e-6


def test_without_all_pairs_the_difference_is_not_known() -> None:
    result = mcnemar(10, 45)
    assert result.verdict == "better" and result.difference is None and result.difference_interval is None
    with pytest.raises(ValueError, match="pairs must be given"):
        mcnemar(10, 45, margin=0.1, hypothesis="non_inferiority")


def test_margins() -> None:
    safe = mcnemar(12, 15, pairs=2_000, hypothesis="non_inferiority", margin=0.02, mode="fixed")
    assert safe.verdict == "non_inferior"
    assert safe.p_value == pytest.approx(stats.norm.sf(tango_statistic(12, 15, 2_000, -0.02)), rel=1e-10)
    assert mcnemar(12, 15, pairs=2_000, hypothesis="equivalence", margin=0.02).verdict == "equivalent"
    # Nothing but agreement is much to say of a margin.
    assert mcnemar(0, 0, pairs=2_000, hypothesis="equivalence", margin=0.02, mode="fixed").verdict == "equivalent"
    with pytest.raises(ValueError, match="test of no difference"):
        mcnemar(12, 15, pairs=2_000, hypothesis="equivalence", margin=0.02, mode="fixed", method="exact")


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_nothing_to_go_by(mode: str) -> None:
    empty = mcnemar(0, 0, pairs=0, mode=mode)
    assert empty.verdict == "undecided" and "no pair" in empty.reasons[0]
    agreeing = mcnemar(0, 0, pairs=500, mode=mode)
    assert agreeing.verdict == "undecided" and agreeing.p_value == 1.0
    low, high = agreeing.difference_interval
    assert low == pytest.approx(-high) and 0 < high < 0.6


def test_errors() -> None:
    with pytest.raises(ValueError, match="pairs must be at least"):
        mcnemar(3, 4, pairs=6)
    with pytest.raises(ValueError, match="control_only must be an int of at least 0"):
        mcnemar(-1, 4)
    with pytest.raises(ValueError, match="a test for a single look"):
        mcnemar(3, 4, method="exact")
    with pytest.raises(ValueError, match="method must be None or one of"):
        mcnemar(3, 4, method="wilcoxon")


def test_more_pairs_that_are_needed() -> None:
    result = mcnemar(20, 30, pairs=500, mode="fixed")
    more = result.additional_n
    grown = (500 + more) / 500
    assert mcnemar(round(20 * grown), round(30 * grown), pairs=500 + more, mode="fixed", method="score").p_value < 0.055
    waiting = mcnemar(20, 40, pairs=500, mode="fixed", planned_n=800)
    assert waiting.verdict == "undecided" and waiting.additional_n == 300
