"""The e-detector and the e-process: what they promise, by simulation with fixed seeds, and their parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.detectors import EDetector, EProcess

FORMS = ["shiryaev_roberts", "cusum"]


def run_length(detector: Any, rng: np.random.Generator, rate: float, most: int = 1_000_000) -> int:
    """Values up to the first alarm."""
    for taken in range(0, most, 4_000):
        alarms = detector.update_many(rng.random(4_000) < rate)
        if alarms.size:
            return taken + int(alarms[0]) + 1
    return most


def changing(seed: int, before: int, after: int) -> Any:
    """Errors at a rate of .10, then of .20."""
    return np.random.default_rng(seed).random(before + after) < np.repeat([0.10, 0.20], [before, after])


@pytest.mark.parametrize("form", FORMS)
def test_false_alarms_are_as_rare_as_it_says(form: str) -> None:
    lengths = [
        run_length(EDetector(0.10, arl=1_000, form=form), np.random.default_rng(seed), 0.10) for seed in range(400)
    ]
    assert np.mean(lengths) >= 1_000


def test_few_of_long_streams_without_a_change_alarm() -> None:
    alarmed = sum(
        EDetector(0.10).update_many(np.random.default_rng(seed).random(50_000) < 0.10).size > 0 for seed in range(60)
    )
    # On average a stream has half an alarm at most, so at least half of them could be without; 40 is three standard errors above.
    assert alarmed <= 40


def test_finds_a_change_nearly_as_soon_as_one_who_knows_what_will_come() -> None:
    delays, early = [], 0
    for seed in range(200):
        alarms = EDetector(0.10).update_many(changing(seed, 5_000, 3_000))
        early += int((alarms < 5_000).any())
        delays.append(alarms[alarms >= 5_000][0] - 4_999)
    # One in 20 at most by what it promises; four standard errors more.
    assert early <= 10 + 4 * 3.1
    # Page's chart for .10 against .20, with both rates known and the same run length, takes 137 in the median: nothing can be
    # sooner on average. To know neither the rate that comes nor when costs a quarter more.
    assert np.median(delays) <= 1.35 * 137


def test_the_change_is_told_about_where_it_was() -> None:
    errors = []
    for seed in range(200):
        detector = EDetector(0.10, reset="manual")
        alarm = int(detector.update_many(changing(1_000 + seed, 2_000, 4_000))[0])
        errors.append(alarm + 1 - detector.values_since_change - 2_000)
    assert abs(np.median(errors)) <= 15
    assert np.quantile(np.abs(errors), 0.75) <= 80


def test_dependent_losses_keep_the_promise() -> None:
    """The mean given the past is .10 at most, in bursts: a rate of 0 or of .10 that lasts for some hundred values."""
    lengths = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rates = np.repeat(rng.random(300) < 0.5, 300) * 0.10
        alarms = EDetector(0.10, arl=1_000).update_many(rng.random(rates.size) < rates)
        lengths.append(alarms[0] + 1 if alarms.size else rates.size)
    assert np.mean(lengths) >= 1_000


def test_losses_between_keep_the_promise_too() -> None:
    lengths = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        detector = EDetector(0.25, arl=500)
        alarms = detector.update_many(rng.beta(0.5, 1.5, 20_000))
        lengths.append(alarms[0] + 1 if alarms.size else 20_000)
    assert np.mean(lengths) >= 500


def test_a_counted_baseline_takes_its_upper_limit() -> None:
    for losses, trials in [(0, 50), (1, 1_000), (100, 1_000), (999, 1_000)]:
        detector = EDetector((losses, trials), delta=0.1, arl=900)
        exact = stats.binomtest(losses, trials).proportion_ci(confidence_level=0.8, method="exact").high
        # Two implementations of the incomplete beta function, and a root finder.
        assert detector.reference == pytest.approx(exact, rel=1e-9)
        assert detector.threshold == pytest.approx(1_000)
    assert EDetector(0.1, delta=0.1, arl=900).threshold == 900


def test_a_counted_baseline_keeps_the_rate_that_a_known_one_would_lose() -> None:
    """Run lengths with the baseline's own noise: many are shorter than `arl` where the estimate is taken for the truth."""
    known, counted = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        losses = int(rng.binomial(1_000, 0.10))
        stream = rng.random(60_000) < 0.10
        for lengths, baseline in ((known, losses / 1_000), (counted, (losses, 1_000))):
            alarms = EDetector(baseline, arl=5_000).update_many(stream)  # type: ignore[arg-type]
            lengths.append(alarms[0] + 1 if alarms.size else stream.size)
    assert np.mean(np.array(known) < 5_000) > 0.35
    assert np.mean(np.array(counted) < 5_000) < 0.2
    assert np.mean(counted) >= 5_000


def test_a_family_keeps_the_rate_of_one() -> None:
    lengths = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        members = [EDetector(0.10, arl=400, family=4) for _ in range(4)]
        lengths.append(min(run_length(one, rng, 0.10) for one in members))
    assert np.mean(lengths) >= 400
    assert EDetector(0.1, arl=400, family=4).threshold == 1_600


