"""What a live test was set up to ask; it cannot change once anybody has looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.metrics.counts import RATES
from truthlag.verdict.abtest.compare import inference_of
from truthlag.verdict.abtest.gates.sample_ratio import SampleRatioTest
from truthlag.verdict.abtest.guardrails import Guardrail
from truthlag.verdict.abtest.inference.group_sequential import checked_planned_n
from truthlag.verdict.abtest.live.metric_spec import (
    LiveMetric,
    OutcomeMetric,
    TrackerMetric,
    covariate_names,
    live_metric,
)
from truthlag.verdict.abtest.live.shard import COVARIATE
from truthlag.verdict.abtest.result.words import MODES
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.detectors.parameters import choice

_NO_RATIO = Ratio(0, 0.0, 0.0, 0.0, 0.0, 0.0)
_EMPTY: dict[str, Any] = {
    "any": Proportion(0, 0),
    "count": Mean(0, 0.0, 0.0),
    "total": Mean(0, 0.0, 0.0),
    "average": _NO_RATIO,
    "ratio": _NO_RATIO,
}
#: Names of metrics, guardrails and covariates are few.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guardrail, and how the outcomes that it is about are rolled up."""

    guardrail: Guardrail
    metric: LiveMetric


@dataclass(frozen=True, slots=True)
class Settings:
    """The questions of a test."""

    metrics: dict[str, LiveMetric]
    guardrails: tuple[Guarded, ...]
    mode: str
    alpha: float
    planned_n: int | None
    expected_n: int | None
    spending: str | float
    covariates: tuple[str, ...]
    segments: bool | tuple[str, ...]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Settings of arguments, each of them checked.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is not allowed.
        """
        metrics = _metrics(given["metrics"])
        guardrails = _guardrails(given["guardrails"], metrics)
        mode, planned, expected = given["mode"], given["planned_n"], given["expected_n"]
        choice("mode", mode, MODES)
        if mode == "confidence_sequence":
            inference_of(mode, given["alpha"], planned, expected, None, given["spending"])
        else:
            if planned is None:
                raise ValueError(f"planned_n must be given with mode {mode!r}, got None")
            planned = checked_planned_n(planned)
            looks = (planned,) if mode == "group_sequential" else None
            inference_of(mode, given["alpha"], planned, expected, looks, given["spending"])
        covariates = covariate_names("covariates", given["covariates"])
        _check_covariates(metrics, guardrails, covariates)
        segments = given["segments"]
        # The gate says what is allowed.
        SampleRatioTest([1, 1], segments=segments)
        kept = segments if isinstance(segments, bool) else tuple(segments)
        alpha, spending = float(given["alpha"]), given["spending"]
        return cls(metrics, guardrails, mode, alpha, planned, expected, spending, covariates, kept)

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """The same with other values."""
        known = {name: getattr(self, name) for name in self.__slots__}
        known["guardrails"] = [(one.guardrail, one.metric) for one in self.guardrails]
        for name in changes:
            if name not in known:
                raise TypeError(f"changes must be of {', '.join(known)}, got {described(name)}")
        found = Settings.of({**known, **changes})
        for name in ("covariates", "segments"):
            if getattr(found, name) != getattr(self, name):
                raise ValueError(f"{name} must stay as they are, since exposures have them")
        return found

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The names that outcomes may have, in order."""
        names = set()
        for name, metric in self.metrics.items():
            if isinstance(metric, OutcomeMetric):
                names |= {metric.outcome or name, metric.denominator or metric.outcome or name}
        for one in self.guardrails:
            if isinstance(one.metric, OutcomeMetric):
                own = one.metric.outcome or one.guardrail.metric
                names |= {own, one.metric.denominator or own}
        return tuple(sorted(names))

    @property
    def reads_trackers(self) -> bool:
        """Whether a metric is one of trackers."""
        every = [*self.metrics.values(), *(one.metric for one in self.guardrails)]
        return any(isinstance(one, TrackerMetric) for one in every)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the order of the metrics is kept, since the first one is primary."""
        return {
            "metrics": [[name, metric.to_dict()] for name, metric in self.metrics.items()],
            "guardrails": [[one.guardrail.to_dict(), one.metric.to_dict()] for one in self.guardrails],
            "mode": self.mode,
            "alpha": self.alpha,
            "planned_n": self.planned_n,
            "expected_n": self.expected_n,
            "spending": self.spending,
            "covariates": list(self.covariates),
            "segments": self.segments if isinstance(self.segments, bool) else list(self.segments),
        }

    @classmethod
    def from_dict(cls, content: Any) -> Settings:
        """From what `to_dict` gave, every part checked again."""
        given = dict(content)
        if set(given) != set(cls.__slots__):
            raise ValueError("the settings are none")
        given["metrics"] = {name: live_metric("metric", one) for name, one in given["metrics"]}
        given["guardrails"] = [(Guardrail(**rail), live_metric("metric", one)) for rail, one in given["guardrails"]]
        return cls.of(given)


def _metrics(given: Any) -> dict[str, LiveMetric]:
    if not isinstance(given, Mapping):
        raise TypeError(f"metrics must be metrics by name, the primary one first, got {described(given)}")
    if not 1 <= len(given) <= _MOST:
        raise ValueError(f"metrics must be from 1 to {_MOST}, got {len(given)}")
    found = {}
    for name, one in given.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"metrics must have names of type str, got {described(name)}")
        if name.startswith(COVARIATE):
            raise ValueError(f"metrics must have names that do not begin with the character 0, got {described(name)}")
        found[name] = live_metric(f"metrics[{name!r}]", one)
        _check_name(f"metrics[{name!r}]", name, found[name])
    return found


@lru_cache(maxsize=1)
def _tracker_metrics() -> tuple[str, ...]:
    """All that a tracker knows, and what counts know beside it."""
    return tuple(dict.fromkeys([*ModelPerformanceTracker("none").snapshot().metrics, *RATES, "calibration_error"]))


def _check_name(where: str, name: str, metric: LiveMetric) -> None:
    if isinstance(metric, TrackerMetric) and name not in _tracker_metrics():
        allowed = ", ".join(map(repr, _tracker_metrics()))
        raise ValueError(f"{where} must be a metric of trackers, one of {allowed}, got {described(name)}")


def _guardrails(given: Any, metrics: Mapping[str, LiveMetric]) -> tuple[Guarded, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"guardrails must be Guardrails, got {described(given)}")
    found = []
    for place, one in enumerate(given):
        rail, metric = one if isinstance(one, tuple) and len(one) == 2 else (one, None)
        if not isinstance(rail, Guardrail):
            raise TypeError(
                f"guardrails[{place}] must be a Guardrail, or a pair of one and its metric, got {described(one)}"
            )
        if rail.mode == "group_sequential":
            raise ValueError(
                f"guardrails[{place}] must have the mode 'confidence_sequence' or 'fixed', got 'group_sequential'"
            )
        if metric is None:
            metric = metrics.get(rail.metric, OutcomeMetric("average"))
        spec = live_metric(f"guardrails[{place}]", metric)
        _check_name(f"guardrails[{place}]", rail.metric, spec)
        if rail.quantile is not None and isinstance(spec, TrackerMetric):
            raise ValueError(f"guardrails[{place}] must be about outcomes, since it guards a quantile, got a tracker's")
        if isinstance(spec, OutcomeMetric) and rail.quantile is None:
            # Which methods there are depends on what the arms are; of nothing it is the same.
            nothing = _EMPTY[spec.kind]
            rail.check(nothing, nothing)
        found.append(Guarded(rail, spec))
    if len(found) > _MOST:
        raise ValueError(f"guardrails must be at most {_MOST}, got {len(found)}")
    return tuple(found)


def _check_covariates(
    metrics: Mapping[str, LiveMetric], guardrails: Sequence[Guarded], covariates: Sequence[str]
) -> None:
    """Metrics are adjusted for covariates of the test, and by the one method that strata have."""
    named = {f"metrics[{name!r}]": metric for name, metric in metrics.items()}
    for place, one in enumerate(guardrails):
        named[f"guardrails[{place}]"] = one.metric
        if isinstance(one.metric, OutcomeMetric) and one.metric.covariates and one.guardrail.method is not None:
            raise ValueError(
                f"guardrails[{place}] must have no method of its own, since its metric is adjusted for covariates,"
                f" got {one.guardrail.method!r}"
            )
    for where, metric in named.items():
        if not isinstance(metric, OutcomeMetric):
            continue
        for name in metric.covariates:
            if name not in covariates:
                allowed = ", ".join(map(repr, covariates)) or "none: the test was made without covariates"
                raise ValueError(
                    f"{where} must be adjusted for covariates of the test, {allowed}, got {described(name)}"
                )
        for outcome in (metric.outcome, metric.denominator):
            if outcome is not None and outcome.startswith(COVARIATE):
                raise ValueError(
                    f"{where} must have outcomes that do not begin with the character 0, got {described(outcome)}"
                )
