"""What is kept of an arm: sums that merge, so that no raw value is held for long."""

from truthlag.verdict.abtest.statistics.arm import Arm, Statistic, statistic_from_dict
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio

__all__ = [
    "Arm",
    "Counts",
    "Known",
    "Mean",
    "MeanWithCovariate",
    "Proportion",
    "Ratio",
    "Statistic",
    "statistic_from_dict",
]
