"""What a comparison says, of good arms and of arms of which nothing can be said."""

from __future__ import annotations

import json
import math
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from truthlag import ModelPerformanceTracker
from truthlag.abtest import Comparison, Counts, Known, Mean, MeanWithCovariate, Proportion, Ratio, compare

MODES = pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])


class TestReferences:
    @given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(2, 60), st.floats(0.01, 100))
    def test_welch_as_scipy(self, seed: int, n: int, m: int, ratio: float) -> None:
        random = np.random.default_rng(seed)
        a, b = random.normal(3, 1, n), random.normal(3.3, ratio, m)
        expected = stats.ttest_ind(b, a, equal_var=False)
        result = compare(a, b, mode="fixed")
        assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)
        low, high = expected.confidence_interval()
        assert result.difference_interval == pytest.approx((low, high), rel=1e-9, abs=1e-9)

    def test_clusters_keep_their_level(self) -> None:
        # Five rows a user that are nearly alike: rows as units find differences four times too often.
        random = np.random.default_rng(11)
        found = np.zeros(2)
        for _ in range(400):
            users = random.normal(0, 1, (2, 100, 1)) + random.normal(0, 0.5, (2, 100, 5))
            cluster = np.repeat(np.arange(100), 5)
            control, treatment = users.reshape(2, -1)
            found += [
                compare(control, treatment, mode="fixed").is_decided,
                compare(control, treatment, mode="fixed", cluster=(cluster, cluster)).is_decided,
            ]
        # Three standard errors about .05 of 400.
        assert found[0] > 80 and 7 <= found[1] <= 33

    def test_ratios_as_a_bootstrap(self) -> None:
        random = np.random.default_rng(4)
        views = random.poisson(6, 400) + 1
        clicks = random.binomial(views, random.beta(2, 8, 400))
        again = random.integers(0, 400, (3000, 400))
        bootstrap = (clicks[again].sum(axis=1) / views[again].sum(axis=1)).std()
        ratio = Ratio.of(clicks, views, jackknife=True)
        # A standard deviation of 3000 draws is known to 1.3 percent.
        assert ratio.standard_error == pytest.approx(bootstrap, rel=0.05)
        assert math.sqrt(ratio.jackknife_variance) == pytest.approx(ratio.standard_error, rel=0.02)

    def test_covariates_as_a_regression(self) -> None:
        linear = pytest.importorskip("statsmodels.api")
        random = np.random.default_rng(8)
        n = 4000
        x = random.normal(0, 1, (n, 2))
        arm = np.arange(n) % 2
        y = 1 + 0.1 * arm + x @ [1.0, -0.5] + random.normal(0, 0.5, n)
        fit = linear.OLS(y, linear.add_constant(np.column_stack([arm, x]))).fit(cov_type="HC2")
        arms = [MeanWithCovariate.of(y[arm == one], x[arm == one]) for one in (0, 1)]
        result = compare(*arms, mode="fixed")
        # The common slope is that of the regression; standard errors differ by the degrees of freedom and the distance of means.
        assert result.difference == pytest.approx(fit.params[1], rel=1e-9)
        assert result.standard_error == pytest.approx(fit.bse[1], rel=2e-3)
        assert result.standard_error < 0.5 * compare(arms[0].values, arms[1].values, mode="fixed").standard_error


