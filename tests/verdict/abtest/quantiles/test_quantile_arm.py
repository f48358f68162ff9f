"""One quantile of an arm: its estimate, its intervals, what it is made of, and what it refuses."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from truthlag.abtest import (
    LatencyHistogram,
    Proportion,
    QuantileArm,
    Quantiles,
    compare,
    quantile_from_limits,
    statistic_from_dict,
)

P = st.one_of(st.floats(0.001, 0.999), st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]))


def plain_interval(values: Any, p: float, confidence: float) -> tuple[float, float]:
    """The definition: order statistics beyond which the quantile is with a chance of half the rest at most."""
    ordered = [-math.inf, *sorted(values), math.inf]
    n, tail = len(values), (1 - confidence) / 2
    low = max(rank for rank in range(n + 1) if rank == 0 or stats.binom.cdf(rank - 1, n, p) <= tail)
    high = min(rank for rank in range(1, n + 2) if rank == n + 1 or stats.binom.sf(rank - 1, n, p) <= tail)
    return ordered[low], ordered[high]


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), P, st.floats(0.01, 0.999))
def test_interval_by_its_definition(values: list[int], p: float, confidence: float) -> None:
    assert QuantileArm.of(values, p).interval(confidence) == plain_interval(values, p, confidence)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), P)
def test_estimate_is_numpys(values: list[float], p: float) -> None:
    expected = float(np.percentile(values, 100 * p))
    # 100 p / 100 is not always p, which moves the place among n values by some units in the last place.
    assert QuantileArm.of(values, p).estimate == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("kind", ["list", "array", "ints", "list of ints", "float32", "strided", "uint8"])
def test_all_kinds_of_values(kind: str) -> None:
    random = np.random.default_rng(1)
    whole = random.integers(0, 200, 30_000)
    values: Any = {
        "list": lambda: (whole / 4).tolist(),
        "array": lambda: whole / 4,
        "ints": lambda: whole,
        "list of ints": whole.tolist,
        "float32": lambda: (whole / 4).astype(np.float32),
        "strided": lambda: np.repeat(whole / 4, 2)[::2],
        "uint8": lambda: whole.astype(np.uint8),
    }[kind]()
    for p in (0.01, 0.5, 0.99):
        arm, all_values = QuantileArm.of(values, p), Quantiles.of(values).at(p)
        assert arm.rows == arm.n == 30_000
        assert arm.estimate == all_values.estimate == np.percentile(values, 100 * p)
        assert arm.interval(0.999) == all_values.interval(0.999)
        assert arm.standard_error == all_values.standard_error


def test_coverage_by_simulation() -> None:
    random = np.random.default_rng(2)
    for n, p in ((100, 0.5), (400, 0.95)):
        true = float(stats.lognorm.ppf(p, 1.0))
        intervals = np.array([Quantiles.of(random.lognormal(size=n)).at(p).interval(0.9) for _ in range(2_000)])
        misses = [(intervals[:, 0] > true).mean(), (intervals[:, 1] < true).mean()]
        # 5 percent on each side at most, and 4 standard errors; no less than a rank would allow.
        assert all(0.02 < miss < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2_000) for miss in misses)


def test_intervals_at_all_times() -> None:
    """At each of 40 looks, and of all quantiles together: the truth is missed ever in at most alpha of the runs."""
    random = np.random.default_rng(12)
    runs, alpha, sizes = 150, 0.2, np.unique(np.geomspace(50, 3_000, 40).astype(int))
    quantiles = (0.05, 0.5, 0.9, 0.99)
    missed = {"exact": 0, "any_time": 0, "all_quantiles": 0}
    for _ in range(runs):
        values = random.random(3_000)
        arms = [Quantiles.of(values[:size]) for size in sizes]
        for method in missed:
            options = {} if method == "exact" else {"narrow_at": 200}
            which = quantiles if method == "all_quantiles" else (0.9,)
            intervals = [(p, arm.at(p).interval(1 - alpha, method=method, **options)) for arm in arms for p in which]
            missed[method] += any(not low <= p <= high for p, (low, high) in intervals)
    bound = alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert missed["any_time"] <= bound * runs
    assert missed["all_quantiles"] <= bound * runs
    assert missed["exact"] > 2 * alpha * runs
    for method in ("any_time", "all_quantiles"):
        assert QuantileArm.of([], 0.5).interval(method=method) == (-math.inf, math.inf)
        assert QuantileArm.of([1.0], 0.5).interval(method=method) == (-math.inf, math.inf)


def test_standard_error_beside_that_of_the_density() -> None:
    random = np.random.default_rng(3)
    n, p = 200_000, 0.99
    place = float(stats.lognorm.ppf(p, 0.8))
    expected = math.sqrt(p * (1 - p) / n) / float(stats.lognorm.pdf(place, 0.8))
    errors = [QuantileArm.of(random.lognormal(0, 0.8, n), p).standard_error for _ in range(20)]
    # It rests on some 170 gaps between order statistics, each exponential; rounding outwards adds a percent.
    assert np.mean(errors) == pytest.approx(expected, rel=0.06)


def test_merging_halves_is_the_whole() -> None:
    random = np.random.default_rng(4)
    values, units = random.lognormal(size=3_000), random.integers(0, 400, 3_000)
    for cluster in (None, units, units.astype(str), [(int(unit), "x") for unit in units]):

        def part(place: slice, cluster: Any = cluster) -> Quantiles:
            return Quantiles.of(values[place], cluster=None if cluster is None else cluster[place])

        both = part(slice(0, 1_000)) + part(slice(1_000, None))
        for p in (0.5, 0.99):
            assert both.at(p) == part(slice(None)).at(p)
    assert (Quantiles.of([]) + Quantiles.of([2, 1])).n == 2
    with pytest.raises(ValueError, match=r"^other must know the clusters"):
        Quantiles.of([1]).merge(Quantiles.of([1], cluster=[1]))


def test_units_of_two_kinds_stay_apart() -> None:
    both = Quantiles.of([1.0, 2.0], cluster=["1", "2"]) + Quantiles.of([3.0], cluster=[1])
    assert both.at(0.5).units == 3


def test_values_cannot_be_changed() -> None:
    given_values = np.array([3.0, 1.0, 2.0])
    quantiles = Quantiles.of(given_values)
    with pytest.raises(ValueError, match="read-only"):
        quantiles.values[0] = 7
    assert given_values.tolist() == [3, 1, 2]


class TestClusters:
    def test_a_row_each(self) -> None:
        random = np.random.default_rng(5)
        arm = QuantileArm.of(random.lognormal(size=20_000), 0.9, cluster=np.arange(20_000))
        # The clusters vary by sqrt(n / (n - 1)), and 2 000 of them have values on the rarer side.
        assert arm.design_effect == pytest.approx(1, abs=0.002)
        assert (arm.units, arm.rows) == (20_000, 20_000)

    @pytest.mark.parametrize("copies", [2, 10])
    def test_rows_that_are_all_the_same(self, copies: int) -> None:
        random = np.random.default_rng(6)
        values = random.lognormal(size=4_000)
        plain = QuantileArm.of(values, 0.9)
        arm = QuantileArm.of(np.repeat(values, copies), 0.9, cluster=np.repeat(np.arange(4_000), copies))
        assert (arm.units, arm.rows) == (4_000, 4_000 * copies)
        assert arm.design_effect == pytest.approx(copies, rel=0.01)
        assert arm.standard_error == pytest.approx(plain.standard_error, rel=0.05)
        low, high = arm.interval()
        assert (low, high) == pytest.approx(plain.interval(), rel=0.01)

    def test_a_constant_tells_nothing_of_clusters(self) -> None:
        # As if all 50 rows of each of 20 units were one.
        arm = QuantileArm.of([5.0] * 1_000, 0.5, cluster=np.repeat(np.arange(20), 50))
        assert arm.design_effect > 50
        assert arm.interval() == (5.0, 5.0)

    def test_one_cluster(self) -> None:
        arm = QuantileArm.of(range(1_000), 0.5, cluster=["ann"] * 1_000)
        assert (arm.units, arm.interval()) == (1, (-math.inf, math.inf))


class TestDicts:
    @pytest.mark.parametrize("kind", ["values", "some values", "bins", "clusters", "infinite", "none"])
    def test_there_and_back(self, kind: str) -> None:
        random = np.random.default_rng(7)
        values = random.lognormal(size=20_000)
        histogram = LatencyHistogram()
        histogram.update_many(values)
        histogram.update(math.inf)
        arm = {
            "values": lambda: Quantiles.of(values).at(0.99),
            "some values": lambda: QuantileArm.of(values, 0.99),
            "bins": lambda: histogram.at(0.99),
            "clusters": lambda: QuantileArm.of(values, 0.5, cluster=np.arange(20_000) // 7),
            "infinite": lambda: QuantileArm.of([1.0, math.inf, -math.inf], 0.5),
            "none": lambda: QuantileArm.of([], 0.5),
        }[kind]()
        back = statistic_from_dict(json.loads(json.dumps(arm.to_dict(), allow_nan=False)))
        assert back == arm == pickle.loads(pickle.dumps(arm))
        assert (back.interval(), back.estimate) == (arm.interval(), arm.estimate)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"ranks": 3}, TypeError),
            ({"ranks": {"kind": "others"}}, ValueError),
            ({"ranks": {"kind": "sorted values", "rows": 2, "first": 1}}, ValueError),
            ({"ranks": {"kind": "sorted values", "rows": 2, "first": 0, "values": ""}}, ValueError),
            ({"ranks": {"kind": "sorted values", "rows": 0, "first": 1, "values": "AAAAAAAA8D8="}}, ValueError),
            (
                {"ranks": {"kind": "sorted values", "rows": 2, "first": 1, "values": "AAAAAAAA8D8AAAAAAADgPw=="}},
                ValueError,
            ),
            ({"ranks": {"kind": "sorted values", "rows": 2, "first": 1, "values": "AAAA"}}, ValueError),
            ({"ranks": {"kind": "sorted values", "rows": 2, "first": 1, "values": "!"}}, ValueError),
            ({"ranks": {"kind": "sorted values", "rows": 2, "first": 1, "values": 5}}, TypeError),
            ({"ranks": {"kind": "bins", "lows": "", "highs": "", "counts": "AAAAAAAA8D8="}}, ValueError),
            (
                {"ranks": {"kind": "bins", "lows": "AAAAAAAA8D8=", "highs": "AAAAAAAA4D8=", "counts": "AQAAAAAAAAA="}},
                ValueError,
            ),
            (
                {"ranks": {"kind": "bins", "lows": "AAAAAAAA8D8=", "highs": "AAAAAAAA8D8=", "counts": "AAAAAAAAAAA="}},
                ValueError,
            ),
            ({"p": 1.0}, ValueError),
            ({"p": "a"}, TypeError),
            ({"units": 11}, ValueError),
            ({"units": 1.5}, ValueError),
            ({"design_effect": 0.5}, ValueError),
            ({"design_effect": "x"}, TypeError),
            ({"more": 1}, ValueError),
        ],
    )
    def test_hostile_ones(self, change: dict[str, Any], error: type[Exception]) -> None:
        fields = QuantileArm.of(range(10), 0.5).to_dict()
        with pytest.raises(error):
            statistic_from_dict({**fields, **change})


class TestErrors:
    @pytest.mark.parametrize(
        ("values", "error", "told"),
        [
            ([1.0, math.nan], ValueError, "values[1] must be a number other than NaN, got nan of type float"),
            (
                [1.0] * 20_000 + [math.nan],
                ValueError,
                "values[20000] must be a number other than NaN, got nan of type float",
            ),
            (np.full(30_000, math.nan), ValueError, "values[0] must be a number other than NaN, got nan of type float"),
            (["a"], TypeError, "values must be a sequence or an array of one dimension"),
            ([1, None], TypeError, "values[1] must be a finite number, got None"),
            (np.zeros((2, 2)), ValueError, "values must be a sequence or an array of one dimension"),
            (None, TypeError, "values must be"),
        ],
        ids=range(7),
    )
    def test_values(self, values: Any, error: type[Exception], told: str) -> None:
        for make in (lambda: QuantileArm.of(values, 0.5), lambda: Quantiles.of(values)):
            with pytest.raises((error, ValueError) if values is None else error) as caught:
                make()
            assert str(caught.value).startswith(told)

    @pytest.mark.parametrize(
        ("p", "error"), [(0, ValueError), (1, ValueError), (99, ValueError), ("0.5", TypeError), (True, TypeError)]
    )
    def test_p(self, p: Any, error: type[Exception]) -> None:
        for make in (lambda: QuantileArm.of([1], p), lambda: Quantiles.of([1]).at(p), lambda: LatencyHistogram().at(p)):
            with pytest.raises(error, match=r"^p must be a number between 0 and 1, both excluded, got"):
                make()

    @pytest.mark.parametrize("p", [1e-10, 5e-324, 1 - 1e-10])
    def test_p_next_to_the_ends(self, p: float) -> None:
        with pytest.raises(ValueError, match=r"^p must be a number from 1e-09 to 1 - 1e-09, got"):
            QuantileArm.of([1.0], p)
        for near in (1e-9, 1 - 1e-9):
            arm = QuantileArm.of(range(100), near)
            assert compare(arm, arm).verdict == compare(arm, arm, mode="fixed").verdict == "undecided"

    def test_others(self) -> None:
        arm = QuantileArm.of(range(5), 0.5)
        with pytest.raises(ValueError, match=r"^confidence must be"):
            arm.interval(95)
        with pytest.raises(ValueError, match=r"^method must be one of"):
            arm.interval(method="wald")
        with pytest.raises(ValueError, match=r"^narrow_at must be None with method 'exact', got 5 of type int$"):
            arm.interval(narrow_at=5)
        with pytest.raises(ValueError, match=r"^narrow_at must be an int from 1"):
            arm.interval(method="any_time", narrow_at=0)
        with pytest.raises(ValueError, match=r"^cluster must have a cluster for each of the 2 rows, got 1"):
            Quantiles.of([1, 2], cluster=[1])
        with pytest.raises(TypeError, match=r"^ranks must be what is known of the values of an arm, got 5 of type int"):
            QuantileArm(0.5, 5, 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^treatment must be of the kind of control"):
            compare(arm, Proportion(1, 2))

    @pytest.mark.parametrize(
        ("arguments", "options", "told"),
        [
            ((1, 5.0, 4.0, 6.0), {}, "^n must be an int of at least 2, got 1"),
            ((10, 5.0, 5.5, 6.0), {}, "^estimate must be from lower"),
            ((10, math.inf, 5.5, 6.0), {}, "^estimate must be a finite number"),
            ((10, 5.0, 4.0, 6.0), {"rows": 0}, "^rows must be an int of at least 1"),
            ((10, 5.0, 4.0, 6.0), {"confidence": 95}, "^confidence must be"),
            ((10**400, 5.0, 4.0, 6.0), {}, "^n must be an int from 0 to the most that are told apart"),
            ((10, 5.0, 4.0, 6.0), {"rows": 2**53 + 1}, "^rows must be an int from 0 to the most that are told apart"),
        ],
    )
    def test_limits_of_a_database(self, arguments: tuple[Any, ...], options: dict[str, Any], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            quantile_from_limits(*arguments, **options)


def test_smooth_estimates_take_all_values() -> None:
    arm = QuantileArm.of(np.arange(30_000.0), 0.9)
    assert (arm.harrell_davis, arm.maritz_jarrett_error) == (None, None)
    whole = Quantiles.of(np.arange(30_000.0)).at(0.9)
    assert whole.harrell_davis == pytest.approx(0.9 * 29_999, abs=0.5)
    assert whole.maritz_jarrett_error == pytest.approx(math.sqrt(30_000 * 0.09), rel=0.01)
    assert Quantiles.of([1.0]).at(0.9).maritz_jarrett_error is None
    assert Quantiles.of([1.0, math.inf]).at(0.5).harrell_davis is None
