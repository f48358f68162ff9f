"""The relative differences of several metrics with their intervals, one beneath the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from truthlag.verdict.abtest.pictures.axis import percent_ticks
from truthlag.verdict.abtest.pictures.drawing import COLOURS, INK, opening, text
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.text import percent

_LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 210.0, 150.0, 50.0, 30.0, 44.0
#: Characters of a name that fit.
_NAME = 28
#: An interval that reaches so many times as far as the middle one is cut at the edge.
_FAR = 4.0


def side_by_side(comparisons: Sequence[tuple[str, Comparison]], *, title: str, width: float = 720.0) -> str:
    """Comparisons by name as an SVG element; one without a relative difference says so.

    >>> from truthlag.abtest import Mean, Proportion, compare
    >>> clicks = compare(Proportion(600, 5_000), Proportion(690, 5_000), mode="fixed")
    >>> svg = side_by_side([("clicks", clicks)], title="all metrics")
    >>> svg.count("<circle"), "+15%" in svg
    (1, True)
    """
    height = _TOP + _ROW * len(comparisons) + _BOTTOM
    reach = _reach([comparison for _, comparison in comparisons])
    inner = width - _LEFT - _RIGHT

    def x(value: float) -> float:
        return _LEFT + inner * min(max((value + reach) / (2 * reach), 0.0), 1.0)

    floor = _TOP + _ROW * len(comparisons)
    parts = [
        *opening(width, height, title),
        text(16, 20, title, size=14, weight="bold"),
    ]
    for tick in percent_ticks(-reach, reach, 6):
        parts.append(f'<path d="M{x(tick.place):.2f} {_TOP:g}V{floor:g}" stroke="#eeeeee"/>')
        parts.append(text(x(tick.place), floor + 16, tick.name, anchor="middle"))
    parts.append(f'<path d="M{x(0):.2f} {_TOP:g}V{floor:g}" stroke="#000000"/>')
    parts.append(text(_LEFT + inner / 2, floor + 35, "relative difference", anchor="middle", fill="#555555"))
    for place, (name, comparison) in enumerate(comparisons):
        parts += _row(name, comparison, _TOP + _ROW * (place + 0.5), x, width)
    return "\n".join([*parts, "</svg>"])


def _row(name: str, comparison: Comparison, y: float, x: Callable[[float], float], right: float) -> Iterable[str]:
    colour = COLOURS.get(comparison.verdict, INK)
    shown = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    yield text(16, y + 4, shown)
    seen, interval = comparison.relative_difference, comparison.relative_interval
    if interval is not None:
        low, high = x(interval[0]), x(interval[1])
        yield f'<path d="M{low:.2f} {y:.2f}H{high:.2f}" stroke="{colour}" stroke-width="2.4"/>'
        ends = f"M{low:.2f} {y - 5:.2f}v10M{high:.2f} {y - 5:.2f}v10"
        yield f'<path d="{ends}" stroke="{colour}" stroke-width="1.4"/>'
    if seen is not None:
        yield f'<circle cx="{x(seen):.2f}" cy="{y:.2f}" r="4.2" fill="{colour}"/>'
    told = "none" if seen is None else percent(seen)
    yield text(right - 12, y + 4, f"{told}  {comparison.verdict.replace('_', '-')}", anchor="end", fill=colour)


def _reach(comparisons: Sequence[Comparison]) -> float:
    """How far the axis goes to either side."""
    far = sorted(
        max(map(abs, interval))
        for interval in (comparison.relative_interval for comparison in comparisons)
        if interval is not None and all(map(math.isfinite, interval))
    )
    seen = [abs(comparison.relative_difference or 0.0) for comparison in comparisons]
    if not far:
        return 1.2 * max(seen, default=0.0) or 1.0
    return 1.1 * max(*seen, min(far[-1], _FAR * far[len(far) // 2])) or 1.0
