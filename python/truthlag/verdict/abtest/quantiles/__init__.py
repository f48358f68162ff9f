"""Quantiles of an arm, their intervals, and the difference of two: by ranks alone, so that no density is estimated."""

# First, since the statistics know the quantile as one of them, whichever is imported first.
import truthlag.verdict.abtest.statistics  # noqa: F401
from truthlag.verdict.abtest.quantiles.latency_histogram import LatencyHistogram
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm
from truthlag.verdict.abtest.quantiles.quantile_limits import quantile_from_limits
from truthlag.verdict.abtest.quantiles.quantiles import Quantiles

__all__ = ["LatencyHistogram", "QuantileArm", "Quantiles", "quantile_from_limits"]
