"""Figures as lines on a terminal and as a table for the README."""

from collections.abc import Sequence

from benches.figure import Bar, Figure


def number(value: float) -> str:
    """Return `value` with three significant digits or the whole number, whichever says more."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def bar_text(bar: Bar | None, *, judged: bool) -> str:
    """Return the bar in words; empty where there is none, and at sizes that are not judged."""
    return "" if bar is None or not judged else f"{bar.kind} {number(bar.limit)}"


def mark(figure: Figure, *, judged: bool) -> str:
    """Return whether the bar holds; empty where there is none, and at sizes that are not judged."""
    if figure.passed is None or not judged:
        return ""
    return "pass" if figure.passed else "FAIL"


def line(figure: Figure, *, judged: bool) -> str:
    """Return the figure as one line: mark, what, value, spread and bar."""
    value = f"{number(figure.value)} {figure.unit}"
    spread = f"[{number(figure.low)} .. {number(figure.high)}]"
    met, bar = mark(figure, judged=judged), bar_text(figure.bar, judged=judged)
    return f"{met:4}  {figure.what:80} {value:>16} {spread:>20}  {bar}".rstrip()


def markdown(figures: Sequence[Figure], *, judged: bool) -> str:
    """Return the figures as a Markdown table."""
    rows = ["| what | figure | quartiles | bar | met |", "|---|---:|---:|---:|---|"]
    for figure in figures:
        value = f"{number(figure.value)} {figure.unit}"
        spread = f"{number(figure.low)} to {number(figure.high)}"
        met, bar = mark(figure, judged=judged), bar_text(figure.bar, judged=judged)
        rows.append(f"| {figure.what} | {value} | {spread} | {bar} | {met} |")
    return "\n".join(rows)
