"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, the `Counts` of a confusion matrix, a `QuantileArm` of
`Quantiles` or of a `LatencyHistogram`, and `Known` for an estimate with a standard error of its own.
"""

from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.quantiles import LatencyHistogram, QuantileArm, Quantiles
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
    "Known",
    "LatencyHistogram",
    "Mean",
    "MeanWithCovariate",
    "Proportion",
    "QuantileArm",
    "Quantiles",
    "Ratio",
    "compare",
    "statistic_from_dict",
]
