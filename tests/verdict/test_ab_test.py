"""`ModelABTestMonitor` answers what the plain class answers, in plain values."""

from __future__ import annotations

import functools
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api import mischief
from tests.verdict import plain_classes
from tests.verdict.outcomes import assert_same, check_same
from tests.verdict.values import columns
from truthlag import ModelABTestMonitor, _core
from truthlag.abtest import GroupSequentialPlan, Proportion, compare, sample_ratio_chi_square

NAN = float("nan")
INF = float("inf")
ARM = "finite real numbers that numpy can take the mean and the spread of"
LATENCIES = "at least one real number, bools aside, with a 99th percentile other than NaN"
many = functools.partial(settings, max_examples=300)

#: The p-value comes from means and standard deviations that the result needs anyhow, where `ttest_ind` goes over the
#: values once more: the same formula, in operations of another order. A few units in the last place of t move the
#: p-value of a float64 by 1e-13 at most, which can still be another sixth decimal: one of those, and what it is off 1e-6.
TOLERANCE = 1.5e-6
#: `ttest_ind` computes with float32, 7 digits of t, when an arm is narrow and the other no wider; here it is float64.
TOLERANCE_NARROW = 1e-4


def monitors(**settings: Any) -> tuple[ModelABTestMonitor, plain_classes.ModelABTestMonitor]:
    return ModelABTestMonitor("old", "new", **settings), plain_classes.ModelABTestMonitor("old", "new", **settings)


def check_evaluation(
    control: Any, treatment: Any, *, higher_is_better: Any = True, level: Any = 0.05, least: Any = 0
) -> Any:
    ours, plain = monitors(min_sample_size=least, significance_level=level)
    narrow = any(isinstance(arm, np.ndarray) and arm.dtype in ("f2", "f4") for arm in (control, treatment))
    tolerance = TOLERANCE_NARROW if narrow else TOLERANCE

    def compare(mine: Any, theirs: Any) -> None:
        if "p_value" not in theirs:
            assert_same(mine, theirs)
            return
        p_value = float(theirs["p_value"])
        assert abs(mine["p_value"] - p_value) <= tolerance
        open_keys = {"p_value": mine["p_value"]}
        if abs(p_value - level) <= tolerance:
            open_keys |= {key: mine[key] for key in ("is_significant", "recommendation")}
        assert_same(mine, theirs | open_keys)

    return check_same(
        lambda: ours.evaluate(control, treatment, "rate", higher_is_better),
        lambda: plain.evaluate(control, treatment, "rate", higher_is_better),
        compare,
    )


class TestTheExampleOfThePlainClass:
    @pytest.mark.parametrize(
        "kind", [np.ndarray.tolist, tuple, np.asarray, pandas.Series, lambda arm: arm.astype(bool)]
    )
    def test_it(self, kind: Any) -> None:
        np.random.seed(42)
        control, treatment = kind(np.random.binomial(1, 0.12, 5000)), kind(np.random.binomial(1, 0.135, 5000))
        monitor = ModelABTestMonitor("fraud-v2.3", "fraud-v2.4")
        result = monitor.evaluate(control, treatment, metric_name="fraud_catch_rate")
        assert result == {
            "metric": "fraud_catch_rate",
            "control": {"name": "fraud-v2.3", "mean": 0.1156, "std": 0.319745, "n": 5000},
            "treatment": {"name": "fraud-v2.4", "mean": 0.1276, "std": 0.333644, "n": 5000},
            "lift_percent": 10.381,
            "p_value": 0.06639,
            "is_significant": False,
            "recommendation": "Continue test - results not yet significant",
        }
        plain = plain_classes.ModelABTestMonitor("fraud-v2.3", "fraud-v2.4")
        assert result == plain.evaluate(control, treatment, metric_name="fraud_catch_rate")


