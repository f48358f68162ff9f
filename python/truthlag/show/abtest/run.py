"""`truthlag abtest`, once its options are understood: from a file to a report, messages and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truthlag.show.abtest.arms import Arms, arms_of
from truthlag.show.abtest.assess import Assessed, assess
from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.columns import Wanted, wanted_of
from truthlag.show.abtest.held import Held
from truthlag.show.abtest.html import page
from truthlag.show.abtest.metric_spec import OF_UNITS
from truthlag.show.abtest.read import Reader
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.abtest.segments import segment_text
from truthlag.show.abtest.streamed import Streamed
from truthlag.show.bad_rows import TOLD_ON_TERMINAL, BadRows
from truthlag.show.bar import progress_bar
from truthlag.show.console import Console
from truthlag.show.counted import counted
from truthlag.show.errors import EXIT_FINE, LogError
from truthlag.show.log_file import open_log
from truthlag.verdict.abtest.pictures import IntervalOverTime
from truthlag.verdict.abtest.report.sentences import listed

if TYPE_CHECKING:
    from truthlag.show.progress import Progress


@dataclass(frozen=True)
class Outcome:
    """What a file came to."""

    assessed: Assessed
    rows: int
    bad_rows: int
    said: list[str]


def run_abtest(request: AbTestRequest) -> int:
    """Read, compare and print; returns the exit code. The report goes to standard output, messages to standard error."""
    out, err = Console(), Console(stderr=True)
    # Nothing else is printed while the bar is there but messages, which go through its console.
    watched = err if sys.stderr.isatty() else None

    def tell(message: str) -> None:
        err.print(message, style="yellow", markup=False, soft_wrap=True)

    try:
        with progress_bar(watched) as progress:
            outcome = outcome_of(request, tell, progress)
        if request.html is not None:
            name = Path(request.file).name
            Path(request.html).write_text(page(name, outcome.assessed, outcome.said), encoding="utf-8")
    except LogError as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        return error.exit_code
    if request.output == "json":
        print(json.dumps(_content(request, outcome), allow_nan=False))
        return EXIT_FINE
    for block in _blocks(outcome):
        out.print(block, markup=False, soft_wrap=True)
        out.print()
    for line in outcome.said:
        out.print(line, style="dim", markup=False, soft_wrap=True)
    return EXIT_FINE


def outcome_of(request: AbTestRequest, tell: Callable[[str], None], progress: Progress) -> Outcome:
    """The report of a file.

    Raises `LogError` when there is none.
    """
    log = open_log(request.file)
    wanted = wanted_of(request, log)
    at_most = TOLD_ON_TERMINAL if sys.stderr.isatty() else None
    bad_rows = BadRows(tell, at_most=at_most, strict=request.strict)
    reader = Reader(log, wanted, bad_rows, progress, request.every, request.min_age)
    collected = _collected(request, wanted)
    rows = 0
    with _told(request.file):
        for part in reader.rows():
            rows += len(part)
            collected.take(part)
    if bad_rows.count:
        tell(f"{counted(bad_rows.count, 'bad row')} {'was' if bad_rows.count == 1 else 'were'} left out")
    if not rows:
        raise LogError(f"{request.file}: {'no row is good' if bad_rows.count else 'there are no rows'}")
    names = reader.arms.names
    arms = arms_of(request.file, request.arm, names, request.control, request.treatments)
    progress.reached("comparing")
    with _told(request.file):
        collected.settle([names.index(arm) for arm in arms.names])
        assessed = assess(request, wanted, reader, collected, arms)
    return Outcome(assessed, rows, bad_rows.count, _said(request, rows, collected, arms, names))


@contextmanager
def _told(path: str) -> Iterator[None]:
    """What values a comparison refuses is said of the file."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise LogError(f"{path}: {error}") from error


def _collected(request: AbTestRequest, wanted: Wanted) -> Collected:
    needs_rows = request.unit is not None or request.covariates or request.winsorize is not None
    if needs_rows or any(spec.kind in ("quantile", "model", *OF_UNITS) for spec in wanted.specs):
        return Held(wanted, request.winsorize)
    return Streamed(wanted)


def _said(request: AbTestRequest, rows: int, collected: Collected, arms: Arms, names: list[str]) -> list[str]:
    """What was read, in a few lines."""
    said = [
        f"{counted(rows, 'row')} of {Path(request.file).name}, {listed(list(arms.treatments))} against {arms.control}"
    ]
    if request.unit is not None:
        units = sum(collected.units())
        how = "clustered by" if collected.is_clustered else "one row for each"
        said[0] += f", {units:,} units, {how} {request.unit}"
    others = sorted(set(names).difference(arms.names))
    if others:
        said.append(f"rows of other arms are left out: {', '.join(others)}")
    return said


def _blocks(outcome: Outcome) -> list[str]:
    """What is printed: the looks and the segments before the report, so that the recommendation is the last word."""
    assessed = outcome.assessed
    # Of the primary metric, one for each treatment.
    first = next(iter(assessed.over_time.values()), {})
    blocks = [str(over) for over in first.values()]
    if assessed.segments:
        blocks.append(segment_text(assessed.segments))
    return [*blocks, str(assessed.report)]


def _content(request: AbTestRequest, outcome: Outcome) -> dict[str, Any]:
    assessed = outcome.assessed
    return {
        "file": request.file,
        "rows": outcome.rows,
        "bad_rows": outcome.bad_rows,
        **assessed.report.to_dict(),
        "segments": [row.to_dict() for row in assessed.segments],
        "over_time": {name: _over_time(by_arm) for name, by_arm in assessed.over_time.items()},
    }


def _over_time(by_arm: Mapping[str, IntervalOverTime]) -> dict[str, Any]:
    """The looks of a metric; with several treatments by treatment."""
    found = {arm: over.to_dict() for arm, over in by_arm.items()}
    return next(iter(found.values())) if len(found) == 1 else found
