"""Strata whose means are adjusted for covariates, against regressions that are plainly right."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Mean, MeanWithCovariate, Proportion, Strata, compare, statistic_from_dict

Rows = dict[str, Any]


def drawn(seed: int, rows: int = 900, effect: float = 0.0) -> Rows:
    """Three strata of unequal shares, levels and slopes, with two covariates."""
    random = np.random.default_rng(seed)
    stratum = random.choice(3, rows, p=[0.6, 0.3, 0.1])
    # The share of the treatment differs by stratum, as after a ramp.
    treated = random.random(rows) < np.array([0.1, 0.5, 0.5])[stratum]
    covariates = random.gamma(2.0, 3.0, (2, rows)) + stratum
    values = 10.0 + 4.0 * stratum + 2.0 * covariates[0] - covariates[1] + random.normal(0.0, 2.0, rows)
    return {"stratum": stratum, "treated": treated, "covariates": covariates, "values": values + effect * treated}


def strata(rows: Rows, arm: bool) -> Strata:
    found = {}
    for one in range(3):
        chosen = (rows["stratum"] == one) & (rows["treated"] == arm)
        found[f"period {one}"] = MeanWithCovariate.of(
            rows["values"][chosen], list(rows["covariates"][:, chosen]), names=("spend", "visits")
        )
    return Strata(found)


def naive(rows: Rows) -> float:
    """Least squares with a level of each stratum in each arm and one slope for all, then strata by their shares."""
    cell = 2 * rows["stratum"] + rows["treated"]
    design = np.column_stack([(cell[:, None] == np.arange(6)).astype(float), *rows["covariates"]])
    levels = np.linalg.lstsq(design, rows["values"], rcond=None)[0][:6]
    shares = np.bincount(rows["stratum"], minlength=3) / len(cell)
    return float(shares @ (levels[1::2] - levels[::2]))


@pytest.mark.parametrize("seed", range(5))
def test_the_difference_is_that_of_least_squares(seed: int) -> None:
    rows = drawn(seed, effect=0.7)
    result = compare(strata(rows, False), strata(rows, True), mode="fixed")
    # Both are sums of the same products in another order.
    assert result.difference == pytest.approx(naive(rows), rel=1e-9)
    assert result.method == "post-stratification after regression on covariates"
    assert result.control.estimate == pytest.approx(rows["values"][~rows["treated"]].mean(), rel=1e-12)


def test_the_standard_error_is_that_of_what_the_covariates_leave() -> None:
    rows = drawn(1)
    cell = 2 * rows["stratum"] + rows["treated"]
    design = np.column_stack([(cell[:, None] == np.arange(6)).astype(float), *rows["covariates"]])
    slope = np.linalg.lstsq(design, rows["values"], rcond=None)[0][6:]
    left = rows["values"] - slope @ rows["covariates"]
    plain = [
        Strata(
            {f"period {one}": Mean.of(left[(rows["stratum"] == one) & (rows["treated"] == arm)]) for one in range(3)}
        )
        for arm in (False, True)
    ]
    wanted = compare(*plain, mode="fixed")
    result = compare(strata(rows, False), strata(rows, True), mode="fixed")
    assert result.standard_error == pytest.approx(wanted.standard_error, rel=1e-9)
    assert result.p_value == pytest.approx(wanted.p_value, rel=1e-9)
    raw = compare(
        *(
            Strata.of(rows["values"][rows["treated"] == arm], rows["stratum"][rows["treated"] == arm])
            for arm in (False, True)
        ),
        mode="fixed",
    )
    assert result.standard_error < 0.5 * (raw.standard_error or 0.0)


def test_one_stratum_is_the_regression_itself() -> None:
    rows = drawn(2)
    arms = [
        MeanWithCovariate.of(
            rows["values"][rows["treated"] == arm], list(rows["covariates"][:, rows["treated"] == arm])
        )
        for arm in (False, True)
    ]
    whole, alone = compare(*arms, mode="fixed"), compare(*(Strata({"all": arm}) for arm in arms), mode="fixed")
    for name in ("difference", "standard_error", "p_value", "relative_difference"):
        assert getattr(alone, name) == pytest.approx(getattr(whole, name), rel=1e-9), name
    assert alone.relative_interval == pytest.approx(whole.relative_interval, rel=1e-9)


def test_intervals_cover_the_truth() -> None:
    """The difference and the ratio to the control's level, of which both have the covariates' noise in common."""
    misses, ratio_misses, runs = 0, 0, 1_000
    # By the shares of the strata: levels of 10 + 4 s, and covariates with means of 6 + s, of slopes 2 and -1.
    level = 10 + 4 * 0.5 + 6.5
    for seed in range(runs):
        rows = drawn(seed, 500, effect=1.0)
        result = compare(strata(rows, False), strata(rows, True), mode="fixed")
        low, high = result.difference_interval or (0.0, 0.0)
        misses += not low <= 1.0 <= high
        low, high = result.relative_interval or (0.0, 0.0)
        ratio_misses += not low <= 1.0 / level <= high
    # Of 50 that are expected, three standard deviations (20.7) to either side.
    assert 30 <= misses <= 71
    assert 30 <= ratio_misses <= 71


def test_merging_equals_the_whole_and_goes_through_json() -> None:
    rows = drawn(3)
    first = {name: values[..., :450] for name, values in rows.items()}
    rest = {name: values[..., 450:] for name, values in rows.items()}
    whole, merged = strata(rows, False), strata(first, False) + strata(rest, False)
    for name, one in whole.by_stratum.items():
        other = merged.by_stratum[name]
        assert isinstance(one, MeanWithCovariate) and isinstance(other, MeanWithCovariate)
        assert other.means == pytest.approx(one.means, rel=1e-12)
        assert np.allclose(other.comoments, one.comoments, rtol=1e-12)
    assert statistic_from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    assert (whole.covariates, whole.names) == (2, ("spend", "visits"))
    assert whole.standard_error == pytest.approx(np.std(rows["values"][~rows["treated"]], ddof=1) / whole.n**0.5)


def test_covariates_are_alike_in_strata_and_arms() -> None:
    rows = drawn(4)
    with_covariates = strata(rows, False)
    for other in (Mean(9, 1.0, 2.0), Proportion(3, 9), MeanWithCovariate.of([1.0, 2.0], [0.0, 1.0])):
        with pytest.raises(
            ValueError, match="by_stratum must have the same covariates in all strata, got 'spend', 'visits' and"
        ):
            Strata({**with_covariates.by_stratum, "other": other})
    plain = Strata({name: one.values for name, one in with_covariates.by_stratum.items()})  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="treatment must have 2 covariates as control, got 0"):
        compare(with_covariates, plain)
    with pytest.raises(TypeError, match="must be a mean with covariate in both, got a mean"):
        with_covariates.merge(plain)
    # One that was measured otherwise in the treatment would be moved into the difference.
    rows["covariates"][0] += 3.0 * rows["treated"]
    moved = compare(strata(rows, False), strata(rows, True), mode="fixed")
    assert moved.p_value is None and "'spend' is" in moved.reasons[0] and "not measured alike" in moved.reasons[0]


@pytest.mark.parametrize("scale", [0.0, 1e100])
def test_a_covariate_without_use_changes_nothing(scale: float) -> None:
    rows = drawn(5)
    rows["covariates"] = rows["covariates"] * scale
    plain = [
        Strata.of(
            rows["values"][rows["treated"] == arm], [f"period {one}" for one in rows["stratum"][rows["treated"] == arm]]
        )
        for arm in (False, True)
    ]
    result = compare(strata(rows, False), strata(rows, True), mode="fixed")
    if not scale:
        assert result.difference == pytest.approx(compare(*plain, mode="fixed").difference, rel=1e-12)
        assert result.p_value == pytest.approx(compare(*plain, mode="fixed").p_value, rel=1e-12)
    else:
        assert result.difference == pytest.approx(naive({**rows, "covariates": rows["covariates"] / scale}), rel=1e-9)


def test_each_covariate_that_explains_something_narrows_the_interval() -> None:
    """What is left of an arm's spread falls with every covariate that explains something."""
    rows = drawn(6)
    errors = []
    for count in range(3):
        arms = [
            Strata(
                {
                    str(one): MeanWithCovariate.of(
                        rows["values"][chosen],
                        list(np.vstack([rows["covariates"][:count], np.zeros(len(chosen))])[:, chosen]),
                    )
                    for one in range(3)
                    if (chosen := (rows["stratum"] == one) & (rows["treated"] == arm)).any()
                }
            )
            for arm in (False, True)
        ]
        errors.append(compare(*arms, mode="fixed").standard_error or 0.0)
    assert all(after < before for before, after in pairwise(errors))


