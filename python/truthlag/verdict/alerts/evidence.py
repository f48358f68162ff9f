"""What was seen of a metric at one moment, as an incident keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from truthlag.call.described import described
from truthlag.verdict.alerts.frozen import frozen, thawed
from truthlag.verdict.alerts.moment import read, short, written
from truthlag.verdict.alerts.plain_copy import plain_copy

_NAMES = {
    "value": ("value", "current"),
    "baseline": ("baseline",),
    "loss": ("loss",),
    "margin": ("margin",),
    "p_value": ("p_value",),
}
"""The numbers of an evidence, and the keys under which they are looked for in what a caller gives."""
_INSIDE = ("value", "estimate")
"""Where the number of a metric lies in a mapping that has its interval too."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One look at a metric, or one alarm of a detector.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy(open_looks=1)
        >>> seen = {"current": 0.81, "baseline": 0.90, "loss": 0.09, "sentence": "accuracy fell by 0.09"}
        >>> _ = policy.observe("fraud", "accuracy", "critical", datetime(2026, 3, 1), evidence=seen)
        >>> evidence = policy.incidents()[0].peak
        >>> evidence.value, evidence.loss, str(evidence)
        (0.81, 0.09, '2026-03-01 00:00 accuracy critical: accuracy fell by 0.09')
    """

    at: datetime
    """When it was seen."""
    metric: str
    """Of what."""
    source: str
    """`check`, `alarm` or `labels`."""
    verdict: str
    """What it was found to be."""
    value: float | None = None
    """What the metric was."""
    baseline: float | None = None
    """What it is held against."""
    loss: float | None = None
    """How much worse than the baseline; negative for better."""
    margin: float | None = None
    """The loss that is tolerated."""
    p_value: float | None = None
    """The chance of such a loss where there is none."""
    sentence: str = ""
    """The same in words."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """All else that was given, as plain values: read-only, with tuples for lists, so that an evidence shares nothing that can
    be changed. `to_dict` gives dicts and lists of your own."""

    def __post_init__(self) -> None:
        if not isinstance(self.details, Mapping):
            raise TypeError(f"details must be a mapping, got {described(self.details)}")
        object.__setattr__(self, "details", frozen(self.details))

    @property
    def relative_loss(self) -> float | None:
        """The loss in margins, or else in baselines, so that metrics compare; None where neither is known.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Evidence
            >>> Evidence(datetime(2026, 3, 1, tzinfo=UTC), "f1", "check", "ok", loss=0.25, baseline=0.5).relative_loss
            0.5
        """
        if self.loss is None:
            return None
        for scale in (self.margin, self.baseline):
            if scale:
                return self.loss / abs(scale)
        return self.loss

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Evidence
            >>> Evidence(datetime(2026, 3, 1, tzinfo=UTC), "f1_score", "check", "ok").to_dict()["at"]
            '2026-03-01T00:00:00+00:00'
        """
        return {
            "at": written(self.at),
            "metric": self.metric,
            "source": self.source,
            "verdict": self.verdict,
            **{name: getattr(self, name) for name in _NAMES},
            "sentence": self.sentence,
            "details": thawed(self.details),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The evidence that `to_dict` wrote; KeyError, TypeError or ValueError where it is none.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Evidence
            >>> evidence = Evidence(datetime(2026, 3, 1, tzinfo=UTC), "f1_score", "check", "ok", 0.9)
            >>> Evidence.from_dict(evidence.to_dict()) == evidence
            True
        """
        return cls(**{**data, "at": read(data["at"])})

    def __str__(self) -> str:
        """When, what, and the sentence."""
        said = self.sentence or ("" if self.value is None else f"{self.value:.4g}")
        return f"{short(self.at)} {self.metric} {self.verdict}" + (f": {said}" if said else "")


def evidence_of(at: datetime, metric: str, source: str, verdict: str, given: Mapping[str, Any] | None) -> Evidence:
    """The evidence in what a caller gives: numbers under their usual keys, a sentence, and the rest as it is."""
    rest = plain_copy(given or {})
    # What converts to no dict is kept as what it converts to.
    rest = rest if isinstance(rest, dict) else {"given": rest}
    numbers = {name: _number(rest, keys) for name, keys in _NAMES.items()}
    sentence = rest.pop("sentence", "")
    if not isinstance(sentence, str):
        sentence = str(sentence)
    for name in ("at", "metric", "verdict"):
        rest.pop(name, None)
    return Evidence(at, metric, source, verdict, **numbers, sentence=sentence, details=rest)


def _number(rest: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    """The number under the first of these keys, taken out unless there is more beside it."""
    for key in keys:
        found = rest.get(key)
        if isinstance(found, Mapping):
            found = next((found[name] for name in _INSIDE if name in found), None)
        elif isinstance(found, float | int):
            del rest[key]
        if isinstance(found, float | int) and not isinstance(found, bool):
            return found
    return None
