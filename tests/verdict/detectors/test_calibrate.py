"""Calibrations: charts whose run lengths are published, fresh streams, histories that hang together, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from truthlag import detectors
from truthlag.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    ECDD,
    EDDM,
    EWMA,
    FHDDM,
    HDDMA,
    HDDMW,
    RDDM,
    STEPD,
    EDetector,
    EProcess,
    HarmfulShift,
    PageHinkley,
    Scenario,
    calibrate,
    evaluate,
)
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.evaluation.block_bootstrap import chosen_block_length, politis_white, resampled
from truthlag.verdict.evaluation.calibrate import EXACT
from truthlag.verdict.evaluation.calibrated_parameter import PARAMETERS, REASONS

RATE, DEVIATION = 0.1, 0.3


def errors(rows: int, seed: int = 1, rate: float = RATE) -> Any:
    return np.random.default_rng(seed).random(rows) < rate


def chained(rows: int, random: Any, stay: float = 0.95) -> Any:
    """Errors at a rate of 0.02 or 0.18, whichever it was before with this chance: 0.1 in all, and in heaps."""
    turns = np.cumsum(random.random(rows) > stay) + random.integers(2)
    return random.random(rows) < np.where(turns % 2 == 0, 0.02, 0.18)


def standardised(rows: int) -> Any:
    values = np.random.default_rng(2).standard_normal(rows)
    return (values - values.mean()) / values.std()


# Run lengths of one-sided charts (Montgomery; Lucas and Saccucci), as their doc strings give them. The run length grows by
# exp(h) and faster, so that 5 percent of simulation error (400 runs) are 0.05 of h; four times that, and the history's tail.
@pytest.mark.parametrize(
    ("chart", "arl", "expected", "tolerance"),
    [(CUSUM(0, 1), 336, 4.0, 0.25), (CUSUM(0, 1), 930, 5.0, 0.25), (EWMA(0, 1), 1_008, 2.962, 0.1)],
)
def test_charts_come_out_as_published(chart: Any, arl: int, expected: float, tolerance: float) -> None:
    calibration = calibrate(chart, standardised(40_000), arl=arl, block_length=1)
    assert calibration.value == pytest.approx(expected, abs=tolerance)
    assert calibration.run_length.mean.low < arl * 1.1
    assert calibration.run_length.mean.high > arl * 0.9


@pytest.mark.parametrize(
    "detector",
    [
        ADWIN(),
        CUSUM(RATE, DEVIATION),
        CUSUM(RATE, DEVIATION, k=0.1, direction="both"),
        DDM(),
        EDDM(),
        EDetector(RATE),
        EDetector(RATE, form="cusum", tolerance=0.02),
        EWMA(RATE, DEVIATION, lambda_val=0.05),
        FHDDM(),
        HDDMA(),
        HDDMW(),
        PageHinkley(mode="up"),
        RDDM(),
        STEPD(),
    ],
    ids=repr,
)
def test_fresh_streams_have_the_run_length(detector: Any) -> None:
    # ADWIN has no shorter run length, nearly as large as delta may be.
    arl, history = 3_500 if isinstance(detector, ADWIN) else 1_000, errors(20_000)
    calibration = calibrate(detector, history, arl=arl, block_length=1, histories=20)
    # As long as calibration watches, so that those whose alarms come early are asked for the same.
    fresh = evaluate(calibration.detector, Scenario(history=0, length=1), runs=400, horizon=3 * arl, seed=5)
    mean = fresh.results[0].run_length.mean
    low, high = calibration.history_interval
    assert low <= mean.high
    assert mean.low <= high
    # The interval says something; alarms of DDM come early or hardly ever, and so in numbers that vary most.
    assert high / low < 5
    assert 0.5 * arl < mean.value < 2 * arl


def test_the_value_alarms_most_often_among_those_that_have_it() -> None:
    history, arl, runs = errors(5_000), 500, 50
    calibration = calibrate(PageHinkley(), history, arl=arl, block_length=1, runs=runs, histories=0, seed=3)

    def run_length(threshold: float) -> float:
        """As it is described: the same resamples, piece by piece, until the first alarm or 1 500 values."""
        watched = alarms = 0
        for run in range(runs):
            random = np.random.default_rng([3, 0, run])
            stream = np.concatenate([history[random.integers(5_000, size=rows)] for rows in (1_000, 500)])
            detector = PageHinkley(threshold=threshold)
            place = next((number + 1 for number, value in enumerate(stream) if detector.update(value)), None)
            watched += 1_500 if place is None else place
            alarms += place is not None
        return watched / alarms if alarms else math.inf

    assert run_length(calibration.value) >= arl
    assert run_length(calibration.value * (1 - 2 * EXACT)) < arl
    assert calibration.detector.parameters == PageHinkley(threshold=calibration.value).parameters


def test_every_detector_is_calibrated_or_refused_with_the_reason() -> None:
    kinds = {one for one in vars(detectors).values() if isinstance(one, type) and issubclass(one, WatchedDetector)}
    assert set(PARAMETERS) | set(REASONS) == kinds
    for detector in (ECDD(), EProcess(0.1), HarmfulShift(errors=1, n=100, tolerance=0.1)):
        with pytest.raises(ValueError, match=f"a threshold to choose, got {type(detector).__name__}, wh"):
            calibrate(detector, errors(1_000), arl=100)


@pytest.mark.parametrize("kind", PARAMETERS, ids=lambda kind: kind.__name__)
def test_alarms_come_later_from_often_to_seldom(kind: Any) -> None:
    given = {CUSUM: (RATE, DEVIATION), EWMA: (RATE, DEVIATION), EDetector: (RATE,)}.get(kind, ())
    parameter = PARAMETERS[kind]
    firsts = []
    for share in (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0):
        value = parameter.at(share)
        if kind.__name__ == "EDDM":
            value = min(value, 0.95)
        streams = [errors(3_000, seed, 0.2) for seed in range(20)]
        alarms = [kind(*given, **{parameter.name: value}).update_many(stream) for stream in streams]
        firsts.append([int(one[0]) if one.size else 3_000 for one in alarms])
    assert parameter.at(0.0) == parameter.often
    assert parameter.at(1.0) == parameter.seldom
    steps = np.diff(firsts, axis=0)
    # Hoeffding's two choose their cut by the same confidence, so a single stream may go the other way; on average none does.
    assert (steps.mean(axis=1) >= 0).all() if kind in (HDDMA, HDDMW) else (steps >= 0).all()
    assert np.mean(firsts[0]) < np.mean(firsts[-1])


def test_a_history_in_heaps_is_resampled_in_heaps() -> None:
    random = np.random.default_rng(6)
    history = chained(40_000, random)
    arl = 1_000

    def achieved(block_length: float | None) -> tuple[float, float]:
        calibration = calibrate(
            EWMA(RATE, DEVIATION, lambda_val=0.05), history, arl=arl, block_length=block_length, histories=0
        )
        scenario = Scenario(before=lambda random, n: chained(n, random), history=0, length=1)
        fresh = evaluate(calibration.detector, scenario, runs=400, horizon=3 * arl)
        return fresh.results[0].run_length.mean.value, calibration.block_length

    in_blocks, length = achieved(None)
    torn, _ = achieved(1)
    assert 10 < length < 400
    # Both within what 400 runs twice allow (four standard errors, 0.07 each time together), and the blocks' cuts.
    assert 0.7 < in_blocks / arl < 1.3
    assert torn / arl < 0.5


def test_a_calibration_covers_the_run_length_of_new_values() -> None:
    # The k of 0.1 makes it depend much on the mean of the history. 25 of them; four standard errors below 95 percent.
    hits = 0
    given: dict[str, Any] = {"arl": 300, "runs": 50, "histories": 20, "block_length": 1}
    for number in range(25):
        calibration = calibrate(CUSUM(RATE, DEVIATION, k=0.1), errors(600, 50 + number), seed=number, **given)
        fresh = evaluate(calibration.detector, Scenario(history=0, length=1), runs=200, horizon=900)
        low, high = calibration.history_interval
        hits += low <= fresh.results[0].run_length.mean.value <= high
    assert hits >= 25 * 0.95 - 4 * math.sqrt(25 * 0.95 * 0.05)


def test_detectors_of_others_by_a_function() -> None:
    drift = pytest.importorskip("river.drift")
    given: dict[str, Any] = {"arl": 60, "runs": 10, "histories": 0, "block_length": 1}
    expected = calibrate(PageHinkley(), errors(1_000), **given)
    calibration = calibrate(
        lambda threshold: drift.PageHinkley(threshold=threshold), errors(1_000), bounds=(1e-3, 1e6), **given
    )
    assert (calibration.parameter, calibration.value) == ("value", expected.value)
    assert calibration.run_length == expected.run_length
    assert isinstance(calibration.detector, drift.PageHinkley)
    assert calibration.to_dict()["detector"] == {"class": "PageHinkley", "parameters": None}
    # Bounds that are not above zero are gone through in equal differences, and may fall.
    given["arl"] = 4_000
    falling = calibrate(lambda beta: EDDM(beta=beta), errors(5_000), bounds=(0.95, 0), **given)
    rule = calibrate(EDDM(), errors(5_000), **given)
    assert falling.value == rule.value


def test_it_is_deterministic_and_leaves_the_detector() -> None:
    detector = STEPD(window_size=40, reset="manual")
    detector.update_many(errors(500))
    before = detector.to_bytes()
    given: dict[str, Any] = {"arl": 200, "runs": 40, "histories": 10}
    first, second = (calibrate(detector, errors(1_000), **given) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    assert detector.to_bytes() == before
    assert first.detector.parameters == detector.parameters | {"alpha_drift": first.value}
    assert calibrate(detector, errors(1_000), seed=1, **given).to_dict() != first.to_dict()
    assert calibrate(STEPD, errors(1_000), **given).detector.parameters["window_size"] == 30


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    calibrate(DDM(), errors(500), arl=100, runs=10, histories=10, progress=lambda *both: told.append(both))
    assert [done for done, _ in told[:-1]] == list(range(1, len(told)))
    assert len({total for _, total in told}) == 1
    assert told[-1][0] == told[-1][1] >= told[-2][0]


def test_it_prints_and_goes_to_json() -> None:
    calibration = calibrate(CUSUM(RATE, DEVIATION), errors(1_000), arl=500, runs=50, histories=10)
    lines = str(calibration).splitlines()
    assert lines[0] == f"CUSUM: h = {calibration.value:.6g} for a run length of 500"
    assert lines[1].startswith("run length on resamples: ")
    assert lines[2].startswith("as far as the history can tell: ")
    assert lines[3].startswith("history: 1,000 values in blocks of ")
    data = json.loads(json.dumps(calibration.to_dict()))
    assert data["detector"]["parameters"]["h"] == data["value"] == calibration.value
    assert data["history_interval"] == list(calibration.history_interval)
    assert data["block_length_from"] == "chosen"


def notes(detector: Any, history: Any = None, arl: int = 1_000) -> str:
    history = errors(5_000) if history is None else history
    return " ".join(calibrate(detector, history, arl=arl, runs=200, histories=0, block_length=1).notes)


def test_notes() -> None:
    assert notes(CUSUM(RATE, DEVIATION, k=0.1)) == ""
    assert "false alarms come early: " in notes(EDDM(), arl=5_000)
    assert "warning_confidence (0.0001) is stricter than the alarm" in notes(HDDMA(warning_confidence=0.0001))
    above, below = notes(EDetector(0.09)), notes(EDetector(0.2), arl=200)
    assert "it guarantees a run length of" in above
    assert "which that of the history, 0.1" in above
    assert "is not" not in below
    # Shares of ten values are few.
    jumps = notes(FHDDM(sliding_window_size=10))
    assert "the run length jumps over 1,000: no confidence_level comes nearer" in jumps


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"arl": 1_001}, ValueError, "arl must be at most 1,000, the values in history: .*; got 1001 of type int"),
        ({"arl": 9.5}, ValueError, "arl must be a finite number from 10, got 9.5"),
        ({"arl": "100"}, TypeError, "arl must be a finite number from 10"),
        (
            {"block_length": 21},
            ValueError,
            r"history must have at least 1,050 values, 50 blocks of 21 \(as given\) for arl 100; got 1,000",
        ),
        ({"block_length": 0}, ValueError, "block_length must be a finite number from 1, got 0"),
        ({"history": [0.0] * 99}, ValueError, "history must have at least 100 values, got 99"),
        ({"history": [0.0] * 99 + [math.nan]}, ValueError, r"history\[99\] must be a finite number, got nan"),
        ({"history": "01" * 100}, ValueError, "history must be a list, a tuple or an array of one dimension"),
        ({"history": [2.0] * 1_000}, ValueError, "must be"),
        (
            {"history": [0.0] * 1_000},
            ValueError,
            "arl must be a run length that DDM has on this history with some drift_threshold: it is at least no alarm",
        ),
        ({"detector": 3}, TypeError, "detector must be a detector of truthlag.detectors or its class, .* got 3"),
        (
            {"detector": lambda value: DDM()},
            TypeError,
            "detector must be a detector of truthlag.detectors or its class",
        ),
        ({"bounds": (0, 1)}, TypeError, "detector must be a function of one number where bounds are given"),
        ({"bounds": 1, "detector": lambda value: DDM()}, TypeError, "bounds must be two numbers"),
        ({"bounds": (1, 1), "detector": lambda value: DDM()}, ValueError, "bounds must be two numbers that differ"),
        (
            {"bounds": (1, 2), "detector": lambda value: 3},
            TypeError,
            "detector must be .* a function that makes 3 of type int",
        ),
        ({"runs": 9}, ValueError, "runs must be an int from 10"),
        ({"histories": 5}, ValueError, "histories must be an int from 10"),
        ({"confidence": 95}, ValueError, "confidence must be a number between 0 and 1"),
        ({"seed": 0.5}, TypeError, "seed must be an int"),
        ({"progress": 1}, TypeError, "progress must be a function or None, got 1"),
    ],
)
def test_what_is_refused(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    arguments = {"detector": DDM(), "history": errors(1_000), "arl": 100, "runs": 10, "histories": 0} | given
    with pytest.raises(kind, match=message):
        calibrate(arguments.pop("detector"), arguments.pop("history"), **arguments)


def test_a_run_length_that_no_threshold_has_is_refused() -> None:
    # After 50 warnings in a row RDDM alarms whatever its threshold.
    detector = RDDM(warning_threshold=0.0, warn_limit=50)
    with pytest.raises(ValueError, match="that RDDM has on this history with some drift_threshold: it is at most"):
        calibrate(detector, errors(5_000), arl=5_000, runs=20, histories=0)


def test_a_history_with_a_change_or_a_slow_wave_is_refused() -> None:
    changed = np.concatenate([errors(5_000, 3), errors(5_000, 4, 0.2)])
    wave = np.random.default_rng(5).random(20_000) < 0.15 + 0.1 * np.sin(np.arange(20_000) * 2 * np.pi / 7_000)
    for history in (changed, wave):
        with pytest.raises(ValueError, match=r"history must have at least .* a slow wave or a change among them"):
            calibrate(DDM(), history, arl=1_000)


def test_the_rule_finds_the_block_length_of_an_autoregression() -> None:
    # Politis and White: L = (2 G^2 / D)^(1/3) n^(1/3), with G / g = 2 r / (1 - r^2) of an autoregression and D = 2 g^2.
    n = 20_000
    for r in (0.3, 0.7, 0.9):
        expected = (2 * r / (1 - r * r)) ** (2 / 3) * n ** (1 / 3)
        found = []
        for seed in range(12):
            noise = np.random.default_rng(seed).standard_normal(n + 500)
            values = [0.0]
            for one in noise:
                values.append(r * values[-1] + one)
            found.append(politis_white(np.array(values[501:])))
        # The paper's own simulations spread by a fifth to a third at smaller n.
        assert np.median(found) == pytest.approx(expected, rel=0.2)


def test_independent_values_need_no_blocks() -> None:
    lengths = [chosen_block_length(errors(10_000, seed).astype(float)) for seed in range(40)]
    assert np.median(lengths) < 5
    # One in some dozens looks longer by chance, since many scales are looked at.
    assert np.quantile(lengths, 0.9) < 30
    assert chosen_block_length(np.ones(1_000)) == 1


def test_a_cycle_that_single_values_hide_is_found() -> None:
    times = np.arange(50_000)
    history = (np.random.default_rng(7).random(50_000) < 0.1 + 0.05 * np.sin(times * 2 * np.pi / 1_000)).astype(float)
    assert politis_white(history) < 100
    assert chosen_block_length(history) > 200


def test_resampled_blocks_have_geometric_lengths_and_begin_anywhere() -> None:
    history = np.arange(1_000.0)
    drawn = resampled(history, 25.0, 200_000, np.random.default_rng(8))
    goes_on = np.diff(drawn) % 1_000 == 1
    ends = np.flatnonzero(~goes_on)
    lengths = np.diff(ends)
    # Mean and standard deviation of a geometric distribution, within four standard errors; one cut in 1 000 is not seen.
    assert lengths.mean() == pytest.approx(25, rel=4 / math.sqrt(lengths.size))
    assert lengths.std() == pytest.approx(math.sqrt(25 * 24), rel=0.1)
    starts = drawn[ends[:-1] + 1]
    assert np.histogram(starts, 10, (0, 1_000))[0].min() > 0.8 * starts.size / 10
    assert resampled(history, 1.0, 7, np.random.default_rng(1)).size == 7
    assert resampled(history, 1_000.0, 7, np.random.default_rng(1)).size == 7
