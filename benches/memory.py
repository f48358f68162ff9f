"""What a pending prediction takes in memory, as the operating system counts it."""

import json
from collections.abc import Iterator, Mapping

from benches import fresh
from benches.figure import Figure, at_most, median_figure, worst_figure
from benches.progress import Progress
from benches.sizes import Sizes


def probe(kind: str, rows: int) -> Mapping[str, float]:
    """Measure `rows` pending predictions of a `kind` of tracker in a process of its own."""
    measured: dict[str, float] = json.loads(fresh.python("-m", "benches.memory_probe", kind, str(rows)))
    return measured


def memory(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield bytes a pending prediction at several sizes, and how far `memory_usage()` is from them."""
    for kind, what, median_bar, worst_bar in (
        ("lean", "keep_ids=False", at_most(40), at_most(48)),
        ("uuid", "UUID text ids kept", at_most(90), None),
    ):
        probes: list[Mapping[str, float]] = []
        for rows in sizes.memory_rows:
            progress.say(f"{what}: {rows:,} rows")
            probes.append(probe(kind, rows))
        each = [one["resident"] / one["rows"] for one in probes]
        for one, value in zip(probes, each, strict=True):
            yield median_figure(f"a pending prediction, {what}, {int(one['rows']):,} rows", [value], "bytes")
        yield median_figure(f"a pending prediction, {what}: median", each, "bytes", median_bar)
        yield worst_figure(f"a pending prediction, {what}: worst", each, "bytes", worst_bar)
        off = [abs(one["reported"] / one["resident"] - 1) * 100 for one in probes]
        yield worst_figure(f"memory_usage() off resident memory, {what}: worst", off, "%", at_most(10))