class TestEvaluate:
    @pytest.mark.parametrize(
        ("shift", "higher_is_better", "recommendation"),
        [
            (1, True, "Ship new - statistically significant improvement"),
            (-1, True, "Revert to old - treatment is significantly worse"),
            (1, False, "Revert to old - treatment is significantly worse"),
            (-1, False, "Ship new - statistically significant improvement"),
            (0, True, "Continue test - results not yet significant"),
        ],
    )
    def test_recommendations(self, shift: float, higher_is_better: bool, recommendation: str) -> None:
        values = np.random.RandomState(1).normal(5, 1, 1000)
        result = check_evaluation(values, values + shift, higher_is_better=higher_is_better)
        assert result["recommendation"] == recommendation
        assert result["is_significant"] is (shift != 0)

    @pytest.mark.parametrize("sizes", [(999, 1000), (1000, 999), (0, 0)])
    def test_insufficient_sample(self, sizes: tuple[int, int]) -> None:
        result = ModelABTestMonitor("old", "new").evaluate([1] * sizes[0], np.zeros(sizes[1]))
        assert result == {
            "status": "insufficient_sample",
            "control_n": sizes[0],
            "treatment_n": sizes[1],
            "required_n": 1000,
            "recommendation": "Continue collecting data",
        }

    @pytest.mark.parametrize("values", [[NAN], [None], ["x"], [[1, 2]], [INF]])
    def test_values_are_judged_once_they_are_enough(self, values: Any) -> None:
        assert ModelABTestMonitor("old", "new").evaluate(values, values)["status"] == "insufficient_sample"

    def test_the_required_number_is_plain(self) -> None:
        for least in (np.int64(5), np.float32(2.5), np.array(5)):
            check_evaluation([1], [2], least=least)

    # scipy itself warns about an arm of one value repeated; here it is an answer like any other.
    def test_no_warnings(self) -> None:
        monitor = ModelABTestMonitor("old", "new", min_sample_size=1)
        assert monitor.evaluate([1, 1, 1], [0, 1, 0])["p_value"] == 0.116117
        assert monitor.evaluate([1, 1, 1], [2, 2, 2])["p_value"] == 0.0
        assert monitor.evaluate([0, 0, 0], [0, 1, 0])["lift_percent"] == 0
        assert monitor.evaluate([1], [1, 2, 3])["p_value"] == 0.477767
        with pytest.raises(ValueError, match="finite mean and spread"):
            monitor.evaluate([1e308, 1e308], [1e308, -1e308])

    def test_a_lift_may_be_infinite(self) -> None:
        assert check_evaluation([5e-324, 5e-324, 5e-324], [1.0, 2.0, 3.0])["lift_percent"] == INF

    @pytest.mark.parametrize(
        ("odd", "error", "told"),
        [
            ([], ValueError, " must have one dimension and at least one value, got the shape (0,)"),
            ([1, NAN, 0], ValueError, "[1] must be a finite number that a float can hold, got nan of type float"),
            ((1, INF, 0), ValueError, "[1] must be a finite number that a float can hold, got inf of type float"),
            (
                np.array([1, 0, NAN]),
                ValueError,
                f"[2] must be a finite number that a float can hold, got {np.float64(NAN)!r} of type float64",
            ),
            (
                [10**400, 0],
                ValueError,
                f"[0] must be a finite number that a float can hold, got 1{'0' * 79}... of type int",
            ),
            (
                [1e308] * 3,
                ValueError,
                " must be numbers of a finite mean and spread, got a mean of inf and a standard deviation of inf",
            ),
            ([1, None, 0], TypeError, "[1] must be a real number, got None"),
            ([1, "0"], TypeError, "[1] must be a real number, got '0' of type str"),
            (np.array(["1", "0"]), TypeError, f" must be {ARM}, got an array of dtype <U1 and shape (2,)"),
            ([0, 1j], TypeError, "[1] must be a real number, got 1j of type complex"),
            ([1, [1, 2]], ValueError, "[1] must be a real number, got an object of type list"),
            ([Fraction(1, 2)] * 3, TypeError, f" must be {ARM}, got an object of type list"),
            (np.zeros((3, 1)), ValueError, " must have one dimension and at least one value, got the shape (3, 1)"),
            (5, TypeError, " must be a sequence of numbers, got 5 of type int"),
            (None, TypeError, " must be a sequence of numbers, got None"),
            ({1, 0}, TypeError, " must be a sequence of numbers, got an object of type set"),
            (
                [np.timedelta64(1, "s")],
                TypeError,
                f"[0] must be a real number, got {np.timedelta64(1, 's')!r} of type timedelta64",
            ),
        ],
        ids=range(17),
    )
    def test_errors_name_the_arm(self, odd: Any, error: type[Exception], told: str) -> None:
        monitor = ModelABTestMonitor("old", "new", min_sample_size=0)
        with pytest.raises(error) as caught:
            monitor.evaluate(odd, [1, 0, 1])
        assert str(caught.value) == f"control_metric{told}"
        with pytest.raises(error) as caught:
            monitor.evaluate([1, 0, 1], odd)
        assert str(caught.value) == f"treatment_metric{told}"

    @pytest.mark.parametrize(
        ("control", "treatment", "got"),
        [
            ([1, 1], [1, 1], "2 of mean 1.0 and standard deviation 0.0 and 2 of mean 1.0 and standard deviation 0.0"),
            ([1], [2], "1 of mean 1.0 and standard deviation 0.0 and 1 of mean 2.0 and standard deviation 0.0"),
        ],
    )
    def test_errors_name_both_arms(self, control: Any, treatment: Any, got: str) -> None:
        monitor = ModelABTestMonitor("old", "new", min_sample_size=0)
        with pytest.raises(ValueError, match=r"^control_metric and treatment_metric must together hold ") as caught:
            monitor.evaluate(control, treatment)
        assert str(caught.value).endswith(f"at least 3 values, not all the same, for a t-test, got {got}")

    def test_arms_of_two_worlds(self) -> None:
        with pytest.raises(TypeError, match=r"^treatment_metric must be numbers whose mean less that of"):
            ModelABTestMonitor("old", "new", 0).evaluate([1.0, 2.0], [Decimal(1), Decimal(3)])  # type: ignore[list-item]

    @pytest.mark.parametrize(
        ("setting", "odd", "error", "got"),
        [
            ("min_sample_size", "2", TypeError, "'2' of type str"),
            ("min_sample_size", [1, 2], TypeError, "an object of type list"),
            ("min_sample_size", np.array([1, 2]), ValueError, "an array of dtype int64 and shape (2,)"),
            ("significance_level", None, TypeError, "None"),
            ("significance_level", np.array([0.1, 0.2]), ValueError, "an array of dtype float64 and shape (2,)"),
        ],
        ids=range(5),
    )
    def test_errors_name_the_setting(self, setting: str, odd: Any, error: type[Exception], got: str) -> None:
        monitor = ModelABTestMonitor("old", "new", **({"min_sample_size": 2} | {setting: odd}))
        with pytest.raises(error) as caught:
            monitor.evaluate([1, 0, 1], [1, 1, 0])
        assert str(caught.value) == f"{setting} must be a real number, got {got}"

    def test_errors_name_what_makes_the_recommendation(self) -> None:
        control, treatment = np.arange(100), np.arange(100) + 1000
        with pytest.raises(ValueError, match=r"^higher_is_better must be True or False, got an array of dtype int64 "):
            ModelABTestMonitor("old", "new", 2).evaluate(control, treatment, "m", np.array([1, 2]))  # type: ignore[arg-type]
        odd: Any = mischief.NoText()
        for arms, names, told in (
            ((control, treatment), ("old", odd), "treatment_name"),
            ((treatment, control), (odd, "new"), "control_name"),
        ):
            with pytest.raises(ValueError, match=f"^{told} must be a str, .* got an object of type NoText$"):
                ModelABTestMonitor(*names, 2).evaluate(*arms)

    def test_arrays_are_not_copied(self) -> None:
        control = np.random.RandomState(1).normal(0, 1, 1_000_000)
        treatment = control + 0.5
        for arm in (control, treatment):
            arm.flags.writeable = False
        monitor = ModelABTestMonitor("old", "new", min_sample_size=2)
        monitor.evaluate([1, 2], [2, 4])
        peaks = []
        for least in (2, 10**7):
            monitor.min_sample_size = least
            tracemalloc.start()
            monitor.evaluate(control, treatment)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        # numpy's own standard deviation takes the differences of one arm from its mean.
        assert peaks[0] < 1.1 * control.nbytes
        assert peaks[1] < control.nbytes / 50

    @many()
    @given(
        columns(),
        columns(),
        st.sampled_from([True, False, 1, np.bool_(False), None]),
        st.sampled_from([0.05, 0.5, 1, 0, np.float64(0.1)]),
        st.sampled_from([0, 2, 5, np.int64(4), 2.5]),
    )
    def test_it_is_that_of_the_plain_class(
        self, control: Any, treatment: Any, higher: Any, level: Any, least: Any
    ) -> None:
        check_evaluation(control, treatment, higher_is_better=higher, level=level, least=least)

    def test_narrow_floats_beside_wide_ones(self) -> None:
        # The square of so small a number is 0 in its own floats.
        check_evaluation([0.0], [False, np.float32(1.2e-38)], higher_is_better=True, level=0.05, least=0)
        check_evaluation([1.5, 2.5, 9.0], np.float32([1e5, 1e5 + 0.1, 1e5 + 0.2]), higher_is_better=True)

    @many()
    @given(*[st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40)] * 2, st.booleans())
    def test_ordinary_values(self, control: list[float], treatment: list[float], higher: bool) -> None:
        check_evaluation(control, treatment, higher_is_better=higher)

    @many()
    @given(
        st.integers(10, 20_000),
        st.integers(10, 20_000),
        st.floats(0, 1),
        st.floats(-0.03, 0.03),
        st.integers(0, 2**32 - 1),
    )
    def test_conversions(self, control_n: int, treatment_n: int, rate: float, lift: float, seed: int) -> None:
        random = np.random.RandomState(seed)
        control = random.binomial(1, rate, control_n)
        check_evaluation(control, random.binomial(1, min(1.0, max(0.0, rate + lift)), treatment_n))


