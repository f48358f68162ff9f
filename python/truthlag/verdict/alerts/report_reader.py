"""The observations in a detector's report, whatever its class: a verdict for each metric."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.observation import Observation

_HOLDERS = ("metrics", "results")
_TIMES = ("at", "now")


def observations_of(report: Any, model: str | None, at: datetime | None) -> list[Observation]:
    """One observation for each metric of a report.

    Raises:
        TypeError: It is no report.
        ValueError: It does not say of which model or when, and neither does the caller.
    """
    results = _results(report)
    model = getattr(report, "model", None) if model is None else model
    if model is None:
        raise ValueError("model must be given for a report that has none")
    if at is None:
        at = next((found for name in _TIMES if (found := getattr(report, name, None)) is not None), None)
    if at is None:
        raise ValueError("at must be given for a report that has no time")
    return [_observation(model, metric, result, at) for metric, result in results.items()]


def _results(report: Any) -> Mapping[str, Any]:
    if isinstance(report, Mapping):
        return report
    for name in _HOLDERS:
        found = getattr(report, name, None)
        if isinstance(found, Mapping):
            return found
    raise TypeError(
        f"report must be a mapping of metrics to results with a verdict, or have one as `metrics`, got {described(report)}"
    )


def _observation(model: str, metric: str, result: Any, at: datetime) -> Observation:
    if isinstance(result, str):
        return Observation(model, metric, result, at)
    evidence: Any = result
    if not isinstance(result, Mapping):
        convert = getattr(result, "to_dict", None)
        evidence = convert() if callable(convert) else {}
        evidence = {"sentence": getattr(result, "sentence", ""), **evidence}
    verdict = evidence.get("verdict") if isinstance(result, Mapping) else getattr(result, "verdict", None)
    first_bad = evidence.get("first_bad") if isinstance(result, Mapping) else getattr(result, "first_bad", None)
    if verdict is None:
        raise TypeError(f"report must have a verdict for each metric, got none for {described(metric)}")
    return Observation(model, metric, verdict, at, evidence=evidence, first_bad=first_bad)
