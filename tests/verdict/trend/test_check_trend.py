"""`check_trend`: verdicts, what it takes, edges, errors."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truthlag import ModelPerformanceTracker
from truthlag.verdict.trend import OutlyingPeriod, TrendReport, check_trend

FALLING = [48, 47, 48, 46, 47, 47, 45, 46, 46, 44, 45, 45, 43, 44, 43, 44, 42, 42, 43, 41, 41]
ASKED = [50] * 21
NAN, INF = float("nan"), float("inf")


def check_plain(report: TrendReport) -> None:
    """No NaN, no infinity, plain Python types, whatever was given; text and intervals that agree with the verdict."""

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for entry in value.values():
                walk(entry)
        elif isinstance(value, list):
            for entry in value:
                walk(entry)
        else:
            assert value is None or type(value) in (str, bool, int, float)
            assert type(value) is not float or math.isfinite(value)

    walk(report.to_dict())
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert str(report) == report.sentence
    assert report.sentence.endswith(".") and "None" not in report.sentence and "nan" not in report.sentence
    assert (report.interval is None) == (report.p_value is None)
    assert report.dispersion is None or report.dispersion >= 1
    assert report.robust is None or report.robust.variance_correction >= 1
    if report.interval is not None and report.slope is not None and report.p_value is not None:
        low, high = report.interval
        assert low <= report.slope <= high
        assert 0 <= report.p_value <= 1
        # At the level itself either may round to the other side.
        if abs(report.p_value - report.alpha) > 1e-6:
            assert (report.p_value <= report.alpha) == (low > 0 or high < 0)
    if report.crossing_days is not None:
        assert report.verdict == "declining"
        assert report.crossing_days[0] <= report.crossing_days[1]


class TestVerdicts:
    def test_a_decline(self) -> None:
        report = check_trend("accuracy", FALLING, trials=ASKED)
        assert (report.verdict, report.kind, report.periods, report.skipped) == ("declining", "rate", 21, {})
        # Periods of one size: the plain straight line.
        line = np.poly1d(np.polyfit(range(21), np.array(FALLING) / 50, 1))
        assert report.slope == pytest.approx(line[1], rel=1e-12)
        assert report.current == 0.82 and report.fitted == pytest.approx(line(20), rel=1e-12)
        assert report.limit is None and report.crossing_days is None
        check_plain(report)

    def test_a_rise(self) -> None:
        report = check_trend("accuracy", FALLING[::-1], trials=ASKED, baseline=0.9)
        assert (report.verdict, report.crossing_days) == ("improving", None)
        assert report.sentence.startswith("accuracy improves by 0.0066 a day (0.0036 to 0.0097; p < 0.0001, ")

    def test_a_rising_loss_is_worse(self) -> None:
        losses = 0.30 + 0.01 * np.arange(20) + 0.002 * np.cos(7 * np.arange(20))
        report = check_trend("log_loss", losses, baseline=0.40, margin=0.20)
        assert (report.verdict, report.higher_is_better) == ("declining", False)
        assert report.limit == pytest.approx(0.60)
        assert report.crossing_days == pytest.approx((11, 11), abs=1)
        assert report.sentence.startswith("log_loss rises by 0.01 a day, which is worse (")
        better = check_trend("log_loss", losses[::-1])
        assert better.verdict == "improving"
        assert better.sentence.startswith("log_loss falls by 0.01 a day, which is better (")
        assert check_trend("churn", losses, higher_is_better=True).verdict == "improving"
        assert check_trend("latency", losses, higher_is_better=False).verdict == "declining"

    def test_no_trend(self) -> None:
        report = check_trend("accuracy", [45, 46, 45, 44, 46, 45, 44, 45, 46, 45, 44, 45, 46, 45, 45], trials=[50] * 15)
        assert report.verdict == "stable"
        low, high = report.interval or (0.0, 0.0)
        assert report.sentence.startswith(f"accuracy shows no trend ({-low:.2g} worse to {high:.2g} better a day; p = ")
        errors = [50 - right for right in (45, 46, 45, 44, 46, 45, 44, 45, 46, 45, 44, 45, 46, 45, 45)]
        mirrored = check_trend("error", errors, trials=[50] * 15, higher_is_better=False)
        assert mirrored.sentence == report.sentence.replace("accuracy", "error")

    def test_short_series(self) -> None:
        """Means and values have no p-value below 14 periods, rates none below 3."""
        values = [0.95 - 0.01 * day + 0.001 * (day % 3) for day in range(14)]
        for columns in ({}, {"sizes": [50] * 13}, {"standard_errors": [0.001] * 13}):
            short = check_trend("accuracy", values[:13], **columns)  # type: ignore[arg-type]
            assert (short.verdict, short.p_value, short.interval) == ("undecided", None, None)
            assert short.robust is not None and (short.robust.p_value, short.robust.interval) == (None, None)
            assert short.slope == pytest.approx(-0.01, abs=1e-3) and short.robust.slope == pytest.approx(
                -0.01, abs=1e-3
            )
            check_plain(short)
            long = {name: column + column[:1] for name, column in columns.items()}
            assert check_trend("accuracy", values, **long).verdict == "declining"  # type: ignore[arg-type]
        assert check_trend("accuracy", [90, 60], trials=[100, 100]).verdict == "undecided"
        assert check_trend("accuracy", [900, 800, 700], trials=[1000] * 3).p_value is not None

    def test_a_slow_decline_that_the_plain_rule_never_sees(self) -> None:
        values = [round(0.95 - 0.005 * day, 3) for day in range(31)]
        report = check_trend("accuracy", values, baseline=0.95)
        assert report.verdict == "declining" and report.slope == pytest.approx(-0.005)
        # Values of three decimals are known to about 0.0003.
        assert report.crossing_days == pytest.approx((-20.6, -20.4), abs=0.1)
        assert report.sentence == (
            "accuracy declines by 0.005 a day (0.005 to 0.005; p < 0.0001, 31 periods): "
            "0.9025 was crossed 20 to 21 days before the last period."
        )

    @pytest.mark.parametrize(
        ("margin", "told"),
        [
            (0.05, "0.91 was crossed"),
            (0.12, "0.84 is crossed already, or within 6 days"),
            (0.1, "0.86 is crossed already, or within 1 day."),
            (0.3, "0.66 is crossed in "),
        ],
    )
    def test_when_the_margin_is_crossed(self, margin: float, told: str) -> None:
        report = check_trend("accuracy", FALLING, trials=ASKED, baseline=0.96, margin=margin)
        assert told in report.sentence
        check_plain(report)

    def test_the_default_margin_is_5_percent_of_the_size_of_the_baseline(self) -> None:
        assert check_trend("accuracy", FALLING, trials=ASKED, baseline=0.9).limit == pytest.approx(0.855)
        losing = check_trend("r2", [0.1] * 3, higher_is_better=True, baseline=-0.2)
        assert losing.limit == pytest.approx(-0.21)
        assert check_trend("log_loss", [0.1] * 3, baseline=0.4).limit == pytest.approx(0.42)


class TestWhatItTakes:
    def test_any_column_of_numbers(self) -> None:
        expected = check_trend("accuracy", FALLING, trials=ASKED)
        for kind in (tuple, np.array, pandas.Series, lambda values: np.array(values, dtype=np.float32)):
            assert check_trend("accuracy", kind(FALLING), trials=kind(ASKED)) == expected
        decimals = [Decimal(value) for value in FALLING]
        assert check_trend("accuracy", decimals, trials=ASKED) == expected  # type: ignore[arg-type]

    def test_times_in_any_order(self) -> None:
        expected = check_trend("accuracy", FALLING, trials=ASKED, times=list(range(21)))
        order = np.random.default_rng(1).permutation(21)
        shuffled = check_trend("accuracy", np.array(FALLING)[order], trials=ASKED, times=order)
        assert shuffled == expected

    @pytest.mark.parametrize("kind", ["datetime", "aware", "date", "datetime64", "pandas"])
    def test_moments(self, kind: str) -> None:
        first = dt.datetime(2026, 3, 1)
        moments: Any = [first + dt.timedelta(days=day) for day in range(21)]
        if kind == "aware":
            zone = dt.timezone(dt.timedelta(hours=5))
            moments = [moment.replace(tzinfo=dt.UTC).astimezone(zone) for moment in moments]
        elif kind == "datetime64":
            moments = np.array(moments, dtype="datetime64[s]")
        elif kind == "pandas":
            moments = pandas.Series(moments)
        elif kind == "date":
            moments = [moment.date() for moment in moments]
        good = list(FALLING)
        good[4] = 20
        report = check_trend("accuracy", good, trials=ASKED, times=moments)
        assert report.slope == pytest.approx(check_trend("accuracy", good, trials=ASKED).slope, rel=1e-9)
        assert "; left out: 2026-03-05" in report.sentence
        assert report.to_dict()["outliers"][0]["time"].startswith("2026-03-05")
        check_plain(report)

    def test_irregular_times_count(self) -> None:
        """Ten periods in ten days, and then one a week: a slope a day, not a period."""
        times = [*range(10), *range(16, 93, 7)]
        values = [0.95 - 0.002 * time for time in times]
        report = check_trend("accuracy", values, times=times)
        assert report.slope == pytest.approx(-0.002) and report.robust is not None
        assert report.robust.slope == pytest.approx(-0.002)

    def test_periods_without_trials(self) -> None:
        good, asked = list(FALLING), list(ASKED)
        good.insert(3, 0)
        asked.insert(3, 0)
        report = check_trend("accuracy", good, trials=asked)
        assert (report.periods, report.skipped) == (21, {"no_data": 1})
        assert report.sentence.endswith("; not looked at: 1 without data.")
        assert report.slope != check_trend("accuracy", FALLING, trials=ASKED).slope
        nothing = check_trend("accuracy", [0, 0], trials=[0, 0])
        assert (nothing.verdict, nothing.periods, nothing.current) == ("undecided", 0, None)
        check_plain(nothing)

    def test_means_by_moments_and_by_errors(self) -> None:
        random = np.random.default_rng(6)
        sizes = random.integers(50, 300, 20)
        rows = [random.exponential(0.3 + 0.02 * day, size) for day, size in enumerate(sizes)]
        means = [float(row.mean()) for row in rows]
        by_moments = check_trend(
            "log_loss", means, second_moments=[float((row**2).mean()) for row in rows], sizes=sizes
        )
        errors = [float(row.std(ddof=1) / np.sqrt(len(row))) for row in rows]
        by_errors = check_trend("log_loss", means, standard_errors=errors, sizes=sizes)
        assert by_moments.verdict == by_errors.verdict == "declining"
        assert by_moments.dispersion is not None
        # The same pooled variance, from sums of squares and from their roots.
        assert by_moments.slope == pytest.approx(by_errors.slope, rel=1e-9)
        assert by_moments.p_value == pytest.approx(by_errors.p_value, rel=1e-6)
        assert check_trend("log_loss", means, standard_errors=errors).verdict == "declining"
        assert check_trend("log_loss", means, sizes=sizes).dispersion is None

    def test_means_of_rates_are_the_rates(self) -> None:
        """The mean square of rows of 0 and 1 is their mean; the pooled variance differs by what the days differ."""
        rates = [value / 50 for value in FALLING]
        means = check_trend("accuracy", rates, second_moments=rates, sizes=ASKED)
        counts = check_trend("accuracy", FALLING, trials=ASKED)
        assert means.slope == pytest.approx(counts.slope, rel=1e-9)
        assert means.dispersion == pytest.approx(counts.dispersion, rel=0.05)

    def test_rows_that_are_all_alike_say_nothing_of_errors(self) -> None:
        report = check_trend("log_loss", [0.3, 0.31] * 8, standard_errors=[0.0] * 16, sizes=[9] * 16)
        assert (report.dispersion, report.verdict) == (None, "stable")
        check_plain(report)

    def test_a_stricter_level(self) -> None:
        report = check_trend("accuracy", FALLING, trials=ASKED, alpha=1e-5)
        assert (report.verdict, report.alpha) == ("stable", 1e-5)
        wide, narrow = report.interval, check_trend("accuracy", FALLING, trials=ASKED, alpha=0.2).interval
        assert wide is not None and narrow is not None and wide[0] < narrow[0] < narrow[1] < wide[1]


class TestEdges:
    @pytest.mark.parametrize("good", [0, 50])
    @pytest.mark.parametrize("k", [0, 1, 2, 3, 7, 31])
    def test_all_alike(self, good: int, k: int) -> None:
        report = check_trend("accuracy", [good] * k, trials=[50] * k)
        assert report.verdict == ("stable" if k >= 3 else "undecided")
        assert report.slope == (0.0 if k >= 2 else None)
        # 31 days without an error do not prove that there is no slope at all.
        assert k < 3 or (report.interval is not None and report.interval[0] < 0 < report.interval[1])
        check_plain(report)

    @pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -3.0, 1e-300, 1e14])
    @pytest.mark.parametrize("k", [1, 2, 5, 14, 31])
    def test_constant_values(self, value: float, k: int) -> None:
        report = check_trend("accuracy", [value] * k)
        assert report.verdict == ("stable" if k >= 14 else "undecided")
        assert k == 1 or report.slope == 0.0
        assert k < 14 or report.p_value == 1.0
        check_plain(report)

    def test_huge_numbers_of_rows(self) -> None:
        n = 10**15
        report = check_trend("accuracy", [n // 10 * 9 - day * n // 10**6 for day in range(20)], trials=[n] * 20)
        assert report.verdict == "declining" and report.slope == pytest.approx(-1e-6)
        check_plain(report)

    def test_one_row_a_period(self) -> None:
        check_plain(check_trend("accuracy", [1, 0] * 20, trials=[1] * 40))
        check_plain(check_trend("log_loss", [0.1, 0.5] * 20, second_moments=[0.01, 0.25] * 20, sizes=[1] * 40))

    def test_the_most_periods(self) -> None:
        values = np.random.default_rng(1).normal(0.9, 0.01, 2_000)
        check_plain(check_trend("accuracy", values))
        with pytest.raises(ValueError, match="periods must be of at most 2000 periods, got 2001"):
            check_trend("accuracy", [*values, 0.9])

    def test_it_is_a_value(self) -> None:
        report = check_trend("accuracy", FALLING, trials=ASKED)
        assert pickle.loads(pickle.dumps(report)) == report == copy.deepcopy(report)
        with pytest.raises(AttributeError):
            report.verdict = "stable"  # type: ignore[misc]
        assert OutlyingPeriod(1, dt.datetime(2026, 1, 2), 0.1, 0.2, 0.01).to_dict()["time"] == "2026-01-02T00:00:00"

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_whatever_is_given(self, data: Any) -> None:
        k = data.draw(st.integers(0, 25))
        asked = data.draw(st.lists(st.sampled_from([0, 1, 2, 50, 10**6, 10**15]), min_size=k, max_size=k))
        good = [data.draw(st.integers(0, most)) for most in asked]
        check_plain(check_trend("accuracy", good, trials=asked, baseline=0.9))
        number = st.floats(-1e15, 1e15) | st.floats(0, 1)
        values = data.draw(st.lists(number | st.sampled_from([0.5, 0.0, 1e-310]), min_size=k, max_size=k))
        day = st.floats(-1e6, 1e6).map(lambda time: round(time, 3))
        times = data.draw(st.lists(day, min_size=k, max_size=k, unique=True))
        check_plain(check_trend("accuracy", values, times=times, baseline=0.9))
        errors = data.draw(st.lists(st.floats(1e-6, 1), min_size=k, max_size=k))
        scale = data.draw(st.sampled_from([1e-20, 1.0, 1e15]))
        scaled = [error * scale for error in errors]
        check_plain(check_trend("accuracy", values, standard_errors=scaled, times=times, baseline=0.9))
        sizes = data.draw(st.lists(st.just(0.0) | st.floats(1, 1e15), min_size=k, max_size=k))
        check_plain(check_trend("accuracy", values, standard_errors=errors, sizes=sizes))
        check_plain(check_trend("accuracy", values, sizes=sizes))


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "error", "told"),
        [
            ({"periods": [0.9, NAN]}, ValueError, "periods[1] must be a finite number that a float can hold, got nan"),
            ({"periods": [0.9, INF]}, ValueError, "periods[1] must be a finite number that a float can hold, got inf"),
            ({"periods": [0.9, 1e16]}, ValueError, "periods[1] must be within 1e+15 of 0, got 1e+16"),
            ({"periods": [0.9, None]}, TypeError, "periods[1] must be a real number, got None"),
            ({"periods": [0.9, "0.8"]}, TypeError, "periods[1] must be a real number, got '0.8' of type str"),
            ({"periods": None}, TypeError, "periods must be finite real numbers of one dimension, got None"),
            (
                {"periods": 0.9},
                TypeError,
                "periods must be finite real numbers of one dimension, got 0.9 of type float",
            ),
            ({"periods": [[1, 2]]}, ValueError, "periods must be finite real numbers of one dimension, got (1, 2)"),
            ({"trials": [50]}, ValueError, "trials must have one number for each of 2 periods, got 1"),
            ({"trials": [50, 0]}, ValueError, "periods[1] must be at most trials[1] (0), got 44"),
            ({"trials": [50, 45.5]}, ValueError, "trials[1] must be a whole number of at least 0, got 45.5"),
            ({"trials": [50, 1e17]}, ValueError, "trials[1] must be within 1e+15 of 0, got 1e+17"),
            (
                {"periods": [0.9, 0.8], "trials": [50, 50]},
                ValueError,
                "periods[0] must be a whole number of at least 0, got 0.9",
            ),
            (
                {"periods": [-1, 1], "trials": [50, 50]},
                ValueError,
                "periods[0] must be a whole number of at least 0, got -1",
            ),
            (
                {"trials": [50, 50], "sizes": [1, 1]},
                TypeError,
                "sizes must be None where trials are given, got an object of type list",
            ),
            (
                {"standard_errors": [0.1, 0.0]},
                ValueError,
                "standard_errors[1] must be at least 1e-07, a millionth of the largest, unless sizes are given, got 0",
            ),
            (
                {"standard_errors": [0.1, -0.1], "sizes": [5, 5]},
                ValueError,
                "standard_errors[1] must be at least 0, got -0.1",
            ),
            ({"sizes": [5, -5]}, ValueError, "sizes[1] must be 0, or at least 1, got -5"),
            ({"second_moments": [1, 1]}, TypeError, "second_moments must come with sizes, and without standard_errors"),
            (
                {"periods": [0.9, 0.8], "second_moments": [0.9, 0.6], "sizes": [5, 5]},
                ValueError,
                "second_moments[1] must be a mean of squares, at least the square of the mean, got 0.6",
            ),
            ({"times": [1, 1]}, ValueError, "times must differ from period to period, got day 1 more than once"),
            ({"times": [1, NAN]}, ValueError, "times[1] must be a finite number that a float can hold, got nan"),
            ({"times": [0, 1e10]}, ValueError, "times must span between 1e-9 and 1e9 days, got 1e+10"),
            ({"times": [1]}, ValueError, "times must have one number for each of 2 periods, got 1"),
            ({"times": ["a", "b"]}, TypeError, "times[0] must be a real number, got 'a' of type str"),
            (
                {"times": [dt.datetime(2026, 1, 1), 5]},
                TypeError,
                "times[1] must be a moment, as times[0] is, got 5 of type int",
            ),
            ({"alpha": 0}, ValueError, "alpha must be a number above 0 and below 1, got 0 of type int"),
            ({"alpha": NAN}, ValueError, "alpha must be a number above 0 and below 1, got nan of type float"),
            ({"alpha": "0.05"}, TypeError, "alpha must be a number above 0 and below 1, got '0.05' of type str"),
            (
                {"baseline": INF},
                ValueError,
                "baseline must be a number within 1e15 of 0, or None, got inf of type float",
            ),
            (
                {"baseline": True},
                TypeError,
                "baseline must be a number within 1e15 of 0, or None, got True of type bool",
            ),
            (
                {"baseline": 0.9, "margin": -0.1},
                ValueError,
                "margin must be a number from 0 to 1e15, or None, got -0.1 of type float",
            ),
            ({"margin": 0.1}, TypeError, "margin must be None without a baseline, got 0.1 of type float"),
            ({"higher_is_better": 1}, TypeError, "higher_is_better must be True, False or None, got 1 of type int"),
            (
                {"metric_name": "prevalence"},
                ValueError,
                "higher_is_better must be True or False for prevalence, whose direction is not known, got None",
            ),
            ({"metric_name": 5}, TypeError, "metric_name must be a str, got 5 of type int"),
            (
                {"min_age": dt.timedelta(1)},
                TypeError,
                "min_age must be None where periods are columns of numbers, got datetime.timedelta(days=1)",
            ),
        ],
    )
    def test_they_name_the_argument_the_value_and_what_is_allowed(
        self, arguments: dict[str, Any], error: type[Exception], told: str
    ) -> None:
        call = {"metric_name": "accuracy", "periods": [45, 44], **arguments}
        with pytest.raises(error) as caught:
            check_trend(**call)
        assert str(caught.value).startswith(told)

    def test_a_tracker_takes_no_columns(self) -> None:
        with pytest.raises(TypeError, match="trials must be None where periods are a tracker"):
            check_trend("accuracy", ModelPerformanceTracker("m"), trials=[1])
