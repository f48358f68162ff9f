"""`DegradationDetector` answers what the plain class answers, in plain values."""

from __future__ import annotations

import functools
import json
import tracemalloc
from collections import UserDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict import plain_classes
from tests.verdict.outcomes import check_same
from tests.verdict.values import ODD, REAL, columns
from truthlag import DegradationDetector, ModelPerformanceTracker

BASELINE = {"accuracy": 0.95, "precision": 0.90, "recall": 0.88, "f1_score": 0.89}
CURRENT = {"accuracy": 0.91, "precision": 0.85, "recall": 0.82, "f1_score": 0.83}
FALLING = [0.95, 0.94, 0.92, 0.91, 0.89, 0.88, 0.86]
NAN = float("nan")
INF = float("inf")
COMPARED = (
    "current_metrics['a'] must be a real number of a type that can be compared with baseline_metrics['a'] "
    "(0.9 of type float), got 0.5 of type Decimal"
)
LINE = "finite real numbers of one dimension with a finite line through them"

many = functools.partial(settings, max_examples=300)


class TestTheExampleOfThePlainClass:
    def test_alerts(self) -> None:
        result = DegradationDetector(BASELINE).check_absolute_degradation(CURRENT)
        assert result == {
            "degradation_detected": True,
            "alerts": {
                "precision": {"current": 0.85, "threshold": 0.855, "baseline": 0.9, "drop_percent": 5.56},
                "recall": {"current": 0.82, "threshold": 0.836, "baseline": 0.88, "drop_percent": 6.82},
                "f1_score": {"current": 0.83, "threshold": 0.8455, "baseline": 0.89, "drop_percent": 6.74},
            },
            "severity": "critical",
            "missing": [],
        }

    def test_trend(self) -> None:
        assert DegradationDetector(BASELINE).check_trend_degradation("accuracy", FALLING) == {
            "metric": "accuracy",
            "trend": "declining",
            "slope_per_period": -0.015,
            "latest_value": 0.86,
            "period_start_value": 0.95,
            "alert": True,
            "projected_next": 0.845,
        }


class TestMissing:
    @pytest.mark.parametrize("nothing", [None, NAN, np.float64("nan"), np.float32("nan"), np.longdouble("nan")])
    def test_no_value(self, nothing: Any) -> None:
        detector = DegradationDetector({"a": 0.9, "b": 0.8, "c": 0.7})
        result = detector.check_absolute_degradation({"a": nothing, "b": 0.1, "unknown": 0.0})
        assert result["missing"] == ["a", "c"]
        assert (list(result["alerts"]), result["severity"]) == (["b"], "warning")

    def test_thresholds_say_what_is_missing(self) -> None:
        detector = DegradationDetector(BASELINE)
        result = detector.check_absolute_degradation(CURRENT, {"recall": 0.5, np.str_("auc"): 0.5})
        assert (result["missing"], result["severity"]) == (["auc"], "ok")
        assert type(result["missing"][0]) is str

    def test_a_zero_is_a_value(self) -> None:
        result = DegradationDetector({"a": 0.5}).check_absolute_degradation({"a": 0})
        assert result["missing"] == []
        assert result["alerts"]["a"]["drop_percent"] == 100

    def test_an_answer_without_matches(self) -> None:
        metrics = ModelPerformanceTracker("model").compute_metrics()
        result = DegradationDetector(BASELINE).check_absolute_degradation(metrics)
        assert (result["severity"], result["missing"]) == ("ok", list(BASELINE))


