"""The replay's progress as a bar on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from truthlag.show.progress import NoProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


class _Bar:
    def __init__(self, bar: RichProgress) -> None:
        self._bar = bar
        self._task = bar.add_task("opening", total=None)

    def start(self, doing: str, rows: int | None) -> None:
        self._bar.reset(self._task, description=doing, total=rows)

    def advance(self, rows: int) -> None:
        self._bar.advance(self._task, rows)

    def reached(self, doing: str) -> None:
        self._bar.update(self._task, description=doing)


@contextmanager
def progress_bar(console: Console | None) -> Iterator[Progress]:
    """A bar on `console` that vanishes when done; without a console, nothing."""
    if console is None:
        yield NoProgress()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    # Standard output is not redirected through the bar: JSON and CSV must reach it as they are.
    with RichProgress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        yield _Bar(bar)
