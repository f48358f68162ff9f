"""When one may look, and what a look is then worth."""

from truthlag.verdict.abtest.inference.asymptotic_sequence import AsymptoticSequence
from truthlag.verdict.abtest.inference.fixed import Fixed
from truthlag.verdict.abtest.inference.inference import Evidence, Inference

__all__ = ["AsymptoticSequence", "Evidence", "Fixed", "Inference"]
