"""How much a metric lost against its baseline: tests, and intervals that agree with them."""

from truthlag.verdict.two_sample.f_measure import f_loss
from truthlag.verdict.two_sample.holm import holm
from truthlag.verdict.two_sample.loss_test import LossTest
from truthlag.verdict.two_sample.mean import mean_loss
from truthlag.verdict.two_sample.proportion import proportion_loss
from truthlag.verdict.two_sample.ratio import ratio_loss

__all__ = ["LossTest", "f_loss", "holm", "mean_loss", "proportion_loss", "ratio_loss"]
