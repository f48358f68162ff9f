"""The result of a comparison of two arms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from truthlag.call.described import described
from truthlag.verdict.abtest.result.text import as_html, as_text
from truthlag.verdict.abtest.result.words import (
    ALTERNATIVES,
    DIRECTIONS,
    HYPOTHESES,
    SCALES,
    VERDICTS,
    Alternative,
    Direction,
    Hypothesis,
    Scale,
    Verdict,
)

Interval: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """One arm as a result shows it.

    Example:
        >>> from truthlag.abtest import Proportion, compare
        >>> compare(Proportion(600, 5_000), Proportion(675, 5_000), mode="fixed").control.estimate
        0.12
    """

    estimate: float | None
    """The metric; None where nothing is known of it."""
    n: int
    """The units: rows, or clusters where these are the unit of randomisation."""
    standard_error: float | None
    """Its standard error; None where the arm cannot tell it."""
    coverage: float | None = None
    """The share of the rows of the compared label age that have a label; None where rows are not compared at an age."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import ArmSummary
            >>> ArmSummary(0.12, 100, 0.032).to_dict()
            {'estimate': 0.12, 'n': 100, 'standard_error': 0.032, 'coverage': None}
        """
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much the treatment differs from the control, how sure that is, and what follows from it.

    Made by `compare`. It is a value: it compares equal, pickles, and goes to a dict and back without losing a digit.

    Example:
        >>> from truthlag.abtest import Comparison, Proportion, compare
        >>> result = compare(Proportion(600, 5_000), Proportion(675, 5_000), metric="conversion", mode="fixed")
        >>> result.verdict, round(result.difference, 4), round(result.p_value, 4)
        ('better', 0.015, 0.0245)
        >>> low, high = result.difference_interval
        >>> print(f"{low:.4f} to {high:.4f}")
        0.0019 to 0.0281
        >>> Comparison.from_dict(result.to_dict()) == result
        True
    """

    metric: str | None
    """What the caller calls the metric."""
    control: ArmSummary
    """The arm that is held against."""
    treatment: ArmSummary
    """The arm that is judged."""
    difference: float | None
    """Treatment less control; None where one of them is not known."""
    difference_interval: Interval | None
    """Its interval at `confidence`; infinite on a side that is not looked at."""
    standard_error: float | None
    """The standard error of the difference."""
    relative_difference: float | None
    """The difference over the size of the control's value, so that its sign is that of the difference; None for a control of 0."""
    relative_interval: Interval | None
    """Its interval at `confidence`; both limits infinite where it is unbounded, which `reasons` then say."""
    p_value: float | None
    """How likely such a difference would be if the hypothesis to be shown were false: of this one look with `mode` `"fixed"`, of
    all looks together with `"confidence_sequence"`."""
    e_value: float | None
    """The evidence against that, which may be multiplied and averaged; None where a mode has none."""
    verdict: Verdict
    """`"better"`, `"worse"`, `"non_inferior"`, `"equivalent"`; `"undecided"` where the evidence does not do, and `"invalid"`
    where the comparison cannot be trusted."""
    reasons: tuple[str, ...]
    """Why, in plain words."""
    additional_n: int | None
    """How many more units of both arms together a verdict needs, if estimates and spread stay as they are, or those that are
    missing to the planned size; 0 where there is a verdict, None where no number would do."""
    mode: str
    """When one may look."""
    hypothesis: Hypothesis
    """What is to be shown."""
    alpha: float
    """The probability of a wrong verdict that is allowed."""
    margin: float | None
    """The difference that is tolerated, in units of the metric, or of the control's value with `scale` `"relative"`."""
    direction: Direction
    """Which values are better."""
    method: str
    """The test and the interval, in a few words."""
    scale: Scale = "absolute"
    """What margin, p-value and verdict are about: the difference, or the relative difference."""
    confidence: float = 0.95
    """The level of the intervals: 1 - alpha, and 1 - 2 alpha where both limits are of one-sided tests."""
    odds_ratio: float | None = None
    """The odds ratio of treatment and control; None where it was not asked for."""
    odds_ratio_interval: Interval | None = None
    """Its interval at `confidence`."""
    alternative: Alternative = "two_sided"
    """For superiority, which differences were looked for: `"greater"` and `"less"` see nothing on the other side."""

    @property
    def is_decided(self) -> bool:
        """Whether there is a verdict other than `"undecided"` and `"invalid"`.

        Example:
            >>> from truthlag.abtest import Proportion, compare
            >>> compare(Proportion(1, 10), Proportion(2, 10), mode="fixed").is_decided
            False
        """
        return self.verdict not in {"undecided", "invalid"}

    @property
    def unit_name(self) -> str:
        """What `additional_n` counts.

        Example:
            >>> from truthlag.abtest import Proportion, compare
            >>> compare(Proportion(1, 10), Proportion(2, 10), mode="fixed").unit_name
            'units of both arms together'
        """
        return "units of both arms together"

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too: infinite numbers are `"Infinity"` and `"-Infinity"`.

        Example:
            >>> import json
            >>> from truthlag.abtest import Mean, compare
            >>> result = compare(Mean(50, 1.0, 9.0), Mean(50, 1.5, 9.5), mode="fixed", alternative="greater")
            >>> json.loads(json.dumps(result.to_dict(), allow_nan=False))["difference_interval"][1]
            'Infinity'
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Comparison:
        """The result that `to_dict` wrote, before or after JSON.

        Args:
            content: What `to_dict` gave.

        Raises:
            TypeError: It is no mapping, or a field has the wrong type.
            ValueError: A field is missing, unknown or not allowed.

        Cost: some microseconds.

        Example:
            >>> import json
            >>> from truthlag.abtest import Comparison, Mean, compare
            >>> result = compare(Mean(50, 1.0, 9.0), Mean(50, 1.5, 9.5), mode="fixed")
            >>> Comparison.from_dict(json.loads(json.dumps(result.to_dict()))) == result
            True
        """
        if not isinstance(content, Mapping):
            raise TypeError(f"content must be a mapping, got {described(content)}")
        given = dict(content)
        names = {field.name for field in fields(cls)}
        if set(given) != names:
            odd = sorted(map(str, names.symmetric_difference(given)))
            raise ValueError(
                f"content must have exactly the fields of a comparison, got a difference in {', '.join(odd)}"
            )
        for name in ("control", "treatment"):
            arm = given[name]
            if not isinstance(arm, Mapping) or set(arm) != {"estimate", "n", "standard_error", "coverage"}:
                parts = "estimate, n, standard_error and coverage"
                raise ValueError(f"content[{name!r}] must have {parts}, got {described(arm)}")
            given[name] = ArmSummary(
                _number(arm["estimate"]),
                _whole(arm["n"]),
                _number(arm["standard_error"]),
                _number(arm["coverage"]),
            )
        for name in _NUMBERS:
            given[name] = _number(given[name])
        for name in _INTERVALS:
            given[name] = _interval(name, given[name])
        for name, allowed in _CHOICES.items():
            if given[name] not in allowed:
                raise ValueError(f"content[{name!r}] must be one of {', '.join(allowed)}, got {described(given[name])}")
        if given["alternative"] != "two_sided" and given["hypothesis"] != "superiority":
            raise ValueError(
                f"content['alternative'] must be 'two_sided' for {given['hypothesis']}, got {given['alternative']!r}"
            )
        given["reasons"] = tuple(map(str, given["reasons"]))
        given["additional_n"] = None if given["additional_n"] is None else _whole(given["additional_n"])
        return cls(**given)

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)


_NUMBERS = (
    "difference",
    "standard_error",
    "relative_difference",
    "p_value",
    "e_value",
    "alpha",
    "margin",
    "confidence",
    "odds_ratio",
)
_INTERVALS = ("difference_interval", "relative_interval", "odds_ratio_interval")
_CHOICES = {
    "verdict": VERDICTS,
    "hypothesis": HYPOTHESES,
    "direction": DIRECTIONS,
    "scale": SCALES,
    "alternative": ALTERNATIVES,
}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.to_dict() if isinstance(value, ArmSummary) else value


def _number(value: Any) -> float | None:
    if value is None or type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"a number of a comparison must be a float, got {described(value)}")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a count of a comparison must be an int, got {described(value)}")
    return value


def _interval(name: str, value: Any) -> Interval | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"content[{name!r}] must be two numbers, got {described(value)}")
    low, high = map(_number, value)
    if low is None or high is None:
        raise ValueError(f"content[{name!r}] must be two numbers, got None among them")
    return low, high
