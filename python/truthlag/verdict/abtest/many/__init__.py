"""Several arms, metrics and segments at once, and how many of their differences are chance."""

from truthlag.verdict.abtest.many.adjust import adjust
from truthlag.verdict.abtest.many.anova import Anova, anova
from truthlag.verdict.abtest.many.compare_many import compare_many
from truthlag.verdict.abtest.many.dunnett import Dunnett, DunnettComparison, dunnett
from truthlag.verdict.abtest.many.e_bh import e_bh
from truthlag.verdict.abtest.many.interval_of_p_value import interval_of_p_value
from truthlag.verdict.abtest.many.plan import MetricPlan
from truthlag.verdict.abtest.many.table import ComparisonRow, ComparisonTable

__all__ = [
    "Anova",
    "ComparisonRow",
    "ComparisonTable",
    "Dunnett",
    "DunnettComparison",
    "MetricPlan",
    "adjust",
    "anova",
    "compare_many",
    "dunnett",
    "e_bh",
    "interval_of_p_value",
]
