"""What to do about a test, in a word and in a paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Action: TypeAlias = Literal[
    "ship", "revert", "revert_some", "keep_running", "stop_no_difference", "stop_not_shown", "invalid", "no_data"
]
"""What is to be done."""

RECOMMENDATIONS: tuple[str, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do, and the numbers that this rests on.

    - `ship`: the primary metric has shown what was asked, and every guardrail passes.
    - `revert`: the primary metric is worse, or a guardrail blocks, whatever the metric says.
    - `revert_some`: of several treatments some are to be reverted now, as above, while others run on; `ABTestReport.by_arm` says which.
    - `keep_running`: the primary metric or a guardrail is undecided, and more units can decide it.
    - `stop_no_difference`: the last look that was planned is taken and shows no difference.
    - `stop_not_shown`: the last look is taken, and non-inferiority or equivalence, or that a guardrail passes, is not shown.
    - `invalid`: a gate failed, so that the numbers cannot be trusted.
    - `no_data`: an arm has nothing to compare yet.

    Example:
        >>> from truthlag.abtest import Proportion, ab_test_report, compare
        >>> result = compare(Proportion(600, 5_000), Proportion(690, 5_000), metric="conversion", mode="fixed")
        >>> advice = ab_test_report(metrics={"conversion": result}).recommendation
        >>> advice.status, advice.arm
        ('ship', 'treatment')
        >>> print(advice)
        Ship treatment: conversion rose from 0.12 to 0.138 (+15%; 95% interval of the difference 0.004865 to 0.03116). No...
    """

    status: Action
    """What is to be done."""
    arm: str | None
    """The treatment that this is about; None where it is about all of them."""
    text: str
    """The same in plain words, with the numbers."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Recommendation
            >>> Recommendation("no_data", None, "There are no units yet.").to_dict()["status"]
            'no_data'
        """
        return {"status": self.status, "arm": self.arm, "text": self.text}

    def __str__(self) -> str:
        return self.text
