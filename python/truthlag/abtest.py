"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, the `Counts` of a confusion matrix, and `Known` for an
estimate with a standard error of its own.
"""

from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.inference import GroupSequentialPlan, Look, StoppedEstimate
from truthlag.verdict.abtest.planning import (
    Duration,
    Outlook,
    TestPlan,
    additional_units,
    duration,
    minimum_detectable_effect,
    outlook,
    power,
    sample_size,
)
from truthlag.verdict.abtest.result import ArmSummary, Comparison
from truthlag.verdict.abtest.statistics import (
    Counts,
    Known,
    Mean,
    MeanWithCovariate,
    Proportion,
    Ratio,
    statistic_from_dict,
)

__all__ = [
    "ArmSummary",
    "Comparison",
    "Counts",
    "Duration",
    "GroupSequentialPlan",
    "Known",
    "Look",
    "Mean",
    "MeanWithCovariate",
    "Outlook",
    "Proportion",
    "Ratio",
    "StoppedEstimate",
    "TestPlan",
    "additional_units",
    "compare",
    "duration",
    "minimum_detectable_effect",
    "outlook",
    "power",
    "sample_size",
    "statistic_from_dict",
]
