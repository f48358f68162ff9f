"""Arms with nothing in them, with one row, without spread, at the ends of floats: a status and a reason from every comparison.

Nothing may be raised out of arithmetic, no warning of numpy's be shown, nothing be NaN, and no verdict be given without evidence.
"""

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.test_compare import check
from truthlag.abtest import (
    ArmLog,
    Calibration,
    Counts,
    FMeasure,
    GroupSequentialPlan,
    Guardrail,
    Known,
    LabelledRows,
    LatencyHistogram,
    Mean,
    MeanWithCovariate,
    PairedRows,
    PredictionPowered,
    Proportion,
    QuantileArm,
    Ratio,
    RatioWithCovariate,
    SampleRatioTest,
    Strata,
    additional_units,
    adjust,
    anova,
    arms_at_age,
    bayesian_effect,
    beta_binomial,
    compare,
    compare_at_age,
    compare_interleaved,
    compare_many,
    compare_paired,
    disagreement,
    discordant_path,
    double_exposure,
    dunnett,
    duration,
    e_bh,
    interval_of_p_value,
    label_arrival_parity,
    mcnemar,
    minimum_detectable_effect,
    outlook,
    power,
    pre_period_balance,
    run_gates,
    sample_ratio_chi_square,
    sample_size,
)

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(0, 1, (2, 12))
HUGE = 1e300
MODEL_METRICS = (
    "accuracy", "recall", "specificity", "precision", "f1_score", "brier_score", "log_loss", "roc_auc", "calibration_error",
)  # fmt: skip


@contextmanager
def strictly() -> Iterator[None]:
    """With warnings for errors, those of numpy's arithmetic too."""
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        yield


def calibration(labels: list[int], scores: list[float]) -> Calibration:
    return Calibration.of(labels, scores)


