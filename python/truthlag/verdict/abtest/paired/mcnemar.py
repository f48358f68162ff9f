"""McNemar's test from the counts of discordant pairs."""

from __future__ import annotations

from typing import Any

from truthlag.verdict.abtest.compare import _question, check_plan, inference_of
from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.inference import AsymptoticSequence, Fixed, GroupSequentialPlan, Inference
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.paired.case import NO_PAIRS
from truthlag.verdict.abtest.paired.evidence import Asked, Seen, result_of, without_difference
from truthlag.verdict.abtest.paired.looks import at_look, question_of
from truthlag.verdict.abtest.paired.mixed_sequence import MixedSequence
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.paired.rate import rate_effect, tuned
from truthlag.verdict.abtest.result.comparison import ArmSummary
from truthlag.verdict.abtest.result.words import Alternative, Direction, Hypothesis, Mode
from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.detectors.parameters import real


def mcnemar(
    control_only: int,
    treatment_only: int,
    *,
    pairs: int | None = None,
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
    alternative: Alternative = "two_sided",
    method: str | None = None,
    concentration: float | None = None,
) -> PairedComparison:
    """Which of two models is right more often, from the pairs on which one of them alone is right.

    These are all that is needed: of labels only those of requests on which the decisions differ have to be had, and of the others
    their number. `mode`, `hypothesis`, `alpha`, `margin`, `direction`, `planned_n` and `alternative` are as in `compare`.

    Args:
        control_only: The pairs on which the control alone is right.
        treatment_only: Those on which the treatment alone is right.
        pairs: All pairs, those on which both are right or wrong among them; None where their number is not known, and then the difference
            is not.
        metric: What the metric is called.
        mode: When one may look.
        hypothesis: What is to be shown.
        alpha: The probability of a wrong verdict that is allowed.
        margin: A difference that does not matter; it needs `pairs`.
        direction: Whether more successes are better.
        planned_n: The pairs at which a test with mode `"fixed"` is looked at; with `"group_sequential"` those at the last look.
        looks: With mode `"group_sequential"`, a `GroupSequentialPlan`, which logs the look, or the pairs at all looks so far.
        spending: With mode `"group_sequential"`, how alpha is spent; see `compare`.
        expected_n: The pairs at which a confidence sequence is to be narrow, if 16 percent of them are discordant; 5 000 by default.
        alternative: Which differences are looked for.
        method: With mode `"fixed"`: `"score"` (McNemar 1947), `"mid_p"`, `"exact"`, `"corrected"` (Edwards 1948) or `"wald"`; None for the
            mid-p value and the score, whichever says less. With `"confidence_sequence"`: None for the e-process of the discordant
            pairs (beta mixtures against 1/2), which is exact at any number of them; `"score"` or `"wald"` for asymptotic ones.
        concentration: For the e-process, the sum of the parameters of a single beta mixture, from 2; None for the mean of two, of
            concentrations `expected_n` / 50 and a sixteenth of that, which finds large differences as soon as small ones.

    Returns:
        The result; its interval is that of Tango (1998), which agrees with the test.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: some tens of microseconds; of the e-process some hundred.

    Source: McNemar (1947); Tango (1998); Fagerland, Lydersen and Laake (2013); Robbins (1970).

    Example:
        >>> from truthlag.abtest import mcnemar
        >>> result = mcnemar(59, 121, pairs=314)
        >>> result.verdict, round(result.e_value), round(result.p_value, 5)
        ('better', 3770, 0.00027)
        >>> low, high = result.difference_interval
        >>> print(f"{result.difference:.3f}, {low:.3f} to {high:.3f}")
        0.197, 0.063 to 0.325
    """
    question = _question(hypothesis, margin, direction, alternative)
    if isinstance(looks, GroupSequentialPlan):
        check_plan(looks, mode, alpha, planned_n, expected_n, spending)
        inference: Inference = Fixed(looks.alpha)
    else:
        inference = tuned(inference_of(mode, alpha, planned_n, expected_n, looks, spending), question, method)
    betas = None
    if concentration is not None:
        betas = (real("concentration", concentration, 2.0, 1e6),)
        if not isinstance(inference, MixedSequence) or expected_n is not None:
            raise ValueError(
                "concentration must be None but for the e-process, and beside expected_n: it tunes the same"
            )
        inference = AsymptoticSequence(inference.alpha, round(8 * betas[0]))
    first, second = count("control_only", control_only), count("treatment_only", treatment_only)
    if pairs is None and (margin is not None or method == "wald"):
        raise ValueError("pairs must be given where there is a margin, and for method 'wald', got None")
    n = first + second if pairs is None else count("pairs", pairs)
    if n < first + second:
        raise ValueError(f"pairs must be at least control_only + treatment_only ({first + second}), got {n}")
    arm = ArmSummary(None, n, None)
    counts = {"control_only": first, "treatment_only": second, "disagreements": None}

    def found(rule: Inference) -> PairedComparison:
        asked = Asked(question, rule, metric)
        try:
            effect, looks_by = rate_effect(first, second, n, question, rule, method, betas)
        except Undefined as why:
            why_not = str(why) if n else NO_PAIRS
            return result_of(asked, Seen(arm, arm, None, why_not=why_not, pairs=n, labelled_pairs=n), **counts)
        seen = Seen(arm, arm, effect, looks_by=looks_by, units=n, pairs=n, labelled_pairs=n)
        return result_of(asked, seen, **counts)

    result = at_look(looks, inference, question_of(metric, question, "absolute"), found)
    return result if pairs is not None or result.standard_error is None else without_difference(result)
