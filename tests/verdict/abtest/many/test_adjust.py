"""Adjusted p-values and e-BH, beside statsmodels, their definitions, and what they promise."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import adjust, e_bh, interval_of_p_value
from truthlag.verdict.abtest.many.adjust import ADJUSTMENTS, adjusted_array

STATSMODELS = {
    "holm": "holm",
    "hommel": "hommel",
    "bh": "fdr_bh",
    "by": "fdr_by",
    "bonferroni": "bonferroni",
    "hochberg": "simes-hochberg",
    "sidak": "sidak",
    "holm_sidak": "holm-sidak",
}
PROBABILITIES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.01, 0.05]), min_size=1, max_size=12)


@pytest.mark.parametrize("method", ADJUSTMENTS)
class TestAdjust:
    @pytest.mark.parametrize("name", ["mt_growthbook_holm", "mt_r_multtest_small"])
    def test_vectors(self, name: str, method: str) -> None:
        entry = vector(name)
        expected = entry["expected"][STATSMODELS[method]]
        for ours, theirs in zip(adjust(entry["inputs"]["pvalues"], method), expected, strict=True):
            assert agrees(ours, entry, theirs)

    @given(p_values=PROBABILITIES)
    def test_as_statsmodels(self, method: str, p_values: list[float]) -> None:
        multitest = pytest.importorskip("statsmodels.stats.multitest")
        with np.errstate(all="ignore"):
            expected = multitest.multipletests(p_values, method=STATSMODELS[method])[1]
        # 1 - (1 - p)^m there has no digits for p below 1e-16.
        assert adjust(p_values, method) == pytest.approx(expected.tolist(), rel=1e-12, abs=1e-15)

    @given(p_values=PROBABILITIES, seed=st.integers(0, 100))
    def test_order_does_not_matter(self, method: str, p_values: list[float], seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(p_values))
        shuffled = adjust([p_values[place] for place in order], method)
        assert shuffled == [adjust(p_values, method)[place] for place in order]

    def test_none_is_no_test(self, method: str) -> None:
        assert adjust({"a": None, "b": 0.02, "c": 0.03}, method) == {
            "a": None,
            **adjust({"b": 0.02, "c": 0.03}, method),
        }
        assert adjust([], method) == []
        assert adjust([None], method) == [None]
        assert adjust([0.02], method) == pytest.approx([0.02], rel=1e-15)


def test_hommel_is_the_closed_test_of_simes() -> None:
    """A hypothesis is rejected where Simes' test rejects every intersection that it is part of."""
    random = np.random.default_rng(3)
    for _ in range(50):
        p_values = random.uniform(0, 0.3, 5) ** random.uniform(1, 3)
        expected = np.zeros(5)
        for size in range(1, 6):
            for subset in itertools.combinations(range(5), size):
                ordered = np.sort(p_values[list(subset)])
                simes = float(np.min(size * ordered / np.arange(1, size + 1)))
                expected[list(subset)] = np.maximum(expected[list(subset)], simes)
        assert adjust(p_values, "hommel") == pytest.approx(expected.tolist(), rel=1e-14)


def test_tiny_p_values_keep_their_digits() -> None:
    assert adjust([1e-130, 0.5], "sidak")[0] == pytest.approx(2e-130, rel=1e-14)
    assert adjust([1e-130, 0.5], "holm_sidak")[0] == pytest.approx(2e-130, rel=1e-14)


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability(bad: float) -> None:
    with pytest.raises(ValueError, match=r"p_values\[1\] must be a number from 0 to 1"):
        adjust([0.1, bad])
    with pytest.raises(ValueError, match=r"p_values\['b'\] must be"):
        adjust({"b": bad})


@pytest.mark.parametrize("bad", ["0.1", True, [0.1]])
def test_what_is_no_number(bad: object) -> None:
    with pytest.raises(TypeError, match=r"p_values\[0\] must be a number"):
        adjust([bad])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"e_values\[0\] must be a number"):
        e_bh([bad])  # type: ignore[list-item]


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="method must be"):
        adjust([0.1], "fdr")  # type: ignore[arg-type]


