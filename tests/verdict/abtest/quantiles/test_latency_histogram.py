"""The mergeable histogram: its error, its bytes, its limits."""

from __future__ import annotations

import copy
import math
import pickle
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag import _core
from truthlag.abtest import LatencyHistogram, QuantileArm, Quantiles, compare
from truthlag.verdict.abtest.quantiles.ranks import BinnedRanks, SortedRanks

LATENCIES = st.one_of(st.floats(0, 1e9), st.floats(0, 1e30), st.just(math.inf), st.floats(0, 1e-12))


def filled(values: Any, relative_error: float = 0.001) -> LatencyHistogram:
    histogram = LatencyHistogram(relative_error)
    histogram.update_many(values)
    return histogram


@given(st.lists(LATENCIES, min_size=1, max_size=300), st.floats(0.01, 0.99), st.sampled_from([0.25, 0.01, 0.0001]))
def test_the_band_holds_that_of_the_values(values: list[float], p: float, error: float) -> None:
    exact, binned = Quantiles.of(values).at(p), filled(values, error).at(p)
    low, high = exact.interval()
    binned_low, binned_high = binned.interval()
    assert binned_low <= low and high <= binned_high
    # By no more than a bin.
    if 2**-32 <= low < 2**64:
        assert binned_low >= low / (1 + 2.0001 * error)
    if 2**-32 <= high < 2**64:
        assert binned_high <= high * (1 + 2.0001 * error)


@pytest.mark.parametrize("error", [0.25, 0.01, 0.001, 2**-14])
def test_relative_error_of_the_estimate(error: float) -> None:
    random = np.random.default_rng(1)
    values = random.lognormal(3, 2, 100_000)
    histogram, exact = filled(values, error), Quantiles.of(values)
    assert error / 2 < histogram.relative_error <= error
    for p in (0.001, 0.5, 0.9, 0.99, 0.999):
        # The estimate interpolates between two values, each of which is so near.
        assert histogram.at(p).estimate == pytest.approx(exact.at(p).estimate, rel=histogram.relative_error)


def test_merging_is_exact_in_any_order() -> None:
    random = np.random.default_rng(2)
    values = random.lognormal(3, 3, 30_000)
    parts = [filled(part) for part in np.array_split(values, 7)]
    whole = filled(values)
    for order in (range(7), reversed(range(7))):
        merged = LatencyHistogram()
        for place in order:
            merged.merge(parts[place])
        assert merged == whole
        assert merged.to_bytes() == whole.to_bytes()
    assert parts[0] + parts[1] == parts[1] + parts[0] == filled(np.concatenate(np.array_split(values, 7)[:2]))
    assert parts[0].n == len(np.array_split(values, 7)[0])
    before = parts[0].n
    parts[0].merge(parts[0])
    assert parts[0].n == 2 * before


def test_one_by_one_and_many() -> None:
    random = np.random.default_rng(3)
    values = random.lognormal(size=1_000)
    one_by_one = LatencyHistogram()
    for value in values.tolist():
        one_by_one.update(value)
    assert one_by_one == filled(values) == filled(values.tolist()) == filled(np.repeat(values, 2)[::2])
    assert filled([1, True, 0]) == filled([1.0, 1.0, 0.0])
    one_by_one.update(np.float32(0.5))
    one_by_one.update(7)
    assert one_by_one.n == 1_002


