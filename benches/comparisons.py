"""Comparisons of two versions: the plain one of raw values, one from statistics, and all of many segments and metrics."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches.figure import Figure, at_least, at_most, median_figure
from benches.plain_evaluate import plain_evaluate
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, ratios, scaled, seconds
from truthlag import ModelABTestMonitor
from truthlag.abtest import (
    Calibration,
    Counts,
    Known,
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    PredictionPoweredRatio,
    Proportion,
    Ratio,
    RatioWithCovariate,
    Strata,
    compare,
    compare_many,
    statistic_from_dict,
)

METRICS = 10
MODES: tuple[Any, ...] = ("fixed", "confidence_sequence")


class EvaluateLoad:
    """Two arms of values, as lists and as arrays of floats and of ints."""

    def __init__(self, values: int) -> None:
        random = np.random.default_rng(21)
        self.floats = (random.normal(3.0, 1.0, values), random.normal(3.001, 1.0, values))
        self.ints = (random.binomial(1, 0.12, values), random.binomial(1, 0.1205, values))
        self.monitor = ModelABTestMonitor("v1", "v2", min_sample_size=2)

    def arms(self) -> dict[str, tuple[Any, Any]]:
        """Return the pairs by what they are."""
        return {
            "lists of floats": (self.floats[0].tolist(), self.floats[1].tolist()),
            "lists of ints": (self.ints[0].tolist(), self.ints[1].tolist()),
            "arrays of floats": self.floats,
            "arrays of ints": self.ints,
        }

    def check(self, control: Any, treatment: Any) -> dict[str, Any]:
        """Raise AssertionError unless ours gives the figures of the plain one; return them."""
        ours, plain = self.monitor.evaluate(control, treatment), plain_evaluate(control, treatment)
        found = {
            "control": {key: ours["control"][key] for key in ("mean", "std", "n")},
            "treatment": {key: ours["treatment"][key] for key in ("mean", "std", "n")},
            "lift_percent": ours["lift_percent"],
            "p_value": ours["p_value"],
        }
        if found != plain:
            raise AssertionError(f"wrong figures of evaluate: expected {plain}, got {found}")
        return found


class StatisticsLoad:
    """Pairs of arms of each kind, each unlike the others, so that nothing is remembered from one to the next."""

    ROWS = 400

    def __init__(self, pairs: int) -> None:
        random = np.random.default_rng(22)
        counts = random.binomial(5_000, 0.12, (pairs, 2)).tolist()
        means = random.normal(1.0, 0.02, (pairs, 2)).tolist()
        squares = random.uniform(4_500.0, 5_500.0, (pairs, 2)).tolist()
        self.pairs: dict[str, list[tuple[Any, Any]]] = {
            "means": [(Mean(5_000, a, c), Mean(5_000, b, d)) for (a, b), (c, d) in zip(means, squares, strict=True)],
            "proportions": [(Proportion(k, 5_000), Proportion(j, 5_000)) for k, j in counts],
            "known estimates": [(Known(5_000, a, 0.02), Known(5_000, b, 0.02)) for a, b in means],
        }
        for kind, made in _MADE_OF_ROWS.items():
            self.pairs[kind] = [(made(random, self.ROWS), made(random, self.ROWS)) for _ in range(pairs)]

    def run(self, kind: str, mode: Any) -> list[Any]:
        """Return the comparisons of all pairs."""
        metric = "accuracy" if kind == "counts" else "m"
        return [compare(control, treatment, metric=metric, mode=mode) for control, treatment in self.pairs[kind]]

    def seconds(self, kind: str, mode: Any) -> float:
        """Return how long the comparisons of all pairs take, of arms that remember nothing of an earlier one."""
        self.pairs[kind] = [
            (statistic_from_dict(control.to_dict()), statistic_from_dict(treatment.to_dict()))
            for control, treatment in self.pairs[kind]
        ]
        return seconds(functools.partial(self.run, kind, mode))

    def check(self, kind: str) -> int:
        """Raise AssertionError unless p-values are those of textbook tests; return how many were checked.

        The score test of equality is the z test with the pooled variance times (N - 1) / N; Welch's is scipy's. Of adjusted arms they
        are those of the arms after a dict and back, of which nothing is remembered.
        """
        for (a, b), result in zip(self.pairs[kind], self.run(kind, "fixed"), strict=True):
            right = _textbook(kind, a, b)
            if right is None:
                metric = "accuracy" if kind == "counts" else "m"
                again = [statistic_from_dict(arm.to_dict()) for arm in (a, b)]
                right = compare(*again, metric=metric, mode="fixed").p_value
            if right is None or not abs(result.p_value - right) <= 1e-9 * right:
                raise AssertionError(f"wrong p-value of {kind}: expected {right}, got {result.p_value}")
        return len(self.pairs[kind])


def _textbook(kind: str, a: Any, b: Any) -> float | None:
    """The p-value of a pair by scipy, where there is a test of that kind."""
    from scipy import stats

    if kind == "known estimates":
        return float(2 * stats.norm.sf(abs(b.estimate - a.estimate) / np.hypot(a.standard_error, b.standard_error)))
    if kind == "means":
        error = [(arm.m2 / (arm.n - 1)) ** 0.5 for arm in (a, b)]
        found = stats.ttest_ind_from_stats(b.mean, error[1], b.n, a.mean, error[0], a.n, equal_var=False)
        return float(found.pvalue)
    if kind == "proportions":
        both = (a.k + b.k) / (a.n + b.n)
        variance = both * (1 - both) * (1 / a.n + 1 / b.n) * (a.n + b.n) / (a.n + b.n - 1)
        return float(2 * stats.norm.sf(abs(b.k / b.n - a.k / a.n) / variance**0.5))
    return None


def _values(random: np.random.Generator, rows: int) -> tuple[Any, Any]:
    before = random.normal(3.0, 1.0, rows)
    return before + random.normal(0.0, 1.0, rows), before


def _labels(random: np.random.Generator, rows: int) -> tuple[Any, Any]:
    scores = random.beta(2.0, 5.0, rows)
    return (random.random(rows) < scores).astype(float), scores


def _counts(random: np.random.Generator, rows: int) -> Counts:
    return Counts(*random.multinomial(rows, (0.2, 0.1, 0.1, 0.6)).tolist())


def _few_labels(random: np.random.Generator, rows: int) -> PredictionPoweredRatio:
    labels, scores = _labels(random, rows)
    labels[rows // 4 :] = np.nan
    return PredictionPoweredRatio.of_labels("recall", labels, scores > 0.3, scores)


def _few_values(random: np.random.Generator, rows: int) -> PredictionPowered:
    values, before = _values(random, rows)
    return PredictionPowered.of(values[: rows // 4], before[: rows // 4], before[rows // 4 :])


def _ratio_with_covariate(random: np.random.Generator, rows: int) -> RatioWithCovariate:
    values, before = _values(random, rows)
    return RatioWithCovariate.of(values, random.poisson(9, rows) + 1, before=(before, random.poisson(9, rows) + 1))


_MADE_OF_ROWS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "ratios": lambda random, rows: Ratio.of(_values(random, rows)[0], random.poisson(9, rows) + 1),
    "counts": _counts,
    "means with a covariate": lambda random, rows: MeanWithCovariate.of(*_values(random, rows)),
    "ratios with one before": _ratio_with_covariate,
    "F1": lambda random, rows: _counts(random, rows).f_measure(),
    "calibration errors": lambda random, rows: Calibration.of(*_labels(random, rows)),
    "four strata": lambda random, rows: Strata.of(_values(random, rows)[0], np.arange(rows) % 4),
    "prediction-powered means": _few_values,
    "prediction-powered ratios": _few_labels,
}


class TableLoad:
    """Two versions in so many segments, half of the metrics proportions and half of them means."""

    def __init__(self, segments: int) -> None:
        random = np.random.default_rng(23)
        self.arms = self._arms(random, 100_000)
        self.segments = {f"segment {number}": self._arms(random, 2_000) for number in range(segments)}

    def _arms(self, random: np.random.Generator, rows: int) -> dict[str, dict[str, Any]]:
        return {
            arm: {f"metric {place}": self._one(random, rows, place) for place in range(METRICS)} for arm in ("v1", "v2")
        }

    def _one(self, random: np.random.Generator, rows: int, place: int) -> Any:
        if place % 2:
            return Mean(rows, float(random.normal(1.0, rows**-0.5)), float(random.uniform(0.9, 1.1)) * rows)
        return Proportion(int(random.binomial(rows, 0.12)), rows)

    def run(self, mode: Any) -> Any:
        """Return the table of everything."""
        return compare_many(self.arms, segments=self.segments, mode=mode)

    def check(self, mode: Any) -> int:
        """Raise AssertionError unless every row is what `compare` says of it; return how many there are."""
        table = self.run(mode)
        if len(table) != METRICS * (len(self.segments) + 1):
            raise AssertionError(f"wrong number of rows: {len(table)}")
        for row in table:
            arms = self.arms if row.segment is None else self.segments[row.segment]
            right = compare(arms["v1"][row.metric], arms["v2"][row.metric], metric=row.metric, mode=mode)
            if row.comparison != right:
                raise AssertionError(f"wrong row: expected {right}, got {row.comparison}")
        return len(table)


def evaluations(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield how long `evaluate` takes on two arms, and how many times faster than plain code it is."""
    load = EvaluateLoad(sizes.pairs)
    for kind, arms in load.arms().items():
        progress.say(f"checking {kind}")
        load.check(*arms)
        contenders: dict[str, Callable[[], float]] = {
            "ours": functools.partial(seconds, functools.partial(load.monitor.evaluate, *arms)),
            "plain": functools.partial(seconds, functools.partial(plain_evaluate, *arms)),
        }
        times = interleave(contenders, sizes.repeats, progress.say)
        what = f"evaluate, two {kind} of {sizes.pairs:,}"
        yield median_figure(what, scaled(times["ours"], 1e3), "ms")
        bar = at_least(6) if kind.startswith("lists") else at_least(10)
        yield median_figure(f"{what}, times faster than plain code", ratios(times["plain"], times["ours"]), "x", bar)


def comparisons(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of one comparison from statistics, and of all segments and metrics of a test."""
    pairs = StatisticsLoad(sizes.compared_pairs)
    table = TableLoad(sizes.segments)
    contenders: dict[str, Callable[[], float]] = {}
    for kind in pairs.pairs:
        progress.say(f"checking {kind}")
        pairs.check(kind)
        for mode in MODES:
            contenders[f"{kind} {mode}"] = functools.partial(pairs.seconds, kind, mode)
    for mode in MODES:
        progress.say(f"checking all segments, {mode}")
        table.check(mode)
        contenders[f"table {mode}"] = functools.partial(seconds, functools.partial(table.run, mode))
    times = interleave(contenders, sizes.repeats, progress.say)
    for kind in pairs.pairs:
        for mode in MODES:
            each = scaled(times[f"{kind} {mode}"], 1e6 / sizes.compared_pairs)
            yield median_figure(f"compare two {kind}, {mode.replace('_', ' ')}", each, "µs", at_most(30))
    for mode in MODES:
        what = f"compare {sizes.segments} segments x {METRICS} metrics, {mode.replace('_', ' ')}"
        yield median_figure(what, times[f"table {mode}"], "s", at_most(0.5) if sizes.judged else None)
