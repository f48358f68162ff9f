"""One call of `truthlag abtest`."""

from __future__ import annotations

from dataclasses import dataclass

from truthlag.show.abtest.metric_spec import Margin
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.result.words import Direction, Hypothesis, Mode


@dataclass(frozen=True)
class AbTestRequest:
    """What is asked; checked as far as it can be without the file."""

    file: str
    arm: str
    metrics: tuple[str, ...]
    """The primary one first, as written."""
    guardrails: tuple[str, ...]
    unit: str | None
    time: str | None
    every: int
    """Microseconds between looks."""
    label_time: str | None
    min_age: int
    """Microseconds that a row has to be old to be compared, where the time of its label is known."""
    segment: str | None
    covariates: tuple[str, ...]
    control: str | None
    treatments: tuple[str, ...]
    """Those that are judged; none for all but the control."""
    weights: dict[str, float] | None
    """The shares of the arms; None for equal ones."""
    has_weights: bool
    """Whether the shares are known."""
    mode: Mode
    hypothesis: Hypothesis
    margin: Margin | None
    direction: Direction
    alpha: float
    planned_n: int | None
    expected_n: int | None
    spending: Spending
    winsorize: float | None
    output: str
    """`table` or `json`."""
    html: str | None
    strict: bool
