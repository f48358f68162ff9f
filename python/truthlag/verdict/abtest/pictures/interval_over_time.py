"""The estimate with its interval at each look of a test, as rows and as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.inference import GroupSequentialPlan
from truthlag.verdict.abtest.pictures.over_time_svg import drawn
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.text import number, percent
from truthlag.verdict.abtest.result.words import SCALES, Alternative, Direction, Hypothesis, Scale
from truthlag.verdict.detectors.parameters import choice, real

_ASKED = ("metric", "hypothesis", "margin", "direction", "scale", "mode", "alternative")
_ONCE = "Each interval holds for one look: whoever stops at the first verdict is wrong more often than alpha says."
#: So many rows are shown as text.
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class IntervalLook:
    """What was known at one look.

    Example:
        >>> from truthlag.abtest import Proportion, compare, interval_over_time
        >>> looks = [compare(Proportion(6 * n, 50 * n), Proportion(8 * n, 50 * n)) for n in (10, 100)]
        >>> look = interval_over_time(looks).looks[1]
        >>> look.at, look.n, round(look.estimate, 2), look.verdict
        (10000, 10000, 0.04, 'better')
        >>> look.to_dict()["verdict"]
        'better'
    """

    at: Any
    """Where it stands: a number, a date or a time, or a text."""
    n: int
    """The units of both arms together."""
    estimate: float | None
    """The difference, or the relative difference; None where it is not known."""
    interval: Interval | None
    """Its interval; infinite on a side that is not looked at."""
    verdict: str
    """What was said."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes, in strict JSON too; times as ISO 8601.

        Example:
            >>> from truthlag.abtest import IntervalLook
            >>> IntervalLook("monday", 10, 0.5, (0.1, float("inf")), "better").to_dict()["interval"]
            [0.1, 'Infinity']
        """
        at = self.at.isoformat() if isinstance(self.at, date) else self.at
        interval = None if self.interval is None else [_plain(limit) for limit in self.interval]
        return {"at": at, "n": self.n, "estimate": self.estimate, "interval": interval, "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class IntervalOverTime:
    """A difference and its interval as a test goes on; made by `interval_over_time`.

    In a notebook it is a picture: the line is the estimate, the band its interval, 0 is drawn through, margins are dashed, and the
    first look with a verdict is marked.

    Example:
        >>> from truthlag.abtest import Proportion, compare, interval_over_time
        >>> looks = [compare(Proportion(6 * n, 50 * n), Proportion(8 * n, 50 * n), metric="clicks") for n in (10, 20, 40, 80)]
        >>> shown = interval_over_time(looks)
        >>> print(shown)
        clicks: difference and its 95% interval by units of both arms together, confidence sequence
        units of both arms together  difference              interval    verdict
                              1,000        0.04    -0.03459 to 0.1154  undecided
                              2,000        0.04  -0.008572 to 0.08899  undecided
                              4,000        0.04    0.00667 to 0.07354     better
                              8,000        0.04      0.0164 to 0.0637     better
        >>> shown.first_verdict.at, shown.levels
        (4000, (0.0,))
        >>> shown.to_svg().startswith("<svg")
        True
    """

    metric: str | None
    """What the metric is called."""
    looks: tuple[IntervalLook, ...]
    """The looks, in order."""
    mode: str
    """When one may look."""
    hypothesis: Hypothesis
    """What is to be shown."""
    direction: Direction
    """Which values are better."""
    margin: float | None
    """The difference that does not matter; None where there is none, or it is of the other scale."""
    scale: Scale
    """Whether this is about the difference or the relative difference."""
    confidence: float
    """The level of the intervals."""
    at_name: str
    """What the looks stand at."""
    planned: tuple[int, ...] = ()
    """The units at looks of a plan that are still to come."""
    alternative: Alternative = "two_sided"
    """For superiority, which differences are looked for."""

    @property
    def first_verdict(self) -> IntervalLook | None:
        """The first look that said anything but `"undecided"` and `"invalid"`; None where none did."""
        return next((look for look in self.looks if look.verdict not in {"undecided", "invalid"}), None)

    @property
    def levels(self) -> tuple[float, ...]:
        """What the interval is held against: 0, and the margin on each side where it counts."""
        if self.margin is None:
            return (0.0,)
        if self.hypothesis == "non_inferiority":
            return (0.0, -self.margin if self.direction == "higher" else self.margin)
        if self.alternative != "two_sided":
            return (0.0, self.margin if self.alternative == "greater" else -self.margin)
        return (0.0, -self.margin, self.margin)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What has to be known beside the picture.

        Example:
            >>> from truthlag.abtest import Proportion, compare, interval_over_time
            >>> once = [compare(Proportion(n, 9 * n), Proportion(n, 8 * n), mode="fixed") for n in (100, 200)]
            >>> interval_over_time(once).remarks
            ('Each interval holds for one look: whoever stops at the first verdict is wrong more often than alpha says.',)
        """
        return (_ONCE,) if self.mode == "fixed" and len(self.looks) > 1 else ()

    def to_dict(self) -> dict[str, Any]:
        """All content as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import Mean, compare, interval_over_time
            >>> looks = [compare(Mean(n, 1.0, 9.0 * n), Mean(n, 1.5, 9.5 * n)) for n in (50, 100)]
            >>> interval_over_time(looks).to_dict()["looks"][0]["n"]
            100
        """
        return {
            "metric": self.metric,
            "mode": self.mode,
            "hypothesis": self.hypothesis,
            "direction": self.direction,
            "margin": self.margin,
            "scale": self.scale,
            "confidence": self.confidence,
            "alternative": self.alternative,
            "at_name": self.at_name,
            "planned": list(self.planned),
            "looks": [look.to_dict() for look in self.looks],
            "remarks": list(self.remarks),
        }

    def to_svg(self, *, width: int = 720, height: int = 320) -> str:
        """The picture as an SVG element, to be written to a file or put into a page: it loads nothing and runs nothing.

        Args:
            width: Pixels across, from 320 to 4 000.
            height: Pixels upwards, from 200 to 4 000.

        Raises:
            TypeError: One of them is no number.
            ValueError: One of them is not allowed.

        Cost: some microseconds a look.

        Example:
            >>> from truthlag.abtest import Mean, compare, interval_over_time
            >>> looks = [compare(Mean(n, 1.0, 9.0 * n), Mean(n, 1.5, 9.5 * n), metric="cost < 1") for n in (50, 100)]
            >>> "cost &lt; 1" in interval_over_time(looks).to_svg(width=600)
            True
        """
        return drawn(self, real("width", width, 320, 4_000), real("height", height, 200, 4_000))

    def __str__(self) -> str:
        head = (self.at_name, _named(self.scale), "interval", "verdict")
        rows = [head, *(self._cells(look) for look in self.looks)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        if len(lines) > _MOST_LINES + 1:
            left_out = len(lines) - 1 - _MOST_LINES
            half = _MOST_LINES // 2
            lines = [*lines[: half + 1], f"({left_out:,} looks are not shown)", *lines[-half:]]
        return "\n".join([f"{self.metric or 'metric'}: {self.caption}", *lines, *self.remarks])

    @property
    def caption(self) -> str:
        """What is shown, in a line.

        Example:
            >>> from truthlag.abtest import Mean, compare, interval_over_time
            >>> look = compare(Mean(50, 1.0, 90.0), Mean(50, 1.5, 95.0))
            >>> interval_over_time([look], at=["monday"], at_name="day").caption
            'difference and its 95% interval by day, confidence sequence'
        """
        level = f"{100 * self.confidence:.6g}%"
        return f"{_named(self.scale)} and its {level} interval by {self.at_name}, {self.mode.replace('_', ' ')}"

    def _cells(self, look: IntervalLook) -> tuple[str, ...]:
        shown = percent if self.scale == "relative" else number
        at = f"{look.at:,}" if isinstance(look.at, int | float) else str(look.at).removesuffix("+00:00")
        interval = "none" if look.interval is None else " to ".join(shown(limit) for limit in look.interval)
        return at, shown(look.estimate), interval, look.verdict

    def _repr_html_(self) -> str:
        told = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks)
        return f'<div class="truthlag-interval-over-time">{self.to_svg()}{told}</div>'


