"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, the `Counts` of a confusion matrix, and `Known` for an
estimate with a standard error of its own.
"""

from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.many import (
    Anova,
    ComparisonRow,
    ComparisonTable,
    Dunnett,
    DunnettComparison,
    MetricPlan,
    adjust,
    anova,
    compare_many,
    dunnett,
    e_bh,
    interval_of_p_value,
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
    "Anova",
    "ArmSummary",
    "Comparison",
    "ComparisonRow",
    "ComparisonTable",
    "Counts",
    "Dunnett",
    "DunnettComparison",
    "Known",
    "Mean",
    "MeanWithCovariate",
    "MetricPlan",
    "Proportion",
    "Ratio",
    "adjust",
    "anova",
    "compare",
    "compare_many",
    "dunnett",
    "e_bh",
    "interval_of_p_value",
    "statistic_from_dict",
]
