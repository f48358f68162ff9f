"""Every input has an answer: numbers in their range, never NaN and never a warning, or an error that names the argument."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.verdict.two_sample import LossTest, f_loss, mean_loss, proportion_loss, ratio_loss

SIZES = st.one_of(st.integers(1, 30), st.sampled_from([100, 1000, 20_000, 300_000]))
MARGINS = st.one_of(st.floats(-2, 2), st.sampled_from([0.0, 0.02, 1.0, -1.0, 1e-12, 0.3]))
CONFIDENCES = st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999])
RATES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5, 1e-9, 1 - 1e-9]))
MEANS = st.one_of(st.floats(0, 10), st.sampled_from([0.0, 1e-9, 1.0]))


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(SIZES)
    return draw(st.one_of(st.integers(0, trials), st.sampled_from([0, trials]))), trials


def check(test: LossTest, margin: float, confidence: float, least: float = -math.inf, most: float = math.inf) -> None:
    assert 0 <= test.p_value() <= 1
    assert 0 <= test.p_value(margin) <= 1
    assert 0 <= test.gain_p_value() <= 1
    # No outcome speaks strongly both for a loss and for a gain.
    assert test.p_value() + test.gain_p_value() >= 0.999
    low, high = test.interval(confidence)
    rounding = 1e-9 * max(1.0, abs(test.estimate))
    assert least - rounding <= low <= test.estimate + rounding
    assert test.estimate - rounding <= high <= most + rounding
    assert isinstance(test.method, str)
    assert all(type(value) is float for value in (test.estimate, low, high, test.p_value(margin), test.gain_p_value()))


@given(st.one_of(counts(), st.tuples(RATES, st.none())), counts(), MARGINS, CONFIDENCES)
def test_proportions(
    baseline: tuple[float, float | None], current: tuple[int, int], margin: float, confidence: float
) -> None:
    test = proportion_loss(baseline, *current)
    check(test, margin, confidence, -1.0, 1.0)
    # More than everything cannot be lost.
    assert test.p_value(1.0) == 1
    assert test.p_value(1.5) == 1


@given(
    st.one_of(st.tuples(*[st.integers(0, 500)] * 3), RATES),
    st.tuples(*[st.integers(0, 500)] * 3),
    st.sampled_from([1.0, 0.5, 2.0]),
    MARGINS,
    CONFIDENCES,
)
def test_f_measures(
    baseline: tuple[int, int, int] | float, current: tuple[int, int, int], beta: float, margin: float, confidence: float
) -> None:
    if sum(current) == 0 or (isinstance(baseline, tuple) and sum(baseline) == 0):
        with pytest.raises(ValueError, match=r"tp \+ fp \+ fn of (baseline|current) must be a count of at least 1"):
            f_loss(baseline, current, beta)
        return
    check(f_loss(baseline, current, beta), margin, confidence, -1.0, 1.0)


@given(
    RATES,
    st.one_of(st.none(), st.floats(0, 1)),
    RATES,
    st.floats(0, 1),
    st.one_of(st.none(), SIZES),
    MARGINS,
    CONFIDENCES,
)
def test_ratios(
    baseline: float,
    error: float | None,
    value: float,
    current_error: float,
    n: int | None,
    margin: float,
    confidence: float,
) -> None:
    test = ratio_loss(baseline, error, value, current_error, baseline_n=n, n=n)
    if n == 1:
        assert (test.p_value(margin), test.gain_p_value()) == (1, 1)
        assert test.interval(confidence) == (-math.inf, math.inf)
        return
    check(test, margin, confidence, -1.0, 1.0)
    check(ratio_loss(baseline, error, value, current_error, range=None, higher_is_better=False), margin, confidence)


@given(
    MEANS,
    st.one_of(st.none(), st.floats(0, 5)),
    SIZES,
    MEANS,
    st.floats(0, 5),
    SIZES,
    st.booleans(),
    MARGINS,
    CONFIDENCES,
)
def test_means(
    baseline: float,
    error: float | None,
    baseline_n: int,
    mean: float,
    current_error: float,
    n: int,
    is_positive: bool,
    margin: float,
    confidence: float,
) -> None:
    test = mean_loss(
        baseline, error, baseline_n, mean, current_error, n, higher_is_better=False, is_positive=is_positive
    )
    if n < 2 or (error is not None and baseline_n < 2):
        assert (test.p_value(margin), test.gain_p_value()) == (1, 1)
        assert test.interval(confidence) == (-math.inf, math.inf)
        return
    check(test, margin, confidence)


def test_a_single_row_has_no_standard_error() -> None:
    assert mean_loss(0.1, None, None, 0.9, math.nan, 1, higher_is_better=False).p_value() == 1


@pytest.mark.parametrize(
    ("baseline", "successes", "trials", "message"),
    [
        ((5, 10), 3, 0, "trials must be a count of at least 1, got 0 of type int"),
        (
            (5, 2**53 + 2),
            3,
            10,
            "baseline trials must be a count of at most 9007199254740992, got 9007199254740994 of type int",
        ),
        ((5, 10), 3, 1e200, "trials must be a count of at most 9007199254740992, got 1e\\+200 of type float"),
        ((5, 10), math.nan, 10, r"successes must be a count from 0 to trials \(10\), got nan of type float"),
        ((5, 10), 11, 10, r"successes must be a count from 0 to trials \(10\), got 11 of type int"),
        ((-1, 10), 1, 10, r"baseline successes must be a count from 0 to baseline trials \(10\), got -1 of type int"),
        ((5, math.inf), 1, 10, "baseline trials must be a count of at least 1, got inf of type float"),
        ((1.2, None), 1, 10, "baseline must be a rate from 0 to 1, got 1.2 of type float"),
        ((math.nan, None), 1, 10, "baseline must be a rate from 0 to 1, got nan of type float"),
    ],
)
def test_counts_that_are_not_possible(
    baseline: tuple[float, float | None], successes: float, trials: float, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        proportion_loss(baseline, successes, trials)


@pytest.mark.parametrize("error", [-1.0, math.nan, math.inf])
def test_standard_errors_that_are_not_possible(error: float) -> None:
    with pytest.raises(ValueError, match=r"^standard_error must be finite and not negative, got"):
        ratio_loss(0.9, 0.01, 0.8, error)
    with pytest.raises(ValueError, match=r"^baseline_standard_error must be finite and not negative, got"):
        mean_loss(0.9, error, 100, 0.8, 0.01, 100, higher_is_better=False)


def test_values_that_are_not_possible() -> None:
    with pytest.raises(
        ValueError, match=r"^baseline_value must be a number from 0\.0 to 1\.0, got 1\.1 of type float$"
    ):
        ratio_loss(1.1, 0.01, 0.8, 0.01)
    with pytest.raises(ValueError, match=r"^mean must be a finite number, got nan of type float$"):
        mean_loss(0.9, 0.1, 100, math.nan, 0.01, 100, higher_is_better=False)
    with pytest.raises(ValueError, match=r"^beta must be a positive number, got 0 of type int$"):
        f_loss(0.9, (1, 1, 1), 0)


def test_nearly_whole_counts_are_taken_for_whole() -> None:
    # What a rate times a number of rows gives.
    assert proportion_loss((0.57 * 100, 100), 50, 100).estimate == pytest.approx(0.07, abs=1e-15)
