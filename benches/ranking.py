"""A full snapshot with ROC AUC on many rows, after new labels."""

from collections.abc import Iterator
from datetime import timedelta
from time import perf_counter

from benches.answers import roc_auc
from benches.figure import Figure, at_most, median_figure, worst_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import scaled
from benches.windows import WindowLoad

NEW_LABELS = 100
CHECKED = 3


def snapshot(load: WindowLoad, *, check: bool) -> float:
    """Log new labels, then return the seconds of a snapshot of another window with its AUC read."""
    for _ in range(NEW_LABELS):
        load.label_one()
    hours, now = load.next_window()
    start = perf_counter()
    taken = load.tracker.snapshot(timedelta(hours=hours), now=now)
    area = taken.roc_auc
    took = perf_counter() - start
    if check:
        inside = load.inside(hours, now)
        exact = roc_auc(load.stream.scores[inside], load.stream.actuals[inside])
        if area is None or abs(area - exact) > 2e-4:
            raise AssertionError(f"wrong ROC AUC: expected {exact}, got {area}")
    return took


def snapshots(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of a snapshot in time order and with shuffled times."""
    for shuffle, order in ((False, "time order"), (True, "shuffled times")):
        progress.say(f"building {sizes.matched_large:,} rows in {order}")
        load = WindowLoad(sizes.matched_large, shuffle=shuffle)
        times: list[float] = []
        for number in range(sizes.snapshots):
            progress.say(f"snapshot {number + 1} of {sizes.snapshots}")
            # The first ones prepare for those after them, which find their answers another way.
            times.append(snapshot(load, check=not CHECKED <= number < sizes.snapshots - CHECKED))
        what = f"snapshot with AUC, {order}, {sizes.matched_large:,} matched rows"
        costs = scaled(times, 1e3)
        yield median_figure(what, costs, "ms", at_most(40))
        yield median_figure(f"{what}: the first", costs[:1], "ms")
        yield worst_figure(f"{what}: the dearest", costs, "ms")
