"""The rule that goes with the arms, where their kind or the method asks for another than the mode's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from truthlag.verdict.abtest.evidence import Reading
from truthlag.verdict.abtest.inference import AsymptoticSequence, Inference
from truthlag.verdict.abtest.inference.exact_sequence import ExactSequence
from truthlag.verdict.abtest.statistics.arm import Statistic
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate

#: Beyond them the logarithms of the exact form lose the digits that count.
_MOST_EXACT = 10**8


def with_own_rule(
    inference: Inference, control: Statistic, treatment: Statistic, reading: Reading
) -> tuple[Inference, Statistic, Statistic, Reading]:
    """The rule, the arms and the reading of a comparison.

    Raises:
        ValueError: The method `"exact"` does not go with the rest.
    """
    if isinstance(control, BatchedProportion) and isinstance(treatment, BatchedProportion):
        if not isinstance(inference, AsymptoticSequence) or reading.method not in (None, "exact"):
            # When rows came tells something at any time alone.
            return with_own_rule(inference, control.total, treatment.total, reading)
        rule = _exact(inference, control, treatment, reading, has_bets=True)
        return rule, control, treatment, reading._replace(method=None)
    if reading.method == "exact":
        rule = _exact(inference, control, treatment, reading, has_bets=False)
        return rule, control, treatment, reading._replace(method=None)
    if isinstance(control, MeanWithCovariate) and isinstance(inference, AsymptoticSequence):
        inference = _of_t(inference.alpha, inference.expected_n)
    return inference, control, treatment, reading


@lru_cache(maxsize=64)
def _of_t(alpha: float, expected_n: int) -> AsymptoticSequence:
    """The rule after a regression, whose remainder is t."""
    return AsymptoticSequence(alpha, expected_n, is_t=True)


def _exact(
    inference: Any, control: Statistic, treatment: Statistic, reading: Reading, *, has_bets: bool
) -> ExactSequence:
    """The rule without approximation, for what it is made for."""
    if inference.mode != "confidence_sequence":
        raise ValueError(f"method must be another with mode {inference.mode!r}: 'exact' is a confidence sequence")
    if control.KIND not in ("proportion", "batched proportion"):
        raise ValueError(f"method must be another for a {control.KIND}: 'exact' is for proportions")
    if max(control.n, treatment.n) > _MOST_EXACT:
        raise ValueError(
            f"method must be another for more than {_MOST_EXACT:,} units an arm: 'exact' is for few successes"
        )
    told = "for a batched proportion at any time" if has_bets else "with method 'exact'"
    if reading.relative_method != "delta":
        raise ValueError(f"relative_method must be left out {told}, got {reading.relative_method!r}")
    if reading.odds_ratio is not None:
        raise ValueError(f"odds_ratio must be None {told}, got {reading.odds_ratio!r}")
    return ExactSequence(inference.alpha, inference.expected_n, has_bets)
