"""What a detector takes for a value: many at once in an array, one by one, and beside River's of the same name."""

import functools
import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benches.figure import Bar, Figure, at_least, at_most, median_figure
from benches.plain_detectors import cusum_alarms, e_detector_alarms, ewma_alarms
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, scaled, seconds
from benches.streams import Reals
from truthlag import detectors

BASELINE = 0.10
ARL = 100_000.0
CHART = {"target": BASELINE, "standard_deviation": 0.3}
ONE_BY_ONE = at_most(60)


@dataclass(frozen=True, slots=True)
class Contest:
    """A detector, the bars of a value in an array and one by one, and what tells its right alarms.

    That is River's detector, which is timed as well, or a plain model; where there is neither, one value after the other.
    """

    make: Callable[[], Any]
    many: Bar | None = None
    one: Bar | None = ONE_BY_ONE
    river: str | None = None
    ratio: Bar | None = None
    plain: Callable[[Sequence[float]], list[int]] | None = None


CONTESTS = {
    "DDM": Contest(detectors.DDM, at_most(10), river="binary.DDM", ratio=at_least(40)),
    "EDDM": Contest(detectors.EDDM, at_most(10), river="binary.EDDM", ratio=at_least(20)),
    "PageHinkley": Contest(detectors.PageHinkley, at_most(10), river="PageHinkley", ratio=at_least(40)),
    "CUSUM": Contest(
        lambda: detectors.CUSUM(h=12.0, **CHART),
        at_most(10),
        plain=lambda values: cusum_alarms(values, 0.1, 0.3, 0.5, 12.0),
    ),
    "EWMA": Contest(
        lambda: detectors.EWMA(control_limit=5.0, **CHART),
        at_most(10),
        plain=lambda values: ewma_alarms(values, 0.1, 0.3, 0.2, 5.0),
    ),
    "ADWIN": Contest(detectors.ADWIN, river="ADWIN", ratio=at_least(4)),
    "HDDMA": Contest(detectors.HDDMA, river="binary.HDDMA", ratio=at_least(100)),
    "HDDMW": Contest(detectors.HDDMW, river="binary.HDDMW", ratio=at_least(100)),
    "EDetector, 10 bets": Contest(
        lambda: detectors.EDetector(BASELINE, arl=ARL),
        at_most(15),
        plain=lambda values: e_detector_alarms(values, BASELINE, ARL),
    ),
    "FHDDM": Contest(lambda: detectors.FHDDM(polarity="river"), river="binary.FHDDM"),
    "ECDD": Contest(detectors.ECDD),
    "RDDM": Contest(detectors.RDDM),
    "STEPD": Contest(detectors.STEPD),
    # Draws and sorts at every value.
    "KSWIN": Contest(lambda: detectors.KSWIN(seed=1), one=None),
}


def error_stream(length: int) -> Reals:
    """Return errors of a model at the baseline's rate, every fifth part of them at twice that."""
    rates = np.where(np.arange(length) * 10 // length % 5 == 4, 2 * BASELINE, BASELINE)
    return (np.random.default_rng(11).random(length) < rates).astype(np.float64)


def river_detector(name: str) -> Callable[[], Any]:
    """Return the class of River's of that name."""
    package, _, kind = f"river.drift.{name}".rpartition(".")
    made: Callable[[], Any] = getattr(importlib.import_module(package), kind)
    return made


def alarms_one_by_one(detector: Any, values: Sequence[float]) -> list[int]:
    """Return the alarms of a detector that takes value after value."""
    alarms: list[int] = []
    for position, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(position)
    return alarms


def update_each(detector: Any, values: Sequence[float]) -> None:
    """Have a detector take value after value, and ask it nothing."""
    update = detector.update
    for value in values:
        update(value)


def walk(values: Sequence[float]) -> None:
    """Walk the same values without a call."""
    for _value in values:
        pass


class DetectorLoad:
    """The same errors for all: a long array for ours, and its first part as a list for what takes value after value."""

    def __init__(self, values: int, single_values: int) -> None:
        self.array = error_stream(values)
        self.start = error_stream(single_values)
        # River's detectors of errors are given ints, their quickest kind of number.
        self.errors = [int(error) for error in self.start]

    def check(self, name: str) -> int:
        """Raise AssertionError unless the alarms of an array are the right ones; return how many there are."""
        contest = CONTESTS[name]
        if contest.river is not None:
            right = alarms_one_by_one(river_detector(contest.river)(), self.errors)
        elif contest.plain is not None:
            right = contest.plain(self.errors)
        else:
            right = alarms_one_by_one(contest.make(), self.errors)
        found = contest.make().update_many(self.start).tolist()
        if found != right:
            raise AssertionError(f"wrong alarms of {name}: expected {right[:10]}, got {found[:10]}")
        return len(found)

    def timed(self, name: str) -> dict[str, Callable[[], float]]:
        """Return what takes turns: seconds a value in an array, one by one, of the loop alone, and of River's."""
        contest = CONTESTS[name]
        # One of those that take long takes as many as it does one by one.
        array = self.start if contest.one is None else self.array

        def each(work: Callable[[], object], values: int) -> float:
            return seconds(work) / values

        runners = {
            "many": lambda: each(functools.partial(contest.make().update_many, array), len(array)),
            "one": lambda: each(functools.partial(update_each, contest.make(), self.errors), len(self.errors)),
            "loop": lambda: each(functools.partial(walk, self.errors), len(self.errors)),
        }
        if contest.river is not None:
            river = river_detector(contest.river)
            runners["river"] = lambda: each(functools.partial(update_each, river(), self.errors), len(self.errors))
        return runners


def detector_updates(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield nanoseconds a value of every detector, and how many times as fast as River's it is."""
    load = DetectorLoad(sizes.detector_values, sizes.single_values)
    for name, contest in CONTESTS.items():
        progress.say(f"{name}: checking the alarms")
        load.check(name)
        times = interleave(load.timed(name), sizes.repeats, lambda text, name=name: progress.say(f"{name}: {text}"))
        yield median_figure(f"{name}: a value of update_many", scaled(times["many"], 1e9), "ns", contest.many)
        over = [one - loop for one, loop in zip(times["one"], times["loop"], strict=True)]
        yield median_figure(f"{name}: an update, over the empty loop", scaled(over, 1e9), "ns", contest.one)
        if "river" in times:
            yield median_figure(f"{name}: an update of River's", scaled(times["river"], 1e9), "ns")
            faster = [theirs / ours for theirs, ours in zip(times["river"], times["many"], strict=True)]
            yield median_figure(f"{name}: update_many, times faster than River", faster, "x", contest.ratio)