class TestGuardrails:
    def test_it_blocks(self) -> None:
        control, treatment = np.arange(1.0, 101.0), np.arange(61.0, 161.0)
        result = ModelABTestMonitor("old", "new").check_guardrails(control, treatment)
        assert result == {
            "guardrail": "latency_p99",
            "control_p99_ms": 99.0,
            "treatment_p99_ms": 159.0,
            "increase_ms": 60.0,
            "threshold_ms": 50,
            "passed": False,
            "action": "BLOCK - latency guardrail violated",
        }

    def test_the_limit_itself_passes(self) -> None:
        result = ModelABTestMonitor("old", "new").check_guardrails([10], [60.0], np.float32(50))
        assert (result["passed"], result["action"], result["threshold_ms"]) == (True, "OK", 50.0)

    def test_a_timeout_that_counts_as_infinite(self) -> None:
        monitor = ModelABTestMonitor("old", "new")
        few = [*range(1000), INF]
        assert monitor.check_guardrails(few, few)["control_p99_ms"] == 990.0
        result = check_same(
            lambda: monitor.check_guardrails(range(100), [INF] * 3 + [1] * 97),
            lambda: plain_classes.ModelABTestMonitor("old", "new").check_guardrails(range(100), [INF] * 3 + [1] * 97),
        )
        assert not isinstance(result, dict) or not result["passed"]

    @pytest.mark.parametrize(
        ("latencies", "error", "told"),
        [
            ([], ValueError, " must hold at least one value, got an empty sequence"),
            (np.zeros((2, 0)), ValueError, " must hold at least one value, got an empty sequence"),
            ([1, NAN], ValueError, "[1] must be a real number other than NaN, got nan of type float"),
            (
                np.array([[1, 2], [NAN, 3]]),
                ValueError,
                f"[1, 0] must be a real number other than NaN, got {np.float64(NAN)!r} of type float64",
            ),
            ([INF] * 5, ValueError, f" must be {LATENCIES}, got an object of type list"),
            ([1, None], TypeError, "[1] must be a real number, got None"),
            (["a"], TypeError, "[0] must be a real number, got 'a' of type str"),
            (np.array([True]), TypeError, f" must be {LATENCIES}, got an array of dtype bool and shape (1,)"),
            ([1j], TypeError, "[0] must be a real number, got 1j of type complex"),
            (None, TypeError, f" must be {LATENCIES}, got None"),
        ],
        ids=range(10),
    )
    def test_errors_name_the_arm(self, latencies: Any, error: type[Exception], told: str) -> None:
        monitor = ModelABTestMonitor("old", "new")
        with pytest.raises(error) as caught:
            monitor.check_guardrails(latencies, [1])
        assert str(caught.value) == f"control_latencies{told}"
        with pytest.raises(error) as caught:
            monitor.check_guardrails([1], latencies)
        assert str(caught.value) == f"treatment_latencies{told}"

    def test_percentiles_without_a_difference(self) -> None:
        endless = [-1.7e308, 1.7e308]
        told = "treatment_latencies must be numbers whose 99th percentile less that of control_latencies"
        with pytest.raises(ValueError, match=f"^{told} .* is a number, got .*-inf.* of type float64$"):
            ModelABTestMonitor("old", "new").check_guardrails(endless, endless)

    @pytest.mark.parametrize(
        ("limit", "error", "got"),
        [(None, TypeError, "None"), ("50", TypeError, "'50' of type str"), (NAN, ValueError, "nan of type float")],
    )
    def test_errors_name_the_limit(self, limit: Any, error: type[Exception], got: str) -> None:
        with pytest.raises(error) as caught:
            ModelABTestMonitor("old", "new").check_guardrails([1], [1], limit)
        assert str(caught.value) == f"max_p99_increase_ms must be a number of milliseconds other than NaN, got {got}"

    def test_arrays_stay_as_they_are(self) -> None:
        latencies = np.random.RandomState(1).normal(100, 10, 1000)
        before = latencies.copy()
        latencies.flags.writeable = False
        ModelABTestMonitor("old", "new").check_guardrails(latencies, latencies)
        assert (latencies == before).all()

    @many()
    @given(
        columns(),
        columns(),
        st.one_of(st.floats(), st.integers(-100, 100), st.sampled_from([True, None, "x", np.int8(5), np.array(50.0)])),
    )
    def test_it_is_that_of_the_plain_class(self, control: Any, treatment: Any, limit: Any) -> None:
        ours, plain = monitors()
        check_same(
            lambda: ours.check_guardrails(control, treatment, limit),
            lambda: plain.check_guardrails(control, treatment, limit),
        )

    @many()
    @given(*[st.lists(st.floats(0, 1e5), min_size=1, max_size=300)] * 2, st.floats(-100, 1000))
    def test_ordinary_values(self, control: list[float], treatment: list[float], limit: float) -> None:
        ours, plain = monitors()
        mine = check_same(
            lambda: ours.check_guardrails(control, treatment, limit),
            lambda: plain.check_guardrails(control, treatment, limit),
        )
        assert isinstance(mine, dict)


