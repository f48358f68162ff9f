"""Bayesian read-outs, for those who want them: they do not protect against peeking."""

from truthlag.verdict.abtest.bayesian.beta_binomial import beta_binomial
from truthlag.verdict.abtest.bayesian.normal import bayesian_effect
from truthlag.verdict.abtest.bayesian.posterior import Posterior

__all__ = ["Posterior", "bayesian_effect", "beta_binomial"]