def interval_over_time(
    looks: Iterable[Comparison] | GroupSequentialPlan,
    *,
    at: Sequence[Any] | None = None,
    at_name: str | None = None,
    scale: Scale | None = None,
) -> IntervalOverTime:
    """The difference and its interval at successive looks of one test, as rows and as a picture.

    Args:
        looks: What `compare` gave at each look, the oldest first, all of one metric and one question. Or a
            `GroupSequentialPlan`: the looks that it logged, with repeated confidence intervals (the estimate and its bound times its
            standard error), and the looks that are still to come.
        at: Where each look stands: rising numbers, dates or times, or texts. The units of both arms together by default.
        at_name: What that is called; `"units of both arms together"`, or `"time"`, by default.
        scale: `"absolute"` or `"relative"` differences; by default what the looks are about.

    Returns:
        The rows, which in a notebook are a picture.

    Raises:
        TypeError: A look is no comparison, or places are of different kinds.
        ValueError: There are no looks, they are of different questions, or places are not rising.

    Cost: some microseconds a look.

    Source: Jennison and Turnbull (2000), "Group sequential methods with applications to clinical trials", for repeated intervals.

    Example:
        >>> from datetime import date
        >>> from truthlag.abtest import Proportion, compare, interval_over_time
        >>> sizes = (1_000, 2_000, 4_000, 8_000)
        >>> looks = [compare(Proportion(n * 12 // 100, n), Proportion(n * 14 // 100, n), metric="clicks") for n in sizes]
        >>> days = interval_over_time(looks, at=[date(2026, 3, day) for day in (1, 2, 4, 8)])
        >>> days.first_verdict.at, days.looks[-1].verdict
        (datetime.date(2026, 3, 8), 'better')
        >>> svg = days.to_svg()
    """
    found = _of_plan(looks, scale) if isinstance(looks, GroupSequentialPlan) else _of_comparisons(looks, scale)
    places = [look.n for look in found.looks] if at is None else _checked_places(at, len(found.looks))
    name = at_name
    if name is None:
        is_units = at is None
        name = "units of both arms together" if is_units else "time" if isinstance(places[0], date) else "look"
    rows = tuple(
        IntervalLook(place, look.n, look.estimate, look.interval, look.verdict)
        for place, look in zip(places, found.looks, strict=True)
    )
    return IntervalOverTime(
        found.metric,
        rows,
        found.mode,
        found.hypothesis,
        found.direction,
        found.margin,
        found.scale,
        found.confidence,
        name,
        # Where looks stand at something else, units to come have no place.
        found.planned if at is None else (),
        found.alternative,
    )


