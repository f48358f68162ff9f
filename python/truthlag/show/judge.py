"""The verdict of a period: its metrics against those of a baseline."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truthlag.show.duration import DAY, parse_duration
from truthlag.show.period import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

OK, WARNING, CRITICAL = "ok", "warning", "critical"
PENDING = "pending"
TOO_FEW = "too_few"

SEVERITIES = (OK, WARNING, CRITICAL)
"""The verdicts of a window that was judged, from good to bad."""


def reached(verdict: str, level: str) -> bool:
    """Whether a verdict is at least as bad as `level`, one of `SEVERITIES`."""
    return verdict in SEVERITIES and SEVERITIES.index(verdict) >= SEVERITIES.index(level)


@dataclass(frozen=True)
class Baseline:
    """Where the baseline comes from: the first `length` microseconds of the log, or metrics that are given."""

    length: int = 14 * DAY
    metrics: Mapping[str, float] | None = None


def parse_baseline(text: str) -> Baseline:
    """Read `--baseline`: days (`14`), a duration (`36h`), or the path of a JSON file with an object of metrics.

    Of the file those of `METRICS` are taken that are numbers; its other keys are ignored, so that what `--format json`
    printed serves as it is: of several lines the last one that has metrics counts. Raises `ValueError` on anything else.
    """
    if text.isdigit():
        text += "d"
    try:
        length = parse_duration(text)
    except ValueError:
        if not Path(text).is_file():
            raise ValueError(f"`{text}` is neither a number of days, nor a duration, nor a JSON file") from None
        return Baseline(metrics=_read_metrics(text))
    if length == 0:
        raise ValueError("the baseline must be longer than 0")
    return Baseline(length=length)


def _read_metrics(path: str) -> dict[str, float]:
    try:
        content = _read_json(Path(path).read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from error
    metrics: dict[str, float] = {}
    for name in METRICS:
        value = content.get(name) if isinstance(content, dict) else None
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"{path}: `{name}` is {value!r}, not a number")
        metrics[name] = float(value)
    if not metrics:
        raise ValueError(f"{path}: not a JSON object with any of {', '.join(METRICS)}")
    return metrics


def _read_json(text: str) -> Any:
    """The value of a JSON text; of JSON lines the last that has metrics, or else the last."""
    try:
        return json.loads(text)
    except ValueError as error:
        try:
            values = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            values = []
        if not values:
            raise error from None
    rows = [
        value for value in values if isinstance(value, dict) and any(value.get(name) is not None for name in METRICS)
    ]
    return rows[-1] if rows else values[-1]


class Judge:
    """Compares windows with a baseline, once there is one.

    A metric alerts when it is below (1 - `tolerance`) times its baseline; one alert is a warning, two or more are
    critical (`DegradationDetector.check_absolute_degradation`). A window with fewer than `min_labels` labelled
    predictions gets the verdict `too_few`: its metrics are mostly noise.
    """

    def __init__(self, baseline: Mapping[str, float] | None, *, tolerance: float, min_labels: int) -> None:
        self.baseline: dict[str, float] | None = None
        self._tolerance = tolerance
        self._min_labels = min_labels
        if baseline is not None:
            self._fix(baseline)

    def offer(self, metrics: Mapping[str, float | None], labels: int) -> bool:
        """Fix the baseline on these metrics, unless they rest on too few labels; whether it is fixed now."""
        known = {name: value for name, value in metrics.items() if value is not None}
        if labels < self._min_labels or not known:
            return False
        self._fix(known)
        return True

    def judge(self, metrics: Mapping[str, float | None], labels: int) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        """Verdict, alerts, and the metrics of the baseline that the window leaves undefined."""
        if self.baseline is None:
            return PENDING, {}, ()
        if labels < self._min_labels:
            return TOO_FEW, {}, ()
        current = {name: value for name, value in metrics.items() if value is not None}
        result = self._detector.check_absolute_degradation(current, self._thresholds)
        return (
            str(result["severity"]),
            dict(result["alerts"]),
            tuple(name for name in self.baseline if name not in current),
        )

    def _fix(self, baseline: Mapping[str, float]) -> None:
        from truthlag import DegradationDetector

        self.baseline = dict(baseline)
        self._thresholds = {name: value * (1.0 - self._tolerance) for name, value in baseline.items()}
        self._detector = DegradationDetector(self.baseline)
