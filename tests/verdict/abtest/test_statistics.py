"""What is kept of an arm: that halves make the whole, and that nothing impossible gets in."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from truthlag.abtest import Counts, Known, Mean, MeanWithCovariate, Proportion, Ratio, statistic_from_dict

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=40)


def near(value: float, expected: float, scale: float) -> bool:
    """To 1e-12 of the size of the sums that it comes from: what is smaller has been lost to rounding in any way of adding."""
    return abs(value - expected) <= 1e-12 * max(scale, 1e-300)


class TestMerging:
    @given(VALUES, VALUES, VALUES)
    def test_means(self, a: list[float], b: list[float], c: list[float]) -> None:
        merged, whole = Mean.of(a) + Mean.of(b) + Mean.of(c), Mean.of(a + b + c)
        largest = max(map(abs, a + b + c), default=0.0)
        assert merged.n == whole.n
        assert near(merged.mean, whole.mean, largest)
        assert near(merged.m2, whole.m2, largest**2 * max(1, whole.n))

    @given(VALUES.filter(bool))
    def test_a_mean_is_that_of_numpy(self, values: list[float]) -> None:
        found = Mean.of(values)
        largest = max(map(abs, values))
        exact = np.array(values, dtype=np.longdouble)
        assert near(found.mean, float(exact.mean()), largest)
        assert near(found.m2, float(((exact - exact.mean()) ** 2).sum()), largest**2 * found.n)

    # Squares next to the least float have few digits left.
    @example([(0.0, 0.0), (1.0, 1.908483623218486e-161)], 0)
    @given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=30), st.integers(0, 30))
    def test_ratios(self, rows: list[tuple[float, float]], cut: int) -> None:
        def of(part: list[tuple[float, float]]) -> Ratio:
            return Ratio.of([top for top, _ in part], [bottom for _, bottom in part])

        merged, whole = of(rows[:cut]) + of(rows[cut:]), of(rows)
        largest = max((abs(one) for row in rows for one in row), default=0.0)
        assert merged.n == whole.n
        for name in ("numerator", "denominator"):
            assert near(getattr(merged, name), getattr(whole, name), largest)
        for name in ("numerator_m2", "denominator_m2", "comoment"):
            assert near(getattr(merged, name), getattr(whole, name), largest**2 * max(1, whole.n))

    @given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 2**32 - 1))
    def test_means_with_covariates(self, n: int, m: int, seed: int) -> None:
        rows = np.random.default_rng(seed).normal(5, 2, (n + m, 3))

        def of(part: np.ndarray) -> MeanWithCovariate:
            return MeanWithCovariate.of(part[:, 0], part[:, 1:])

        merged, whole = of(rows[:n]) + of(rows[n:]), of(rows)
        assert merged.n == whole.n
        assert np.allclose(merged.means, whole.means, rtol=1e-12, atol=0)
        assert np.allclose(merged.comoments, whole.comoments, rtol=0, atol=1e-12 * 50 * max(1, n + m))
        if n + m > 1:
            assert np.allclose(np.array(whole.comoments) / (n + m - 1), np.cov(rows.T), atol=1e-11)

    @given(*[st.integers(0, 10**12)] * 4)
    def test_counts_and_proportions(self, a: int, b: int, c: int, d: int) -> None:
        merged = Proportion(a, a + b) + Proportion(c, c + d)
        assert merged == Proportion(a + c, a + b + c + d)
        counts = Counts(a, b, c, d) + Counts(d, c, b, a)
        assert counts == Counts(a + d, b + c, b + c, a + d)
        assert counts.proportion("accuracy") == Proportion(2 * (a + d), 2 * (a + b + c + d))

    def test_a_large_offset_is_not_lost(self) -> None:
        values = 1e9 + np.random.default_rng(3).normal(0, 1, 10_000)
        merged = sum((Mean.of(part) for part in np.split(values, 10)), Mean(0, 0.0, 0.0))
        # A value is given to 1e-7 here, so that its spread is known to 1e-7 at best; sums of squares would know nothing of it.
        assert merged.variance == pytest.approx(float(np.var(values - 1e9, ddof=1)), rel=1e-7)

    def test_only_alike(self) -> None:
        with pytest.raises(TypeError):
            Mean(1, 1.0, 0.0) + Proportion(1, 2)
        with pytest.raises(ValueError, match="other must have 1 covariates, got 2"):
            MeanWithCovariate.of([1.0], [1.0]) + MeanWithCovariate.of([1.0], [[1.0], [2.0]])


EXAMPLES = [
    Proportion(3, 10),
    Mean(4, 1.5, 0.25),
    Ratio.of([1, 2, 4], [2, 3, 3], jackknife=True),
    MeanWithCovariate.of([1.0, 2.0, 4.0], [[1.0, 0.0, 2.0], [3.0, 3.0, 1.0]]),
    Known(10, 0.9, None),
    Counts(1, 2, 3, 4),
]


@pytest.mark.parametrize("statistic", EXAMPLES, ids=lambda one: one.KIND)
class TestForms:
    def test_a_dict_and_back(self, statistic: Any) -> None:
        assert statistic_from_dict(json.loads(json.dumps(statistic.to_dict(), allow_nan=False))) == statistic

    def test_bytes_and_back(self, statistic: Any) -> None:
        assert pickle.loads(pickle.dumps(statistic)) == statistic
        assert hash(statistic) == hash(pickle.loads(pickle.dumps(statistic)))

    def test_it_does_not_change(self, statistic: Any) -> None:
        with pytest.raises(AttributeError):
            setattr(statistic, dataclasses.fields(statistic)[0].name, 7)


class TestClusters:
    def test_sums_by_cluster(self) -> None:
        values, users = [1, 0, 1, 1, 0, 1], ["b", "a", "b", "c", "a", "a"]
        assert Ratio.of_clusters(values, users) == Ratio.of([1, 2, 1], [3, 2, 1])
        mixed = [object(), (1, 2)]
        assert Ratio.of_clusters([1, 2, 3], [mixed[0], mixed[1], mixed[0]]).n == 2

    def test_one_row_a_cluster_is_a_mean(self) -> None:
        values = np.random.default_rng(5).normal(3, 1, 50)
        ratio, mean = Ratio.of_clusters(values, np.arange(50)), Mean.of(values)
        assert ratio.estimate == pytest.approx(mean.mean, rel=1e-14)
        assert ratio.standard_error == pytest.approx(mean.standard_error, rel=1e-12)

    def test_the_jackknife(self) -> None:
        random = np.random.default_rng(9)
        top, bottom = random.poisson(3, 30), random.poisson(5, 30) + 1
        without = [(top.sum() - y) / (bottom.sum() - x) for y, x in zip(top, bottom, strict=True)]
        expected = 29 / 30 * float(np.sum((without - np.mean(without)) ** 2))
        assert Ratio.of(top, bottom, jackknife=True).jackknife_variance == pytest.approx(expected, rel=1e-12)


class TestErrors:
    @pytest.mark.parametrize(
        ("make", "error", "told"),
        [
            (lambda: Mean.of([1.0, np.nan]), ValueError, r"values\[1\] must be a finite number, got nan of type float"),
            (lambda: Mean.of([-np.inf]), ValueError, r"values\[0\] must be a finite number"),
            (lambda: Mean.of([1e308, -1e308]), ValueError, "within floats, got larger ones"),
            (lambda: Mean.of("abc"), ValueError, "got 0 dimensions"),
            (lambda: Mean.of(["a"]), TypeError, "values must be"),
            (lambda: Mean.of([None, 1.0]), TypeError, r"values\[0\] must be a finite number, got None"),
            (lambda: Mean.of([[1.0]]), ValueError, "got 2 dimensions"),
            (lambda: Mean.of([1j]), TypeError, "dtype complex"),
            (lambda: Mean(-1, 0.0, 0.0), ValueError, "n must be an int of at least 0, got -1"),
            (lambda: Mean(2, 0.0, -1.0), ValueError, "m2 must be a finite number of at least 0"),
            (lambda: Mean(1, 0.0, 1.0), ValueError, "m2 must be 0 where n is 1"),
            (lambda: Mean(2, True, 0.0), TypeError, "mean must be a finite number, got True"),
            (lambda: Mean.from_sums(4, 12.0, 30.0), ValueError, "squares must be at least"),
            (lambda: Proportion(3, 2), ValueError, r"k must be an int from 0 to n \(2\), got 3"),
            (lambda: Proportion(1.5, 2), ValueError, "k must be an int"),
            (lambda: Proportion("1", 2), TypeError, "k must be an int"),
            (lambda: Proportion.of([0, 2]), ValueError, r"values\[1\] must be 0 or 1, got 2"),
            (lambda: Ratio.of([1], [1, 2]), ValueError, "denominator must have a value for each of the 1 rows, got 2"),
            (lambda: Ratio.of([1], [np.nan]), ValueError, r"denominator\[0\] must be a finite number"),
            (lambda: Ratio(2, 1.0, 1.0, 1.0, 1.0, 2.0), ValueError, "comoment must be at most"),
            (lambda: Ratio.of_clusters([1], [np.nan]), ValueError, r"cluster\[0\] must be a cluster"),
            (lambda: MeanWithCovariate.of([1.0], [np.inf]), ValueError, r"covariates\[0\]\[0\] must be a finite"),
            (lambda: MeanWithCovariate(2, (1.0,), ((0.0,),)), ValueError, "at least one covariate"),
            (lambda: Counts(1, -1), ValueError, "false_positives must be an int of at least 0"),
            (lambda: Counts(1).proportion("auc"), ValueError, "metric must be one of 'accuracy'"),
            (lambda: statistic_from_dict({"kind": "median"}), ValueError, "kind"),
            (lambda: statistic_from_dict({"kind": "mean", "n": 1}), ValueError, "fields must be those of a mean"),
        ],
    )
    def test_they_name_what_is_wrong(self, make: Any, error: type[Exception], told: str) -> None:
        with pytest.raises(error, match=told):
            make()

    def test_a_constant_has_no_spread(self) -> None:
        for value in (0.1, 1e-300, -7e200, 3.3333333333333335):
            assert Mean.of([value] * 1001) == Mean(1001, value, 0.0)

    def test_numbers_of_numpy_are_python_numbers(self) -> None:
        mean = Mean(np.int64(3), np.float32(0.5), np.float64(1.0))
        assert [type(one) for one in (mean.n, mean.mean, mean.m2)] == [int, float, float]
        assert Proportion(np.uint8(3), np.int32(5)) == Proportion(3, 5)
