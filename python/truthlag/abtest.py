"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, the `Counts` of a confusion matrix, a `QuantileArm` of
`Quantiles` or of a `LatencyHistogram`, and `Known` for an estimate with a standard error of its own. A
`Guardrail` is a metric that a treatment may not make worse by more than a margin.
"""

from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.guardrails import Guardrail, GuardrailResult
from truthlag.verdict.abtest.quantiles import LatencyHistogram, QuantileArm, Quantiles, quantile_from_limits
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
    "Guardrail",
    "GuardrailResult",
    "Known",
    "LatencyHistogram",
    "Mean",
    "MeanWithCovariate",
    "Proportion",
    "QuantileArm",
    "Quantiles",
    "Ratio",
    "compare",
    "quantile_from_limits",
    "statistic_from_dict",
]