def test_the_difference_of_two() -> None:
    random = np.random.default_rng(4)
    arms = random.lognormal(4.6, 0.8, (2, 50_000))
    exact = compare(*(Quantiles.of(arm).at(0.99) for arm in arms), mode="fixed")
    binned = compare(*(filled(arm, 0.01).at(0.99) for arm in arms), mode="fixed")
    (low, high), (binned_low, binned_high) = exact.difference_interval, binned.difference_interval
    # Values of some 640 ms; the bin of each arm, 2 ** -6 wide, is added to the band.
    assert low - 2 * 700 / 64 < binned_low < low
    assert high < binned_high < high + 2 * 700 / 64
    assert binned.p_value >= exact.p_value


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=80),
    st.lists(st.integers(0, 30), min_size=1, max_size=80),
    st.floats(0.05, 0.95),
)
def test_bins_of_one_value_are_as_the_values(control: list[int], treatment: list[int], p: float) -> None:
    def binned(values: list[int]) -> QuantileArm:
        places, counts = np.unique(np.array(values, dtype=float), return_counts=True)
        return QuantileArm(p, BinnedRanks(places, places, counts.astype(np.uint64)), len(values))

    for mode in ("fixed", "confidence_sequence"):
        whole = compare(Quantiles.of(control).at(p), Quantiles.of(treatment).at(p), mode=mode)
        assert compare(binned(control), binned(treatment), mode=mode) == whole


def test_a_million_million_values() -> None:
    histogram = filled(np.random.default_rng(7).lognormal(4.6, 0.8, 100_000))
    for _ in range(23):
        histogram.merge(histogram)
    arm = histogram.at(0.5)
    assert arm.rows > 8e11
    result = compare(arm, arm)
    low, high = result.difference_interval
    # One bin.
    assert -0.2 < low < 0 < high < 0.2


def test_clusters_by_a_design_effect() -> None:
    histogram = filled(range(1_000))
    plain, clustered = histogram.at(0.5), histogram.at(0.5, design_effect=4.0)
    assert clustered.effective_rows == 250
    width, wider = (np.subtract(*reversed(arm.interval())) for arm in (plain, clustered))
    assert wider == pytest.approx(2 * width, rel=0.05)


class TestBytes:
    def test_there_and_back(self) -> None:
        for histogram in (filled([0.0, 1e-30, 5.5, 7e12, math.inf], 0.02), LatencyHistogram(0.25)):
            back = LatencyHistogram.from_bytes(histogram.to_bytes())
            assert back == histogram and type(back) is LatencyHistogram
            assert back == pickle.loads(pickle.dumps(histogram)) == copy.deepcopy(histogram)
            back.update(1.0)
            assert back != histogram

    def test_they_are_small(self) -> None:
        random = np.random.default_rng(5)
        histogram = filled(random.lognormal(4.6, 0.8, 100_000))
        assert len(histogram.to_bytes()) < 12_000
        assert histogram.memory < 100_000

    @pytest.mark.parametrize("data", [b"", b"abc", b"TRUTHLAG-LATENCY\n" + bytes(40)])
    def test_others(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"^data must be bytes of a latency histogram, got .* of them: "):
            LatencyHistogram.from_bytes(data)

    def test_damaged_ones(self) -> None:
        data = filled([1.0, 2.0]).to_bytes()
        for place in range(len(data)):
            damaged = bytearray(data)
            damaged[place] ^= 1
            with pytest.raises(ValueError, match=r"^data must be bytes of a latency histogram"):
                LatencyHistogram.from_bytes(bytes(damaged))

    def test_no_bytes(self) -> None:
        with pytest.raises(TypeError, match=r"^data must be bytes of a latency histogram, got 'a' of type str"):
            LatencyHistogram.from_bytes("a")  # type: ignore[arg-type]


