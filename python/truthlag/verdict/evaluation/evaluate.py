"""A detector put through scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import count, share
from truthlag.verdict.evaluation.dummies import AlwaysFires, NeverFires
from truthlag.verdict.evaluation.estimate import (
    median_estimate,
    paired_difference,
    rate_estimate,
    share_estimate,
)
from truthlag.verdict.evaluation.evaluation import Evaluation, ScenarioResult
from truthlag.verdict.evaluation.fresh import DriftDetector, alarm_places, checked, is_detector, maker, twin
from truthlag.verdict.evaluation.loss_source import Draw, Floats
from truthlag.verdict.evaluation.run_length import RunLength, run_length
from truthlag.verdict.evaluation.scenario import LONGEST, Scenario

Progress: TypeAlias = Callable[[int, int], object]
Make: TypeAlias = Callable[[Floats | None], Any]
MOST_RUNS = 1_000_000
FEWEST_RUNS = 10
MOST_SEED = 2**63


def evaluate(
    detector: DriftDetector | Callable[..., DriftDetector],
    scenarios: Scenario | Sequence[Scenario],
    *,
    runs: int = 400,
    horizon: int = 50_000,
    baseline_rows: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """How long a detector runs without a change, and whether and how soon it finds one, with intervals, beside two dummies.

    Each scenario is drawn `runs` times, and each time a fresh detector sees the history, then the change; a twin of it goes on from
    the same point without a change. Run lengths are of fresh detectors on values from before the change alone, once for all
    scenarios that begin alike. After a false alarm the detector goes on by its own rule (`reset=`, River's); an alarm that stands
    until it is answered is answered at once by `reset()`. The same seed draws the same streams for every detector, so that they can be
    compared run by run.

    Cost: `runs` times the horizon and all histories and twice the lengths, some 50 nanoseconds a value; of detectors in Python,
    what their `update` takes.

    Args:
        detector: A detector (what it has seen is not looked at, and it stays as it is), a class, or a function that makes one. Any
            object with `update(x)` and `drift_detected` will do; River's have them.
        scenarios: One or several.
        runs: How often each is drawn, at least 10.
        horizon: Values that a run without a change is watched for.
        baseline_rows: With this, `detector` is a function of an array with the losses of so many rows, which are drawn anew for each
            run from before the change, and makes a detector with a baseline from them. None where the detector needs none, or knows it.
        confidence: That of the intervals, between 0 and 1.
        seed: An int from 0.
        progress: Called with the number of runs done, and of all.

    Returns:
        The evaluation, with one result for each scenario.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or the detector does not take the values of a scenario.

    Example:
        >>> from truthlag.detectors import ADWIN, Scenario, evaluate
        >>> histories = [Scenario(before=0.10, after=0.15, history=rows) for rows in (500, 50_000)]
        >>> young, old = evaluate(ADWIN, histories, runs=100).results
        >>> young.detected.value < 0.3, old.detected.value > 0.9
        (True, True)

    A baseline from 1 000 rows of each run's own:

        >>> from truthlag.detectors import EDetector
        >>> def made(losses):
        ...     return EDetector((int(losses.sum()), losses.size), arl=1_000)
        >>> evaluation = evaluate(made, Scenario(), baseline_rows=1_000, runs=100)
        >>> evaluation.results[0].run_length.restricted_mean.low > 1_000
        True
    """
    given = _scenarios(scenarios)
    count("runs", runs, FEWEST_RUNS, MOST_RUNS)
    count("horizon", horizon, 1, LONGEST)
    count("seed", seed, 0, MOST_SEED)
    share("confidence", confidence)
    make, name = _make(detector, baseline_rows)
    is_dummy = isinstance(detector, AlwaysFires) or (isinstance(detector, type) and issubclass(detector, AlwaysFires))
    makes: list[Make] = [make] if is_dummy else [make, lambda _: AlwaysFires(), lambda _: NeverFires()]
    parts = list({_origin(one): one for one in given}.values())
    step = _Steps(progress, runs * (len(parts) + len(given)))

    rows = 0 if baseline_rows is None else int(baseline_rows)
    lengths: dict[object, list[RunLength]] = {}
    for one in parts:
        before, _ = one.draws()
        lengths[_origin(one)] = _run_lengths(makes, before, runs, horizon, rows, confidence, seed, step)
    found = [_results(makes, one, lengths[_origin(one)], runs, rows, confidence, seed, step) for one in given]
    evaluations = [
        Evaluation(
            detector=told,
            results=tuple(results[place] for results in found),
            dummies=(),
            confidence=float(confidence),
            seed=int(seed),
        )
        for place, told in enumerate([name, "AlwaysFires", "NeverFires"][: len(makes)])
    ]
    return Evaluation(
        detector=name,
        results=evaluations[0].results,
        dummies=tuple(evaluations[1:]),
        confidence=float(confidence),
        seed=int(seed),
    )


class _Steps:
    """Tells how many runs are done."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be a function or None, got {described(progress)}")
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Tally:
    """What the runs of one detector in one scenario came to."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.by_chance: list[bool] = []
        self.false_alarms: list[int] = []

    def result(self, scenario: Scenario, length: RunLength, confidence: float) -> ScenarioResult:
        delays, by_chance = np.array(self.delays), np.array(self.by_chance)
        runs, has_found = delays.size, np.isfinite(delays)
        return ScenarioResult(
            scenario=scenario,
            runs=runs,
            run_length=length,
            detected=share_estimate(int(has_found.sum()), runs, confidence),
            alarmed_without_change=share_estimate(int(by_chance.sum()), runs, confidence),
            informedness=paired_difference(
                int((has_found & ~by_chance).sum()), int((by_chance & ~has_found).sum()), runs, confidence
            ),
            median_delay=median_estimate(delays, confidence),
            median_delay_when_detected=median_estimate(delays[has_found], confidence),
            false_alarms_per_1000=rate_estimate(self.false_alarms, int(scenario.history), confidence),
            alarmed_before=share_estimate(int((np.array(self.false_alarms) > 0).sum()), runs, confidence),
        )


def _run_lengths(
    makes: list[Make], draw: Draw, runs: int, horizon: int, rows: int, confidence: float, seed: int, step: _Steps
) -> list[RunLength]:
    first: list[list[int | None]] = [[] for _ in makes]
    counts: list[list[int]] = [[] for _ in makes]
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        baseline = draw(rng, rows) if rows else None
        values = draw(rng, horizon)
        for place, make in enumerate(makes):
            alarms = alarm_places(make(baseline), values)
            first[place].append(int(alarms[0]) + 1 if alarms.size else None)
            counts[place].append(alarms.size)
        step()
    return [run_length(*both, horizon, confidence) for both in zip(first, counts, strict=True)]


def _results(
    makes: list[Make],
    scenario: Scenario,
    lengths: list[RunLength],
    runs: int,
    rows: int,
    confidence: float,
    seed: int,
    step: _Steps,
) -> list[ScenarioResult]:
    before, after = scenario.draws()
    weights = scenario.weights()
    history, length = int(scenario.history), int(scenario.length)
    is_gradual = bool((weights < 1).any())
    tallies = [_Tally() for _ in makes]
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        baseline = before(rng, rows) if rows else None
        past = before(rng, history + length)
        changed = after(rng, length)
        if is_gradual:
            changed = np.where(rng.random(length) < weights, changed, past[history:])
        for tally, make in zip(tallies, makes, strict=True):
            detector = make(baseline)
            tally.false_alarms.append(alarm_places(detector, past[:history]).size)
            unchanged = twin(detector)
            alarms = alarm_places(detector, changed)
            tally.delays.append(float(alarms[0]) + 1 if alarms.size else np.inf)
            tally.by_chance.append(bool(alarm_places(unchanged, past[history:]).size))
        step()
    return [tally.result(scenario, one, confidence) for tally, one in zip(tallies, lengths, strict=True)]


def _scenarios(scenarios: Any) -> list[Scenario]:
    given = [scenarios] if isinstance(scenarios, Scenario) else scenarios
    if not isinstance(given, list | tuple) or not all(isinstance(one, Scenario) for one in given):
        raise TypeError(f"scenarios must be a Scenario or a list of them, got {described(scenarios)}")
    if not given:
        raise ValueError("scenarios must be a Scenario or a list of them, got none")
    return list(given)


def _origin(scenario: Scenario) -> object:
    """Equal for scenarios whose values before the change come from the same source."""
    source: Any = scenario.before
    if isinstance(source, list | tuple | np.ndarray) or callable(source):
        return id(source), scenario.block_length
    return float(source)


def _make(detector: Any, baseline_rows: int | None) -> tuple[Make, str]:
    """What makes the detectors, and what they are called."""
    if baseline_rows is None:
        plain = maker(detector)
        return lambda _: plain(), _name(detector, plain())
    count("baseline_rows", baseline_rows, 1, LONGEST)
    if not callable(detector) or (not isinstance(detector, type) and is_detector(detector)):
        told = f"detector must be a function of the baseline's losses where baseline_rows is given, got {described(detector)}"
        raise TypeError(told)
    return lambda losses: checked(detector(losses)), str(getattr(detector, "__name__", "detector"))


def _name(detector: Any, made: Any) -> str:
    """The class, and what was chosen: a function is called by its name, unless it has none."""
    if isinstance(detector, type) or getattr(detector, "__name__", "<lambda>") == "<lambda>":
        return type(made).__name__
    return str(detector.__name__)
