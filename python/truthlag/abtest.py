"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, the `Counts` of a confusion matrix, and `Known` for an
estimate with a standard error of its own.

`compare_paired` holds two models against each other on the same requests, and `disagreement` says what is known before any label is.
"""

from truthlag.verdict.abtest.bayesian import Posterior, bayesian_effect, beta_binomial
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.paired import (
    Disagreement,
    DiscordantPath,
    Interleaved,
    PairedComparison,
    PairedRows,
    compare_interleaved,
    compare_paired,
    disagreement,
    discordant_path,
    mcnemar,
    team_draft,
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
    "Disagreement",
    "DiscordantPath",
    "Interleaved",
    "Known",
    "Mean",
    "MeanWithCovariate",
    "PairedComparison",
    "PairedRows",
    "Posterior",
    "Proportion",
    "Ratio",
    "bayesian_effect",
    "beta_binomial",
    "compare",
    "compare_interleaved",
    "compare_paired",
    "disagreement",
    "discordant_path",
    "mcnemar",
    "statistic_from_dict",
    "team_draft",
]
