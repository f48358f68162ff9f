"""The sequential test of a sample ratio, and the classical one."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import SampleRatioTest, sample_ratio_chi_square
from truthlag.verdict.abtest.gates.sample_ratio import MAGIC
from truthlag.verdict.detectors.state_bytes import packed, unpacked

CHI_SQUARES = [
    "srm_growthbook_1",
    "srm_growthbook_3",
    "srm_growthbook_4",
    "srm_growthbook_5",
    "srm_growthbook_7",
    "srm_growthbook_8",
    "srm_statsig_doc",
    "srm_basic_1pct",
    "srm_kohavi_book",
]


class TestVectors:
    @pytest.mark.parametrize("name", CHI_SQUARES)
    def test_chi_square(self, name: str) -> None:
        entry = vector(name)
        expected = entry["expected"]
        result = sample_ratio_chi_square(entry["inputs"]["observed"], entry["inputs"]["weights"])
        assert agrees(result.chi_square, entry, expected["chi2"])
        assert result.degrees_of_freedom == expected["df"]
        assert agrees(result.p_value, entry, expected["pvalue"])

    @pytest.mark.parametrize("name", ["srm_sequential_balanced", "srm_sequential_srm", "srm_sequential_growthbook0"])
    def test_savvi(self, name: str) -> None:
        entry = vector(name)
        test = SampleRatioTest(entry["inputs"]["theta0"], concentration=entry["inputs"]["k"])
        for batch, expected in zip(entry["inputs"]["batches"], entry["expected"]["trajectory"], strict=True):
            test.update(batch)
            assert list(test.counts.values()) == expected["cumulative"]
            assert agrees(test.log_e_value, entry, expected["log_evalue"])
            assert agrees(test.p_value, entry, expected["anytime_p"])

    @pytest.mark.parametrize("name", ["ssrm_balanced", "ssrm_srm"])
    def test_optimizely(self, name: str) -> None:
        entry = vector(name)
        test = SampleRatioTest(entry["inputs"]["null"], concentration=entry["inputs"]["concentration"])
        expected = entry["expected"]
        for batch, factor, p_value in zip(
            entry["inputs"]["data"], expected["bayes_factors"], expected["p_values"], strict=True
        ):
            test.update(batch)
            assert agrees(test.e_value, entry, factor)
            assert agrees(test.p_value, entry, p_value)


class TestChiSquare:
    @given(
        st.lists(st.tuples(st.integers(0, 10**6), st.floats(0.01, 100)), min_size=2, max_size=6).filter(
            lambda arms: sum(units for units, _ in arms) > 0
        )
    )
    def test_against_scipy(self, arms: list[tuple[int, float]]) -> None:
        counts, weights = np.array([units for units, _ in arms]), np.array([weight for _, weight in arms])
        result = sample_ratio_chi_square(counts, weights)
        expected = stats.chisquare(counts, weights / weights.sum() * counts.sum())
        assert result.chi_square == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
        assert result.p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-300)

    def test_units_where_none_should_be(self) -> None:
        result = sample_ratio_chi_square([1_000, 900, 800], [1, 0, 0])
        assert result.unexpected == 1_700
        assert result.gate().status == "failed"
        assert "1,700 units are in arms whose share is 0" in result.gate().reason

    def test_no_units(self) -> None:
        assert sample_ratio_chi_square([0, 0], [1, 1]).gate().status == "not_run"

    def test_small_expected_counts_are_said(self) -> None:
        gate = sample_ratio_chi_square([3, 4], [1, 1]).gate()
        assert gate.status == "passed" and "this says little" in gate.reason

    def test_a_tail_beyond_floats_near_one(self) -> None:
        # By one minus the distribution function it would be 0.
        assert 0 < sample_ratio_chi_square([51_000, 49_000], [1, 1]).p_value < 1e-9


def in_order(counts: list[int], shares: list[float], concentration: float, rng: np.random.Generator) -> float:
    """The e-value by its definition: each unit's predictive chance over its share, one after the other."""
    units = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    weights = concentration * np.array(shares)
    value = 0.0
    for arm in units:
        value += math.log(weights[arm] / weights.sum() / shares[arm])
        weights[arm] += 1
    return value


