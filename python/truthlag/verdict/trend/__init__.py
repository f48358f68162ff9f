"""Is a metric getting worse, slowly: a slope over periods of unequal size, with an error that can be believed."""

from truthlag.verdict.trend.check import check_trend
from truthlag.verdict.trend.cochran_armitage import cochran_armitage
from truthlag.verdict.trend.report import OutlyingPeriod, TrendReport
from truthlag.verdict.trend.robust import MannKendall, RobustTrend, mann_kendall, theil_sen

__all__ = [
    "MannKendall",
    "OutlyingPeriod",
    "RobustTrend",
    "TrendReport",
    "check_trend",
    "cochran_armitage",
    "mann_kendall",
    "theil_sen",
]
