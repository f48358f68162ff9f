"""One comparison of two arms: from what the caller gives to a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.difference import ODDS_RATIO_METHODS, RELATIVE_METHODS
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.inference import (
    AsymptoticSequence,
    Fixed,
    GroupSequential,
    GroupSequentialPlan,
    Inference,
)
from truthlag.verdict.abtest.inference.group_sequential import checked_looks, checked_planned_n
from truthlag.verdict.abtest.inference.spending import Spending, checked_spending
from truthlag.verdict.abtest.inference.watched import Watched
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.own_rule import with_own_rule
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
from truthlag.verdict.abtest.statistics.arm import Statistic
from truthlag.verdict.abtest.statistics.given import arms, is_raw
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.winsorize import Winsorized
from truthlag.verdict.abtest.statistics.winsorize import winsorize as winsorized
from truthlag.verdict.detectors.parameters import choice, count, real, share

if TYPE_CHECKING:
    from truthlag.verdict.abtest.gates.gate import Gate, GateReport
    from truthlag.verdict.abtest.gates.standing import Standing

Gates: TypeAlias = "GateReport | Gate | Iterable[Gate]"
"""What is given of gates: all of them at one look, or some."""

#: The relative methods that are for proportions alone.
_OF_PROPORTIONS = ("log_adjusted", "score")
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
    looks: Any = None,
    spending: Spending = "obrien_fleming",
    expected_n: int | None = None,
    cluster: Any = None,
    window: dict[str, Any] | None = None,
    scale: Scale = "absolute",
    alternative: Alternative = "two_sided",
    method: str | None = None,
    relative_method: str = "delta",
    odds_ratio: str | None = None,
    winsorize: float | None = None,
    gates: Gates | None = None,
    labelled_only: bool | None = None,
) -> Comparison:
    """How much the treatment differs from the control, how sure that is, and what follows.

    Proportions are compared by the score test with its interval, corrected for skewness and held back by the mid-p value where
    successes or failures are few; means by Welch's t; ratios and clustered values by the delta method; means with covariates after
    regression on them; quantiles by ranks, without a density. Test, interval and verdict agree.

    Args:
        control: Raw values (a sequence or an array of one dimension), `LabelledRows`, a statistic (`Proportion`, `Mean`, `Ratio`,
            `FMeasure`, `Calibration`, `Known`, `MeanWithCovariate`, `RatioWithCovariate`, `Strata`, `PredictionPowered`,
            `QuantileArm`), `Counts`, a `PerformanceSnapshot` or a tracker. Raw zeros and ones are a proportion.
        treatment: The same of the treatment.
        metric: What the metric is called; for counts, snapshots and trackers, which one it is.
        mode: `"confidence_sequence"`: p-value, interval and verdict hold however often one looks. `"fixed"`: they hold for one
            look. `"group_sequential"`: they hold at the looks of a plan.
        hypothesis: `"superiority"`: is there a difference (of more than `margin`). `"non_inferiority"`: is the treatment worse
            by less than `margin`. `"equivalence"`: is the difference smaller than `margin` either way.
        alpha: The probability of a wrong verdict that is allowed, between 0 and 0.5; of each limit for non-inferiority and
            equivalence, whose intervals have the level 1 - 2 alpha.
        margin: A difference that does not matter, in units of the metric, or of the control's value with `scale` `"relative"`;
            above 0, and needed but for superiority.
        direction: Which values are better.
        planned_n: The units of both arms together at which a test with `mode` `"fixed"` is looked at; no verdict comes before.
            With `"group_sequential"` those at which all of alpha is spent.
        looks: With `"group_sequential"`: a `GroupSequentialPlan`, which logs this look, at as many units as both arms have. Or, for
            a comparison that remembers nothing, the units or the shares of `planned_n` at all looks, or how many looks there are at
            equal distances: those before the present number of units count as taken, and from `planned_n` on it is the last one.
        spending: With `"group_sequential"`, how alpha is spent: `"obrien_fleming"`, `"pocock"`, or an exponent of the share of the
            units; a plan has its own.
        expected_n: The units of both arms together at which a confidence sequence is narrowest; 5 000 by default, and
            more for quantiles other than the median (`QuantileArm.expected_n`). It must not depend on the data.
        cluster: For raw values, a pair: the unit of each row of the control, and of the treatment.
        window: For trackers, the arguments of `snapshot`, such as `{"start": ..., "end": ..., "min_age": ...}`.
        scale: Whether margin, p-value and verdict are about the difference or about the relative difference.
        alternative: For superiority: which differences are looked for. `"greater"` and `"less"` leave one limit infinite.
        method: The test of the difference. For proportions `"score"`, `"mid_p"`, `"newcombe"`, `"agresti_caffo"`, `"wald"`,
            `"pooled"`, or for a confidence sequence `"exact"`, which holds at any sample size and is wider; for means `"welch"`,
            `"student"` or `"z"`; for ratios `"delta"` or `"jackknife"`; for covariates `"regression"`, `"cuped"` or `"lin"`; for
            calibration `"skewness"` or `"bootstrap"`; for quantiles `"ranks"`, `"guaranteed"` (at any number of values and for any
            distribution, but wider) or `"outer"`. None chooses. A `BatchedProportion` at any time is exact by itself.
        relative_method: The interval of the relative difference: `"delta"`, `"log"` or `"fieller"`; for proportions also `"score"`, the
            score test of their ratio, which stands in for `"delta"` where that sees no spread, and `"log_adjusted"`, with half a success
            more in each arm, whose centre is not the difference that was seen.
        odds_ratio: For proportions, whether there is an odds ratio in the result, and its interval: `"logit"`,
            `"logit_adjusted"`, `"logit_smoothed"` or `"score"`.
        winsorize: For raw values, the quantile of both arms together at which values are capped, such as 0.99; the limit is among the
            reasons. None for none.
        gates: What the test must have passed: a `GateReport` of `run_gates`, a `Gate`, or several. One that failed makes the verdict
            `"invalid"`, with its reason first; the numbers stay.
        labelled_only: Whether the metric is over rows with a label, which a failed gate of label arrival makes invalid, and no other.
            None: it is where the arms are made of labels (`LabelledRows`, `Counts`, `FMeasure`, `Calibration`, `PredictionPowered`,
            a snapshot, a tracker). Of others only the caller knows; where such a gate failed the reasons say so.

    Returns:
        The result. Where nothing can be said it is `"undecided"` and says why.

    Raises:
        TypeError: An argument has the wrong type, or the arms are of different kinds.
        ValueError: An argument is not allowed, or raw values hold NaN or infinity.

    Cost: some ten to thirty microseconds from statistics, up to a hundred where limits come from log odds or an odds ratio is asked
    for, and some hundred by Lin's regression; milliseconds by a plan of looks, by bets, exactly or by the bootstrap; some passes
    over raw values.

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
        >>> from truthlag.abtest import sample_ratio_chi_square
        >>> uneven = sample_ratio_chi_square([5_000, 4_600], [1, 1]).gate()
        >>> compare(Proportion(600, 5_000), Proportion(690, 4_600), mode="fixed", gates=uneven).verdict
        'invalid'
    """
    if metric is not None and not isinstance(metric, str):
        raise TypeError(f"metric must be None or a string, got {described(metric)}")
    standing = None if gates is None and labelled_only is None else _standing(gates, labelled_only)
    given = control
    plan = looks if isinstance(looks, GroupSequentialPlan) else None
    if plan is None:
        rule = (mode, alpha, planned_n, expected_n, None if looks is None else hashable(looks), spending)
    else:
        check_plan(plan, mode, alpha, planned_n, expected_n, spending)
        # The plan's own rule comes when the number of units is known.
        rule = ("fixed", plan.alpha, None, None, None, "obrien_fleming")
        if method == "exact":
            raise ValueError("method must be another with mode 'group_sequential': 'exact' is a confidence sequence")
    asked = (hypothesis, margin, direction, alternative, scale, relative_method, *rule)
    try:
        question, inference = _asked(*asked)
    except TypeError:
        # What does not hash is of a wrong type, and its own check says so.
        _asked.__wrapped__(*asked)
        raise
    capped: Winsorized | None = None
    if winsorize is not None:
        control, treatment, capped = _capped(control, treatment, winsorize)
    before, now = arms(control, treatment, metric=metric, cluster=cluster, window=window)
    if relative_method in _OF_PROPORTIONS and not isinstance(before, Proportion):
        allowed = "'delta', 'log' or 'fieller'"
        raise ValueError(f"relative_method must be {allowed} for a {before.KIND}, got {relative_method!r}")
    if odds_ratio is not None:
        choice("odds_ratio", odds_ratio, ODDS_RATIO_METHODS)
        if not isinstance(before, Proportion):
            raise ValueError(f"odds_ratio must be None for a {before.KIND}, got {described(odds_ratio)}")
    if isinstance(before, QuantileArm) and isinstance(inference, AsymptoticSequence) and expected_n is None:
        inference = AsymptoticSequence(inference.alpha, before.expected_n)
    reading = Reading(metric, scale, method, relative_method, odds_ratio)
    inference, before, now, reading = with_own_rule(inference, before, now, reading)
    if plan is not None:
        result, _, log = planned_look(plan, before, now, question, reading)
        log()
    else:
        result = with_last_look_told(compare_statistics(before, now, question, inference, reading), inference)
    if capped is not None:
        result = replace(result, reasons=(*result.reasons, str(capped)))
    return result if standing is None else standing.applied_to(result, given, labelled_only)


def _standing(gates: Any, labelled_only: Any) -> Standing | None:
    """The gates, checked before anything is logged."""
    # Gates compare too.
    from truthlag.verdict.abtest.gates.standing import Standing, checked_labelled_only

    checked_labelled_only(labelled_only)
    return None if gates is None else Standing.of(gates)


def with_last_look_told(result: Comparison, inference: Inference) -> Comparison:
    """The result, which says so where nothing can follow."""
    if not isinstance(inference, GroupSequential) or result.is_decided:
        return result
    n = result.control.n + result.treatment.n
    if n < inference.planned_n and not inference.is_final:
        return result
    return replace(result, reasons=(*result.reasons, "this is the last look: all of alpha is spent."))


def planned_look(
    plan: GroupSequentialPlan, control: Statistic, treatment: Statistic, question: Question, reading: Reading
) -> tuple[Comparison, GroupSequential, Callable[[], None]]:
    """The comparison at a look of a plan, the look's rule, and what logs it.

    Raises:
        ValueError: The plan has another question, or can have no look at so many units.
    """
    asked = {
        "metric": reading.metric,
        "hypothesis": question.hypothesis,
        "margin": question.margin,
        "direction": question.direction,
        "alternative": question.alternative,
        "scale": reading.scale,
    }
    plan._asked(asked)
    n = control.n + treatment.n
    if not n:
        # Where nothing is there to be seen no look is taken.
        rule = GroupSequential(plan.alpha, plan.planned_n, ())
        return compare_statistics(control, treatment, question, rule, reading), rule, lambda: None
    watched = Watched(plan._inference(n))
    result = with_last_look_told(compare_statistics(control, treatment, question, watched, reading), watched.rule)
    return result, watched.rule, lambda: plan._log(asked, watched, n, result)


def _capped(control: Any, treatment: Any, quantile: Any) -> tuple[Any, Any, Winsorized]:
    if not (is_raw(control) and is_raw(treatment)):
        raise ValueError("winsorize must be None unless both arms are raw values: cap them before statistics are made")
    capped = winsorized(control, treatment, upper=quantile)
    return capped.control, capped.treatment, capped


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
    looks: Any,
    spending: Any,
) -> tuple[Question, Inference]:
    """What is asked and by which rule, checked; the same is mostly asked of many metrics."""
    question = _question(hypothesis, margin, direction, alternative)
    choice("scale", scale, SCALES)
    choice("relative_method", relative_method, RELATIVE_METHODS)
    return question, inference_of(mode, alpha, planned_n, expected_n, looks, spending)


def inference_of(
    mode: str,
    alpha: float,
    planned_n: int | None,
    expected_n: int | None,
    looks: Any = None,
    spending: Spending = "obrien_fleming",
) -> Inference:
    """The rule of a mode, its parameters checked."""
    choice("mode", mode, MODES)
    level = share("alpha", alpha)
    if level >= 0.5:
        raise ValueError(f"alpha must be below 0.5, got {described(alpha)}")
    how = checked_spending(spending)
    if mode != "group_sequential":
        if looks is not None:
            raise ValueError(f"looks must be None with mode {mode!r}: they are those of mode 'group_sequential'")
        if how != "obrien_fleming":
            raise ValueError(f"spending must be left out with mode {mode!r}: it is for mode 'group_sequential'")
    if mode != "confidence_sequence" and expected_n is not None:
        raise ValueError(f"expected_n must be None with mode {mode!r}: it tunes a confidence sequence")
    if mode == "group_sequential":
        if planned_n is None or looks is None:
            raise ValueError(
                "mode 'group_sequential' needs a GroupSequentialPlan as looks, or planned_n and the looks themselves"
            )
        size = checked_planned_n(planned_n)
        return GroupSequential(level, size, checked_looks(looks, size), how)
    if mode == "fixed":
        return Fixed(level, None if planned_n is None else int(count("planned_n", planned_n, 1, _MOST_UNITS)))
    if planned_n is not None:
        raise ValueError("planned_n must be None with mode 'confidence_sequence': use expected_n")
    if expected_n is None:
        return AsymptoticSequence(level)
    return AsymptoticSequence(level, int(count("expected_n", expected_n, 1, _MOST_UNITS)))


def hashable(looks: Any) -> Any:
    """Looks that hash, where they are many."""
    return tuple(looks) if isinstance(looks, list | np.ndarray) else looks


def check_plan(
    plan: GroupSequentialPlan, mode: Any, alpha: Any, planned_n: Any, expected_n: Any, spending: Any
) -> None:
    """What a plan has already is that, or left out."""
    if mode != "group_sequential":
        raise ValueError(f"mode must be 'group_sequential' with a plan of looks, got {described(mode)}")
    if expected_n is not None:
        raise ValueError("expected_n must be None with mode 'group_sequential': it tunes a confidence sequence")
    given = (("alpha", alpha, 0.05), ("planned_n", planned_n, None), ("spending", spending, "obrien_fleming"))
    for name, value, default in given:
        own = getattr(plan, name)
        if value not in (default, own):
            raise ValueError(f"{name} must be that of the plan ({own!r}) or left out, got {described(value)}")


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
