"""What is asked of each metric of a file, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.collected import Collected, Shown
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.periods import Period, in_days
from truthlag.show.abtest.request import AbTestRequest
from truthlag.verdict.abtest.guardrails import Guardrail, GuardrailResult
from truthlag.verdict.abtest.inference import GroupSequentialPlan
from truthlag.verdict.abtest.inference.group_sequential import is_later
from truthlag.verdict.abtest.many.plan import MetricPlan
from truthlag.verdict.abtest.statistics.given import arms as statistics_of


class Asked:
    """The questions of a test; treatments are numbered from 1 on."""

    def __init__(self, request: AbTestRequest, wanted: Wanted, collected: Collected, arms: Arms) -> None:
        self._request, self._wanted, self._collected, self._arms = request, wanted, collected, arms
        self._plan_of: dict[tuple[MetricSpec, int], GroupSequentialPlan] = {}
        #: Whether a plan ended at a look whose time is known, so that no later row counts, for guardrails neither.
        self.is_over = False

    def shown(self, spec: MetricSpec, until: int | None) -> Shown:
        """All arms of a metric."""
        return self._collected.shown(spec, until=until)

    def guardrail(self, spec: MetricSpec, treatment: int, periods: list[Period], until: int | None) -> GuardrailResult:
        """Whether a treatment is worse by less than the margin."""
        assert spec.margin is not None  # noqa: S101 - a guardrail has one
        own: Mapping[str, Any] = {}
        request = self._request
        if request.mode != "group_sequential":
            own = {"mode": request.mode, "planned_n": request.planned_n, "expected_n": request.expected_n}
        else:
            own = {"mode": "group_sequential"}
        rail = Guardrail(
            spec.name,
            spec.direction or "higher",
            spec.margin.value,
            scale=spec.margin.scale,
            quantile=spec.quantile,
            alpha=request.alpha,
            **own,
        )
        if request.mode != "group_sequential":
            return rail.check(*self._pair(spec, treatment, until))
        result: GuardrailResult | None = None
        taken: list[Period | None] = [*periods] or [None]
        for period in taken:
            pair = self._pair(spec, treatment, None if period is None else period.until)
            options = self._rule(spec, treatment, pair)
            if options or result is None:
                result = rail.check(*pair, **options)
            if period is not None and period.until == until:
                break
        assert result is not None  # noqa: S101 - there is one look at least
        return result

    def question(self, spec: MetricSpec) -> MetricPlan:
        """What is asked of a metric."""
        request = self._request
        if spec != self._wanted.metrics[0]:
            return MetricPlan("secondary", direction=spec.direction or "higher")
        margin = request.margin
        return MetricPlan(
            "primary",
            direction=spec.direction or request.direction,
            hypothesis=request.hypothesis,
            margin=None if margin is None else margin.value,
            scale="absolute" if margin is None else margin.scale,
        )

    @property
    def _at_name(self) -> str:
        return "day" if in_days(self._request) else "time"

    def _pair(self, spec: MetricSpec, treatment: int, until: int | None) -> tuple[Any, Any]:
        """The control and a treatment, as statistics."""
        arms = self.shown(spec, until).arms
        if spec.model is None:
            return arms[0], arms[treatment]
        return statistics_of(arms[0], arms[treatment], metric=spec.model, cluster=None, window=None)

    def _plan(self, spec: MetricSpec, treatment: int) -> GroupSequentialPlan:
        request = self._request
        assert request.planned_n is not None  # noqa: S101 - the options were checked
        key = spec, treatment
        if key not in self._plan_of:
            self._plan_of[key] = GroupSequentialPlan(request.planned_n, spending=request.spending, alpha=request.alpha)
        return self._plan_of[key]

    def _rule(self, spec: MetricSpec, treatment: int, pair: tuple[Any, Any]) -> dict[str, Any]:
        """The arguments that say when it is looked."""
        request = self._request
        if request.mode != "group_sequential":
            return {
                "mode": request.mode,
                "alpha": request.alpha,
                "planned_n": request.planned_n,
                "expected_n": request.expected_n,
            }
        plan, n = self._plan(spec, treatment), pair[0].n + pair[1].n
        before = plan.taken[-1].n if plan.taken else 0
        if plan.is_over or (before and n != before and not is_later(n, before)):
            # No look of its own: what was known at the last one stands.
            return {}
        return {"mode": "group_sequential", "looks": plan}


def without_times() -> str:
    """What is said of a plan where no time is known."""
    return (
        "This is taken for the first look of the plan: looks that were taken before at fewer rows are not known. With --time they"
        " are taken anew from the file."
    )


def after_the_end(metric: str, period: Period | None, left: int) -> str:
    """What is said of periods that come after the end of a plan."""
    at = None if period is None else period.at
    return (
        f"The plan of {metric} ended at the look of {at}; the {left:,} periods after it are not"
        " in the numbers of metrics and guardrails."
    )