class TestMoments:
    """The core has the mean to the bit as numpy has it, and its spread to the last digits, or says nothing."""

    # Squares are sums of some twenty roundings (eight lanes, blocks, halves), of numbers up to 17 times what is left of them.
    SQUARES = 17 * 20 * 2.0**-53

    @given(
        st.integers(1, 3_000),
        st.integers(0, 2**32 - 1),
        st.sampled_from(["normal", "wide", "tiny", "whole", "flags", "large"]),
    )
    def test_they_are_those_of_numpy(self, count: int, seed: int, kind: str) -> None:
        rng = np.random.default_rng(seed)
        values = {
            "normal": rng.normal(3, 1, count),
            "wide": rng.normal(0, 1, count) * 10.0 ** rng.integers(-200, 100, count),
            "tiny": rng.random(count) * 5e-324 * rng.integers(0, 9, count),
            "whole": rng.integers(-1_000, 1_000, count),
            "flags": rng.random(count) < 0.3,
            "large": rng.integers(-(2**62), 2**62, count),
        }[kind]
        for given_values in (values, values.tolist(), [*values.tolist(), 0.5], values[::2], [*values.tolist(), True]):
            found = _core.arm_moments(given_values)
            array = np.asarray(given_values)
            if found is None:
                is_large = array.dtype == np.int64 and float(np.abs(array).astype(float).sum()) > 2**52
                assert is_large or array.dtype == bool or not array.flags.c_contiguous
                continue
            n, mean, squares = found
            assert (n, mean) == (array.size, np.mean(array))
            assert np.sqrt(squares / n) == pytest.approx(np.std(array), rel=self.SQUARES, abs=0)

    @pytest.mark.parametrize("count", [129, 1_000, 100_003])
    def test_where_one_pass_would_lose_digits_the_spread_is_that_of_numpy_to_the_bit(self, count: int) -> None:
        rng = np.random.default_rng(count)
        for values in (
            # The numbers that begin tell too little of the many that follow.
            np.where(np.arange(20 * count) < 128, 1e3, 0.0) + rng.normal(0, 1e-3, 20 * count),
            np.full(count, 0.1),
            np.concatenate([np.full(count - 1, 1 / 3), [0.3333333]]),
            rng.normal(1.7e9, 1.0, count),
            np.concatenate([[-1e308], np.zeros(count), [1e308]]),
        ):
            for given_values in (values, values.tolist()):
                with np.errstate(over="ignore"):
                    spread = np.std(values)
                n, mean, squares = _core.arm_moments(given_values)  # type: ignore[misc]
                assert (n, mean) == (values.size, np.mean(values))
                assert np.sqrt(squares / n) == spread

    def test_a_trend_is_read_once(self) -> None:
        rising = np.arange(100_000) * 0.1
        _, _, squares = _core.arm_moments(rising)  # type: ignore[misc]
        assert squares == pytest.approx(np.var(rising) * rising.size, rel=self.SQUARES, abs=0)

    def test_of_anything_else_they_are_not_known(self) -> None:
        for other in ([], np.empty(0), [1, "2"], [None], (1, 2), np.ones((2, 2)), [2**70], np.float32([1, 2]), "12", 3):
            assert _core.arm_moments(other) is None


