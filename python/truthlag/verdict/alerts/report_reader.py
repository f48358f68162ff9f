"""The observations in a detector's report, whatever its class: a verdict for each metric."""

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.clock import Clock
from truthlag.verdict.alerts.observation import Observation

_HOLDERS = ("verdicts", "metrics", "results")
_TIMES = ("asked", "at", "now")


def observations_of(report: Any, model: str | None, at: datetime | None, clock: Clock) -> list[Observation]:
    """One observation for each metric of a report; the clock is asked where neither caller nor report says when.

    Raises:
        TypeError: It is no report.
        ValueError: It does not say of which model, and neither does the caller.
    """
    results = _results(report)
    model = _asked(report, "model") if model is None else model
    if model is None:
        raise ValueError("model must be given for a report that has none")
    if at is None:
        at = next((found for name in _TIMES if (found := _asked(report, name)) is not None), None)
    if at is None:
        at = clock()
    start = _asked(report, "start")
    begins = {"window_start": start.isoformat()} if isinstance(start, datetime) and start.tzinfo is not None else {}
    return [_observation(model, metric, result, at, begins) for metric, result in results.items()]


def _results(report: Any) -> Mapping[str, Any]:
    if isinstance(report, Mapping):
        return report
    for name in _HOLDERS:
        found = _asked(report, name)
        if isinstance(found, Mapping):
            return found
    raise TypeError(
        f"report must be a mapping of metrics to results with a verdict, or have one as `metrics`, got {described(report)}"
    )


def _observation(model: str, metric: str, result: Any, at: datetime, begins: dict[str, str]) -> Observation:
    if isinstance(result, str):
        return Observation(model, metric, result, at, begins or None)
    if isinstance(result, Mapping):
        verdict, first_bad, evidence = result.get("verdict"), result.get("first_bad"), result
    else:
        verdict, first_bad = _asked(result, "verdict"), _asked(result, "first_bad")
        evidence = {"sentence": _asked(result, "sentence") or "", **_numbers(result)}
    if verdict is None:
        raise TypeError(f"report must have a verdict for each metric, got none for {described(metric)}")
    return Observation(model, metric, verdict, at, evidence={**evidence, **begins}, first_bad=first_bad)


def _numbers(result: Any) -> Mapping[str, Any]:
    """What its `to_dict` gives; nothing where that fails, since a verdict without numbers is one all the same."""
    convert = _asked(result, "to_dict")
    if callable(convert):
        with contextlib.suppress(Exception):
            found = convert()
            if isinstance(found, Mapping):
                return found
    return {}


def _asked(value: Any, name: str) -> Any:
    """An attribute; None where there is none, or where asking for it fails: the value is anybody's code."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001
        return None