class TestSequential:
    @pytest.mark.parametrize("seed", range(5))
    def test_against_the_definition(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        shares = rng.dirichlet(np.ones(3) * 5)
        counts = rng.multinomial(400, rng.dirichlet(np.ones(3) * 5)).tolist()
        test = SampleRatioTest(shares, concentration=37.5)
        test.update(counts)
        assert test.log_e_value == pytest.approx(in_order(counts, shares.tolist(), 37.5, rng), abs=1e-9)

    def test_one_by_one_is_as_counts_and_remembers_the_highest(self) -> None:
        single, together = SampleRatioTest([1, 1]), SampleRatioTest([1, 1])
        highest = 0.0
        for unit in [0] * 90 + [1] * 80:
            single.add(str(unit))
            highest = max(highest, single.log_e_value)
        together.update([90, 80])
        assert single.log_e_value == together.log_e_value
        assert single.p_value == math.exp(-highest) < together.p_value

    def test_a_sound_test_rarely_fails_however_often_one_looks(self) -> None:
        # 1 500 runs of 60 looks: .01 + 3 standard errors = .0177.
        rng = np.random.default_rng(3)
        steps = np.diff(np.unique(np.geomspace(10, 200_000, 60).astype(int)), prepend=0)
        failed = peeked = 0
        for _ in range(1_500):
            test = SampleRatioTest([9, 1])
            seen = np.zeros(2, int)
            was_peeked = False
            for units in steps:
                taken = rng.multinomial(units, [0.9, 0.1])
                test.update(taken)
                seen += taken
                was_peeked |= (seen[1] - 0.1 * seen.sum()) ** 2 / (0.09 * seen.sum()) > 6.635
            failed += test.gate().has_failed
            peeked += was_peeked
        assert failed <= 0.0177 * 1_500
        # What a chi-square test at the same level does if it is repeated.
        assert peeked > 0.05 * 1_500

    def test_a_loss_of_units_is_found(self) -> None:
        # One in fifty of the treatment's units is lost: 100 000 against 98 000.
        test = SampleRatioTest([1, 1])
        test.update([100_000, 98_000])
        assert test.gate().has_failed

    def test_periods(self) -> None:
        ramp = SampleRatioTest({"control": 9, "treatment": 1})
        ramp.update({"control": 9_010, "treatment": 990})
        first = ramp.log_e_value
        ramp.new_period({"treatment": 1, "control": 1})
        ramp.update({"control": 4_950, "treatment": 5_050})
        second = SampleRatioTest([1, 1])
        second.update([4_950, 5_050])
        assert ramp.log_e_value == pytest.approx(first + second.log_e_value, abs=1e-12)
        assert ramp.gate().numbers["expected"] == {"control": 14_000.0, "treatment": 6_000.0}
        assert not ramp.gate().has_failed

    def test_an_arm_that_is_switched_off(self) -> None:
        test = SampleRatioTest([1, 1, 1])
        test.update([100, 100, 100])
        test.new_period([1, 1, 0])
        test.update([50, 50, 0])
        assert test.gate().status == "passed"
        test.update([0, 0, 1])
        assert test.gate().status == "failed" and test.gate().numbers["unexpected"] == 1

    def test_huge_evidence(self) -> None:
        test = SampleRatioTest([1, 1])
        test.update([10**9, 0])
        assert test.e_value == math.inf and test.p_value == 0.0 and math.isfinite(test.log_e_value)
        json.dumps(test.gate().to_dict(), allow_nan=False)


class TestSegments:
    def test_losses_that_cancel_are_found_by_segment(self) -> None:
        test = SampleRatioTest([1, 1], segments=True)
        for _ in range(100):
            test.update([56, 50], segment="ios")
            test.update([50, 56], segment="android")
            test.update([50, 50], segment="web")
        gate = test.gate()
        assert test.p_value == 1.0 and gate.status == "failed"
        assert set(gate.numbers["failed_segments"]) == {"ios", "android"}

    def test_many_sound_segments(self) -> None:
        # .01 + 3 standard errors of 600 runs = .0222.
        rng = np.random.default_rng(5)
        failed = 0
        for _ in range(600):
            test = SampleRatioTest([1, 1], segments=True)
            for _ in range(5):
                for segment in range(12):
                    test.update(rng.multinomial(400, [0.5, 0.5]), segment=str(segment))
            failed += test.gate().has_failed
        assert failed <= 0.0222 * 600

    def test_named_segments_share_the_level_equally(self) -> None:
        named, any_ = SampleRatioTest([1, 1], segments=["a", "b", "c"]), SampleRatioTest([1, 1], segments=True)
        for test in (named, any_):
            for segment in "abc":
                test.update([700, 500], segment=segment)
        alone = SampleRatioTest([1, 1])
        alone.update([700, 500])
        # Equal parts are a third each; others are 1/2, 1/6 and 1/12.
        assert list(named.segment_p_values().values()) == pytest.approx([3 * alone.p_value] * 3)
        assert list(any_.segment_p_values().values()) == pytest.approx([part * alone.p_value for part in (2, 6, 12)])

    def test_units_of_no_segment(self) -> None:
        test = SampleRatioTest([1, 1], segments=True)
        test.update([10, 10])
        test.update([5, 5], segment="a")
        assert test.counts == {"0": 15, "1": 15}
        assert test.gate().numbers["segments"]["a"]["counts"] == {"0": 5, "1": 5}


def full() -> SampleRatioTest:
    test = SampleRatioTest({"a": 0.7, "b": 0.2, "c": 0.1}, alpha=0.02, concentration=250, segments=True)
    test.update([700, 210, 95], segment="ios")
    test.new_period([1, 1, 1])
    test.update({"a": 30, "c": 41}, segment="web")
    test.add("b")
    return test


class TestState:
    @pytest.mark.parametrize(
        "way",
        [lambda t: SampleRatioTest.from_bytes(t.to_bytes()), copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    )
    def test_goes_to_bytes_and_back(self, way: Any) -> None:
        test = full()
        again = way(test)
        assert again.gate() == test.gate() and again.to_bytes() == test.to_bytes()
        for each in (test, again):
            each.update([100, 100, 150], segment="ios")
        assert again.gate() == test.gate()

    def test_damaged_bytes(self) -> None:
        data = full().to_bytes()
        rng = np.random.default_rng(1)
        for _ in range(200):
            damaged = bytearray(data)
            damaged[rng.integers(len(data))] ^= int(rng.integers(1, 256))
            with pytest.raises(ValueError, match="data must be"):
                SampleRatioTest.from_bytes(bytes(damaged))
        for length in range(0, len(data), 7):
            with pytest.raises(ValueError, match="data must be"):
                SampleRatioTest.from_bytes(data[:length])
        with pytest.raises(TypeError, match="data must be bytes"):
            SampleRatioTest.from_bytes("text")  # type: ignore[arg-type]

    @pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, 0.5, 1e308])
    def test_counts_that_are_none(self, bad: float) -> None:
        """With a right checksum."""
        kind, parameters, state = unpacked(MAGIC, "a sample-ratio test", full().to_bytes())
        for place in range(1, 1 + 2 * 3):
            other = [*state[:place], bad, *state[place + 1 :]]
            with pytest.raises(ValueError, match="contradict themselves"):
                SampleRatioTest.from_bytes(packed(MAGIC, kind, parameters, other))

    @pytest.mark.parametrize(
        ("name", "bad"),
        [
            ("arms", ["a", "b", None]),
            ("arms", ["a", "b", []]),
            ("seen", ["ios", 3]),
            ("seen", ["ios", "ios"]),
            ("shares", [[0.7, 0.2, 0.1], []]),
            ("shares", [[0.7, 0.2, 0.1], [math.nan, 0.5, 0.5]]),
            ("shares", [[0.7, 0.2, 0.1], [-1.0, 1.0, 1.0]]),
            ("shares", [[1e308, 0.2, 0.1], [0.5, 0.25, 0.25]]),
        ],
    )
    def test_parameters_that_are_none(self, name: str, bad: Any) -> None:
        kind, parameters, state = unpacked(MAGIC, "a sample-ratio test", full().to_bytes())
        with pytest.raises(ValueError, match="contradict themselves"):
            SampleRatioTest.from_bytes(packed(MAGIC, kind, {**parameters, name: bad}, state))

    def test_merge_is_the_test_of_all_units(self) -> None:
        first, second, both = (SampleRatioTest([2, 1], segments=True) for _ in range(3))
        first.update([60, 20], segment="a")
        second.update([30, 10], segment="b")
        second.update([15, 15], segment="a")
        both.update([75, 35], segment="a")
        both.update([30, 10], segment="b")
        merged = first.merge(second)
        assert merged.log_e_value == pytest.approx(both.log_e_value, abs=1e-12)
        assert merged.gate().numbers["segments"]["a"]["counts"] == {"0": 75, "1": 35}
        assert merged.p_value == min(1.0, math.exp(-merged.log_e_value))
        assert first.counts == {"0": 60, "1": 20}

    def test_merge_refuses_others(self) -> None:
        with pytest.raises(ValueError, match="other must have the parameters"):
            SampleRatioTest([1, 1]).merge(SampleRatioTest([1, 2]))
        with pytest.raises(TypeError, match="other must be"):
            SampleRatioTest([1, 1]).merge([1, 1])  # type: ignore[arg-type]


