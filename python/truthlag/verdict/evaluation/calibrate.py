"""The threshold of a detector, chosen by a history."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.degradation.wilson import two_sided_quantile
from truthlag.verdict.detectors.e_detector import EDetector
from truthlag.verdict.detectors.parameters import count, real, share
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.evaluation.block_bootstrap import chosen_block_length, resampled
from truthlag.verdict.evaluation.calibrated_parameter import CalibratedParameter, parameter_between, parameter_of
from truthlag.verdict.evaluation.calibration import Calibration
from truthlag.verdict.evaluation.estimate import short
from truthlag.verdict.evaluation.evaluate import FEWEST_RUNS, MOST_RUNS, MOST_SEED, Progress
from truthlag.verdict.evaluation.fresh import checked
from truthlag.verdict.evaluation.loss_source import finite_values
from truthlag.verdict.evaluation.resampled_runs import ResampledRuns
from truthlag.verdict.evaluation.run_length import RunLength, dispersion, run_length

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

FEWEST_BLOCKS = 50
"""Blocks in a history at least: of fewer, resamples repeat the same few stretches."""
LEAST_HISTORY = 100
STEPS = 24
"""Halvings of the range of a parameter at most."""
EXACT = 5e-4
"""A search ends where the two sides of the threshold differ by this share."""
RUNS_OF_A_HISTORY = 40
OVERSHOOT = 1.1
"""A run length that is surely above what was asked for by this factor is told."""


def calibrate(
    detector: Any,
    history: Sequence[float] | np.ndarray[Any, Any],
    *,
    arl: float,
    bounds: tuple[float, float] | None = None,
    block_length: float | None = None,
    runs: int = 400,
    histories: int = 40,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Choose the threshold with which a detector alarms once in `arl` values where nothing changes, by a history of your own.

    The history is resampled in blocks that keep together what hangs together (the stationary bootstrap of Politis and Romano
    (1994)), and the threshold that alarms most often among those whose run length is at least `arl` is found by halving, on the same
    resamples throughout. A run is watched for 3 `arl` values. The run length is the number of values watched for each first alarm,
    as `RunLength.mean`; it is then measured again on other resamples.

    **What a history can support.** An `arl` up to the number of its values: of what happens less than once in them it shows nothing.
    And at least 50 blocks: of fewer, resamples repeat the same few stretches. Else it is refused. A history with a change inside, or
    with a slow wave, hangs together over long stretches and is refused for that reason. `history_interval` says how far the run
    length on new values may be from what was asked for: a detector with a target or a baseline is off by as much as the history's
    mean is off.

    What is chosen: `delta` of ADWIN, `h` of CUSUM, `drift_threshold` of DDM and RDDM, `beta` of EDDM, `control_limit` of EWMA,
    `confidence_level` of FHDDM, `drift_confidence` of HDDMA and HDDMW, `alpha` of KSWIN, `threshold` of PageHinkley, `alpha_drift` of
    STEPD; of EDetector `arl`, the run length that it guarantees, which mostly comes out below the one that it then has. ECDD has
    three limits and no more, and EProcess and HarmfulShift have no run length: they are refused.

    Cost: up to 30 simulations of `runs` times about `arl` values at some 50 nanoseconds each, and `histories` times 40 runs more.

    Args:
        detector: A detector, whose other parameters are kept (what it has seen is not looked at, and it stays as it is), or its class;
            or, with `bounds`, a function of one number that makes a detector, for River's and any others.
        history: Values from when all was well, in their order: at least 100.
        arl: The average run length to a false alarm, in values, at least 10.
        bounds: The number at which the function makes detectors that alarm most often, and that at which they alarm least often.
        block_length: The mean length of the blocks, in values. None: the longest that the rule of Politis and White (2004) asks for, of
            the values and of the means of stretches of them. Where losses go by the day or the week, give the values of one day or week.
        runs: Runs of each simulation, at least 10.
        histories: Resampled histories by which the history's own uncertainty is measured, at least 10; 0 leaves it out.
        confidence: That of the intervals, between 0 and 1.
        seed: An int from 0.
        progress: Called with the number of simulated runs done, and of those that there may be at most.

    Returns:
        The calibrated detector, and what is known of its run length.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, the history cannot support `arl`, or no threshold has it.

    Example:
        >>> import numpy as np
        >>> from truthlag.detectors import CUSUM, calibrate
        >>> history = np.random.default_rng(7).random(10_000) < 0.10
        >>> calibration = calibrate(CUSUM(target=0.10, standard_deviation=0.30, k=0.1), history, arl=5_000, histories=0)
        >>> calibration.parameter, 20 < calibration.value < 40
        ('h', True)
        >>> calibration.run_length.mean.low < 5_000 < calibration.run_length.mean.high
        True
        >>> calibrate(CUSUM(target=0.10, standard_deviation=0.30), history, arl=50_000)
        Traceback (most recent call last):
        ValueError: arl must be at most 10,000, the values in history: of what is rarer it shows nothing; got 50000 of type int
    """
    asked = real("arl", arl, 10)
    count("runs", runs, FEWEST_RUNS, MOST_RUNS)
    if histories != 0:
        count("histories", histories, 10, 10_000)
    count("seed", seed, 0, MOST_SEED)
    share("confidence", confidence)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function or None, got {described(progress)}")
    parameter, make = _made_by(detector, bounds)
    values = finite_values("history", history, LEAST_HISTORY)
    length = chosen_block_length(values) if block_length is None else real("block_length", block_length, 1)
    _check_support(values.size, length, asked, arl, is_given=block_length is not None)

    total = runs * (STEPS + 3) + int(histories) * RUNS_OF_A_HISTORY
    simulation = ResampledRuns(values, length, math.ceil(3 * asked), progress, total)
    found = _search(parameter, make, simulation, runs, asked, [seed, 0])
    alarms = simulation.first_alarms(lambda: make(found), runs, [seed, 1])
    achieved = run_length(alarms, None, simulation.horizon, confidence)
    interval = None
    if histories:
        others = (
            resampled(values, length, values.size, np.random.default_rng([seed, 2, number]))
            for number in range(histories)
        )
        spread = _spread(simulation, lambda: make(found), others, seed)
        interval = _history_interval(simulation, alarms, spread, confidence)
    simulation.finish()
    return Calibration(
        detector=make(found),
        parameter=parameter.name,
        value=found,
        arl=asked,
        run_length=achieved,
        history_interval=interval,
        history=values.size,
        block_length=length,
        block_length_from="chosen" if block_length is None else "given",
        runs=int(runs),
        confidence=float(confidence),
        seed=int(seed),
        notes=_notes(make(found), parameter, found, achieved, asked, values),
    )