def test_the_process_alarms_at_any_time_with_one_chance() -> None:
    for alpha in (0.05, 0.2):
        alarmed = sum(
            EProcess(0.10, alpha=alpha).update_many(np.random.default_rng(seed).random(5_000) < 0.10).size > 0
            for seed in range(400)
        )
        assert alarmed / 400 <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 400)


def test_the_process_with_a_counted_baseline_holds_its_chance() -> None:
    alarmed = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        baseline = (int(rng.binomial(500, 0.10)), 500)
        alarmed += EProcess(baseline).update_many(rng.random(5_000) < 0.10).size > 0
    assert alarmed / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_a_family_with_counted_baselines_holds_its_chance() -> None:
    alarmed = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        members = [EProcess((int(rng.binomial(50, 0.10)), 50), family=20) for _ in range(20)]
        alarmed += any(one.update_many(rng.random(500) < 0.10).size > 0 for one in members)
    assert alarmed / 150 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


def test_what_is_lost_for_good_stays_lost() -> None:
    process = EProcess(0.1, reset="never")
    zeros = np.zeros(2_000_000)
    for _ in range(90):
        process.update_many(zeros)
    assert process.p_value == 1 and not process.drift_detected
    assert EProcess.from_bytes(process.to_bytes()).to_bytes() == process.to_bytes()


def test_the_evidence_is_the_product_of_the_bets() -> None:
    values = np.random.default_rng(3).random(300)
    stakes = 0.99 / 0.4 * 0.5 ** np.arange(10)
    worth = np.mean(np.prod(1 + stakes * (values[:, None] - 0.4), axis=0))
    process = EProcess(0.4, reset="never")
    process.update_many(values)
    # Products of 300 factors on both sides.
    assert process.log_evidence == pytest.approx(math.log(worth), rel=1e-12)
    assert process.p_value == pytest.approx(min(1, 1 / worth), rel=1e-11)
    assert process.estimation == pytest.approx(values.mean(), rel=1e-14)


def test_neither_over_nor_underflows() -> None:
    for form in FORMS:
        detector = EDetector(0.01, form=form, reset="never")
        detector.update_many(np.ones(100_000))
        assert detector.log_evidence > 400_000
        detector.update_many(np.zeros(3_000_000))
        # The bet that has lost least by now was all but nothing beside the others when it had won.
        stakes = 0.99 / 0.01 * 0.5 ** np.arange(10)
        kept = np.max(100_000 * np.log1p(stakes * 0.99) + 3_000_000 * np.log1p(-stakes * 0.01))
        assert detector.log_evidence == pytest.approx(kept, abs=10)
    process = EProcess(0.5, reset="never")
    process.update_many(np.zeros(2_000_000))
    assert -1e7 < process.log_evidence < -1_000
    assert process.p_value == 1


BAD: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (EDetector, {"baseline": 1.5}, ValueError, "baseline must be a finite number from 0 to 1, got 1.5"),
    (EDetector, {"baseline": None}, TypeError, "baseline must be a finite number from 0 to 1, got None"),
    (EDetector, {"baseline": "0.1"}, TypeError, "baseline must be a number from 0 to 1, or (k, n), got '0.1'"),
    (EDetector, {"baseline": (1, 2, 3)}, ValueError, "baseline must be (k, n), got 3 numbers"),
    (EDetector, {"baseline": (3, 2)}, ValueError, "baseline[0] must be an int from 0 to 2, got 3"),
    (EDetector, {"baseline": (0.5, 2)}, TypeError, "baseline[0] must be an int from 0 to 2, got 0.5"),
    (EDetector, {"baseline": (0, 0)}, ValueError, "baseline[1] must be an int from 1 to"),
    (
        EDetector,
        {"baseline": 0.0},
        ValueError,
        "baseline and tolerance must come to a mean loss from 1e-09 to below 1, got 0",
    ),
    (
        EDetector,
        {"baseline": 0.9, "tolerance": 0.1},
        ValueError,
        "baseline and tolerance must come to a mean loss from",
    ),
    (EDetector, {"baseline": 0.1, "tolerance": -0.1}, ValueError, "tolerance must be a finite number from 0 to 1"),
    (
        EDetector,
        {"baseline": 0.1, "arl": 1},
        ValueError,
        "arl must be a finite number above 1 and at most 1e+15, got 1",
    ),
    (EDetector, {"baseline": 0.1, "arl": float("nan")}, ValueError, "arl must be a finite number above 1"),
    (
        EDetector,
        {"baseline": 0.1, "form": "process"},
        ValueError,
        "form must be one of 'shiryaev_roberts', 'cusum', got",
    ),
    (
        EDetector,
        {"baseline": 0.1, "delta": 1},
        ValueError,
        "delta must be a number between 0 and 1, both excluded, got 1",
    ),
    (EDetector, {"baseline": 0.1, "bets": 13}, ValueError, "bets must be an int from 1 to 12, got 13"),
    (EDetector, {"baseline": 0.1, "family": 0}, ValueError, "family must be an int from 1 to 1000000, got 0"),
    (
        EProcess,
        {"baseline": 0.1, "alpha": 0},
        ValueError,
        "alpha must be a number between 0 and 1, both excluded, got 0",
    ),
]


@pytest.mark.parametrize(("kind", "parameters", "error", "message"), BAD)
def test_bad_parameters(kind: Any, parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        kind(**parameters)
    assert str(raised.value).startswith(message)
