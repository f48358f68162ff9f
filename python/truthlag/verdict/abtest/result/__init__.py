"""What a comparison says: numbers that are never rounded, a verdict, and the reasons for it in words."""

from truthlag.verdict.abtest.result.comparison import ArmSummary, Comparison
from truthlag.verdict.abtest.result.words import Direction, Hypothesis, Mode, Scale, Verdict

__all__ = ["ArmSummary", "Comparison", "Direction", "Hypothesis", "Mode", "Scale", "Verdict"]