def _made_by(detector: Any, bounds: Any) -> tuple[CalibratedParameter, Callable[[float], Any]]:
    """The parameter, and what makes a detector with a value of it."""
    if bounds is not None:
        if not callable(detector) or isinstance(detector, type):
            raise TypeError(
                f"detector must be a function of one number where bounds are given, got {described(detector)}"
            )
        parameter = parameter_between(bounds)
        return parameter, lambda value: checked(detector(value))
    given = detector() if isinstance(detector, type) and issubclass(detector, WatchedDetector) else detector
    if not isinstance(given, WatchedDetector):
        allowed = "a detector of truthlag.detectors or its class, or, with bounds, a function that makes one"
        raise TypeError(f"detector must be {allowed}, got {described(detector)}")
    parameter = parameter_of(given)
    kind, parameters = type(given), given.parameters
    return parameter, lambda value: kind(**(parameters | {parameter.name: value}))


def _check_support(n: int, length: float, arl: float, given: Any, *, is_given: bool) -> None:
    if arl > n:
        told = f"arl must be at most {n:,}, the values in history: of what is rarer it shows nothing"
        raise ValueError(f"{told}; got {described(given)}")
    if n < FEWEST_BLOCKS * length:
        how = "as given" if is_given else "over which they hang together, for a slow wave or a change among them"
        least = math.ceil(FEWEST_BLOCKS * length)
        told = f"history must have at least {least:,} values, {FEWEST_BLOCKS} blocks of {short(length)} ({how})"
        raise ValueError(f"{told} for arl {short(arl)}; got {n:,}")


def _search(
    parameter: CalibratedParameter,
    make: Callable[[float], Any],
    simulation: ResampledRuns,
    runs: int,
    arl: float,
    seed: list[int],
) -> float:
    """The value that alarms most often among those with a run length of at least `arl`."""

    def is_enough(place: float) -> bool:
        value = parameter.at(place)
        return simulation.is_at_least(lambda: make(value), runs, seed, arl)

    often, seldom = 0.0, 1.0
    for _ in range(STEPS):
        middle = (often + seldom) / 2
        if is_enough(middle):
            seldom = middle
        else:
            often = middle
        ends = parameter.at(often), parameter.at(seldom)
        if abs(ends[0] - ends[1]) <= EXACT * abs(ends[1]):
            break
    if seldom == 1.0 and not is_enough(1.0):
        _refuse(parameter, make, simulation, runs, arl, seed, 1.0)
    if often == 0.0 and is_enough(0.0):
        _refuse(parameter, make, simulation, runs, arl, seed, 0.0)
    return parameter.at(seldom)


