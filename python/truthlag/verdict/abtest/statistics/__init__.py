"""What is kept of an arm: sums that merge, so that no raw value is held for long."""

from truthlag.verdict.abtest.statistics.arm import Arm, Statistic, statistic_from_dict
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.calibration import Calibration
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.labelled_rows import LabelledRows
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.prediction_powered import PredictionPowered
from truthlag.verdict.abtest.statistics.prediction_powered_ratio import PredictionPoweredRatio
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata
from truthlag.verdict.abtest.statistics.winsorize import Winsorized, winsorize

__all__ = [
    "Arm",
    "BatchedProportion",
    "Calibration",
    "Counts",
    "FMeasure",
    "Known",
    "LabelledRows",
    "Mean",
    "MeanWithCovariate",
    "PredictionPowered",
    "PredictionPoweredRatio",
    "Proportion",
    "Ratio",
    "RatioWithCovariate",
    "Statistic",
    "Strata",
    "Winsorized",
    "statistic_from_dict",
    "winsorize",
]
