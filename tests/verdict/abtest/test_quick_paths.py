"""What is done quickly for comparisons by the thousand is what the plain way does."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag import _core
from truthlag.abtest import (
    ArmSummary,
    BatchedProportion,
    Calibration,
    Comparison,
    Counts,
    FMeasure,
    Known,
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    PredictionPoweredRatio,
    Proportion,
    Ratio,
    RatioWithCovariate,
    Strata,
    compare,
)
from truthlag.metrics import ConfusionCounts
from truthlag.verdict.abtest.difference import regression
from truthlag.verdict.abtest.quickly_made import quickly_made
from truthlag.verdict.abtest.statistics.arm import figures
from truthlag.verdict.two_sample.null_curve import Pair

NUMBERS = st.floats(-1e3, 1e3).map(lambda value: round(value, 6))
RESULT = compare(Proportion(600, 5_000), Proportion(675, 5_000), metric="m", mode="fixed")
MADE: list[Any] = [RESULT, RESULT.control, Pair(1, 2, 3, 4), Proportion(1, 2), ConfusionCounts(1, 2, 3, 4)]


def with_covariates(covariates: int) -> st.SearchStrategy[MeanWithCovariate]:
    """Arms of three to eight units."""
    rows = st.lists(st.tuples(*[NUMBERS] * (covariates + 1)), min_size=3, max_size=8)
    return rows.map(lambda given: MeanWithCovariate.of([row[0] for row in given], [*zip(*given, strict=True)][1:]))


class TestQuicklyMade:
    @pytest.mark.parametrize("made", MADE, ids=lambda made: type(made).__name__)
    def test_it_is_as_the_class_makes_it(self, made: Any) -> None:
        kind = type(made)
        values = [getattr(made, field.name) for field in fields(made)]
        quick = quickly_made(kind)(*values)
        assert type(quick) is kind and quick == made and repr(quick) == repr(made)
        assert pickle.loads(pickle.dumps(quick)) == made
        first = fields(made)[0].name
        assert replace(quick, **{first: values[0]}) == made
        with pytest.raises(FrozenInstanceError):
            setattr(quick, first, 1)
        assert kind.__hash__ is None or hash(quick) == hash(made)

    def test_what_is_left_out_has_its_default(self) -> None:
        assert quickly_made(ArmSummary)(0.5, 10, standard_error=None) == ArmSummary(0.5, 10, None)

    def test_a_result_is_one_of_its_class(self) -> None:
        assert type(RESULT) is Comparison and type(RESULT.control) is ArmSummary
        assert Comparison.from_dict(RESULT.to_dict()) == RESULT


class TestCovariates:
    @pytest.mark.parametrize("covariates", [1, 2, 5])
    @given(seed=st.integers(0, 2**32 - 1))
    def test_slope_and_errors_are_those_of_least_squares(self, covariates: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        arms, columns = [], []
        for rows in (12, 19):
            given = random.normal(size=(rows, covariates)) + random.normal(size=covariates)
            values = given @ random.normal(size=covariates) + random.normal(size=rows)
            arms.append(MeanWithCovariate.of(values, list(given.T)))
            columns.append((values - values.mean(), given - given.mean(axis=0), values.mean(), given.mean(axis=0)))
        design = np.concatenate([one[1] for one in columns])
        slope = np.linalg.lstsq(design, np.concatenate([one[0] for one in columns]), rcond=None)[0]
        # Elimination among covariates that chance does not make nearly dependent.
        near = pytest.approx(slope, rel=1e-8, abs=1e-10)
        assert regression.slope_of(regression.within(*arms)) == near
        effect = regression.adjusted_effect(*arms)
        left = [one[0] - one[1] @ slope for one in columns]
        variances = [float(one @ one) / (len(one) - 1) / len(one) for one in left]
        means = [one[2] - one[3] @ slope for one in columns]
        assert effect.estimate == pytest.approx(means[1] - means[0], rel=1e-8, abs=1e-10)
        assert effect.standard_error == pytest.approx(math.sqrt(sum(variances)), rel=1e-8)
        doubt = sum(one**2 / (len(rest) - 1) for one, rest in zip(variances, left, strict=True))
        assert effect.degrees_of_freedom == pytest.approx(sum(variances) ** 2 / doubt, rel=1e-8)
        assert effect.baseline is not None and effect.baseline.value == arms[0].means[0]
        own = float(columns[0][0] @ columns[0][0]) / 11 / 12
        assert effect.baseline.standard_error == pytest.approx(math.sqrt(own), rel=1e-12)
        # Of the control's mean as it is with minus itself after the covariates.
        assert effect.baseline.covariance == pytest.approx(
            -float(columns[0][0] @ left[0]) / 11 / 12, rel=1e-7, abs=1e-10
        )

    def test_covariates_that_depend_on_each_other_have_the_least_slope(self) -> None:
        arms = []
        for seed in (1, 2):
            before = np.random.default_rng(seed).normal(size=30)
            arms.append(MeanWithCovariate.of(before + np.arange(30) % 3, [before, 2 * before]))
        assert _core.least_squares_slope(regression.within(*arms)) is None
        first, second = regression.slope_of(regression.within(*arms))
        assert second == pytest.approx(2 * first, rel=1e-9)
        alone = [MeanWithCovariate.of(np.arange(30) % 3 + 0.0, np.zeros(30)) for _ in range(2)]
        assert regression.slope_of(regression.within(*alone)) == (0.0,)

    @given(with_covariates(1), NUMBERS)
    def test_what_is_left_is_that_of_two_covariates_of_which_one_is_nothing(
        self, arm: MeanWithCovariate, slope: float
    ) -> None:
        (squares, product), (_, own) = arm.comoments
        table = ((squares, product, 0.0), (product, own, 0.0), (0.0, 0.0, 0.0))
        wider = MeanWithCovariate(arm.n, (*arm.means, 0.0), table)
        assert _core.left_after(regression.parts(arm), (slope,)) == _core.left_after(
            regression.parts(wider), (slope, 0.0)
        )

    def test_tables_that_do_not_fit(self) -> None:
        arm = (5, (1.0, 2.0), ((1.0, 0.5), (0.5, 1.0)))
        for odd, said in (
            ((5, (1.0, 2.0), ((1.0, 0.5),)), "a table must have 2 rows, got 1"),
            ((5, (1.0, 2.0), ((1.0, 0.5), (0.5,))), "must be 2, got 1"),
        ):
            with pytest.raises(ValueError, match=said):
                _core.adjusted_difference(arm, odd, None)
        with pytest.raises(ValueError, match="slope must be of 1 covariates, got 2"):
            _core.adjusted_difference(arm, arm, (1.0, 2.0))
        with pytest.raises(ValueError, match="treatment must have the covariates of control"):
            _core.first_unlike_covariate(arm, (5, (1.0,) * 3, ((0.0,) * 3,) * 3))


ROWS = st.lists(st.tuples(NUMBERS, st.integers(1, 9), NUMBERS, st.integers(1, 9)), min_size=3, max_size=8)


class TestRatios:
    @given(ROWS)
    def test_the_ratio_before_is_made_linear_as_each_row_would_be(self, rows: list[tuple[float, ...]]) -> None:
        top, bottom, top_before, bottom_before = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
        arm = RatioWithCovariate.of(top, bottom, before=(top_before, bottom_before))
        linear = arm.linear()
        assert linear is not None
        lines = []
        for above, below in ((top, bottom), (top_before, bottom_before)):
            ratio = above.mean() / below.mean()
            lines.append((above - ratio * below) / below.mean())
        # The squares of the columns cancel in those of the line: to the rounding of the former, some 1e-16 of them.
        size = sum(float(one @ one) for one in (top, bottom, top_before, bottom_before)) + 1
        for i, first in enumerate(lines):
            for j, second in enumerate(lines):
                right = float((first - first.mean()) @ (second - second.mean()))
                assert linear.comoments[i][j] == pytest.approx(right, rel=1e-9, abs=1e-11 * size * size)

    @given(ROWS, ROWS)
    def test_the_difference_is_that_of_both_made_linear(
        self, first: list[tuple[float, ...]], second: list[tuple[float, ...]]
    ) -> None:
        arms = []
        for rows in (first, second):
            top, bottom, top_before, bottom_before = zip(*rows, strict=True)
            arms.append(RatioWithCovariate.of(top, bottom, before=(top_before, bottom_before)))
        found = regression.adjusted_ratios(arms[0].moments, arms[1].moments)
        before, now = (arm.linear() for arm in arms)
        assert before is not None and now is not None
        if found is None:
            # Without a slope, or without anything that is left.
            assert _core.adjusted_difference(regression.parts(before), regression.parts(now), None) is None or (
                _core.adjusted_difference(regression.parts(before), regression.parts(now), None)[1] == 0  # type: ignore[index]
            )
            return
        assert found == regression.adjusted_effect(before, now)

    @given(st.integers(0, 2**32 - 1), st.sampled_from(["recall", "accuracy", "f1_score"]), st.booleans())
    def test_prediction_powered_ones_are_products_of_matrices(self, seed: int, metric: str, is_tuned: bool) -> None:
        random = np.random.default_rng(seed)
        scores = random.beta(2.0, 3.0, 60)
        labels = (random.random(60) < scores).astype(float)
        labels[25:] = math.nan
        labels[0] = 1.0
        tuning = 0.6 if is_tuned else None
        arm = PredictionPoweredRatio.of_labels(metric, labels, scores > 0.4, scores, tuning=tuning)
        means, table, n = np.array(arm.moments.means), np.array(arm.moments.comoments), arm.units

        def gradients(ratio: float) -> tuple[Any, Any]:
            top, bottom, over, under, rows, other_over, other_under, others = means
            own = np.array([1, -ratio, 0, 0, -(top - ratio * bottom) / rows, 0, 0, 0]) / bottom
            share = rows / others
            helped = [0, 0, 1, -ratio, -(over - ratio * under) / rows, -share, ratio * share]
            return own, np.array([*helped, share * (other_over - ratio * other_under) / others]) / bottom

        own, helped = gradients(means[0] / means[1])
        weight = tuning if tuning is not None else (own @ table @ helped) / (helped @ table @ helped)
        # Products of some dozen terms of either sign.
        assert arm.weight == pytest.approx(weight, rel=1e-9)
        top, bottom = (
            means[i] / means[4] + weight * (means[i + 5] / means[7] - means[i + 2] / means[4]) for i in (0, 1)
        )
        own, helped = gradients(top / bottom)
        slope = (own - weight * helped) * (means[1] / means[4] / bottom)
        assert arm.estimate == pytest.approx(top / bottom, rel=1e-12)
        assert arm.standard_error == pytest.approx(math.sqrt(max(0.0, slope @ table @ slope) / (n - 1) / n), rel=1e-9)


class TestCalibration:
    BINS = st.lists(st.tuples(st.integers(0, 400), st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=10)

    @given(BINS)
    def test_the_moments_are_those_of_squares_of_normal_means(self, bins: list[tuple[int, float, float]]) -> None:
        rows, gaps, spreads = zip(*bins, strict=True)
        squares = tuple(n * one if n > 1 else 0.0 for n, one in zip(rows, spreads, strict=True))
        arm = Calibration(tuple(map(float, range(len(bins) - 1))), rows, gaps, squares)
        n, gap, m2 = (np.array(one, dtype=float)[np.array(rows) > 1] for one in (rows, gaps, squares))
        if not len(n):
            assert arm.moments() == (None, None, 0.0)
            return
        weight, spread = n / n.sum(), m2 / (n - 1) / n
        square = gap**2 - spread
        value = math.fsum(weight * square)
        variance = math.fsum(2 * weight**2 * spread**2 * n / (n - 1))
        variance += max(0.0, math.fsum(4 * weight**2 * square * spread))
        third = math.fsum(8 * weight**3 * spread**3) + max(0.0, math.fsum(24 * weight**3 * square * spread**2))
        found = arm.moments()
        # Of ten terms at most, of which none is beyond 1; what could cancel is never less than minus what stays.
        assert found[0] == pytest.approx(value, rel=1e-12, abs=1e-15)
        assert found[1] == pytest.approx(variance, rel=1e-12, abs=1e-300)
        assert found[2] == pytest.approx(third, rel=1e-12, abs=1e-300)


def arms_of_all_kinds() -> list[Any]:
    """One of each kind, and those of which nothing or little is known."""
    random = np.random.default_rng(4)
    values, before, scores = random.normal(size=40), random.normal(size=40), random.random(40)
    labels = (random.random(40) < scores).astype(float)
    few = np.where(np.arange(40) < 15, labels, math.nan)
    full: list[Any] = [
        Proportion(3, 10),
        BatchedProportion([1, 2], [10, 20]),
        Mean.of(values),
        Ratio.of(values, random.poisson(4, 40) + 1),
        MeanWithCovariate.of(values, before),
        RatioWithCovariate.of(values, random.poisson(4, 40) + 1, before=(before, random.poisson(4, 40) + 1)),
        Known(9, 0.5, 0.1),
        FMeasure(5, 2, 3),
        Calibration.of(labels, scores),
        Strata({"b": Mean.of(values), "a": Proportion(3, 10)}),
        PredictionPowered.of(values[:9], before[:9], before[9:]),
        PredictionPoweredRatio.of_labels("recall", few, scores > 0.5, scores),
    ]
    empty: list[Any] = [
        FMeasure(0, 0, 0),
        Mean(0, 0.0, 0.0),
        Mean(1, 2.0, 0.0),
        Strata({"a": Proportion(0, 0)}),
        Strata({"a": Proportion(1, 1)}),
        PredictionPowered(MeanWithCovariate(1, (1.0, 0.5), ((0.0, 0.0), (0.0, 0.0))), Mean(0, 0.0, 0.0)),
        Calibration((), (1,), (0.5,), (0.0,)),
        Known(9, None, None),
    ]
    return full + empty


@pytest.mark.parametrize("arm", arms_of_all_kinds(), ids=lambda arm: f"{arm.KIND} of {arm.n}")
def test_figures_of_an_arm_are_its_estimate_and_standard_error(arm: Any) -> None:
    assert figures(arm) == (arm.estimate, arm.standard_error)


def test_strata_of_any_kind_are_all_their_rows() -> None:
    values, hits = np.array([1.0, 2.0, 6.0, 3.5]), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    others = np.array([4.0, -1.0, 0.5])
    strata = Strata(
        {
            "b": Mean.of(values),
            "a": Proportion(2, 5),
            "none": Proportion(0, 0),
        }
    )
    every = np.concatenate([values, hits])
    assert strata.estimate == pytest.approx(every.mean(), rel=1e-15)
    assert strata.standard_error == pytest.approx(every.std(ddof=1) / 3, rel=1e-14)
    adjusted = Strata({"b": MeanWithCovariate.of(values, values**2), "a": MeanWithCovariate.of(others, others + 1)})
    every = np.concatenate([values, others])
    assert adjusted.estimate == pytest.approx(every.mean(), rel=1e-15)
    assert adjusted.standard_error == pytest.approx(every.std(ddof=1) / math.sqrt(7), rel=1e-14)


def test_strata_of_names_and_rates_that_are_hard_to_hold() -> None:
    # A name that is no text in UTF-8, and a rate next to 1 whose failures floats cannot tell from the rows.
    odd = Strata({"\ud800": Mean(10, 1.0, 2.0), "a": Mean(10, 1.5, 2.0)})
    assert compare(odd, odd, mode="fixed").p_value == 1.0
    few = Strata({"\ud800": Mean(1, 1.0, 0.0), "a": Mean(10, 1.5, 2.0)})
    assert "stratum '\\ud800' has fewer than two rows" in compare(few, odd, mode="fixed").reasons[0]
    many = 2**60
    near_one = Strata({"a": Proportion(many, many + 1), "b": Proportion(many, many + 1)})
    # Of 2 failures in 2^61 rows.
    assert near_one.standard_error == pytest.approx(math.sqrt(2 / many / 2 / many / 2), rel=1e-12)
    apart = Strata({"a": Mean(10, 1e80, 0.0), "b": Mean(10, -5e79, 0.0)})
    nothing = Strata({"a": Mean(10, 0.0, 0.0), "b": Mean(10, 0.0, 0.0)})
    assert compare(nothing, apart, mode="fixed").p_value == pytest.approx(0.0348, abs=1e-3)


@pytest.mark.parametrize("covariates", [1, 2, 6])
@pytest.mark.parametrize("method", [None, "cuped", "lin"])
def test_covariates_that_no_float_holds_raise_nothing(covariates: int, method: str | None) -> None:
    table = tuple(
        tuple((5.0 if i == 0 else 1.5e308) if i == j else 0.0 for j in range(covariates + 1))
        for i in range(covariates + 1)
    )
    arms = [MeanWithCovariate(100, (mean, *(1.0,) * covariates), table) for mean in (1.0, 2.0)]
    result = compare(*arms, mode="fixed", method=method)
    assert result.reasons and (result.p_value is None or 0 <= result.p_value <= 1)
    assert compare(Strata({"a": arms[0]}), Strata({"a": arms[1]}), mode="fixed").reasons


def test_products_of_squares_without_digits() -> None:
    # Of squares next to the least float rounding is forgiven, and what they allow is taken.
    assert Ratio(10, 1e-150, 1.0, 1e-302, 1.0, 1e-150).comoment == pytest.approx(1e-151, rel=1e-12)
    arm = MeanWithCovariate(10, (1.0, 1.0), ((1.0, 1e-152), (1e-152, 1e-305)))
    assert arm.comoments[0][1] == arm.comoments[1][0] == pytest.approx(math.sqrt(1e-305), rel=1e-12)
    for comoment, numerator in ((1.0, 0.0), (1e-140, 1e-302)):
        with pytest.raises(ValueError, match=r"at most sqrt\(numerator_m2 denominator_m2\) \((0|1e-151)\) in size"):
            Ratio(10, 1.0, 1.0, numerator, 1.0, comoment)


def test_what_is_remembered_of_strata_is_no_part_of_their_value() -> None:
    asked, fresh = (Strata({"a": Mean(4, 1.0, 2.0), "b": Proportion(1, 4)}) for _ in range(2))
    assert asked.covariates == 0 and asked.names is None
    assert asked == fresh and repr(asked) == repr(fresh) and asked.to_dict() == fresh.to_dict()
    assert pickle.loads(pickle.dumps(asked)) == fresh


def test_rates_of_counts_are_checked_proportions() -> None:
    counts = Counts(80, 20, 10, 890)
    assert counts.proportion("recall") == Proportion(80, 90) and hash(counts.proportion("recall")) == hash(
        Proportion(80, 90)
    )
