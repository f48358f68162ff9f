"""The words that a comparison is asked in and answers with."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["fixed", "confidence_sequence", "group_sequential"]
"""When one may look: once, at the planned size; at any time; or now and then, while alpha is spent by a plan."""

Hypothesis: TypeAlias = Literal["superiority", "non_inferiority", "equivalence"]
"""What is to be shown."""

Direction: TypeAlias = Literal["higher", "lower"]
"""Which values of the metric are better."""

Scale: TypeAlias = Literal["absolute", "relative"]
"""Whether margin, p-value and verdict are about the difference, or about the difference over the size of the control's value."""

Alternative: TypeAlias = Literal["two_sided", "greater", "less"]
"""Which differences a test of superiority looks for."""

Verdict: TypeAlias = Literal["better", "worse", "non_inferior", "equivalent", "undecided", "invalid"]
"""What is said of the treatment."""

MODES: tuple[str, ...] = get_args(Mode)
HYPOTHESES: tuple[str, ...] = get_args(Hypothesis)
DIRECTIONS: tuple[str, ...] = get_args(Direction)
SCALES: tuple[str, ...] = get_args(Scale)
ALTERNATIVES: tuple[str, ...] = get_args(Alternative)
VERDICTS: tuple[str, ...] = get_args(Verdict)