class TestErrors:
    @pytest.mark.parametrize(
        ("value", "error", "told"),
        [
            (-1, ValueError, "value must be a number of at least 0, got -1.0 of type float"),
            (math.nan, ValueError, "value must be a number of at least 0, got NaN of type float"),
            (-math.inf, ValueError, "value must be a number of at least 0, got -inf of type float"),
            ("a", TypeError, "value must be a number of at least 0, got 'a' of type str"),
            (None, TypeError, "value must be a number of at least 0, got None"),
        ],
    )
    def test_value(self, value: Any, error: type[Exception], told: str) -> None:
        histogram = filled([1.0])
        with pytest.raises(error) as caught:
            histogram.update(value)
        assert str(caught.value) == told
        with pytest.raises(error, match=r"^values(\[100000\])? must be"):
            histogram.update_many([*np.ones(100_000), value])
        assert histogram == filled([1.0])

    @pytest.mark.parametrize(
        ("relative_error", "error"), [(0, ValueError), (0.3, ValueError), (1e-5, ValueError), ("x", TypeError)]
    )
    def test_relative_error(self, relative_error: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match=r"^relative_error must be a number"):
            LatencyHistogram(relative_error)

    def test_merge(self) -> None:
        histogram = filled([1.0])
        with pytest.raises(
            ValueError, match=r"^other must have the relative error of this histogram \(0.0009765625\), got 0.0078125$"
        ):
            histogram.merge(LatencyHistogram(0.01))
        with pytest.raises(TypeError, match=r"^other must be a LatencyHistogram, got 5 of type int"):
            histogram.merge(5)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            histogram + 5  # type: ignore[operator]
        assert histogram == filled([1.0])

    def test_more_values_than_floats_tell_apart(self) -> None:
        histogram = filled([1.0])
        for _ in range(54):
            histogram.merge(histogram)
        with pytest.raises(ValueError, match="at most 2"):
            histogram.at(0.5)


def test_some_values_are_all_that_is_known() -> None:
    ordered = np.sort(np.random.default_rng(8).lognormal(size=4_000))
    whole = SortedRanks(4_000, ordered)
    part = SortedRanks(4_000, ordered[3_000:3_900], 3_001)
    ranks = np.array([-1, 0, 1, 3_000, 3_001, 3_900, 3_901, 4_000, 4_001])
    assert (part.lower(ranks) <= whole.lower(ranks)).all()
    assert (part.upper(ranks) >= whole.upper(ranks)).all()
    for ends in (part.lower(ranks), part.upper(ranks)):
        assert (ends[1:] >= ends[:-1]).all()
    same = compare(QuantileArm(0.9, whole, 4_000), QuantileArm(0.9, whole, 4_000))
    # Wide enough for the interval, and all that it lacks makes it wider.
    assert compare(QuantileArm(0.9, part, 4_000), QuantileArm(0.9, part, 4_000)) == same
    little = SortedRanks(4_000, ordered[3_590:3_610], 3_591)
    assert compare(QuantileArm(0.9, little, 4_000), QuantileArm(0.9, whole, 4_000)).difference_interval == (
        -math.inf,
        math.inf,
    )


def test_many_threads() -> None:
    histogram, parts = LatencyHistogram(), np.random.default_rng(6).lognormal(size=(4, 20_000))

    def work(part: Any) -> None:
        histogram.update_many(part[:10_000])
        for value in part[10_000:].tolist():
            histogram.update(value)

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram == filled(parts.ravel())


@given(
    st.lists(st.one_of(st.floats(allow_nan=False), st.integers(-(2**60), 2**60)), min_size=1, max_size=40), st.data()
)
def test_order_statistics_are_those_of_a_sort(values: list[float], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first, len(values) - 1))
    found = _core.order_statistics(values, first, last)
    if any(isinstance(value, int) and abs(value) >= 2**53 for value in values):
        assert found is None
    else:
        assert found == sorted(values)[first : last + 1]
    array = np.array(values, dtype=np.float64)
    assert _core.order_statistics(array, first, last) == np.sort(array)[first : last + 1].tolist()


def test_order_statistics_of_other_things() -> None:
    for values in (
        (1.0, 2.0),
        "ab",
        None,
        [True, False],
        [1.0, "a"],
        [math.nan, 1.0],
        np.zeros((2, 2)),
        np.float32([1, 2]),
        [],
    ):
        assert _core.order_statistics(values, 0, 0) is None
    assert _core.order_statistics([1.0, 2.0], 1, 2) is None
    assert _core.order_statistics([1.0, 2.0], 1, 0) is None
    large = np.arange(2_000_000)[::-1]
    assert _core.order_statistics(large.copy(), 1_980_000, 1_980_001) == [1_980_000, 1_980_001]
    assert _core.order_statistics(large, 0, 1) is None
