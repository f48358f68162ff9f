"""Single periods that do not fit, against the plain way: leave each out, fit the others, compare."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from truthlag.verdict.trend import check_trend
from truthlag.verdict.trend.outliers import _most_extreme, find_outliers
from truthlag.verdict.trend.series import Series


def plain_p_values(series: Series, degree: int) -> list[float]:
    """Deleted residuals by a fit to the others, for each period in turn."""
    found = []
    k = len(series.times)
    for at in range(k):
        others = np.delete(np.arange(k), at)
        weights = 1 / series.variances[others]
        design = np.vander(series.times, degree + 1)
        inverse = np.linalg.inv(design[others].T @ (weights[:, None] * design[others]))
        weight_of = design[at] @ inverse @ design[others].T * weights
        off = series.values[at] - weight_of @ series.values[others]
        maker = np.diag(weights) - weights[:, None] * design[others] @ inverse @ design[others].T * weights
        squares = series.values[others] @ maker @ series.values[others]
        degrees = k - 2 - degree
        sampling = series.variances[at] + weight_of**2 @ series.variances[others]
        p_value = 2 * stats.t.sf(abs(off) / np.sqrt(squares / degrees * sampling), degrees)
        if series.known:
            extra = max(0.0, (squares - degrees) / np.trace(maker))
            variance = sampling + extra * (1 + (weight_of**2).sum())
            p_value = max(p_value, 2 * stats.norm.sf(abs(off) / np.sqrt(variance)))
        found.append(float(p_value))
    return found


@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_leaving_each_out(seed: int, is_known: bool, degree: int) -> None:
    random = np.random.default_rng(seed)
    k = int(random.integers(6, 25))
    times, values = np.sort(random.uniform(0, 30, k)), random.normal(0.3, 0.03, k)
    values[random.integers(k)] += 0.15
    errors = random.uniform(0.01, 0.05, k)
    series = (
        Series.means(times, values, None, None, errors) if is_known else Series.means(times, values, None, None, None)
    )
    at, _, p_value = _most_extreme(series, degree)
    expected = plain_p_values(series, degree)
    assert at == int(np.argmin(expected))
    # Sums over all less one period lose a few digits beside sums over the others.
    assert p_value == pytest.approx(expected[at], rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("rows", [20, 50, 100, 1000, 10**9])
@pytest.mark.parametrize("place", range(7))
def test_one_bad_day_of_seven(rows: int, place: int) -> None:
    good = [rows * 95 // 100] * 7
    good[place] = rows * 70 // 100
    report = check_trend("accuracy", good, trials=[rows] * 7)
    assert report.verdict == "outlier"
    assert [outlier.index for outlier in report.outliers] == [place]
    assert report.outliers[0].value == 0.7
    assert report.sentence == (
        f"accuracy of period {place + 1} (0.7) does not fit the other 6 periods, which show no trend."
    )


@pytest.mark.parametrize("place", range(7))
def test_one_bad_value_of_seven(place: int) -> None:
    values = [0.95] * 7
    values[place] = 0.70
    report = check_trend("accuracy", values)
    assert (report.verdict, report.outliers[0].index, report.p_value) == ("outlier", place, None)
    assert report.sentence.endswith("which are too few to show a trend.")


def test_the_last_decimal_is_no_outlier() -> None:
    assert check_trend("accuracy", [0.95] * 6 + [0.94]).verdict == "undecided"
    assert check_trend("accuracy", [0.95] * 20 + [0.94]).verdict == "stable"


@pytest.mark.parametrize("place", [0, 5, 15, 29, 30])
@pytest.mark.parametrize("kind", ["rates", "values", "means"])
def test_one_bad_day_of_a_month_is_no_trend(place: int, kind: str) -> None:
    random = np.random.default_rng(100 + place)
    trends = named = 0
    for _ in range(100):
        good = random.binomial(100, 0.95, 31)
        good[place] = random.binomial(100, 0.60)
        rates = good / 100
        if kind == "rates":
            report = check_trend("accuracy", good, trials=[100] * 31)
        elif kind == "values":
            report = check_trend("accuracy", rates)
        else:
            report = check_trend("accuracy", rates, second_moments=rates, sizes=[100] * 31)
        trends += report.verdict in ("declining", "improving")
        named += place in [outlier.index for outlier in report.outliers]
    assert named >= 99
    # 5 of 100 at most would be the rate of a test without any bad day; 11 is its upper limit at three deviations.
    assert trends <= 11


def test_two_bad_days_in_a_row_are_a_change() -> None:
    report = check_trend("accuracy", [95, 95, 95, 95, 95, 70, 70], trials=[100] * 7)
    assert report.outliers == ()
    assert check_trend("accuracy", [0.95] * 12 + [0.7] * 3).outliers == ()


def test_two_bad_days_apart_are_two_outliers() -> None:
    good = [95, 94, 96, 95, 95, 70, 96, 94, 95, 95, 94, 96, 95, 94, 95, 95, 68, 95, 96, 94, 95]
    report = check_trend("accuracy", good, trials=[100] * 21)
    assert [outlier.index for outlier in report.outliers] == [5, 16]
    assert report.verdict == "outlier"
    assert report.sentence == (
        "accuracy of period 6 (0.7), period 17 (0.68) do not fit the other 19 periods, which show no trend."
    )


def test_a_bad_day_does_not_hide_a_decline() -> None:
    random = np.random.default_rng(4)
    good = random.binomial(400, 0.95 - 0.005 * np.arange(31))
    good[3] = 200
    report = check_trend("accuracy", good, trials=[400] * 31)
    assert report.verdict == "declining"
    assert [outlier.index for outlier in report.outliers] == [3]
    assert report.slope == pytest.approx(-0.005, abs=0.001)
    assert "; left out: period 4 (0.5)" in report.sentence


def test_a_bad_day_of_a_week_costs_the_search_for_it() -> None:
    """Six days that fall, and one of them bad: the p-value is that of the others, twice seven times."""
    good = [4750, 4700, 4640, 3000, 4500, 4460, 4400]
    report = check_trend("accuracy", good, trials=[5000] * 7)
    others = check_trend("accuracy", good[:3] + good[4:], trials=[5000] * 6, times=[0, 1, 2, 4, 5, 6])
    assert (report.verdict, [outlier.index for outlier in report.outliers]) == ("declining", [3])
    assert report.p_value is not None and others.p_value is not None
    assert report.p_value == pytest.approx(14 * others.p_value, rel=1e-9)
    assert report.interval is not None and report.interval[1] < 0


def test_few_periods_have_no_outlier() -> None:
    series = Series.rates(np.arange(4.0), np.array([95.0, 95, 95, 10]), np.full(4, 100.0))
    assert find_outliers(series, 0.05) == []


def test_a_period_that_decides_the_line_alone_is_none() -> None:
    """Ten periods at almost one time and one far away: the line goes through that one, whatever it is."""
    times = [*(0.001 * np.arange(10)), 1000.0]
    random = np.random.default_rng(2)
    values = [*random.normal(0.9, 0.01, 10), 0.91]
    assert check_trend("accuracy", values, times=times).outliers == ()