class TestAbsolute:
    def test_metrics_of_the_tracker(self) -> None:
        tracker = ModelPerformanceTracker("model")
        for row in range(20):
            tracker.log_prediction(str(row), row % 2, 0.5)
            tracker.log_ground_truth(str(row), row % 3 == 0)
        metrics = tracker.compute_metrics()
        # Its numbers that are no metrics, such as the sample size, are compared as well; its texts are passed over.
        result = DegradationDetector(metrics).check_absolute_degradation(CURRENT)
        assert {"sample_size", "mean_score"} <= set(result["missing"])
        assert "model" not in result["missing"]
        assert DegradationDetector(metrics).check_absolute_degradation(metrics)["severity"] == "ok"

    @pytest.mark.parametrize("kind", [dict, UserDict, pandas.Series])
    def test_whatever_has_items_and_get(self, kind: Any) -> None:
        expected = DegradationDetector(BASELINE).check_absolute_degradation(CURRENT)
        assert DegradationDetector(kind(BASELINE)).check_absolute_degradation(kind(CURRENT)) == expected

    def test_only_ints_and_floats_of_the_baseline_make_thresholds(self) -> None:
        baseline = {"a": 0.9, "b": 1, "c": True, "d": np.float64(0.9), "e": np.float32(0.9), "f": "0.9", "g": None}
        result = DegradationDetector(baseline).check_absolute_degradation(dict.fromkeys(baseline, 0.0))
        assert list(result["alerts"]) == ["a", "b", "c", "d"]

    def test_the_threshold_stands_in_for_a_missing_baseline(self) -> None:
        result = DegradationDetector({}).check_absolute_degradation({"auc": 0.4}, {"auc": 0.8})
        assert result["alerts"] == {"auc": {"current": 0.4, "threshold": 0.8, "baseline": 0.8, "drop_percent": 50.0}}

    def test_no_drop_from_a_baseline_that_is_not_positive(self) -> None:
        result = DegradationDetector({"a": 0.0, "b": -1.0}).check_absolute_degradation({"a": -0.5, "b": -2.0})
        assert [alert["drop_percent"] for alert in result["alerts"].values()] == [0, 0]

    def test_a_narrow_float_has_the_decimals_it_says(self) -> None:
        result = DegradationDetector({"a": 0.95}).check_absolute_degradation({"a": np.float32(0.81237)})
        assert json.dumps(result["alerts"]["a"]["current"]) == "0.8124"

    def test_names_of_numpy(self) -> None:
        result = DegradationDetector({np.int64(3): 0.9, np.str_("x"): 0.9}).check_absolute_degradation(
            {3: np.float32(0.5), "x": Fraction(1, 2)}
        )
        assert json.dumps(sorted(map(str, result["alerts"]))) == '["3", "x"]'
        json.dumps(result)

    @pytest.mark.parametrize(
        ("baseline", "current", "thresholds", "error", "told"),
        [
            (
                {"a": 0.9},
                None,
                None,
                TypeError,
                "current_metrics must be a mapping that can be asked for each metric, got None",
            ),
            (
                {"a": 0.9},
                5,
                None,
                TypeError,
                "current_metrics must be a mapping that can be asked for each metric, got 5 of type int",
            ),
            (None, {"a": 0.9}, None, TypeError, "baseline_metrics must be a mapping of metrics by name, got None"),
            (
                None,
                {"a": 0.5},
                {"a": 0.8},
                TypeError,
                "baseline_metrics must be a mapping that can be asked for each metric, got None",
            ),
            (
                {"a": 0.9},
                {"a": 0.9},
                5,
                TypeError,
                "thresholds must be a mapping of thresholds by name, or None, got 5 of type int",
            ),
            (
                {"a": 0.9},
                {"a": "0.5"},
                None,
                TypeError,
                "current_metrics['a'] must be a real number, got '0.5' of type str",
            ),
            (
                {1: 0.9},
                {1: [0.5, 0.4]},
                None,
                TypeError,
                "current_metrics[1] must be a real number, got an object of type list",
            ),
            (
                {None: 0.9},
                {None: 1j},
                None,
                TypeError,
                "current_metrics[None] must be a real number, got 1j of type complex",
            ),
            (
                {(1, 2): 0.9},
                {(1, 2): "x"},
                None,
                TypeError,
                "an entry of current_metrics must be a real number, got 'x' of type str",
            ),
            ({"a": 0.9}, {"a": 0.5}, {"a": None}, TypeError, "thresholds['a'] must be a real number, got None"),
            (
                {"a": "0.9"},
                {"a": 0.5},
                {"a": 0.8},
                TypeError,
                "baseline_metrics['a'] must be a real number, got '0.9' of type str",
            ),
            (
                {"b": 0.9, "a": 0.9},
                {"a": "x", "b": 1},
                None,
                TypeError,
                "current_metrics['a'] must be a real number, got 'x' of type str",
            ),
            (
                {"a": INF},
                {"a": 0.5},
                None,
                ValueError,
                "baseline_metrics['a'] must be a finite number that a float can hold, got inf of type float",
            ),
            (
                {"a": NAN},
                {"a": 0.5},
                {"a": 0.8},
                ValueError,
                "baseline_metrics['a'] must be a finite number that a float can hold, got nan of type float",
            ),
            (
                {"a": 10**400},
                {"a": 0.5},
                None,
                ValueError,
                f"baseline_metrics['a'] must be a finite number that a float can hold, got 1{'0' * 79}... of type int",
            ),
            (
                {"a": 0.9},
                {"a": -(10**400)},
                None,
                ValueError,
                f"current_metrics['a'] must be a finite number that a float can hold, got -1{'0' * 78}... of type int",
            ),
            (
                {"a": 0.9},
                {"a": Decimal("sNaN")},
                None,
                ValueError,
                "current_metrics['a'] must be a finite number that a float can hold, got sNaN of type Decimal",
            ),
            (
                {"a": 0.9},
                {"a": Decimal("0.5")},
                None,
                TypeError,
                COMPARED,
            ),
            (
                {"a": 0.9},
                {"a": Fraction(1, 2)},
                {"a": Decimal("NaN")},
                ValueError,
                "thresholds['a'] must be a finite number that a float can hold, got NaN of type Decimal",
            ),
        ],
        ids=range(19),
    )
    def test_errors_name_the_argument_the_value_and_what_is_allowed(
        self, baseline: Any, current: Any, thresholds: Any, error: type[Exception], told: str
    ) -> None:
        with pytest.raises(error) as caught:
            DegradationDetector(baseline).check_absolute_degradation(current, thresholds)
        assert str(caught.value) == told
        # What failed is at hand for those who look further.
        assert caught.value.__cause__ is not None

    @many()
    @given(st.data())
    def test_it_is_that_of_the_plain_class(self, data: Any) -> None:
        names = st.sampled_from("abcde")
        value = st.one_of(REAL, REAL, ODD)
        baseline, current = data.draw(st.tuples(*[st.dictionaries(names, value)] * 2))
        thresholds = data.draw(st.none() | st.dictionaries(names, value))
        mine = check_same(
            lambda: DegradationDetector(baseline).check_absolute_degradation(current, thresholds),
            lambda: plain_classes.DegradationDetector(baseline).check_absolute_degradation(current, thresholds),
        )
        if isinstance(mine, dict):
            assert not set(mine["missing"]) & set(mine["alerts"])

    @many()
    @given(
        st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1)),
        st.dictionaries(st.sampled_from("abcde"), st.none() | st.just(NAN) | st.floats(0, 1)),
        st.none() | st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1)),
    )
    def test_ordinary_metrics(self, baseline: Any, current: Any, thresholds: Any) -> None:
        mine = check_same(
            lambda: DegradationDetector(baseline).check_absolute_degradation(current, thresholds),
            lambda: plain_classes.DegradationDetector(baseline).check_absolute_degradation(current, thresholds),
        )
        asked = baseline if thresholds is None else thresholds
        known = {name for name, value in current.items() if value is not None and value == value}
        assert mine["missing"] == [name for name in asked if name not in known]


