"""What a live test measures, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

from truthlag.call.described import described
from truthlag.verdict.abtest.live.moments import duration_of_test
from truthlag.verdict.abtest.many.plan import MetricPlan, Role
from truthlag.verdict.abtest.result.words import Direction, Hypothesis, Scale
from truthlag.verdict.detectors.parameters import choice

Kind: TypeAlias = Literal["any", "count", "total", "average", "ratio"]
"""How the outcomes of a unit are made one."""

KINDS: tuple[str, ...] = get_args(Kind)
#: Names of covariates are few.
_MOST = 1_000
_UNLABELLED = ("missing", "negative")


@dataclass(frozen=True, slots=True)
class OutcomeMetric:
    """A metric of what `log_outcome` is told, rolled up by unit of randomisation.

    - `any`: whether a unit has an outcome above 0; a proportion of the exposed units.
    - `count`: how many outcomes it has; a mean over the exposed units.
    - `total`: the sum of their values; a mean over the exposed units.
    - `average`: sum and number of them; the mean of all outcomes, clustered by unit.
    - `ratio`: their sum over that of the denominator's outcomes; the ratio of the sums, clustered by unit.

    Args:
        kind: As above.
        outcome: The outcomes it is made of; None for those of the metric's own name.
        denominator: For a ratio, the outcomes below the line.
        window: Outcomes count up to so long after the exposure of the unit, and units count once they are so old: every unit has had
            equally long. None for all outcomes of all units until now.
        direction: Which values are better.
        margin: As `compare` has it.
        hypothesis: As `compare` has it; None for `"superiority"`.
        scale: As `compare` has it.
        late_labels: Whether outcomes are reports of what is so already and arrive late, such as labels: then the gate of label
            arrival looks at them. It needs a window.
        covariates: The names of covariates of the test that the metric is adjusted for (CUPED): what was known of each unit at its
            exposure, best the same metric of the weeks before. A unit that has none counts with the mean of the others in its place and
            with an indicator of that as a further covariate.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import OutcomeMetric
        >>> OutcomeMetric("any", window=timedelta(days=7)).to_dict()["window"]
        604800.0
        >>> OutcomeMetric("ratio", outcome="clicks", denominator="views").kind
        'ratio'
        >>> OutcomeMetric("total", outcome="revenue", covariates=["revenue of the month before"]).covariates
        ('revenue of the month before',)
    """

    kind: Kind = "any"
    """How the outcomes of a unit are made one."""
    _: KW_ONLY
    outcome: str | None = None
    """The outcomes it is made of."""
    denominator: str | None = None
    """The outcomes below the line."""
    window: timedelta | None = None
    """How long after the exposure outcomes count."""
    direction: Direction = "higher"
    """Which values are better."""
    margin: float | None = None
    """The difference that does not matter."""
    hypothesis: Hypothesis | None = None
    """What is to be shown."""
    scale: Scale = "absolute"
    """What the margin is in units of."""
    late_labels: bool = False
    """Whether outcomes are late reports."""
    covariates: tuple[str, ...] = ()
    """What the metric is adjusted for."""

    def __post_init__(self) -> None:
        choice("kind", self.kind, KINDS)
        for name in ("outcome", "denominator"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise TypeError(f"{name} must be a name or None, got {described(value)}")
        if (self.denominator is None) == (self.kind == "ratio"):
            raise ValueError(
                f"denominator must be given for a ratio and for nothing else, got {described(self.denominator)}"
            )
        if self.window is not None and duration_of_test("window", self.window) == 0:
            raise ValueError("window must be above 0, got 0")
        if not isinstance(self.late_labels, bool):
            raise TypeError(f"late_labels must be True or False, got {described(self.late_labels)}")
        if self.late_labels and self.window is None:
            raise ValueError("window must be given with late_labels: labels are compared at equal age")
        object.__setattr__(self, "covariates", covariate_names("covariates", self.covariates))
        plan_of(self, "primary")

    def to_dict(self) -> dict[str, Any]:
        """The arguments as a dict that `json.dumps` takes, the window in seconds.

        Example:
            >>> from truthlag.abtest import OutcomeMetric
            >>> OutcomeMetric("total").to_dict()["kind"]
            'total'
        """
        return {"source": "outcomes", **_plain(self)}


@dataclass(frozen=True, slots=True)
class TrackerMetric:
    """A metric of the trackers that are attached to the arms; its name in the test is that of the tracker's metric.

    Rows are the units of such a metric: where a unit of randomisation has many rows, log outcomes in place of it.

    Args:
        min_age: Rows are compared once they are so old: rates and F1 as they were known at that age, see `compare_at_age`; other metrics
            with all labels that have come. None for all rows and labels so far.
        unlabelled: What a row without a label at the age is, `"missing"` or `"negative"`; see `compare_at_age`.
        direction: Which values are better.
        margin: As `compare` has it.
        hypothesis: As `compare` has it; None for `"superiority"`.
        scale: As `compare` has it.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import TrackerMetric
        >>> TrackerMetric(min_age=timedelta(days=60)).unlabelled
        'missing'
    """

    _: KW_ONLY
    min_age: timedelta | None = None
    """The age at which rows are compared."""
    unlabelled: Literal["missing", "negative"] = "missing"
    """What a row without a label is."""
    direction: Direction = "higher"
    """Which values are better."""
    margin: float | None = None
    """The difference that does not matter."""
    hypothesis: Hypothesis | None = None
    """What is to be shown."""
    scale: Scale = "absolute"
    """What the margin is in units of."""

    def __post_init__(self) -> None:
        choice("unlabelled", self.unlabelled, _UNLABELLED)
        if self.min_age is not None:
            duration_of_test("min_age", self.min_age)
        elif self.unlabelled == "negative":
            raise ValueError("min_age must be given where rows without a label are negative: young ones are not")
        plan_of(self, "primary")

    def to_dict(self) -> dict[str, Any]:
        """The arguments as a dict that `json.dumps` takes, the age in seconds.

        Example:
            >>> from truthlag.abtest import TrackerMetric
            >>> TrackerMetric().to_dict()["source"]
            'tracker'
        """
        return {"source": "tracker", **_plain(self)}


LiveMetric: TypeAlias = OutcomeMetric | TrackerMetric


def live_metric(name: str, given: Any) -> LiveMetric:
    """A metric, from one, from a kind of outcome, or from what `to_dict` gave."""
    if isinstance(given, OutcomeMetric | TrackerMetric):
        return given
    if isinstance(given, str):
        choice(name, given, KINDS)
        return OutcomeMetric(given)  # type: ignore[arg-type] # it is one of them
    if isinstance(given, Mapping):
        content = dict(given)
        made: Any = {"outcomes": OutcomeMetric, "tracker": TrackerMetric}.get(str(content.pop("source", None)))
        if made is not None:
            for key in ("window", "min_age"):
                if isinstance(content.get(key), float | int):
                    content[key] = timedelta(seconds=content[key])
            found: LiveMetric = made(**content)
            return found
    raise TypeError(f"{name} must be an OutcomeMetric, a TrackerMetric or a kind of outcome, got {described(given)}")


def covariate_names(name: str, given: Any) -> tuple[str, ...]:
    """Different names, few of them."""
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise TypeError(f"{name} must be a sequence of names, got {described(given)}")
    seen = set()
    for one in given:
        if not isinstance(one, str) or not one:
            raise TypeError(f"{name} must be names of type str, got {described(one)}")
        if one in seen:
            raise ValueError(f"{name} must be at most {_MOST} different names, got {described(one)} more than once")
        seen.add(one)
    if len(given) > _MOST:
        raise ValueError(f"{name} must be at most {_MOST} different names, got {len(given)}")
    return tuple(given)


def plan_of(metric: LiveMetric, role: Role) -> MetricPlan:
    """What is asked of it, as many comparisons ask it."""
    return MetricPlan(
        role, direction=metric.direction, margin=metric.margin, hypothesis=metric.hypothesis, scale=metric.scale
    )


def _plain(metric: Any) -> dict[str, Any]:
    found = {}
    for field in fields(metric):
        value = getattr(metric, field.name)
        if isinstance(value, timedelta):
            value = value.total_seconds()
        found[field.name] = list(value) if isinstance(value, tuple) else value
    return found
