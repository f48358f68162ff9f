"""When one may look, and what a look is then worth.

The exact sequence is not among them: it is made of a difference of proportions, and statistics of quantiles are made of these.
"""

from truthlag.verdict.abtest.inference.asymptotic_sequence import AsymptoticSequence
from truthlag.verdict.abtest.inference.fixed import Fixed
from truthlag.verdict.abtest.inference.group_sequential import GroupSequential
from truthlag.verdict.abtest.inference.group_sequential_plan import GroupSequentialPlan
from truthlag.verdict.abtest.inference.inference import Evidence, Inference
from truthlag.verdict.abtest.inference.look import Look
from truthlag.verdict.abtest.inference.stage_wise import StoppedEstimate

__all__ = [
    "AsymptoticSequence",
    "Evidence",
    "Fixed",
    "GroupSequential",
    "GroupSequentialPlan",
    "Inference",
    "Look",
    "StoppedEstimate",
]
