"""What a whole test says: gates, metrics, guardrails, and one recommendation."""

from truthlag.verdict.abtest.report.make import ab_test_report
from truthlag.verdict.abtest.report.recommendation import RECOMMENDATIONS, Recommendation
from truthlag.verdict.abtest.report.report import ABTestReport
from truthlag.verdict.abtest.report.rows import GuardrailRow

__all__ = ["RECOMMENDATIONS", "ABTestReport", "GuardrailRow", "Recommendation", "ab_test_report"]