def test_without_rows_there_is_a_reason_and_no_verdict() -> None:
    nothing = Strata.of([], [])
    assert nothing == Strata({}) and (nothing.n, nothing.estimate, nothing.standard_error) == (0, None, None)
    assert (nothing.covariates, nothing.names) == (0, None)
    some = Strata({"a": Mean.of([1.0, 2.0, 4.0])})
    assert nothing + some == some + nothing == some
    for arms, reason in (
        ((nothing, nothing), "the control and the treatment have no rows."),
        ((nothing, some), "the control has no rows."),
        ((strata(drawn(1), False), nothing), "the treatment has no rows."),
        ((Strata({"a": Mean(0, 0.0, 0.0)}), some), "the control has no rows."),
    ):
        for mode in ("fixed", "confidence_sequence"):
            result = compare(*arms, mode=mode)  # type: ignore[arg-type]
            assert (result.verdict, result.p_value, result.reasons[0]) == ("undecided", None, reason)
    assert statistic_from_dict(json.loads(json.dumps(nothing.to_dict()))) == nothing


def test_equal_strata_have_one_hash() -> None:
    first, second = Mean.of([1.0, 2.0]), Proportion(3, 9)
    assert hash(Strata({"a": first, "b": second})) == hash(Strata({"b": second, "a": first}))
    assert len({Strata({"a": first}), Strata({"a": Mean.of([1.0, 2.0])}), Strata({"b": first})}) == 2
    assert hash(strata(drawn(1), False)) == hash(strata(drawn(1), False))
