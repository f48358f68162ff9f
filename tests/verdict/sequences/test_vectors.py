"""Numbers of confseq and of published formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.verdict.sequences.vectors import bernoulli, entries, file, is_near
from truthlag.detectors import BetaBinomialSequence, BettingSequence, EmpiricalBernsteinSequence

STREAM = bernoulli(5, [0.12] * 600)


def test_the_stream_is_that_of_the_numbers() -> None:
    (entry,) = entries("abtest.json", "stream_lcg5_bern012")
    assert "".join(str(int(x)) for x in STREAM) == entry["expected"]["bits"]


def test_robbins() -> None:
    expected = file("statistics.json")["robbins_beta_binomial_cs_95"]
    assert len(expected) == 6
    for counts, limits in expected.items():
        ones, n = map(int, counts.split("/"))
        sequence = BetaBinomialSequence()
        sequence.update_counts(ones, n)
        # Those were found with a tolerance of about 1e-11 in the limit.
        assert sequence.interval == pytest.approx(limits, abs=1e-10)


def test_bernoulli_intervals() -> None:
    found = entries("abtest.json", "cs_bernoulli_")
    for entry in found:
        given = entry["inputs"]
        sequence = BetaBinomialSequence(given["alpha"], narrow_at=given["t_opt"])
        sequence.update_counts(given["successes"], given["trials"])
        assert is_near(entry, sequence.interval, entry["expected"]["ci"]), entry["name"]
    assert len(found) == 6


def test_one_sided_mixture() -> None:
    # With v = g h n and s the ones above g n.
    (log_mixture,) = entries("abtest.json", "cs_beta_binomial_one_sided_log_mixture")
    given = log_mixture["inputs"]
    g, h = given["g"], given["h"]
    n = round(given["v"] / (g * h))
    sequence = BetaBinomialSequence(given["alpha_opt"], side="lower", narrow_at=round(given["v_opt"] / (g * h)))
    sequence.update_counts(round(g * n + given["s"]), n)
    assert is_near(log_mixture, sequence.log_e_value(g), log_mixture["expected"]["value"])


def test_one_sided_bounds() -> None:
    found = entries("abtest.json", "cs_beta_binomial_one_sided_bound")
    for entry in found:
        given = entry["inputs"]
        g, h = given["g"], given["h"]
        n = round(given["v"] / (g * h))
        # The bound is reached between two counts, or at none where all values are 1.
        reached = math.ceil(g * n + entry["expected"]["value"] - 1e-9)
        for ones in {max(0, reached - 1), min(n, reached)}:
            sequence = BetaBinomialSequence(given["alpha"], side="lower", narrow_at=round(given["v_opt"] / (g * h)))
            sequence.update_counts(ones, n)
            is_above = ones > g * n + entry["expected"]["value"] + 1e-9
            assert sequence.excludes(g) == (sequence.interval[0] > g) == is_above
    assert len(found) == 2


def test_empirical_bernstein() -> None:
    (entry,) = entries("abtest.json", "cs_predmix_empbern")
    expected = entry["expected"]
    for checkpoint, low, high, mean in zip(
        expected["checkpoints_n"], expected["lower"], expected["upper"], expected["mean"], strict=True
    ):
        sequence = EmpiricalBernsteinSequence(entry["inputs"]["alpha"])
        sequence.update_many(STREAM[:checkpoint])
        assert is_near(entry, [*sequence.interval, sequence.estimation], [low, high, mean])


@pytest.mark.parametrize("mean", [0.1, 0.12, 0.2])
def test_betting_capital(mean: float) -> None:
    (entry,) = (entry for entry in entries("abtest.json", "betting_mart_m") if entry["inputs"]["m"] == mean)
    expected = entry["expected"]
    sequence = BettingSequence(entry["inputs"]["alpha"], grid=[0.1, 0.12, 0.2])
    taken = 0
    for checkpoint, capital in zip(expected["checkpoints_n"], expected["capital"], strict=True):
        sequence.update_many(STREAM[taken:checkpoint])
        taken = checkpoint
        assert is_near(entry, sequence.e_value(mean), capital)
    assert sequence.excludes(mean) == (expected["capital"][-1] >= 1 / entry["inputs"]["alpha"])
    assert np.isclose(sequence.estimation, 0.125)