def _of_comparisons(looks: Any, scale: Any) -> IntervalOverTime:
    if not isinstance(looks, Iterable) or isinstance(looks, str | bytes):
        raise TypeError(f"looks must be comparisons or a GroupSequentialPlan, got {described(looks)}")
    given = list(looks)
    if not given:
        raise ValueError("looks must hold at least one comparison, got none")
    for place, look in enumerate(given):
        if not isinstance(look, Comparison):
            raise TypeError(f"looks[{place}] must be a Comparison, got {described(look)}")
    first: Comparison = given[0]
    for place, look in enumerate(given[1:], 1):
        for name in _ASKED:
            if getattr(look, name) != getattr(first, name):
                raise ValueError(
                    f"looks[{place}] must have the {name} of the first look ({getattr(first, name)!r}),"
                    f" got {described(getattr(look, name))}"
                )
    asked: Scale = first.scale if scale is None else scale
    choice("scale", asked, SCALES)
    relative = asked == "relative"
    rows = tuple(
        IntervalLook(
            None,
            look.control.n + look.treatment.n,
            look.relative_difference if relative else look.difference,
            look.relative_interval if relative else look.difference_interval,
            look.verdict,
        )
        for look in given
    )
    return IntervalOverTime(
        first.metric,
        rows,
        first.mode,
        first.hypothesis,
        first.direction,
        first.margin if asked == first.scale else None,
        asked,
        first.confidence,
        "",
        alternative=first.alternative,
    )


def _of_plan(plan: GroupSequentialPlan, scale: Any) -> IntervalOverTime:
    question = plan.question
    if question is None:
        raise ValueError("looks must be a plan to which compare gave at least one look, got one without")
    asked: Scale = question["scale"]
    if scale is not None and scale != asked:
        raise ValueError(f"scale must be that of the plan ({asked!r}) or left out, got {described(scale)}")
    one_sided = question["alternative"] != "two_sided"
    rows = []
    for look in plan.taken:
        interval: Interval | None = None
        if look.estimate is not None and look.standard_error is not None:
            reach = look.bound * look.standard_error
            interval = look.estimate - reach, look.estimate + reach
            if one_sided:
                above = question["alternative"] == "greater"
                interval = (interval[0], math.inf) if above else (-math.inf, interval[1])
        rows.append(IntervalLook(None, look.n, look.estimate, interval, look.verdict))
    last = plan.taken[-1].n
    to_come = () if plan.is_over else tuple(n for n in plan.looks or (plan.planned_n,) if n > last)
    level = 1 - plan.alpha if question["hypothesis"] == "superiority" else 1 - 2 * plan.alpha
    return IntervalOverTime(
        question["metric"],
        tuple(rows),
        "group_sequential",
        question["hypothesis"],
        question["direction"],
        question["margin"],
        asked,
        level,
        "",
        to_come,
        question["alternative"],
    )


def _checked_places(at: Any, length: int) -> list[Any]:
    if isinstance(at, str | bytes) or not isinstance(at, Iterable):
        raise TypeError(f"at must be a place for each look, got {described(at)}")
    places = [place.item() if hasattr(place, "dtype") and hasattr(place, "item") else place for place in at]
    if len(places) != length:
        raise ValueError(f"at must be as many places as looks ({length}), got {len(places)}")
    kinds = {_kind(place) for place in places}
    if None in kinds or len(kinds) > 1:
        odd = next(place for place in places if _kind(place) is None or _kind(place) != _kind(places[0]))
        raise TypeError(f"at must be numbers, or dates, or times, or texts, got {described(odd)}")
    if kinds != {"text"}:
        for place, (before, now) in enumerate(pairwise(places), 1):
            if not now > before:
                raise ValueError(f"at must rise, got {described(now)} at {place} after {described(before)}")
    return places


def _kind(place: Any) -> str | None:
    if isinstance(place, str):
        return "text"
    if isinstance(place, date):
        zone = getattr(place, "tzinfo", None)
        return f"{type(place).__name__}{'' if zone is None else ' with zone'}"
    if isinstance(place, int | float) and not isinstance(place, bool) and math.isfinite(place):
        return "number"
    return None


def _named(scale: str) -> str:
    return "relative difference" if scale == "relative" else "difference"


def _plain(value: float) -> float | str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