class TestRefusals:
    @pytest.mark.parametrize(
        ("weights", "kind", "match"),
        [
            ([1], ValueError, "two arms or more"),
            ([0, 0], ValueError, "none above 0"),
            ([1, -1], ValueError, r"weights\['1'\]"),
            ([1, math.nan], ValueError, r"weights\['1'\]"),
            ([1, "2"], TypeError, r"weights\['1'\]"),
            (None, TypeError, "weights must be"),
            (3, TypeError, "weights must be"),
            ({1: 1, 2: 1}, TypeError, "weights must have arms of type str"),
        ],
    )
    def test_weights(self, weights: Any, kind: type[Exception], match: str) -> None:
        with pytest.raises(kind, match=match):
            SampleRatioTest(weights)
        with pytest.raises(kind, match=match):
            sample_ratio_chi_square([1, 1], weights)

    @pytest.mark.parametrize("counts", [[1], [1, -1], [1, 1.5], {"x": 1}, [1, None], "ab", [2**53, 2**53]])
    def test_counts_change_nothing(self, counts: Any) -> None:
        test = SampleRatioTest([1, 1], segments=True)
        with pytest.raises((TypeError, ValueError), match="counts"):
            test.update(counts, segment="a")
        assert test.counts == {"0": 0, "1": 0} and not test.segment_p_values()

    def test_segments(self) -> None:
        with pytest.raises(ValueError, match="made without segments"):
            SampleRatioTest([1, 1]).update([1, 1], segment="a")
        with pytest.raises(ValueError, match="segment must be 'a'"):
            SampleRatioTest([1, 1], segments=["a"]).add("0", segment="b")
        with pytest.raises(TypeError, match="segment must be a str"):
            SampleRatioTest([1, 1], segments=True).add("0", segment=3)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="arm must be one of"):
            SampleRatioTest([1, 1]).add("2")
        for segments in ([], ["a", "a"]):
            with pytest.raises(ValueError, match="segments must be"):
                SampleRatioTest([1, 1], segments=segments)
        with pytest.raises(TypeError, match="segments must be"):
            SampleRatioTest([1, 1], segments="ios")

    def test_other_parameters(self) -> None:
        with pytest.raises(ValueError, match="alpha"):
            SampleRatioTest([1, 1], alpha=1)
        with pytest.raises(ValueError, match="concentration"):
            SampleRatioTest([1, 1], concentration=0)
        with pytest.raises(ValueError, match="weights must be of the arms"):
            SampleRatioTest({"a": 1, "b": 1}).new_period({"a": 1, "c": 1})


def test_sizes_that_were_off_and_are_not_any_more() -> None:
    test = SampleRatioTest({"a": 1, "b": 1})
    test.update([5_000, 4_000])
    assert "a 5,000, b 4,000) are not those of their shares (4,500, 4,500)" in test.gate().reason
    test.update([4_000, 5_000])
    gate = test.gate()
    assert gate.has_failed
    assert gate.reason.startswith("the sizes of the arms were not those of their shares at an earlier look (p = ")


def test_shares_of_odd_numbers_are_not_rounded() -> None:
    gate = sample_ratio_chi_square([44_700, 45_489], [1, 1]).gate()
    assert "(45,094.5, 45,094.5)" in gate.reason
