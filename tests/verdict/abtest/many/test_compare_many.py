"""Tables of comparisons: the same numbers as `compare`, families, verdicts, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Known, Mean, MeanWithCovariate, MetricPlan, Proportion, adjust, compare, compare_many, e_bh

MODES = pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])


def some_arms(seed: int, arms: int = 2, metrics: int = 4, n: int = 400) -> dict[str, dict[str, Any]]:
    random = np.random.default_rng(seed)

    def one(place: int, shift: float) -> Any:
        if place % 2:
            return Mean.of(random.normal(1 + shift, 1, n))
        return Proportion(int(random.binomial(n, 0.1 + shift / 10)), n)

    return {f"v{arm}": {f"m{place}": one(place, arm * 0.1) for place in range(metrics)} for arm in range(1, arms + 1)}


class TestSameNumbers:
    @MODES
    def test_each_row_is_what_compare_says(self, mode: Any) -> None:
        arms = some_arms(1, arms=3)
        segments = {f"s{place}": some_arms(place, arms=3, n=150) for place in range(20)}
        plans = {
            "m0": MetricPlan("primary"),
            "m1": MetricPlan("guardrail", margin=0.1, scale="relative"),
            "m2": MetricPlan(direction="lower", margin=0.01),
            "m3": MetricPlan(hypothesis="equivalence", margin=0.2),
        }
        table = compare_many(arms, metrics=plans, segments=segments, mode=mode)
        assert len(table) == 2 * 4 * 21
        for row in table:
            plan = plans[row.metric]
            source = arms if row.segment is None else segments[row.segment]
            expected = compare(
                source["v1"][row.metric],
                source[row.arm][row.metric],
                metric=row.metric,
                mode=mode,
                hypothesis=plan.hypothesis,
                margin=plan.margin,
                direction=plan.direction,
                scale=plan.scale,
            )
            # The very same arithmetic.
            assert row.comparison == expected

    def test_raw_values(self) -> None:
        arms = {"a": {"x": [1.0, 2.0, 3.0, 4.0]}, "b": {"x": np.array([2.0, 3.5, 3.0, 5.0])}}
        assert compare_many(arms, mode="fixed").rows[0].comparison == compare(
            [1.0, 2.0, 3.0, 4.0], [2.0, 3.5, 3.0, 5.0], metric="x", mode="fixed"
        )


class TestFamilies:
    def test_one_treatment_has_the_full_alpha(self) -> None:
        row = compare_many(some_arms(2), mode="fixed").rows[0]
        assert (row.role, row.adjustment, row.adjusted_p_value) == ("primary", "none", row.comparison.p_value)
        assert row.adjusted_interval == row.comparison.difference_interval

    def test_several_treatments_share_it_by_dunnett(self) -> None:
        n = 3_000
        arms = {name: {"c": Proportion(k, n)} for name, k in (("v1", 300), ("v2", 340), ("v3", 352), ("v4", 310))}
        rows = compare_many(arms, mode="fixed").rows
        assert {row.adjustment for row in rows} == {"dunnett"}
        holm = adjust([row.comparison.p_value for row in rows])
        for row in rows:
            assert row.comparison.p_value < row.adjusted_p_value < 3 * row.comparison.p_value
            low, high = row.adjusted_interval
            assert (low > 0 or high < 0) == (row.adjusted_p_value <= 0.05) == (row.verdict == "better")
        assert min(row.adjusted_p_value for row in rows) < min(holm)

    def test_means_by_dunnett_are_dunnett_of_unequal_spreads(self) -> None:
        from truthlag.abtest import dunnett

        random = np.random.default_rng(6)
        values = {
            name: random.normal(shift, spread, 40)
            for name, shift, spread in (("a", 0, 1), ("b", 0.4, 2), ("c", 0.6, 1))
        }
        rows = compare_many({name: {"x": one} for name, one in values.items()}, mode="fixed").rows
        expected = dunnett(values["a"], {"b": values["b"], "c": values["c"]}, variance="unequal").treatments
        for row, one in zip(rows, expected, strict=True):
            # From the p-value back to the statistic some digits are lost.
            assert row.adjusted_p_value == pytest.approx(one.p_value, rel=1e-9)
            assert row.adjusted_interval == pytest.approx(one.interval, rel=1e-8)

    def test_several_treatments_at_any_time_by_holm(self) -> None:
        rows = [row for row in compare_many(some_arms(3, arms=4, n=4_000)) if row.role == "primary"]
        assert [row.adjusted_p_value for row in rows] == adjust([row.comparison.p_value for row in rows])
        assert {row.adjustment for row in rows} == {"holm"}

    def test_covariates_are_not_given_to_dunnett(self) -> None:
        random = np.random.default_rng(0)
        arms = {}
        for name in "abc":
            x = random.normal(0, 1, 50)
            arms[name] = {"m": MeanWithCovariate.of(x + random.normal(0, 1, 50), x)}
        assert {row.adjustment for row in compare_many(arms, mode="fixed")} == {"holm"}

    @MODES
    def test_secondary_metrics_and_segments(self, mode: Any) -> None:
        segments = {f"s{place}": some_arms(place, n=2_000) for place in range(30)}
        table = compare_many(some_arms(4), segments=segments, mode=mode)
        second = [row for row in table if row.role == "secondary" and row.segment is None]
        assert [row.adjusted_p_value for row in second] == adjust([row.comparison.p_value for row in second])
        inside = [row for row in table if row.segment is not None]
        assert {row.family_size for row in inside} == {120}
        expected = adjust([row.comparison.p_value for row in inside], "bh")
        assert [row.adjusted_p_value for row in inside] == expected
        found = [place for place, row in enumerate(inside) if row.verdict != "undecided"]
        assert found == [place for place, value in enumerate(expected) if value <= 0.05] != []
        if mode == "confidence_sequence":
            assert {row.adjustment for row in inside} == {"e_bh"}
            assert found == e_bh([row.comparison.e_value for row in inside], 0.05)
        for row in inside:
            assert (row.adjusted_interval is not None) == (row.verdict != "undecided")
            if row.adjusted_interval is not None:
                low, high = row.adjusted_interval
                wide, end = row.comparison.difference_interval
                assert low < wide and high > end
                assert low > 0 or high < 0

    def test_bonferroni_intervals_hold_together(self) -> None:
        table = compare_many(some_arms(4), mode="fixed")
        for row in table.rows[1:]:
            arms = some_arms(4)
            expected = compare(arms["v1"][row.metric], arms["v2"][row.metric], mode="fixed", alpha=0.05 / 3)
            assert row.adjusted_interval == pytest.approx(expected.difference_interval, rel=1e-14)

    def test_guardrails_are_not_adjusted(self) -> None:
        plans = {"m0": "primary", **{f"m{place}": MetricPlan("guardrail", margin=0.5) for place in (1, 2, 3)}}
        table = compare_many(some_arms(5), metrics=plans, mode="fixed")
        for row in table.rows[1:]:
            assert row.adjustment == "none" and row.adjusted_p_value == row.comparison.p_value
            assert row.verdict == row.comparison.verdict == "non_inferior"

    def test_a_loss_that_is_shown_by_itself_must_hold_among_others(self) -> None:
        # Non-inferiority: its p-value is not that of the loss.
        plan = MetricPlan("secondary", hypothesis="non_inferiority", margin=0.01)

        def table(loss: int) -> Any:
            arms = {
                "a": {f"m{place}": Proportion(500, 1_000) for place in range(10)},
                "b": {f"m{place}": Proportion(500 - loss, 1_000) for place in range(10)},
            }
            return compare_many(arms, metrics={f"m{place}": plan for place in range(10)}, mode="fixed")

        slight, clear = table(55), table(90)
        assert {row.comparison.verdict for row in slight} == {"worse"}
        assert {row.verdict for row in slight} == {"undecided"}
        assert {row.verdict for row in clear} == {"worse"}


class TestReady:
    def arms(self, errors: int) -> dict[str, dict[str, Any]]:
        return {
            "a": {"c": Proportion(1_000, 10_000), "e": Proportion(100, 10_000)},
            "b": {"c": Proportion(1_150, 10_000), "e": Proportion(errors, 10_000)},
        }

    def test_needs_primary_and_all_guardrails(self) -> None:
        plans = {"c": "primary", "e": MetricPlan("guardrail", direction="lower", margin=0.005)}
        assert compare_many(self.arms(100), metrics=plans, mode="fixed").ready == ("b",)
        assert compare_many(self.arms(140), metrics=plans, mode="fixed").ready == ()
        assert compare_many(self.arms(100), metrics={"c": "secondary"}, mode="fixed").ready == ()
        segments = {"de": self.arms(300)}
        assert compare_many(self.arms(100), metrics=plans, segments=segments, mode="fixed").ready == ()

    def test_no_verdict_before_the_planned_size(self) -> None:
        segments = {"de": self.arms(100)}
        early = compare_many(self.arms(100), segments=segments, mode="fixed", planned_n=30_000)
        assert {row.verdict for row in early} == {"undecided"}
        assert all("planned" in row.comparison.reasons[0] for row in early)
        late = compare_many(self.arms(100), segments=segments, mode="fixed", planned_n=20_000)
        assert late.find(metric="c", segment="de")[0].verdict == "better"


class TestDegenerate:
    @MODES
    def test_what_cannot_be_tested_does_not_count(self, mode: Any) -> None:
        arms = {
            "a": {
                "c": Mean(100, 1.0, 90.0),
                "k": Mean(100, 1.0, 0.0),
                "n": Known(0, None, None),
                "d": Mean(100, 1.0, 90.0),
            },
            "b": {
                "c": Mean(100, 1.5, 90.0),
                "k": Mean(100, 1.0, 0.0),
                "n": Known(0, None, None),
                "d": Mean(1, 1.5, 0.0),
            },
        }
        table = compare_many(arms, metrics=dict.fromkeys("cknd", "secondary"), mode=mode)
        assert [row.adjusted_p_value is None for row in table] == [False, True, True, True]
        assert table.rows[0].family_size == 1 and table.rows[0].adjustment == "none"
        for row in table.rows[1:]:
            assert row.verdict == "undecided" and row.comparison.reasons
        json.dumps(table.to_dict(), allow_nan=False)
        assert "undecided" in str(table) and "<table>" in table._repr_html_()

    def test_dunnett_with_an_arm_that_shows_nothing(self) -> None:
        arms = {name: {"c": Mean(n, 1.0 + n / 100, float(n))} for name, n in (("a", 90), ("b", 80), ("c", 70))}
        arms["d"] = {"c": Mean(0, 0.0, 0.0)}
        rows = compare_many(arms, mode="fixed").rows
        assert [row.adjustment for row in rows] == ["dunnett"] * 3
        assert [row.family_size for row in rows] == [2] * 3
        assert rows[2].adjusted_p_value is None and rows[2].verdict == "undecided"

    def test_dunnett_with_extreme_arms(self) -> None:
        arms = {"a": {"c": Proportion(0, 50)}, "b": {"c": Proportion(10**9, 10**9)}, "c": {"c": Proportion(0, 50)}}
        rows = compare_many(arms, metrics={"c": MetricPlan("primary", method="score")}, mode="fixed").rows
        # The p-value of the score test is below the least float.
        assert rows[0].adjusted_p_value == 0.0 and rows[0].verdict == "better"
        assert rows[1].adjusted_p_value == 1.0 and rows[1].verdict == "undecided"

    def test_segments_without_rows(self) -> None:
        arms = some_arms(1)
        segments = {
            "x": {"v1": {"m0": Proportion(3, 9), "m1": Mean(3, 1.0, 1.0)}},
            "y": {"v2": {"m0": Proportion(1, 2)}},
        }
        table = compare_many(arms, segments=segments)
        rows = [row for row in table if row.segment]
        assert [(row.segment, row.metric) for row in rows] == [("x", "m0"), ("x", "m1"), ("y", "m0")]
        assert all("no rows" in row.comparison.reasons[0] for row in rows)
        with pytest.raises(ValueError, match="'v2' has no 'm3' in segment 'x'"):
            compare_many(
                {**{name: {"m3": Known(9, 1.0, 0.1)} for name in ("v1", "v2")}},
                segments={"x": {"v1": {"m3": Known(9, 1.0, 0.1)}}},
            )

    def test_html_is_escaped(self) -> None:
        arms = {"<a>": {"<m>": Proportion(1, 9)}, "<b>": {"<m>": Proportion(8, 9)}}
        html = compare_many(arms, mode="fixed", segments={"<s>": arms})._repr_html_()
        assert "<m>" not in html and "&lt;m&gt;" in html and "&lt;s&gt;" in html


GOOD = {"a": {"m": Proportion(1, 9)}, "b": {"m": Proportion(2, 9)}}


@pytest.mark.parametrize(
    ("error", "told", "arguments"),
    [
        (TypeError, "arms must be a mapping", {"arms": [1]}),
        (TypeError, r"arms\['a'\] must be a mapping", {"arms": {"a": 1}}),
        (ValueError, "arms must hold a control", {"arms": {}}),
        (ValueError, "at least one treatment", {"arms": {"a": {"m": Proportion(1, 9)}}}),
        (ValueError, "'b' has no 'k'", {"arms": {"a": {"m": Proportion(1, 9), "k": Proportion(1, 9)}, "b": GOOD["b"]}}),
        (TypeError, "'m' of 'b' against 'a': treatment must be", {"arms": {**GOOD, "b": {"m": Mean(3, 1.0, 1.0)}}}),
        (TypeError, "arms must have arms whose names are str, got 1", {"arms": {1: GOOD["a"], 2: GOOD["b"]}}),
        (TypeError, "arms must have metrics whose names are str", {"arms": {"a": {1: 2}, "b": {1: 2}}}),
        (ValueError, "segments must differ as texts, got 1 of type int and '1'", {"segments": {1: GOOD, "1": GOOD}}),
        (ValueError, "control must be one of 'a', 'b'", {"control": "c"}),
        (ValueError, "metrics must name", {"metrics": {"x": "primary"}}),
        (TypeError, r"metrics\['m'\] must be a MetricPlan", {"metrics": {"m": 3}}),
        (TypeError, "metrics must be MetricPlans", {"metrics": ["m"]}),
        (ValueError, "role must be", {"metrics": {"m": "first"}}),
        (ValueError, "margin must be given", {"metrics": {"m": "guardrail"}}),
        (ValueError, "mode must be", {"mode": "daily"}),
        (ValueError, "adjustment must be", {"adjustment": "fdr"}),
        (ValueError, "must not be 'e_bh'", {"segment_adjustment": "e_bh", "mode": "fixed"}),
        (ValueError, "segment_adjustment must be", {"segment_adjustment": "fdr"}),
        (TypeError, "segments must be arms", {"segments": [1]}),
        (ValueError, r"segments\['s'\] must have arms among", {"segments": {"s": {"c": {}}}}),
        (ValueError, r"segments\['s'\] must have metrics among", {"segments": {"s": {"a": {"k": Proportion(1, 2)}}}}),
        (ValueError, "segment_expected_n must be None", {"segment_expected_n": 9}),
        (ValueError, "planned_n must be None", {"planned_n": 9}),
    ],
)
def test_what_is_refused(error: type[Exception], told: str, arguments: dict[str, Any]) -> None:
    given = {"arms": GOOD, **arguments}
    with pytest.raises(error, match=told):
        compare_many(given.pop("arms"), **given)


def test_two_primary_metrics_are_refused() -> None:
    arms = {name: {"m": Proportion(1, 9), "k": Proportion(1, 9)} for name in "ab"}
    with pytest.raises(ValueError, match="one primary metric at most, got m, k"):
        compare_many(arms, metrics={"m": "primary", "k": "primary"})
    with pytest.raises(ValueError, match="hypothesis must be 'non_inferiority'"):
        MetricPlan("guardrail", hypothesis="equivalence", margin=0.1)


def test_text_shows_no_more_segments_than_can_be_read() -> None:
    segments = {
        f"s{place}": {"a": {"m": Proportion(100, 900)}, "b": {"m": Proportion(300, 900)}} for place in range(40)
    }
    text = str(compare_many(GOOD, segments=segments, mode="fixed"))
    assert "40 segments, 40 comparisons, 40 with a finding (the first 20 are shown)." in text
    assert len(text.splitlines()) < 35
    assert all(math.isfinite(row.adjusted_p_value) for row in compare_many(GOOD, segments=segments, mode="fixed"))


def test_any_false_primary_and_guardrail_by_simulation() -> None:
    """Three treatments of proportions: Dunnett's from the score tests errs in at most alpha; five bad guardrails never all pass."""
    random = np.random.default_rng(12)
    runs, n = 400, np.array([1_000, 700, 1_000, 2_000])
    wrong = 0
    for counts in random.binomial(n, 0.2, (runs, 4)):
        arms = {
            str(arm): {"c": Proportion(int(k), int(rows))} for arm, (k, rows) in enumerate(zip(counts, n, strict=True))
        }
        # As good as significant alone is needed, which saves most integrals.
        if any(compare(arms["0"]["c"], arms[arm]["c"], mode="fixed").is_decided for arm in "123"):
            wrong += any(row.verdict != "undecided" for row in compare_many(arms, mode="fixed"))
    assert wrong / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    plans = {f"g{place}": MetricPlan("guardrail", margin=0.02) for place in range(5)}
    passed = 0
    for before, now in zip(
        random.binomial(2_000, 0.2, (runs, 5)), random.binomial(2_000, 0.18, (runs, 5)), strict=True
    ):
        arms = {
            "a": {f"g{place}": Proportion(int(k), 2_000) for place, k in enumerate(before)},
            "b": {f"g{place}": Proportion(int(k), 2_000) for place, k in enumerate(now)},
        }
        passed += all(row.verdict == "non_inferior" for row in compare_many(arms, metrics=plans, mode="fixed"))
    # Each of them passes by error in alpha of all; independent ones hardly ever do so together.
    assert passed / runs <= 0.05