class TestVerdicts:
    @MODES
    @pytest.mark.parametrize(("direction", "verdict"), [("higher", "better"), ("lower", "worse")])
    def test_superiority(self, mode: Any, direction: Any, verdict: str) -> None:
        result = compare(Proportion(500, 5000), Proportion(700, 5000), mode=mode, direction=direction)
        assert result.verdict == verdict and result.additional_n == 0
        assert result.difference_interval[0] > 0
        assert compare(Proportion(500, 5000), Proportion(700, 5000), mode=mode, margin=0.05).verdict == "undecided"

    @MODES
    @pytest.mark.parametrize(
        ("k", "verdict"), [(4950, "non_inferior"), (5000, "non_inferior"), (4840, "undecided"), (4400, "worse")]
    )
    def test_non_inferiority(self, mode: Any, k: int, verdict: str) -> None:
        options: dict[str, Any] = {"mode": mode, "hypothesis": "non_inferiority", "margin": 0.02, "expected_n": None}
        result = compare(Proportion(5000, 10_000), Proportion(k, 10_000), **options)
        mirrored = compare(
            Proportion(5000, 10_000), Proportion(10_000 - k, 10_000), **{**options, "direction": "lower"}
        )
        if mode == "fixed" or k == 4400:
            assert result.verdict == verdict
        assert mirrored.verdict == result.verdict
        low, _ = result.difference_interval
        assert (low > -0.02) is (result.verdict == "non_inferior")

    @MODES
    @pytest.mark.parametrize(
        ("k", "verdict"), [(5010, "equivalent"), (5230, "undecided"), (5700, "better"), (4300, "worse")]
    )
    def test_equivalence(self, mode: Any, k: int, verdict: str) -> None:
        result = compare(
            Proportion(5000, 10_000), Proportion(k, 10_000), mode=mode, hypothesis="equivalence", margin=0.03
        )
        assert result.verdict == verdict
        low, high = result.difference_interval
        assert (low > -0.03 and high < 0.03) == (verdict == "equivalent")
        assert result.confidence == pytest.approx(0.9)

    def test_a_relative_margin(self) -> None:
        result = compare(
            Mean(10_000, -10.0, 40_000.0), Mean(10_000, -10.05, 40_000.0),
            mode="fixed", hypothesis="non_inferiority", margin=0.02, scale="relative",
        )  # fmt: skip
        assert result.verdict == "non_inferior"
        assert result.relative_difference == pytest.approx(-0.005)
        assert result.relative_interval[0] > -0.02

    def test_before_the_planned_size_there_is_none(self) -> None:
        early = compare(Proportion(100, 1000), Proportion(200, 1000), mode="fixed", planned_n=5000)
        assert (early.verdict, early.additional_n) == ("undecided", 3000)
        assert "2,000 of the planned 5,000 units are there" in early.reasons[0]
        assert compare(Proportion(100, 1000), Proportion(200, 1000), mode="fixed", planned_n=2000).verdict == "better"

    @MODES
    def test_as_many_more_do(self, mode: Any) -> None:
        result = compare(Mean(500, 1.0, 500.0), Mean(500, 1.05, 500.0), mode=mode)
        assert result.verdict == "undecided"
        for share, decided in ((1.02, True), (0.98, False)):
            n = round((1000 + share * result.additional_n) / 2)
            assert compare(Mean(n, 1.0, float(n)), Mean(n, 1.05, float(n)), mode=mode).is_decided == decided

    def test_small_p_values_are_not_zero(self) -> None:
        assert 0 < compare(Proportion(1000, 10_000), Proportion(2000, 10_000), mode="fixed").p_value < 1e-80
        result = compare(Mean(3000, 0.0, 3000.0), Mean(3000, 0.65, 3000.0), mode="fixed")
        assert 0 < result.p_value < 1e-120

    def test_fieller_says_that_it_is_unbounded(self) -> None:
        result = compare(Mean(30, 0.1, 29.0), Mean(30, 1.0, 29.0), mode="fixed", relative_method="fieller")
        assert result.relative_interval == (-math.inf, math.inf)
        assert any("unbounded" in reason for reason in result.reasons)
        assert "unbounded" in str(result)

    def test_sequences_keep_their_level_under_peeking(self) -> None:
        random = np.random.default_rng(2)
        wrong = np.zeros(2)
        for _ in range(200):
            control, treatment = random.normal(0, 1, (2, 2000)), None
            control, treatment = control
            looks = [(Mean.of(control[:n]), Mean.of(treatment[:n])) for n in range(100, 2001, 100)]
            wrong += [
                any(compare(*look, mode="fixed").is_decided for look in looks),
                any(compare(*look, expected_n=2000).is_decided for look in looks),
            ]
        # At most .05 of 200 and three standard errors; single looks are wrong in about a fourth.
        assert wrong[1] <= 19 and wrong[0] > 30


ARMS: list[Any] = [
    (Proportion(0, 0), Proportion(1, 2)),
    (Proportion(0, 10), Proportion(0, 10)),
    (Proportion(10, 10), Proportion(0, 10)),
    (Proportion(0, 1), Proportion(1, 1)),
    (Mean(0, 0.0, 0.0), Mean(0, 0.0, 0.0)),
    (Mean(1, 5.0, 0.0), Mean(10, 4.0, 3.0)),
    (Mean(10, 5.0, 0.0), Mean(10, 5.0, 0.0)),
    (Mean(10, 5.0, 0.0), Mean(10, 6.0, 0.0)),
    (Mean(10, 0.0, 3.0), Mean(10, 0.0, 3.0)),
    (Mean(10, -5.0, 3.0), Mean(10, -4.0, 0.0)),
    (Mean(10, 1e308, 0.0), Mean(10, -1e308, 1e300)),
    (Mean(10, 5e-324, 5e-324), Mean(10, 1.0, 1e-300)),
    (Ratio.of([1, 2], [0, 0]), Ratio.of([1, 2], [1, 1])),
    (Ratio.of([], []), Ratio.of([1], [1])),
    (Ratio(2, 1e300, 1e-300, 0.0, 0.0, 0.0), Ratio(2, 1.0, 1.0, 1.0, 1.0, 1.0)),
    (MeanWithCovariate.of([1.0, 1.0], [2.0, 2.0]), MeanWithCovariate.of([1.0, 1.0], [2.0, 2.0])),
    (MeanWithCovariate.of([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]), MeanWithCovariate.of([1.0, 2.0, 5.0], [1.0, 2.0, 5.0])),
    (Known(10, None, None), Known(10, 0.5, 0.1)),
    (Known(10, 0.4, 0.1), Known(10, 0.5, None)),
    ([], []),
    ([1.0], [2.0]),
    ([True], [False]),
    ([-1.0, -2.0, -3.0], [-1.5, -1.0, -2.5]),
]