class TestTrend:
    @pytest.mark.parametrize(
        ("values", "trend", "alert"),
        [
            (FALLING, "declining", True),
            (FALLING[::-1], "improving", False),
            ([0.9, 0.91, 0.9, 0.91, 0.9, 0.91, 0.9], "stable", False),
            ([0.5, 0.5, *FALLING[::-1]], "improving", False),
        ],
    )
    def test_trends(self, values: list[float], trend: str, alert: bool) -> None:
        result = DegradationDetector({}).check_trend_degradation("m", values)
        assert (result["trend"], result["alert"]) == (trend, alert)

    def test_only_the_window_is_read(self) -> None:
        detector = DegradationDetector({})
        expected = detector.check_trend_degradation("m", FALLING)
        assert detector.check_trend_degradation("m", [None, "x", NAN, *FALLING]) == expected
        assert detector.check_trend_degradation("m", np.array([NAN, np.inf, *FALLING])) == expected

    def test_a_small_unsigned_window(self) -> None:
        detector = DegradationDetector({})
        expected = detector.check_trend_degradation("m", FALLING, 3)
        assert detector.check_trend_degradation("m", FALLING, np.uint8(3)) == expected

    @pytest.mark.parametrize("window", [0, -2])
    def test_a_window_that_is_not_positive_slices_as_python_does(self, window: int) -> None:
        mine = DegradationDetector({}).check_trend_degradation("m", FALLING, window)
        assert mine["period_start_value"] == FALLING[-window:][0]

    @pytest.mark.parametrize("values", [[], [0.5], [0.5] * 6, (), np.zeros(6), "abc", [None]])
    def test_insufficient_data(self, values: Any) -> None:
        assert DegradationDetector({}).check_trend_degradation("m", values) == {"status": "insufficient_data"}

    @pytest.mark.parametrize(
        ("values", "window", "error", "told"),
        [
            (
                [*FALLING[1:], NAN],
                7,
                ValueError,
                "recent_values[6] must be a finite number that a float can hold, got nan of type float",
            ),
            (
                ["x", None, *FALLING[1:], INF],
                7,
                ValueError,
                "recent_values[8] must be a finite number that a float can hold, got inf of type float",
            ),
            ((*FALLING[1:], None), 7, TypeError, "recent_values[6] must be a real number, got None"),
            ([*FALLING[1:], "x"], 7, TypeError, "recent_values[6] must be a real number, got 'x' of type str"),
            (
                np.array([1, *FALLING[1:], NAN]),
                7,
                ValueError,
                f"recent_values[7] must be a finite number that a float can hold, got {np.float64(NAN)!r} of type float64",
            ),
            (np.array([1, *FALLING[1:], None]), 7, TypeError, "recent_values[7] must be a real number, got None"),
            (
                FALLING,
                1,
                ValueError,
                "window must be an int that leaves at least 2 of recent_values for a line, got 1 of type int, which leaves 1",
            ),
            (
                [None, *FALLING[1:], [1]],
                7,
                ValueError,
                "recent_values[7] must be a real number, got an object of type list",
            ),
            (FALLING, 7.0, TypeError, "window must be an int, got 7.0 of type float"),
            (FALLING, None, TypeError, "window must be an int, got None"),
            (None, 7, TypeError, "recent_values must be a sequence of numbers, got None"),
            (
                dict.fromkeys(range(7)),
                7,
                TypeError,
                "recent_values must be a sequence of numbers, got an object of type dict",
            ),
            (np.zeros((7, 2)), 7, ValueError, "recent_values must have one dimension, got the shape (7, 2)"),
            (
                np.zeros(7, dtype=complex),
                7,
                TypeError,
                f"recent_values must be {LINE}, got an array of dtype complex128 and shape (7,)",
            ),
            (
                np.array(["x"] * 7),
                7,
                TypeError,
                f"recent_values must be {LINE}, got an array of dtype <U1 and shape (7,)",
            ),
        ],
        ids=range(15),
    )
    def test_errors_name_the_argument(self, values: Any, window: Any, error: type[Exception], told: str) -> None:
        with pytest.raises(error) as caught:
            DegradationDetector({}).check_trend_degradation("m", values, window)
        assert str(caught.value) == told

    def test_errors_name_the_slope(self) -> None:
        with pytest.raises(TypeError, match=r"^min_slope must be a real number, got '0' of type str$"):
            DegradationDetector({}).check_trend_degradation("m", FALLING, min_slope="0")  # type: ignore[arg-type]

    def test_nothing_but_the_window_is_copied(self) -> None:
        values = np.linspace(1, 0, 1_000_000)
        values.flags.writeable = False
        detector = DegradationDetector({})
        detector.check_trend_degradation("m", values)
        tracemalloc.start()
        detector.check_trend_degradation("m", values)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < values.nbytes / 50

    @many()
    @given(
        columns(),
        st.one_of(st.integers(-3, 14), st.sampled_from([7.0, NAN, np.inf, None, True, np.int64(3), np.array(3)])),
        st.one_of(st.floats(-1, 1), st.sampled_from([0, -1, NAN, np.float32(-0.5), True, None, "x"])),
    )
    def test_it_is_that_of_the_plain_class(self, values: Any, window: Any, min_slope: Any) -> None:
        check_same(
            lambda: DegradationDetector({}).check_trend_degradation("m", values, window, min_slope),
            lambda: plain_classes.DegradationDetector({}).check_trend_degradation("m", values, window, min_slope),
        )

    @many()
    @given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(2, 30), st.floats(-0.1, 0.1))
    def test_ordinary_values(self, values: list[float], window: int, min_slope: float) -> None:
        mine = check_same(
            lambda: DegradationDetector({}).check_trend_degradation("m", values, window, min_slope),
            lambda: plain_classes.DegradationDetector({}).check_trend_degradation("m", values, window, min_slope),
        )
        assert isinstance(mine, dict)
        assert (mine == {"status": "insufficient_data"}) == (len(values) < window)
