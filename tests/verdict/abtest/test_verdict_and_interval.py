"""A verdict about proportions is what the interval says, whatever the sizes, the question and the method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Comparison, Mean, Proportion, compare

#: What once was found to say one thing in the verdict and another in the interval.
FOUND: list[tuple[tuple[int, int, int, int], dict[str, Any]]] = [
    # A margin that is smaller than how far the mid-p value of no difference holds the limit back.
    ((1, 2, 0, 34), {"mode": "fixed", "margin": 0.0008, "direction": "lower"}),
    ((0, 6, 2, 4), {"mode": "fixed", "margin": 0.007, "alternative": "greater"}),
    ((3, 4, 59, 59), {"mode": "fixed", "margin": 0.0001}),
    # Two rows beside millions, whose restricted estimate is next to an end.
    ((4_826_431, 4_826_434, 2, 2), {"hypothesis": "non_inferiority", "margin": 0.0027, "direction": "lower"}),
    # Failures of which there are three in thousands of millions.
    ((3_810_964_221, 3_810_964_222, 537_473_287, 537_473_290), {"mode": "fixed", "alternative": "less"}),
    ((537_473_290, 537_473_290, 3_810_964_221, 3_810_964_222), {"mode": "fixed"}),
    # The correction for skewness of a statistic beyond 40.
    ((0, 50, 10**9, 10**9), {"mode": "fixed"}),
    # Limits of Newcombe's that move little, and quantiles beyond all that he has limits for.
    ((0, 5_879, 171, 33_751_795), {"method": "newcombe", "expected_n": 38}),
    ((2, 6, 2, 2), {"method": "newcombe", "expected_n": 469_915, "hypothesis": "non_inferiority", "margin": 0.66}),
]


def said(result: Comparison) -> tuple[bool, bool]:
    """Whether the verdict says that the hypothesis is shown, and whether the interval does."""
    low, high = result.difference_interval
    margin = result.margin or 0.0
    if result.hypothesis == "superiority":
        return result.is_decided, low > margin or high < -margin
    if result.hypothesis == "equivalence":
        return result.verdict == "equivalent", low > -margin and high < margin
    return result.verdict == "non_inferior", low > -margin if result.direction == "higher" else high < margin


@pytest.mark.parametrize(("counts", "options"), FOUND)
def test_what_was_found(counts: tuple[int, int, int, int], options: dict[str, Any]) -> None:
    k, n, j, m = counts
    for arms in ((Proportion(k, n), Proportion(j, m)), (Proportion(n - k, n), Proportion(m - j, m))):
        result = compare(*arms, **options)
        by_verdict, by_interval = said(result)
        assert by_verdict == by_interval


def drawn(random: np.random.Generator) -> Proportion:
    """Of any size, often with next to no successes or next to no failures."""
    n = int(10 ** random.uniform(0, random.choice([1, 2, 4, 9, 13])))
    some = int(n * random.random()) if n >= 10**9 else int(random.binomial(n, random.random()))
    few = int(random.integers(0, 4))
    return Proportion(int(random.choice([0, n, min(n, few), max(0, n - few), some, int(n * 1e-4)])), n)


@pytest.mark.parametrize("seed", range(4))
def test_any_arms_and_questions(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(1_000):
        options: dict[str, Any] = {
            "mode": str(random.choice(["fixed", "confidence_sequence"])),
            "hypothesis": str(random.choice(["superiority", "superiority", "non_inferiority", "equivalence"])),
            "direction": str(random.choice(["higher", "lower"])),
        }
        if options["hypothesis"] != "superiority" or random.random() < 0.4:
            options["margin"] = float(10 ** random.uniform(-4, -0.05))
        if options["hypothesis"] == "superiority":
            options["alternative"] = str(random.choice(["two_sided", "greater", "less"]))
        if random.random() < 0.3:
            options["method"] = str(random.choice(["score", "mid_p", "newcombe", "agresti_caffo", "wald"]))
        if options["mode"] != "fixed" and random.random() < 0.3:
            options["expected_n"] = int(10 ** random.uniform(0, 7))
        arms = drawn(random), drawn(random)
        result = compare(*arms, **options)
        if result.difference_interval is None:
            continue
        by_verdict, by_interval = said(result)
        margin = result.margin or 0.0
        # A limit is found to some digits.
        near = min(abs(abs(limit) - margin) for limit in result.difference_interval) < 1e-9
        assert by_verdict == by_interval or near, (arms, options)


SIGNED = [(a, b) for a in (-5.0, -1.0, 1.0, 5.0) for b in (-4.0, -1.2, 1.2, 4.0)]


@pytest.mark.parametrize("relative_method", ["delta", "log", "fieller"])
@pytest.mark.parametrize("means", SIGNED)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"margin": 0.3},
        {"alternative": "greater"},
        {"hypothesis": "non_inferiority", "margin": 0.5},
        {"hypothesis": "equivalence", "margin": 0.5},
    ],
)
def test_relative_verdicts_of_values_of_any_sign(
    relative_method: str, means: tuple[float, float], options: dict[str, Any]
) -> None:
    """The relative difference is over the control's size, so that a higher treatment is higher below 0 too."""
    control, treatment = (Mean(400, mean, 40.0) for mean in means)
    for direction in ("higher", "lower"):
        given: dict[str, Any] = {"direction": direction, "relative_method": relative_method, "scale": "relative"}
        result = compare(control, treatment, mode="fixed", **given, **options)
        if relative_method == "log" and means[0] * means[1] < 0:
            assert result.verdict == "undecided"
            continue
        low, high = result.relative_interval
        assert low <= (means[1] - means[0]) / abs(means[0]) <= high
        margin = result.margin or 0.0
        if options.get("alternative") == "greater":
            assert result.is_decided == (low > 0)
        elif result.hypothesis == "superiority":
            expected = "higher" if low > margin else "lower" if high < -margin else None
            assert result.verdict == (
                "undecided" if expected is None else "better" if expected == direction else "worse"
            )
        elif result.hypothesis == "non_inferiority":
            assert (result.verdict == "non_inferior") == (low > -margin if direction == "higher" else high < margin)
        else:
            assert (result.verdict == "equivalent") == (low > -margin and high < margin)
