"""Guardrails: metrics that a new version must not make much worse."""

from truthlag.verdict.abtest.guardrails.guardrail import Guardrail
from truthlag.verdict.abtest.guardrails.guardrail_result import GuardrailResult

__all__ = ["Guardrail", "GuardrailResult"]
