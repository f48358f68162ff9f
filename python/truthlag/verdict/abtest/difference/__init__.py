"""How two arms are compared: effects, of which each knows how many standard errors it is from any value."""

from truthlag.verdict.abtest.difference.effect import Baseline, Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.difference.effects import METHODS, absolute_effect
from truthlag.verdict.abtest.difference.odds_ratio import ODDS_RATIO_METHODS, odds_ratio_effect
from truthlag.verdict.abtest.difference.relative import (
    RELATIVE_METHODS,
    adjusted_log_ratio,
    relative_effect,
    relative_to_baseline,
)

__all__ = [
    "METHODS",
    "ODDS_RATIO_METHODS",
    "RELATIVE_METHODS",
    "Baseline",
    "Effect",
    "NormalEffect",
    "Undefined",
    "absolute_effect",
    "adjusted_log_ratio",
    "odds_ratio_effect",
    "relative_effect",
    "relative_to_baseline",
]
