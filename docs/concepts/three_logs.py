"""Draws the pictures of three-logs.md: `python docs/concepts/three_logs.py FOLDER_OF_THE_LOGS`.

Needs matplotlib besides the extra `cli`. Each picture is made from the rows of `truthlag replay --format json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator

HERE = Path(__file__).parent
COLOURS = ["#c1440e", "#e09f3e", "#5b8e7d", "#1d3557"]
VERDICTS = {"ok": "#5b8e7d", "warning": "#e09f3e", "critical": "#c1440e"}


def replay(log: Path, *options: str) -> list[dict[str, Any]]:
    """The rows of a replay."""
    program = [sys.executable, "-c", "from truthlag.show.cli import main; main()"]
    arguments = ["replay", str(log), "--format", "json", *options]
    finished = subprocess.run([*program, *arguments], capture_output=True, check=True, encoding="utf-8")
    return [json.loads(line) for line in finished.stdout.splitlines()]


def middle(row: dict[str, Any]) -> datetime:
    """The middle of the window of a row."""
    start, end = (datetime.fromisoformat(row[name]) for name in ("window_start", "window_end"))
    return start + (end - start) / 2


def draw(axes: Axes, rows: list[dict[str, Any]], name: str, label: str, colour: str, *, band: bool = False) -> None:
    """One metric over the middles of the windows, with its interval as a band."""
    rows = [row for row in rows if row[name] is not None]
    times = [middle(row) for row in rows]
    axes.plot(times, [row[name] for row in rows], color=colour, label=label, linewidth=1.6)
    if band:
        low, high = zip(*(row["intervals"].get(name, (row[name],) * 2) for row in rows), strict=True)
        axes.fill_between(times, low, high, color=colour, alpha=0.18, linewidth=0)


def finish(axes: Axes, bottom: float, top: float, months: int) -> None:
    """Axes as on all pictures."""
    axes.set_ylim(bottom, top)
    axes.xaxis.set_major_locator(MonthLocator(interval=months))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2)


def save(name: str) -> None:
    """Write the picture without a date, so that the same rows give the same file."""
    plt.savefig(HERE / f"three-logs-{name}.svg", metadata={"Date": None})
    plt.close()


def elec2(folder: Path) -> None:
    """Recall falls long before the ranking does; below, the verdict of every row."""
    rows = replay(folder / "elec2_prediction_log.csv.gz", "--every", "7d", "--window", "28d", "--min-age", "2d")
    rows = [row for row in rows if row["predictions"] > 1_000]
    _, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    for name, label, colour in (("precision", "precision", COLOURS[2]), ("roc_auc", "AUC", COLOURS[3])):
        draw(axes, rows, name, label, colour, band=True)
    draw(axes, rows, "recall", "recall", COLOURS[0], band=True)
    for row in rows:
        if row["verdict"] in VERDICTS:
            axes.plot(middle(row), -0.06, marker="s", color=VERDICTS[row["verdict"]], markersize=4)
    axes.axvline(datetime(1997, 5, 1, tzinfo=UTC), color="#888888", linestyle=":", linewidth=1)
    axes.annotate("market joined to Victoria's", (datetime(1997, 5, 6, tzinfo=UTC), 0.03), color="#666666", fontsize=8)
    finish(axes, -0.1, 1.03, 3)
    save("elec2")


def hotel(folder: Path) -> None:
    """The same bookings, seen at four ages."""
    _, (upper, lower) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    for age, colour in zip((0, 60, 180, 360), COLOURS, strict=True):
        options = ("--every", "30d", "--window", "30d", "--min-age", f"{age}d")
        rows = [row for row in replay(folder / "hotel_city_prediction_log.parquet", *options) if row["labels"] > 100]
        label = "at once" if age == 0 else f"{age} days later"
        draw(upper, rows, "roc_auc", label, colour, band=age in (0, 360))
        draw(lower, rows, "coverage", label, colour)
    upper.axhline(0.5, color="#888888", linestyle=":", linewidth=1)
    upper.annotate("a coin", (datetime(2015, 10, 5, tzinfo=UTC), 0.505), color="#666666", fontsize=8)
    upper.set_ylabel("AUC")
    lower.set_ylabel("labels known")
    finish(upper, 0.25, 1.0, 2)
    finish(lower, 0.0, 1.03, 2)
    lower.legend().remove()
    save("hotel_city")


def flights(folder: Path) -> None:
    """Precision follows the season, AUC the model."""
    rows = replay(
        folder / "flights_houston_prediction_log.parquet", "--every", "7d", "--window", "28d", "--min-age", "1d"
    )
    rows = [row for row in rows if row["predictions"] > 10_000]
    _, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    for name, label, colour in (
        ("roc_auc", "AUC", COLOURS[3]),
        ("recall", "recall", COLOURS[0]),
        ("precision", "precision", COLOURS[2]),
    ):
        draw(axes, rows, name, label, colour, band=True)
    finish(axes, 0.1, 0.7, 1)
    save("flights_houston")


if __name__ == "__main__":
    mpl.rcParams |= {"svg.hashsalt": "truthlag", "font.size": 9, "svg.fonttype": "path"}
    logs = Path(sys.argv[1])
    elec2(logs)
    hotel(logs)
    flights(logs)