@MODES
@pytest.mark.parametrize("hypothesis", ["superiority", "non_inferiority", "equivalence"])
@pytest.mark.parametrize("relative_method", ["delta", "log", "fieller"])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_arms_of_which_little_can_be_said(mode: Any, hypothesis: Any, relative_method: str, scale: Any) -> None:
    margin = None if hypothesis == "superiority" else 0.1
    for control, treatment in ARMS:
        result = compare(
            control,
            treatment,
            mode=mode,
            hypothesis=hypothesis,
            margin=margin,
            relative_method=relative_method,
            scale=scale,
        )
        check(result)


@given(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)),
    st.sampled_from(["fixed", "confidence_sequence"]),
    st.sampled_from([None, "score", "mid_p", "newcombe", "agresti_caffo", "wald", "pooled"]),
    st.sampled_from([None, "logit", "logit_adjusted", "logit_smoothed", "score"]),
    st.sampled_from(["delta", "log", "log_adjusted", "fieller"]),
)
def test_any_proportions(counts: Any, mode: Any, method: Any, odds_ratio: Any, relative_method: str) -> None:
    a, b, c, d = counts
    result = compare(
        Proportion(a, a + b), Proportion(c, c + d),
        mode=mode, method=method, odds_ratio=odds_ratio, relative_method=relative_method,
    )  # fmt: skip
    check(result)
    if result.difference_interval is not None and method is None:
        low, high = result.difference_interval
        assert -1 <= low <= high <= 1
        assert (low > 0 or high < 0) == result.is_decided


@given(
    st.tuples(st.integers(0, 5), st.floats(-1e308, 1e308), st.floats(0, 1e308)),
    st.tuples(st.integers(0, 5), st.floats(-1e308, 1e308), st.floats(0, 1e308)),
    st.sampled_from(["delta", "log", "fieller"]),
)
@example((4, 0.5, 0.5), (4, 1.8929245471691772e305, 0.5), "fieller")
def test_any_means(first: Any, second: Any, relative_method: str) -> None:
    arms = [Mean(n, mean, m2 if n > 1 else 0.0) for n, mean, m2 in (first, second)]
    for mode in ("fixed", "confidence_sequence"):
        check(compare(*arms, mode=mode, relative_method=relative_method))


def check(result: Comparison) -> None:
    """That nothing is silent, nothing is NaN, and all goes to strict JSON and back."""
    assert result.reasons and all(isinstance(reason, str) and reason.endswith(".") for reason in result.reasons)
    for name in ("difference", "standard_error", "relative_difference", "p_value", "e_value", "odds_ratio"):
        value = getattr(result, name)
        assert value is None or (type(value) is float and not math.isnan(value)), name
    for name in ("difference_interval", "relative_interval", "odds_ratio_interval"):
        interval = getattr(result, name)
        assert interval is None or (all(type(limit) is float for limit in interval) and interval[0] <= interval[1]), (
            name
        )
    assert result.p_value is None or 0 <= result.p_value <= 1
    assert Comparison.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert str(result) and result._repr_html_().startswith("<div")
    if result.p_value is None:
        assert result.verdict == "undecided"


