"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `FMeasure`, `Calibration`, the `Counts` of a confusion matrix, and `Known` for
an estimate with a standard error of its own. `LabelledRows` are labels, decisions and scores, for any metric of a model.
`MeanWithCovariate`, `RatioWithCovariate`, `Strata` and `PredictionPowered` have less chance in them, and `winsorize` caps values.
"""

from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.result import ArmSummary, Comparison
from truthlag.verdict.abtest.statistics import (
    Calibration,
    Counts,
    FMeasure,
    Known,
    LabelledRows,
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    Proportion,
    Ratio,
    RatioWithCovariate,
    Strata,
    Winsorized,
    statistic_from_dict,
    winsorize,
)

__all__ = [
    "ArmSummary",
    "Calibration",
    "Comparison",
    "Counts",
    "FMeasure",
    "Known",
    "LabelledRows",
    "Mean",
    "MeanWithCovariate",
    "PredictionPowered",
    "Proportion",
    "Ratio",
    "RatioWithCovariate",
    "Strata",
    "Winsorized",
    "compare",
    "statistic_from_dict",
    "winsorize",
]
