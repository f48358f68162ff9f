"""Intervals for a rate or a mean that hold at all times together; `truthlag.detectors` is where to import them from."""

from truthlag.verdict.sequences.beta_binomial import BetaBinomialSequence
from truthlag.verdict.sequences.betting import BettingSequence
from truthlag.verdict.sequences.confidence_sequence import ConfidenceSequence
from truthlag.verdict.sequences.empirical_bernstein import EmpiricalBernsteinSequence

__all__ = ["BetaBinomialSequence", "BettingSequence", "ConfidenceSequence", "EmpiricalBernsteinSequence"]
