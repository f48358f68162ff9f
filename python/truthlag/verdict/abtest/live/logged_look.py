"""One look at a live test, as the test logs it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.times import EPOCH
from truthlag.verdict.abtest.live.moments import EARLIEST, LATEST
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.result.comparison import Comparison

_RESULT = frozenset({"arm", "metric", "role", "n", "difference", "interval", "confidence", "p_value", "verdict"})
_INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}
_TEXTS = {number: text for text, number in _INFINITIES.items()}


@dataclass(frozen=True, slots=True)
class LoggedLook:
    """A look that was taken: when, at how many units, and what was said.

    Example:
        >>> from truthlag.abtest import ModelABTest
        >>> test = ModelABTest("ranker", ["v1", "v2"], salt="ranker-1", metrics={"clicks": "any"})
        >>> for user in range(100):
        ...     _ = test.log_exposure(user, timestamp=60.0)
        >>> _ = test.report(now=120.0)
        >>> look = test.looks[0]
        >>> look.at, sum(look.units.values()), look.status, look.results[0]["verdict"]
        ('1970-01-01T00:02:00+00:00', 100, 'keep_running', 'undecided')
        >>> look.is_final, look.rows
        (False, ())
    """

    moment: int
    """When, in microseconds since the epoch."""
    units: dict[str, int]
    """The units of each arm that counted."""
    status: str
    """The recommendation, in a word."""
    results: tuple[dict[str, Any], ...]
    """Of each metric and treatment: units of both arms, difference with its interval (infinite limits as texts, as JSON has them) and the
    level of that, p-value and verdict."""
    is_final: bool = False
    """Whether the metrics were decided by this look for good: with a planned size, at or beyond it, or when a bound was crossed."""
    rows: tuple[ComparisonRow, ...] = ()
    """All of the comparisons, of a final look."""

    @property
    def at(self) -> str:
        """The time in ISO format."""
        return iso(self.moment)

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import LoggedLook
            >>> LoggedLook(0, {"v1": 3, "v2": 4}, "keep_running", ()).to_dict()["units"]
            {'v1': 3, 'v2': 4}
        """
        return {
            "moment": self.moment,
            "units": dict(self.units),
            "status": self.status,
            "results": [dict(one) for one in self.results],
            "is_final": self.is_final,
            "rows": [row.to_dict() for row in self.rows],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> LoggedLook:
        """The look that `to_dict` wrote, before or after JSON.

        Args:
            content: What `to_dict` gave.

        Raises:
            TypeError: A part has the wrong type.
            ValueError: A part is missing, unknown or not allowed.

        Example:
            >>> from truthlag.abtest import LoggedLook
            >>> look = LoggedLook(0, {"v1": 3, "v2": 4}, "keep_running", ())
            >>> LoggedLook.from_dict(look.to_dict()) == look
            True
        """
        given: Any = content
        if not isinstance(given, Mapping) or set(given) != set(cls.__slots__):
            raise ValueError(f"content must have exactly the fields of a look, got {described(content)}")
        moment, units, status = content["moment"], content["units"], content["status"]
        if type(moment) is not int or not EARLIEST <= moment <= LATEST:
            raise TypeError(f"content['moment'] must be microseconds since the epoch, got {described(moment)}")
        if not isinstance(units, Mapping) or not all(_is_count(one) for one in units.values()):
            raise TypeError("content['units'] must be counts by arm")
        if not isinstance(status, str) or not isinstance(content["is_final"], bool):
            raise TypeError("content must have a status of type str and say whether it is final")
        results = tuple(_result(one) for one in content["results"])
        rows = tuple(_row(one) for one in content["rows"])
        look = cls(
            moment, {str(arm): count for arm, count in units.items()}, status, results, content["is_final"], rows
        )
        # NaN is in no look, wherever it hides.
        json.dumps(look.to_dict(), allow_nan=False)
        return look


def interval_of(result: Mapping[str, Any]) -> tuple[float, float] | None:
    """The interval of what was logged of a comparison, its limits as numbers."""
    if result["interval"] is None:
        return None
    low, high = (_INFINITIES.get(limit, limit) for limit in result["interval"])
    return low, high


def result_of(row: ComparisonRow) -> dict[str, Any]:
    """What is logged of a comparison."""
    found = row.comparison
    interval = found.difference_interval if row.adjusted_interval is None else row.adjusted_interval
    return {
        "arm": row.arm,
        "metric": row.metric,
        "role": row.role,
        "n": found.control.n + found.treatment.n,
        "difference": found.difference,
        "interval": None if interval is None else [_TEXTS.get(limit, limit) for limit in interval],
        "confidence": found.confidence,
        "p_value": row.adjusted_p_value if row.adjusted_p_value is not None else found.p_value,
        "verdict": row.verdict,
    }


def iso(moment: int) -> str:
    """Microseconds since the epoch as a text."""
    return (EPOCH + timedelta(microseconds=moment)).isoformat()


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _result(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or set(content) != _RESULT or not _is_count(content["n"]):
        raise ValueError("content['results'] must be what looks log of comparisons")
    for name in ("arm", "metric", "role", "verdict"):
        if not isinstance(content[name], str):
            raise TypeError(f"content['results'] must have a {name} of type str, got {described(content[name])}")
    for name in ("difference", "p_value"):
        if content[name] is not None and not isinstance(content[name], float):
            raise TypeError(f"content['results'] must have a {name} of type float, got {described(content[name])}")
    confidence, interval = content["confidence"], content["interval"]
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ValueError(f"content['results'] must have a confidence between 0 and 1, got {described(confidence)}")
    if interval is not None and (
        not isinstance(interval, list)
        or len(interval) != 2
        or not all(isinstance(limit, float) or limit in ("Infinity", "-Infinity") for limit in interval)
    ):
        raise ValueError(f"content['results'] must have an interval of two numbers, got {described(interval)}")
    return dict(content)


def _row(content: Any) -> ComparisonRow:
    interval = content["adjusted_interval"]
    limits = None if interval is None else (float(interval[0]), float(interval[1]))
    for name in ("arm", "metric", "role", "adjustment", "verdict"):
        if not isinstance(content[name], str):
            raise TypeError(f"content['rows'] must have a {name} of type str, got {described(content[name])}")
    p_value, found = content["adjusted_p_value"], Comparison.from_dict(content["comparison"])
    levels: tuple[Any, ...] = (found.alpha, found.confidence)
    if not all(isinstance(one, float) and 0 < one < 1 for one in levels):
        raise ValueError(f"content['rows'] must have levels between 0 and 1, got {levels}")
    texts: tuple[Any, ...] = (found.metric, found.mode, found.method)
    if not all(isinstance(one, str) for one in texts):
        raise TypeError("content['rows'] must have a metric, a mode and a method of type str")
    if not _is_count(found.control.n + found.treatment.n):
        raise ValueError(f"content['rows'] must be of less than 2^53 units, got {found.control.n + found.treatment.n}")
    return ComparisonRow(
        content["arm"],
        content["metric"],
        None,
        content["role"],
        found,
        content["adjustment"],
        int(content["family_size"]),
        None if p_value is None else float(p_value),
        limits,
        content["verdict"],
    )