class TestArms:
    def test_zeros_and_ones_are_a_proportion(self) -> None:
        a, b = [0, 1, 1, 0, 1], np.array([True, False, False])
        assert compare(a, b, mode="fixed") == compare(Proportion(3, 5), Proportion(1, 3), mode="fixed")
        assert compare(a, [0, 1, 2], mode="fixed").method == "Welch's t test"

    def test_counts_snapshots_and_trackers(self) -> None:
        trackers = []
        for seed, quality in ((1, 0.8), (2, 0.9)):
            random = np.random.default_rng(seed)
            labels = random.integers(0, 2, 500)
            scores = np.clip(np.where(random.random(500) < quality, labels, 1 - labels) * 0.6 + 0.2, 0, 1)
            tracker = ModelPerformanceTracker("m", f"v{seed}", clock=lambda: 1000.0)
            tracker.log_predictions(np.arange(500), (scores > 0.5).astype(int), scores, timestamps=np.arange(500))
            tracker.log_ground_truths(np.arange(500), labels)
            trackers.append(tracker)
        snapshots = [tracker.snapshot() for tracker in trackers]
        counts = [snapshot.counts for snapshot in snapshots]
        for metric in ("accuracy", "recall"):
            results = [compare(*arms, metric=metric, mode="fixed") for arms in (trackers, snapshots, counts)]
            assert results[0] == results[1] == results[2]
            assert results[0].treatment.estimate == getattr(snapshots[1], metric)
        for metric in ("brier_score", "roc_auc", "f1_score"):
            result = compare(*snapshots, metric=metric, mode="fixed")
            assert result.control.standard_error == pytest.approx(
                snapshots[0].metrics[metric].standard_error, rel=1e-12
            )
            assert result.verdict == ("worse" if metric == "brier_score" else "better")
        window = compare(*trackers, metric="accuracy", window={"start": 0, "end": 100})
        assert window.control.n == 100

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "told"),
        [
            (([1.0, math.nan], [1.0]), {}, ValueError, r"control\[1\] must be a finite number, got nan"),
            (([1.0], [math.inf, 2.0]), {}, ValueError, r"treatment\[0\] must be a finite number"),
            ((Mean(1, 1.0, 0.0), Proportion(1, 2)), {}, TypeError, r"treatment must be of the kind of control \(mean\)"),
            ((5, 6), {}, TypeError, "control must be raw values, a statistic"),
            (([1.0], [2.0]), {"mode": "sometimes"}, ValueError, "mode must be one of"),
            (([1.0], [2.0]), {"metric": ("a", "b")}, TypeError, "metric must be None or a string, got"),
            (([1.0], [2.0]), {"alpha": 0.6}, ValueError, "alpha must be below 0.5"),
            (([1.0], [2.0]), {"hypothesis": "equivalence"}, ValueError, "margin must be given for equivalence"),
            (([1.0], [2.0]), {"margin": -1}, ValueError, "margin must be a finite number above 0"),
            (([1.0], [2.0]), {"planned_n": 5}, ValueError, "planned_n must be None with mode"),
            (([1.0], [2.0]), {"mode": "fixed", "expected_n": 5}, ValueError, "expected_n must be None with mode"),
            (([1.0], [2.0]), {"cluster": [1]}, TypeError, "cluster must be a pair"),
            (([1.5], [2.0]), {"cluster": ([1, 2], [1])}, ValueError, "cluster must have a cluster for each of the 1 rows"),
            ((Mean(1, 1.0, 0.0), Mean(1, 1.0, 0.0)), {"cluster": ([1], [1])}, ValueError, "cluster must be None"),
            ((Mean(1, 1.0, 0.0), Mean(1, 1.0, 0.0)), {"odds_ratio": "logit"}, ValueError, "odds_ratio must be None"),
            ((Mean(1, 1.0, 0.0), Mean(1, 1.0, 0.0)), {"method": "score"}, ValueError, "method must be None or one of"),
            ((Counts(1), Counts(1)), {}, ValueError, "metric must be one of 'accuracy'"),
            ((Ratio.of([1, 2], [1, 1]),) * 2, {"method": "jackknife"}, ValueError, "needs the jackknife variance"),
        ],
    )  # fmt: skip
    def test_errors(self, arguments: Any, options: dict[str, Any], error: type[Exception], told: str) -> None:
        with pytest.raises(error, match=told):
            compare(*arguments, **options)


def test_it_is_not_loaded_before_it_is_asked_for() -> None:
    import subprocess

    code = "import sys, truthlag; assert not any('abtest' in name or name == 'scipy' for name in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


class TestAlternative:
    @pytest.mark.parametrize("alternative", ["greater", "less"])
    def test_a_result_knows_where_it_looked(self, alternative: Any) -> None:
        result = compare(Mean(50, 1.0, 9.0), Mean(50, 1.5, 9.5), mode="fixed", alternative=alternative)
        assert result.alternative == alternative
        check(result)
        assert f"alpha 0.05 one-sided ({alternative})" in str(result)
        assert "one-sided" not in str(compare(Mean(50, 1.0, 9.0), Mean(50, 1.5, 9.5), mode="fixed"))

    def test_a_dict_is_checked(self) -> None:
        content = compare(Mean(50, 1.0, 9.0), Mean(50, 1.5, 9.5), mode="fixed").to_dict()
        with pytest.raises(ValueError, match=r"content\['alternative'\] must be one of two_sided, greater, less"):
            Comparison.from_dict({**content, "alternative": "both"})
        with pytest.raises(ValueError, match="must be 'two_sided' for equivalence, got 'less'"):
            Comparison.from_dict({**content, "hypothesis": "equivalence", "margin": 1.0, "alternative": "less"})