def _refuse(
    parameter: CalibratedParameter,
    make: Callable[[float], Any],
    simulation: ResampledRuns,
    runs: int,
    arl: float,
    seed: list[int],
    place: float,
) -> None:
    value = parameter.at(place)
    first = simulation.first_alarms(lambda: make(value), runs, seed)
    mean = run_length(first, None, simulation.horizon, 0.95)
    least = "at least" if place == 0.0 else "at most"
    told = f"arl must be a run length that {type(make(value)).__name__} has on this history with some {parameter.name}"
    raise ValueError(f"{told}: it is {least} {mean}, with {value:g}; got {short(arl)}")


def _spread(simulation: ResampledRuns, make: Callable[[], Any], histories: Iterable[Floats], seed: int) -> float:
    """The variance of the logarithm of the run length over histories that might have been.

    It is that of the estimates, less that which they have from their own few runs.
    """
    found = [
        _logarithm(simulation, simulation.first_alarms(make, RUNS_OF_A_HISTORY, [seed, 3, number], history))
        for number, history in enumerate(histories)
    ]
    logarithms, noise = np.array(found).T
    return max(float(logarithms.var(ddof=1)) - float(noise.mean()), 0.0)


def _history_interval(
    simulation: ResampledRuns, first_alarms: list[int | None], spread: float, confidence: float
) -> tuple[float, float]:
    """The run length on new values: the simulation's variance and that of the history together."""
    logarithm, noise = _logarithm(simulation, first_alarms)
    half = two_sided_quantile(confidence) * math.sqrt(spread + noise)
    return math.exp(logarithm - half), math.exp(logarithm + half)


def _logarithm(simulation: ResampledRuns, first_alarms: list[int | None]) -> tuple[float, float]:
    """The logarithm of a run length, and the variance that it has from the runs: by the delta method."""
    lengths, has_alarmed = simulation.lengths(first_alarms)
    # Half an alarm more, so that there is never none.
    alarms = float(has_alarmed.sum()) + 0.5
    return math.log(float(lengths.sum()) / alarms), dispersion(lengths, has_alarmed) / alarms


def _notes(
    detector: Any,
    parameter: CalibratedParameter,
    value: float,
    achieved: RunLength,
    arl: float,
    history: Floats,
) -> tuple[str, ...]:
    notes = []
    mean = achieved.mean.value
    if mean is None or (achieved.mean.low or 0.0) > OVERSHOOT * arl:
        notes.append(f"the run length jumps over {short(arl)}: no {parameter.name} comes nearer from above")
    alarmed = achieved.alarmed
    if mean is not None and (alarmed.high or 0.0) < -math.expm1(-achieved.horizon / mean):
        share = 100 * (1 - (alarmed.value or 0.0))
        notes.append(
            f"false alarms come early: {share:.0f} % of runs had none in {short(achieved.horizon)} values, "
            f"more than at a constant rate"
        )
    if isinstance(detector, EDetector):
        told = f"it guarantees a run length of {short(value)} while the mean loss is at most {detector.reference:.4g}"
        level = float(history.mean())
        beyond = f", which that of the history, {level:.4g}, is not" if level > detector.reference else ""
        notes.append(f"{told}{beyond}; the rest is what the history says")
    if isinstance(detector, WatchedDetector):
        warning = _warning_beyond(detector.parameters)
        if warning is not None:
            notes.append(warning)
    return tuple(notes)


def _warning_beyond(parameters: dict[str, Any]) -> str | None:
    """What to say where warnings would come later than alarms."""
    pairs = [
        ("warning_threshold", "drift_threshold", 1),
        ("warning_confidence", "drift_confidence", -1),
        ("alpha_warning", "alpha_drift", -1),
    ]
    for warning, drift, sign in pairs:
        if warning in parameters and sign * parameters[warning] > sign * parameters[drift]:
            return f"{warning} ({parameters[warning]:g}) is stricter than the alarm: choose another, or there are no warnings"
    return None