class TestCompare:
    """`compare` of the monitor is that of `truthlag.abtest`."""

    def test_it_has_the_level_of_the_monitor(self) -> None:
        monitor = ModelABTestMonitor("a", "b", min_sample_size=10, significance_level=0.01)
        arms = Proportion(600, 5_000), Proportion(690, 5_000)
        assert monitor.compare(*arms, "m") == compare(*arms, metric="m", alpha=0.01)
        lower = monitor.compare(*arms, "m", higher_is_better=False, mode="fixed", alpha=0.05)
        assert lower == compare(*arms, metric="m", direction="lower", mode="fixed") and lower.verdict == "worse"

    def test_a_plan_of_looks_has_its_own_level(self) -> None:
        plan = GroupSequentialPlan(10_000, alpha=0.1)
        monitor = ModelABTestMonitor("a", "b")
        found = monitor.compare(Proportion(600, 5_000), Proportion(690, 5_000), mode="group_sequential", looks=plan)
        assert found.alpha == 0.1 and len(plan.taken) == 1

    def test_no_verdict_before_the_least_number(self) -> None:
        sure = ModelABTestMonitor("a", "b").compare(Proportion(60, 999), Proportion(900, 5_000))
        assert sure.verdict == "undecided" and "fewer than 1,000 units" in sure.reasons[0]
        assert sure.p_value < 0.05
        assert (
            ModelABTestMonitor("a", "b", 999).compare(Proportion(60, 999), Proportion(900, 5_000)).verdict == "better"
        )

    def test_an_invalid_one_stays_invalid(self) -> None:
        gate = sample_ratio_chi_square([5_000, 4_000], [1, 1]).gate()
        assert ModelABTestMonitor("a", "b").compare([1, 0, 1], [0, 1, 1], gates=gate).verdict == "invalid"

    def test_wrong_arguments(self) -> None:
        monitor = ModelABTestMonitor("a", "b")
        with pytest.raises(ValueError, match="direction must be left out"):
            monitor.compare([1], [0], direction="lower")
        with pytest.raises(TypeError, match="higher_is_better must be True or False, got 'no'"):
            monitor.compare([1], [0], higher_is_better="no")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="min_sample_size must be"):
            ModelABTestMonitor("a", "b", min_sample_size="many").compare([1], [0])  # type: ignore[arg-type]
