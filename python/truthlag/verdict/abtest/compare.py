"""One comparison of two arms: from what the caller gives to a result."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.difference import ODDS_RATIO_METHODS, RELATIVE_METHODS
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.inference import AsymptoticSequence, Fixed, Inference
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.words import (
    ALTERNATIVES,
    DIRECTIONS,
    HYPOTHESES,
    MODES,
    SCALES,
    Alternative,
    Direction,
    Hypothesis,
    Mode,
    Scale,
)
from truthlag.verdict.abtest.statistics.given import arms
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.detectors.parameters import choice, count, real, share

_MOST_UNITS = 2**53


def compare(
    control: Any,
    treatment: Any,
    *,
    metric: str | None = None,
    mode: Mode = "confidence_sequence",
    hypothesis: Hypothesis = "superiority",
    alpha: float = 0.05,
    margin: float | None = None,
    direction: Direction = "higher",
    planned_n: int | None = None,
    expected_n: int | None = None,
    cluster: Any = None,
    window: dict[str, Any] | None = None,
    scale: Scale = "absolute",
    alternative: Alternative = "two_sided",
    method: str | None = None,
    relative_method: str = "delta",
    odds_ratio: str | None = None,
) -> Comparison:
    """How much the treatment differs from the control, how sure that is, and what follows.

    Proportions are compared by the score test with its interval, corrected for skewness and held back by the mid-p value where
    successes or failures are few; means by Welch's t; ratios and clustered values by the delta method; means with covariates after
    regression on them; quantiles by ranks, without a density. Test, interval and verdict agree.

    Args:
        control: Raw values (a sequence or an array of one dimension), a statistic (`Proportion`, `Mean`, `Ratio`,
            `MeanWithCovariate`, `QuantileArm`, `Known`), `Counts`, a `PerformanceSnapshot` or a tracker. Raw zeros and ones are a
            proportion.
        treatment: The same of the treatment.
        metric: What the metric is called; for counts, snapshots and trackers, which one it is.
        mode: `"confidence_sequence"`: p-value, interval and verdict hold however often one looks. `"fixed"`: they hold for one
            look.
        hypothesis: `"superiority"`: is there a difference (of more than `margin`). `"non_inferiority"`: is the treatment worse
            by less than `margin`. `"equivalence"`: is the difference smaller than `margin` either way.
        alpha: The probability of a wrong verdict that is allowed, between 0 and 0.5; of each limit for non-inferiority and
            equivalence, whose intervals have the level 1 - 2 alpha.
        margin: A difference that does not matter, in units of the metric, or of the control's value with `scale` `"relative"`;
            above 0, and needed but for superiority.
        direction: Which values are better.
        planned_n: The units of both arms together at which a test with `mode` `"fixed"` is looked at; no verdict comes before.
        expected_n: The units of both arms together at which a confidence sequence is narrowest; 5 000 by default, and
            more for quantiles other than the median (`QuantileArm.expected_n`). It must not depend on the data.
        cluster: For raw values, a pair: the unit of each row of the control, and of the treatment.
        window: For trackers, the arguments of `snapshot`, such as `{"start": ..., "end": ..., "min_age": ...}`.
        scale: Whether margin, p-value and verdict are about the difference or about the relative difference.
        alternative: For superiority: which differences are looked for. `"greater"` and `"less"` leave one limit infinite.
        method: The test of the difference. For proportions `"score"`, `"mid_p"`, `"newcombe"`, `"agresti_caffo"`, `"wald"` or
            `"pooled"`; for means `"welch"`, `"student"` or `"z"`; for ratios `"delta"` or `"jackknife"`; for quantiles `"ranks"`,
            `"guaranteed"` (at any number of values and for any distribution, but wider) or `"outer"`. None chooses.
        relative_method: The interval of the relative difference: `"delta"`, `"log"` or `"fieller"`; for proportions also
            `"log_adjusted"`, with half a success more in each arm, whose centre is not the difference that was seen.
        odds_ratio: For proportions, whether there is an odds ratio in the result, and its interval: `"logit"`,
            `"logit_adjusted"`, `"logit_smoothed"` or `"score"`.

    Returns:
        The result. Where nothing can be said it is `"undecided"` and says why.

    Raises:
        TypeError: An argument has the wrong type, or the arms are of different kinds.
        ValueError: An argument is not allowed, or raw values hold NaN or infinity.

    Cost: ten to thirty microseconds from statistics, some more for proportions with few successes; some passes over raw values.

    Source: Welch (1947); Farrington and Manning (1990); Miettinen and Nurminen (1985); Laud (2017); Deng, Knoblich and Lu (2018);
    Fieller (1954); Waudby-Smith and others (2024); Howard and Ramdas (2022).

    Example:
        >>> from truthlag.abtest import Proportion, compare
        >>> result = compare(Proportion(600, 5_000), Proportion(675, 5_000), metric="conversion", expected_n=10_000)
        >>> result.verdict, round(result.p_value, 3), result.additional_n > 0
        ('undecided', 0.317, True)
        >>> guarded = compare(
        ...     Proportion(600, 5_000), Proportion(590, 5_000), mode="fixed", hypothesis="non_inferiority", margin=0.02
        ... )
        >>> guarded.verdict
        'non_inferior'
    """
    try:
        question, inference = _asked(
            hypothesis, margin, direction, alternative, scale, relative_method, mode, alpha, planned_n, expected_n
        )
    except TypeError:
        # What does not hash is of a wrong type, and its own check says so.
        _asked.__wrapped__(
            hypothesis, margin, direction, alternative, scale, relative_method, mode, alpha, planned_n, expected_n
        )
        raise
    before, now = arms(control, treatment, metric=metric, cluster=cluster, window=window)
    if relative_method == "log_adjusted" and not isinstance(before, Proportion):
        raise ValueError(f"relative_method must be 'delta', 'log' or 'fieller' for a {before.KIND}, got 'log_adjusted'")
    if odds_ratio is not None:
        choice("odds_ratio", odds_ratio, ODDS_RATIO_METHODS)
        if not isinstance(before, Proportion):
            raise ValueError(f"odds_ratio must be None for a {before.KIND}, got {described(odds_ratio)}")
    if isinstance(before, QuantileArm) and isinstance(inference, AsymptoticSequence) and expected_n is None:
        inference = AsymptoticSequence(inference.alpha, before.expected_n)
    return compare_statistics(
        before, now, question, inference, Reading(metric, scale, method, relative_method, odds_ratio)
    )


@lru_cache(maxsize=256, typed=True)
def _asked(
    hypothesis: Any,
    margin: Any,
    direction: Any,
    alternative: Any,
    scale: Any,
    relative_method: Any,
    mode: Any,
    alpha: Any,
    planned_n: Any,
    expected_n: Any,
) -> tuple[Question, Inference]:
    """What is asked and by which rule, checked; the same is mostly asked of many metrics."""
    question = _question(hypothesis, margin, direction, alternative)
    choice("scale", scale, SCALES)
    choice("relative_method", relative_method, RELATIVE_METHODS)
    return question, inference_of(mode, alpha, planned_n, expected_n)


def inference_of(mode: str, alpha: float, planned_n: int | None, expected_n: int | None) -> Inference:
    """The rule of a mode, its parameters checked."""
    choice("mode", mode, MODES)
    level = share("alpha", alpha)
    if level >= 0.5:
        raise ValueError(f"alpha must be below 0.5, got {described(alpha)}")
    if mode == "fixed":
        if expected_n is not None:
            raise ValueError("expected_n must be None with mode 'fixed': it tunes a confidence sequence")
        return Fixed(level, None if planned_n is None else int(count("planned_n", planned_n, 1, _MOST_UNITS)))
    if planned_n is not None:
        raise ValueError("planned_n must be None with mode 'confidence_sequence': use expected_n")
    if expected_n is None:
        return AsymptoticSequence(level)
    return AsymptoticSequence(level, int(count("expected_n", expected_n, 1, _MOST_UNITS)))


def _question(hypothesis: Any, margin: Any, direction: Any, alternative: Any) -> Question:
    choice("hypothesis", hypothesis, HYPOTHESES)
    choice("direction", direction, DIRECTIONS)
    choice("alternative", alternative, ALTERNATIVES)
    if alternative != "two_sided" and hypothesis != "superiority":
        raise ValueError(
            f"alternative must be 'two_sided' for {hypothesis}, whose sides are its own, got {alternative!r}"
        )
    if margin is None:
        if hypothesis != "superiority":
            raise ValueError(f"margin must be given for {hypothesis}, got None")
        return Question(hypothesis, None, direction, alternative)
    return Question(hypothesis, real("margin", margin, 0.0, above=True), direction, alternative)