class TestEBH:
    def test_vector(self) -> None:
        entry = vector("ebh_eight")
        rejected = e_bh(entry["inputs"]["evalues"], entry["inputs"]["alpha"])
        assert rejected == entry["expected"]["rejected_indices"]
        assert len(rejected) == entry["expected"]["k"]

    @given(st.lists(st.floats(0, 1e4) | st.just(math.inf), max_size=12), st.floats(0.01, 0.5))
    def test_is_its_definition_and_bh_of_inverses(self, e_values: list[float], alpha: float) -> None:
        ordered = sorted(e_values, reverse=True)
        most = max((k for k in range(1, len(ordered) + 1) if ordered[k - 1] * k * alpha >= len(ordered)), default=0)
        expected = [place for place, value in enumerate(e_values) if most and value >= ordered[most - 1]]
        assert e_bh(e_values, alpha) == expected
        p_values = [min(1.0, 1 / value) if value else 1.0 for value in e_values]
        adjusted = adjust(p_values, "bh")
        assert {
            place for place, value in enumerate(adjusted) if value is not None and value < alpha * (1 - 1e-12)
        } <= set(expected)
        assert set(expected) <= {
            place for place, value in enumerate(adjusted) if value is not None and value <= alpha * (1 + 1e-12)
        }

    def test_degenerate(self) -> None:
        assert e_bh([]) == []
        assert e_bh([None, 20.0]) == [1]
        assert e_bh([0.0, 0.0]) == []
        for bad in (-1.0, math.nan):
            with pytest.raises(ValueError, match=r"e_values\[0\] must be"):
                e_bh([bad])
        with pytest.raises(ValueError, match="alpha"):
            e_bh([1.0], 0.0)


class TestIntervalOfPValue:
    def test_vector(self) -> None:
        entry = vector("mt_growthbook_adjusted_ci_99")
        given_values = entry["inputs"]
        interval = interval_of_p_value(given_values["lift"], given_values["adjusted_p"], given_values["alpha"])
        for ours, theirs in zip(interval, entry["expected"]["ci"], strict=True):
            assert agrees(ours, entry, theirs)

    def test_says_what_the_p_value_says(self) -> None:
        for p_value in (1e-200, 0.049, 0.051, 0.9):
            low, high = interval_of_p_value(-2.0, p_value)
            assert (low <= 0 <= high) == (p_value > 0.05)
        assert interval_of_p_value(1.0, 1.0) == (-math.inf, math.inf)
        assert interval_of_p_value(0.0, 0.5) == (-math.inf, math.inf)
        with pytest.raises(ValueError, match="p_value must be above 0"):
            interval_of_p_value(1.0, 0.0)


def normal_p_values(random: np.random.Generator, runs: int, means: np.ndarray, correlation: float) -> np.ndarray:
    shared = random.standard_normal((runs, 1))
    own = random.standard_normal((runs, len(means)))
    return 2 * special.ndtr(-np.abs(means + math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own))


@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.parametrize("true", [10, 6])
def test_holm_keeps_any_false_rejection(true: int, correlation: float) -> None:
    runs = 4_000
    means = np.where(np.arange(10) < true, 0.0, 3.0)
    p_values = normal_p_values(np.random.default_rng(true), runs, means, correlation)
    false = {
        method: np.mean([(adjusted_array(row, method)[:true] <= 0.05).any() for row in p_values])
        for method in ("holm", "hommel")
    }
    plain = (p_values[:, :true] <= 0.05).any(axis=1).mean()
    # Three standard errors above .05; without adjustment several times that.
    bound = 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert max(false.values()) <= bound
    assert plain > 2 * bound
    if correlation == 0:
        assert min(false.values()) > 0.03


@pytest.mark.parametrize("different", [0, 10])
def test_e_bh_keeps_the_share_of_false_findings_at_any_time(different: int) -> None:
    """Fifty segments that are stopped when the most is found, which of all times is the worst one."""
    random = np.random.default_rng(17)
    runs, segments, looks, alpha = 400, 50, 40, 0.05
    effects = np.where(np.arange(segments) < different, 0.6, 0.0)
    shares, found_ones = np.zeros(runs), np.zeros(runs)
    peeked = np.zeros(runs)
    rho = 0.1
    for run in range(runs):
        # A shock that all segments share makes their e-values depend on each other.
        noise = math.sqrt(0.5) * random.standard_normal((looks, 1)) + math.sqrt(0.5) * random.standard_normal(
            (looks, segments)
        )
        sums = np.cumsum(noise + effects, axis=0)
        times = np.arange(1, looks + 1)[:, None]
        e_values = np.exp(rho * sums**2 / (2 * (rho * times + 1))) / np.sqrt(rho * times + 1)
        found = max((e_bh(at_look, alpha) for at_look in e_values), key=len)
        false = sum(place >= different for place in found)
        shares[run] = false / max(1, len(found))
        found_ones[run] = len(found) - false
        p_values = 2 * special.ndtr(-np.abs(sums / np.sqrt(times)))
        peeked[run] = max((adjusted_array(at_look, "bh")[different:] <= alpha).sum() for at_look in p_values) > 0
    # Three standard errors of a share about .05.
    assert shares.mean() <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    if different:
        assert found_ones.mean() > 0.5 * different
    else:
        # What Benjamini and Hochberg's procedure does when p-values of one look are looked at again and again.
        assert peeked.mean() > 3 * alpha