ARMS: dict[str, Callable[[], list[Any]]] = {
    "raw values": lambda: [
        [],
        [1.5],
        [5.0] * 8,
        [0.0] * 8,
        [-3.0, -2.0, -4.5],
        [1e-310, 2e-310, 0.5e-310],
        [1e150, -1e150, 1e150],
        [1e16, 1e16 + 2, 1e16 + 4],
        Y,
        np.array([], dtype=np.float32),
    ],
    "zeros and ones": lambda: [[0], [1], [0] * 9, [True] * 9, [0, 1, 1, 0, 1]],
    "proportions": lambda: [
        Proportion(0, 0),
        Proportion(0, 1),
        Proportion(1, 1),
        Proportion(0, 50),
        Proportion(50, 50),
        Proportion(1, 50),
        Proportion(0, 10**9),
        Proportion(10**9, 10**9),
        Proportion(3 * 10**14, 10**15),
        Proportion(120, 1_000),
    ],
    "means": lambda: [
        Mean(0, 0.0, 0.0),
        Mean(1, 5.0, 0.0),
        Mean(2, 5.0, 0.0),
        Mean(100, 0.0, 0.0),
        Mean(100, -5.0, 30.0),
        Mean(100, 0.0, 1e-300),
        Mean(100, 1e-308, 1.0),
        Mean(100, HUGE, HUGE),
        Mean(2**50, 1.0, 1.0),
        Mean(100, 1.0, 120.0),
    ],
    "ratios": lambda: [
        Ratio.of([], []),
        Ratio.of([1.0], [2.0]),
        Ratio.of([1.0, 2.0], [0.0, 0.0]),
        Ratio.of([1.0, 2.0], [1.0, -1.0]),
        Ratio.of([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]),
        Ratio.of([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
        Ratio.of([-1.0, -2.0, -2.5], [1.0, 2.0, 3.0]),
        Ratio.of([1e150, 1.0], [1e-150, 1.0]),
        Ratio.of(X, Y + 5),
    ],
    "means with a covariate": lambda: [
        MeanWithCovariate.of([], []),
        MeanWithCovariate.of([1.0], [2.0]),
        MeanWithCovariate.of([1.0, 2.0], [2.0, 2.0]),
        MeanWithCovariate.of([1.0, 2.0], [1.0, 2.0]),
        MeanWithCovariate.of([3.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]),
        MeanWithCovariate.of([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        MeanWithCovariate.of(Y, 1e150 * X),
        MeanWithCovariate.of(Y, X),
    ],
    "ratios with a covariate": lambda: [
        RatioWithCovariate.of([1.0], [2.0], covariates=[[1.0]]),
        RatioWithCovariate.of([1.0, 2.0], [0.0, 0.0], covariates=[[1.0, 2.0]]),
        RatioWithCovariate.of([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], covariates=[[1.0, 1.0, 1.0]]),
        RatioWithCovariate.of(Y, X + 5, covariates=[X]),
    ],
    "strata": lambda: [
        Strata({"a": Mean(0, 0.0, 0.0), "b": Mean(0, 0.0, 0.0)}),
        Strata({"a": Mean(1, 2.0, 0.0), "b": Mean(5, 1.0, 2.0)}),
        Strata({"a": Mean(4, 2.0, 0.0), "b": Mean(5, 1.0, 0.0)}),
        Strata({"a": Mean(40, 2.0, 5.0), "b": Mean(50, 1.0, 7.0)}),
        Strata({"a": Mean(40, 2.0, 5.0)}),
    ],
    "strata of proportions": lambda: [
        Strata({"a": Proportion(0, 0), "b": Proportion(3, 9)}),
        Strata({"a": Proportion(0, 8), "b": Proportion(9, 9)}),
        Strata({"a": Proportion(4, 80), "b": Proportion(9, 90)}),
    ],
    "prediction-powered means": lambda: [
        PredictionPowered.of([], [], []),
        PredictionPowered.of([1.0], [0.5], [0.4, 0.6]),
        PredictionPowered.of([1.0, 1.0], [0.5, 0.5], [0.5, 0.5]),
        PredictionPowered.of([1.0, 0.0, 1.0], [0.7, 0.2, 0.9], []),
        PredictionPowered.of(Y, X, X),
    ],
    "known estimates": lambda: [
        Known(0, None, None),
        Known(10, None, 1.0),
        Known(10, 1.0, None),
        Known(10, 1.0, 0.0),
        Known(10, 0.0, 0.3),
        Known(10, HUGE, HUGE),
        Known(10, -1.0, 0.2),
    ],
    "estimates within a range": lambda: [
        Known(10, 1.0, 0.0, range=(0, 1)),
        Known(10, 0.0, 0.0, range=(0, 1)),
        Known(1, 0.5, None, range=(0, 1)),
        Known(50, 0.9, 0.05, range=(0, 1)),
    ],
    "F measures": lambda: [
        FMeasure(0, 0, 0), FMeasure(1, 0, 0), FMeasure(0, 1, 0), FMeasure(0, 9, 9), FMeasure(9, 0, 0), FMeasure(90, 10, 20),
    ],
    "calibrations": lambda: [
        calibration([], []),
        calibration([1], [1.0]),
        calibration([1, 1, 1], [0.5, 0.5, 0.5]),
        calibration([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]),
        calibration([0, 1, 0, 1, 1, 0], [0.1, 0.9, 0.3, 0.7, 0.6, 0.2]),
    ],
    "quantiles": lambda: [
        QuantileArm.of([], 0.9),
        QuantileArm.of([1.0], 0.9),
        QuantileArm.of([3.0] * 40, 0.9),
        QuantileArm.of([math.inf] * 40, 0.9),
        QuantileArm.of([-HUGE, HUGE] * 20, 0.9),
        QuantileArm.of(X, 0.9),
    ],
}  # fmt: skip

OPTIONS: list[dict[str, Any]] = [
    {"mode": "fixed"},
    {},
    {"expected_n": 10, "alternative": "less"},
    {"mode": "group_sequential", "looks": 3, "planned_n": 400},
    {"mode": "fixed", "hypothesis": "non_inferiority", "margin": 0.05},
    {"hypothesis": "equivalence", "margin": 0.5, "direction": "lower"},
    {"mode": "fixed", "scale": "relative", "relative_method": "fieller", "alternative": "greater"},
    {"scale": "relative", "relative_method": "log", "hypothesis": "non_inferiority", "margin": 0.1},
    {"mode": "fixed", "planned_n": 10**6, "margin": 1e-300},
    {"scale": "relative"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())) or "default")
@pytest.mark.parametrize("kind", ARMS)
def test_every_pair_of_arms_has_an_answer(kind: str, options: dict[str, Any]) -> None:
    for control, treatment in itertools.product(ARMS[kind](), repeat=2):
        with strictly():
            result = compare(control, treatment, **options)
            check(result)
            assert bayesian_effect(result).reasons
        if result.is_decided and result.hypothesis == "superiority":
            assert result.p_value is not None and result.p_value <= result.alpha
        if not (result.control.n and result.treatment.n):
            assert result.verdict == "undecided" and "no rows" in " ".join(result.reasons)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_named(bad: float) -> None:
    for arms, name in (([1.0, bad], [1.0, 2.0]), "control"), (([1.0, 2.0], [1.0, bad]), "treatment"):
        with pytest.raises(ValueError, match=rf"{name}\[1\] must be a finite number, got -?{abs(bad)}"), strictly():
            compare(*arms)
        with pytest.raises(ValueError, match=r"\[1\] must be a finite number"), strictly():
            dunnett(arms[0], {"a": arms[1]})
        with pytest.raises(ValueError, match=r"\[1\] must be a finite number"), strictly():
            anova({"control": arms[0], "treatment": arms[1]})
    with pytest.raises(ValueError, match="control must be values whose squared deviations have a sum within floats"):
        compare([HUGE, -HUGE], [1.0, 2.0])


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize(
    "counts", [(0, 50, 10**9, 10**9), (25, 50, 10**9, 10**9), (10**9, 10**9, 0, 50), (0, 10**12, 9, 9)]
)
def test_arms_of_very_different_size(counts: tuple[int, int, int, int], mode: Any) -> None:
    # Next to a thousand million successes and no failure, one failure is an event.
    k, n, j, m = counts
    result = compare(Proportion(k, n), Proportion(j, m), mode=mode)
    low, high = result.difference_interval
    assert result.is_decided
    assert (low > 0 or high < 0) == (result.p_value <= 0.05)


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("clustered", [False, True])
def test_rows_of_next_to_nothing(mode: Any, clustered: bool) -> None:
    rows = [
        ([], []),
        ([1], [0.5]),
        ([1, 1, 1], [0.5, 0.5, 0.5]),
        ([0, 0], [0.0, 0.0]),
        ([1, 0, 1, 0], [1.0, 0.0, 0.2, 0.4]),
    ]

    def arm(labels: list[int], scores: list[float]) -> LabelledRows:
        cluster = [0] * len(labels) if clustered else None
        return LabelledRows(labels, [int(score > 0.3) for score in scores], scores, cluster=cluster)

    for first, second in itertools.product(rows, repeat=2):
        for metric in MODEL_METRICS:
            if clustered and metric == "calibration_error":
                continue  # It is of rows, and says so.
            with strictly():
                check(compare(arm(*first), arm(*second), metric=metric, mode=mode))


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_counts_of_next_to_nothing(mode: Any) -> None:
    arms = [Counts(), Counts(1), Counts(0, 1), Counts(0, 0, 0, 9), Counts(9, 0, 0, 9), Counts(9, 3, 4, 90)]
    for control, treatment in itertools.product(arms, repeat=2):
        for metric in ("accuracy", "recall", "specificity", "precision", "f1_score"):
            with strictly():
                check(compare(control, treatment, metric=metric, mode=mode))


@pytest.mark.parametrize("kind", ARMS)
def test_guardrails(kind: str) -> None:
    for mode in ("fixed", "confidence_sequence"):
        rail = Guardrail("metric", "lower", 0.5, mode=mode)
        for control, treatment in itertools.product(ARMS[kind](), repeat=2):
            with strictly():
                found = rail.check(control, treatment)
            assert found.status in ("pass", "block", "undecided") and found.reasons
            json.dumps(found.to_dict(), allow_nan=False)


def test_histograms_of_latencies() -> None:
    def histogram(values: list[float]) -> LatencyHistogram:
        made = LatencyHistogram()
        made.update_many(values)
        return made

    arms = [histogram([]), histogram([0.0]), histogram([math.inf] * 9), histogram([5.0] * 900)]
    for control, treatment in itertools.product(arms, repeat=2):
        with strictly():
            found = Guardrail("latency", "lower", 5, quantile=0.99).check(control, treatment)
        assert found.status in ("pass", "block", "undecided") and found.reasons


def logs() -> list[ArmLog]:
    day = 86_400.0
    return [
        ArmLog([], []),
        ArmLog([0.0], [math.nan]),
        ArmLog([0.0], [day], [1]),
        ArmLog([0.0] * 50, [day] * 50, [0] * 50),
        ArmLog([0.0] * 50, [day] * 50, [1] * 50),
        ArmLog([day * 9] * 50, [math.nan] * 50),
        ArmLog([0.0] * 50, [0.0] * 50, [1, 0] * 25, [1, 0] * 25),
    ]


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("unlabelled", ["missing", "negative"])
def test_arms_whose_labels_come_late(unlabelled: Any, mode: Any) -> None:
    for control, treatment in itertools.product(logs(), repeat=2):
        for age in (timedelta(0), timedelta(days=3), timedelta(days=5_000)):
            with strictly():
                try:
                    result = compare_at_age(
                        control, treatment, metric="prevalence", min_age=age, now=86_400.0 * 10,
                        unlabelled=unlabelled, mode=mode,
                    )  # fmt: skip
                except ValueError as error:
                    # Of arms that do not tell what the labels are.
                    assert "must" in str(error)
                    continue
            assert result.verdict == "invalid" or result.p_value is not None or result.verdict == "undecided"
            assert result.reasons and all(result.reasons)
            json.dumps(result.to_dict(), allow_nan=False)


def test_gates() -> None:
    with strictly():
        for observed in ([0, 0], [1, 0], [10**15, 10**15], [5, 0, 0]):
            found = sample_ratio_chi_square(observed, [1.0] * len(observed))
            assert 0 <= found.p_value <= 1 and math.isfinite(found.chi_square)
            test = SampleRatioTest([1.0] * len(observed))
            assert test.p_value == 1.0
            test.update(observed)
            assert 0 <= test.p_value <= 1
            report = run_gates(sample_ratio=test)
            assert (report.status == "failed") == (test.p_value <= 0.01) and str(report)
        assert str(double_exposure({"a": [], "b": []}))
        for arms in itertools.product((Proportion(0, 0), Proportion(0, 9), Proportion(9, 9)), repeat=2):
            gate = label_arrival_parity(*arms)
            assert gate.status and gate.reason
        for control, treatment in itertools.product(ARMS["means"](), repeat=2):
            gate = pre_period_balance({"x": control}, {"x": treatment})
            assert gate.status and gate.reason
        empty = arms_at_age(ArmLog([], []), ArmLog([], []), min_age=timedelta(days=1), now=0.0)
        assert str(run_gates(label_arrival=empty))


@pytest.mark.parametrize("kind", ["proportions", "means", "ratios", "known estimates"])
@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_many_at_once(kind: str, mode: Any) -> None:
    arms = ARMS[kind]()[::2][-4:]
    with strictly():
        for control in arms:
            table = compare_many(
                {"control": {"m": control}, **{str(i): {"m": arm} for i, arm in enumerate(arms)}}, mode=mode
            )
            assert len(table.rows) == len(arms)
            for row in table.rows:
                assert row.comparison.reasons
                assert row.adjusted_p_value is None or 0 <= row.adjusted_p_value <= 1
            json.dumps(table.to_dict(), allow_nan=False)
            assert str(table)


def test_families_of_means() -> None:
    means = ARMS["means"]()
    with strictly():
        # No rows, no spread, next to no spread, too large.
        for control in (means[0], means[3], means[5], means[7]):
            for alternative in ("two_sided", "greater"):
                for variance in ("equal", "unequal"):
                    found = dunnett(control, dict(enumerate_names(means)), alternative=alternative, variance=variance)
                    assert str(found)
                    json.dumps(found.to_dict(), allow_nan=False)
                    for one in found.treatments:
                        assert one.p_value is None or 0 <= one.p_value <= 1
        for first, second in itertools.product(means, repeat=2):
            for variance in ("equal", "unequal"):
                whole = anova([first, second], variance=variance)
                assert whole.reason or (whole.p_value is not None and 0 <= whole.p_value <= 1)
        assert adjust([None, 0.0, 1.0, 1e-320]) == [None, 0.0, 1.0, pytest.approx(2e-320, abs=1e-322)]
        assert e_bh([None, 0.0, math.inf]) is not None
        assert interval_of_p_value(0.5, 1e-300) is not None


def enumerate_names(means: list[Mean]) -> list[tuple[str, Mean]]:
    return [(str(place), arm) for place, arm in enumerate(means)]


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_pairs(mode: Any) -> None:
    with strictly():
        for first, second, pairs in (
            (0, 0, None),
            (0, 0, 0),
            (1, 0, 1),
            (0, 1, 5),
            (10**9, 0, 10**9),
            (10**15, 10**15, None),
        ):
            for hypothesis, margin in (("superiority", None), ("non_inferiority", 0.01), ("equivalence", 0.2)):
                if pairs is None and hypothesis != "superiority":
                    continue
                result = mcnemar(first, second, pairs=pairs, mode=mode, hypothesis=hypothesis, margin=margin)
                assert result.reasons and (result.p_value is not None or result.verdict == "undecided")
                json.dumps(result.to_dict(), allow_nan=False)
        for labels in ([], [1], [1, 1], [0, 1, math.nan]):
            n = len(labels)
            rows = PairedRows(labels=labels, control_predictions=[0] * n, treatment_predictions=[1] * n)
            result = compare_paired(rows, metric="accuracy", mode=mode)
            assert result.reasons
            assert disagreement(rows).to_dict()
            assert discordant_path(rows).p_value <= 1
        assert compare_interleaved([], mode=mode).reasons
        assert compare_interleaved([0, 0, 0], mode=mode).reasons


def test_bayesian_shares() -> None:
    with strictly():
        for arms in itertools.product(ARMS["proportions"]()[::2], repeat=2):
            found = beta_binomial(*arms)
            assert found.reasons and 0 <= found.probability_better <= 1
            assert math.isfinite(found.expected_loss_if_kept) and math.isfinite(found.expected_loss_if_shipped)


def test_planning() -> None:
    modes: list[dict[str, Any]] = [{}, {"mode": "confidence_sequence"}, {"mode": "group_sequential", "looks": 3}]
    with strictly():
        for design, effect in itertools.product(modes, (1e-9, -0.05, 0.899, 0.9 - 1e-12)):
            assert sample_size(0.1, effect, **design).planned_n > 0 if effect < 0.8 else True
            assert 0 <= power(0.1, effect, 4, **design).power <= 1
            assert 0 <= power(0.1, effect, 10**12, **design).power <= 1
        for design in modes:
            with pytest.raises(ValueError, match="n must be what some test reaches"):
                minimum_detectable_effect(0.5, 8, **design)
            assert minimum_detectable_effect(1e-9, 10**12, **design)
        assert str(duration(1, 1e-3)) and str(duration(10**12, 1e9))
        for control, treatment in itertools.product(ARMS["proportions"](), repeat=2):
            for mode in ({"mode": "fixed"}, {}):
                result = compare(control, treatment, **mode)
                if not result.standard_error:
                    for asked in (lambda: additional_units(result, 0.01), lambda: outlook(result, 4 * 10**15)):
                        with pytest.raises(ValueError, match="must have a difference and its standard error"):
                            asked()
                    continue
                assert additional_units(result, 0.01) is None or additional_units(result, 0.01) >= 0
                assert str(outlook(result, 4 * 10**15))
        plan = GroupSequentialPlan(10**6, looks=3)
        for n in (10, 20_000):
            check(compare(Proportion(0, n), Proportion(0, n), mode="group_sequential", looks=plan))
            check(
                compare(
                    Proportion(n, n),
                    Proportion(n, n),
                    mode="group_sequential",
                    looks=GroupSequentialPlan(10**6, looks=3),
                )
            )


def test_covariates_at_both_ends_of_floats() -> None:
    """Three units, whose few degrees of freedom no statistic does, beside values of 1e141: no number is NaN."""
    far = MeanWithCovariate.of([k * 1e140 for k in range(50)], [(50 - k) * 1e-140 for k in range(50)])
    for few in (MeanWithCovariate.of([1, 2, 3], [1, 2, 3]), MeanWithCovariate.of([1, 2, 3], [2, 2, 2])):
        for arms, scale in itertools.product(((few, far), (far, few)), ("absolute", "relative")):
            with strictly():
                check(compare(*arms, scale=scale))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("denominator", [1e-320, 5e-324, 1e-300, 1e-200, 1e-160, 1e-100])
@pytest.mark.parametrize("method", [None, "cuped", "lin"])
@pytest.mark.parametrize("scale", [1.0, 1e-320, 1e100])
def test_ratios_with_denominators_near_0_have_a_reason(denominator: float, method: str | None, scale: float) -> None:
    random = np.random.default_rng(1)
    for before in (None, 1.0, denominator):
        arms = []
        for _ in range(2):
            top, bottom, known = random.random(50) * scale, random.integers(1, 3, 50) * denominator, random.random(50)
            if before is None:
                arms.append(RatioWithCovariate.of(top, bottom, covariates=[known]))
            else:
                arms.append(RatioWithCovariate.of(top, bottom, before=(known, [before] * 50)))
        for mode in ("fixed", "confidence_sequence"):
            result = compare(arms[0], arms[1], mode=mode, method=method)  # type: ignore[arg-type]
            assert result.verdict in ("better", "worse", "undecided") and result.reasons
            if result.p_value is None:
                assert result.verdict == "undecided"
            else:
                assert 0.0 <= result.p_value <= 1.0


def test_a_denominator_that_no_float_can_be_divided_by_is_told() -> None:
    near = RatioWithCovariate.of([1.0, 2.0, 4.0], [1e-320] * 3, covariates=[[0.0, 1.0, 3.0]])
    zero = RatioWithCovariate.of([1.0, 2.0, 4.0], [0.0] * 3, covariates=[[0.0, 1.0, 3.0]])
    assert near.linear() is None and zero.linear() is None
    assert (
        compare(near, near).reasons[0] == "the control has no estimate: a denominator is too near 0 to be divided by."
    )
    assert compare(zero, near).reasons[0] == "the control has no estimate: a denominator is 0."
