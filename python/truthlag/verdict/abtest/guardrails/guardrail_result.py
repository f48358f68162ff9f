"""What a guardrail says of a treatment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.guardrails.status import STATUSES, Status, judged_interval, position
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.text import number, percent

#: How the test begins what the position of the interval says with numbers.
_SAID = ("a loss of more than the margin", "the loss is more than the margin", "the evidence neither rules out")
_FIELDS = {"metric", "status", "quantile", "comparison"}


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """Whether a treatment passes a guardrail, and the comparison that this rests on.

    Made by `Guardrail.check`. It is a value: it compares equal, pickles, and goes to a dict and back without losing a digit.

    Example:
        >>> from truthlag.abtest import Guardrail, GuardrailResult, Proportion
        >>> rail = Guardrail("error rate", "lower", 0.005, mode="fixed")
        >>> result = rail.check(Proportion(900, 90_000), Proportion(930, 90_000))
        >>> result.status, result.passed, result.blocked
        ('pass', True, False)
        >>> low, high = result.interval
        >>> print(f"{low:.5f} to {high:.5f}: {result.reasons[0]}")
        -0.00044 to 0.00111: the whole interval of the difference (-0.000444... to 0.00111...) is inside the margin of 0.005.
        >>> GuardrailResult.from_dict(result.to_dict()) == result
        True
    """

    metric: str
    """What the guardrail calls the metric."""
    status: Status
    """`"pass"`: the treatment is worse by less than the margin. `"block"`: it is worse by more. `"undecided"`: the evidence does not
    do. `"invalid"`: the comparison cannot be trusted."""
    comparison: Comparison
    """The test of non-inferiority with all its numbers."""
    quantile: float | None = None
    """Which quantile of the metric is guarded; None where it is another statistic."""

    @property
    def passed(self) -> bool:
        """Whether the status is `"pass"`."""
        return self.status == "pass"

    @property
    def blocked(self) -> bool:
        """Whether the status is `"block"`."""
        return self.status == "block"

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval that is held against the margin, of which each limit is wrong with probability alpha; None without one."""
        return judged_interval(self.comparison)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in plain words; first how interval and margin lie."""
        # The test says in its own words what the first line says with the interval.
        own = _position(self.comparison, self.status)
        theirs = self.comparison.reasons
        if own is None:
            return theirs
        return own, *(reason for reason in theirs if not reason.startswith(_SAID))

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import Guardrail, Mean
            >>> rail = Guardrail("cost", "lower", 0.5, mode="fixed")
            >>> rail.check(Mean(50, 1.0, 9.0), Mean(50, 1.1, 9.0)).to_dict()["status"]
            'pass'
        """
        return {
            "metric": self.metric,
            "status": self.status,
            "quantile": self.quantile,
            "comparison": self.comparison.to_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> GuardrailResult:
        """The result that `to_dict` wrote, before or after JSON.

        Args:
            content: What `to_dict` gave.

        Raises:
            TypeError: It is no mapping, or a field has the wrong type.
            ValueError: A field is missing, unknown or not allowed.

        Cost: some microseconds.

        Example:
            >>> import json
            >>> from truthlag.abtest import Guardrail, GuardrailResult, Mean
            >>> result = Guardrail("cost", "lower", 0.5, mode="fixed").check(Mean(50, 1.0, 9.0), Mean(50, 1.1, 9.0))
            >>> GuardrailResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result
            True
        """
        if not isinstance(content, Mapping):
            raise TypeError(f"content must be a mapping, got {described(content)}")
        if set(content) != _FIELDS:
            odd = ", ".join(sorted(map(str, _FIELDS.symmetric_difference(content))))
            raise ValueError(f"content must have exactly the fields of a guardrail's result, got a difference in {odd}")
        status, metric, quantile = content["status"], content["metric"], content["quantile"]
        if status not in STATUSES:
            raise ValueError(f"content['status'] must be one of {', '.join(STATUSES)}, got {described(status)}")
        if not isinstance(metric, str):
            raise TypeError(f"content['metric'] must be a str, got {described(metric)}")
        if quantile is not None and not isinstance(quantile, float):
            raise TypeError(f"content['quantile'] must be None or a float, got {described(quantile)}")
        return cls(metric, status, Comparison.from_dict(content["comparison"]), quantile)

    def __str__(self) -> str:
        lines = str(self.comparison).splitlines()
        told = [f"{self._title()}: {self.status}", *(f"  {reason}" for reason in self.reasons), ""]
        # Its reasons are above.
        end = next((place for place, line in enumerate(lines) if line.startswith("reasons")), len(lines))
        return "\n".join([*told, *lines[:end]]).rstrip()

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        head = f"<p><strong>{escape(self._title())}: {escape(self.status)}</strong></p><ul>{reasons}</ul>"
        return f'<div class="truthlag-guardrail">{head}{self.comparison._repr_html_()}</div>'

    def _title(self) -> str:
        of = "" if self.quantile is None else f", p{100 * self.quantile:.10g}"
        return f"guardrail {self.metric}{of}"


def _position(comparison: Comparison, status: Status) -> str | None:
    interval, margin = judged_interval(comparison), comparison.margin
    if interval is None or margin is None or status == "invalid":
        return None
    show = percent if comparison.scale == "relative" else number
    low, high = map(show, interval)
    # Of a treatment that is infinite beyond doubt, which is known well and not unbounded.
    limits = "infinite" if interval[0] == interval[1] and math.isinf(interval[0]) else f"{low} to {high}"
    what = f"interval of the {'relative ' if comparison.scale == 'relative' else ''}difference ({limits})"
    allowed = f"the margin of {show(margin).removeprefix('+')}"
    if status == "pass":
        return f"the whole {what} is inside {allowed}."
    if status == "block":
        return f"the whole {what} is outside {allowed}."
    if position(comparison) != "undecided":
        return None
    return f"the {what} has {allowed} inside it, so that nothing is decided."
