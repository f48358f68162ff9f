"""The effect on a rate, by the pairs on which one model alone is right."""

from __future__ import annotations

import math

from truthlag.call.described import described
from truthlag.verdict.abtest.difference import Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.inference import AsymptoticSequence, Inference
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.paired.discordant_effect import DiscordantEffect, wald_error
from truthlag.verdict.abtest.paired.discordant_tests import METHODS, concentrations, log_e_value, quantile
from truthlag.verdict.abtest.paired.mixed_sequence import MixedSequence

_NAMES = {
    "score": "McNemar's test with Tango's interval",
    "mid_p": "McNemar's mid-p test with Tango's interval",
    "exact": "McNemar's exact test with Tango's interval",
    "corrected": "McNemar's test corrected for continuity, with Tango's interval",
}
#: Of the pairs that are expected, this share is taken to be discordant.
DISCORDANT_SHARE = 0.16


def rate_effect(
    control_only: int,
    treatment_only: int,
    n: int,
    question: Question,
    inference: Inference,
    method: str | None,
    betas: tuple[float, ...] | None = None,
) -> tuple[Effect, int]:
    """The difference of two rates of the same rows, and what the inference counts.

    Without a method: McNemar's test with Tango's interval, held back at no difference by the mid-p value; where one may look at any
    time, the e-process of the discordant pairs.

    Raises:
        Undefined: There are no rows, or no spread.
        ValueError: The method is not allowed.
    """
    check_method(method, question, inference)
    if n == 0:
        raise Undefined("no pair has what the metric needs: a label, and scores where it is of scores.")
    both = control_only + treatment_only
    if method == "wald":
        error = wald_error(control_only, treatment_only, n)
        if error == 0:
            raise Undefined("the pairs show no spread, so nothing tells how much chance could do.")
        effect: Effect = NormalEffect((treatment_only - control_only) / n, error, math.inf, "Wald test of pairs")
        return effect, n
    if question.margin is not None or method == "score":
        return DiscordantEffect(control_only, treatment_only, n, _NAMES["score"]), n
    if isinstance(inference, MixedSequence):
        betas = concentrations(inference.expected_n)
    if betas is not None and isinstance(inference, AsymptoticSequence):
        # At no difference the variance of the pairs is that of the discordant ones, which are its clock.
        looks_by = max(1, both)
        at_null = _exact_quantile(control_only, treatment_only, question, inference, looks_by, betas)
        name = "e-process of the discordant pairs with Tango's interval"
        return DiscordantEffect(control_only, treatment_only, n, name, at_null), looks_by
    at_null = quantile(method or "mid_p", control_only, treatment_only)
    if method is None:
        at_null = min(at_null, quantile("score", control_only, treatment_only), key=abs)
    return DiscordantEffect(control_only, treatment_only, n, _NAMES[method or "mid_p"], at_null), n


def check_method(method: str | None, question: Question, inference: Inference) -> None:
    """Whether a method of rates may be asked for."""
    if method is None:
        return
    if method not in METHODS:
        raise ValueError(f"method must be None or one of {', '.join(map(repr, METHODS))}, got {described(method)}")
    is_of_null = method in ("mid_p", "exact", "corrected")
    if is_of_null and question.margin is not None:
        raise ValueError(
            f"method must be None, 'score' or 'wald' with a margin, got {method!r}, a test of no difference"
        )
    if is_of_null and isinstance(inference, AsymptoticSequence):
        raise ValueError(
            f"method must be None, 'score' or 'wald' with mode 'confidence_sequence', got {method!r}, a test for a single look"
        )


def tuned(inference: Inference, question: Question, method: str | None) -> Inference:
    """For the e-process, a confidence sequence that counts discordant pairs, narrow when as many as are expected have come."""
    if not isinstance(inference, AsymptoticSequence) or question.margin is not None or method is not None:
        return inference
    return MixedSequence(inference.alpha, max(1, round(DISCORDANT_SHARE * inference.expected_n)))


def _exact_quantile(
    control_only: int,
    treatment_only: int,
    question: Question,
    inference: AsymptoticSequence,
    looks_by: int,
    betas: tuple[float, ...],
) -> float:
    """The statistic whose e-value is the exact one."""
    side = {"two_sided": "both", "greater": "lower", "less": "upper"}[question.alternative]
    logarithm = log_e_value(control_only, treatment_only, betas, side)
    found = inference.statistic(logarithm, looks_by, one_sided=question.one_sided)
    sign = {"two_sided": treatment_only - control_only, "greater": 1, "less": -1}[question.alternative]
    return math.copysign(found, sign) if sign else 0.0
