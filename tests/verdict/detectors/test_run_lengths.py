"""Run lengths of the control charts against their integral equations, and those against published numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from tests.verdict.detectors import vectors
from truthlag.detectors import CUSUM, ECDD, EWMA

NODES = 200
DRAWS = 2_000_000
# Values between two false alarms of a default EWMA, one way.
ONE_SIDED = 1008
# The run lengths that ECDD knows limits for.
LIMITS = (100, 400, 1000)


def nodes(low: float, high: float) -> tuple[Any, Any]:
    """Gauss-Legendre nodes of an interval, and their weights."""
    places, weights = np.polynomial.legendre.leggauss(NODES)
    return low + (high - low) * (places + 1) / 2, weights * (high - low) / 2


def cusum_run_length(h: float, k: float, shift: float = 0.0, head_start: float = 0.0) -> float:
    """Page (1954): what is left of a run from a sum of z is 1, and what is left from the sum that comes next."""
    x, weights = nodes(0, h)

    def row(z: Any) -> Any:
        return weights * norm.pdf(x + k - shift - z)

    # The run length from 0, then from each node.
    system = np.zeros((NODES + 1, NODES + 1))
    starts = np.concatenate([[0.0], x])
    for place, z in enumerate(starts):
        system[place, 0] = norm.cdf(k - shift - z)
        system[place, 1:] = row(z)
    lengths = np.linalg.solve(np.eye(NODES + 1) - system, np.ones(NODES + 1))
    z = head_start * h
    return float(1 + norm.cdf(k - shift - z) * lengths[0] + row(z) @ lengths[1:])


def ewma_run_length(weight: float, limit: float, shift: float = 0.0, *, one_sided: bool = False) -> float:
    """Crowder (1987), with constant limits; one-sided ones end where the average practically never is."""
    high = limit * math.sqrt(weight / (2 - weight))
    low = -12 * math.sqrt(weight / (2 - weight)) if one_sided else -high
    x, weights = nodes(low, high)

    def row(u: Any) -> Any:
        return weights / weight * norm.pdf((x - (1 - weight) * u) / weight - shift)

    lengths = np.linalg.solve(np.eye(NODES) - np.array([row(u) for u in x]), np.ones(NODES))
    return float(1 + row(0.0) @ lengths)


@pytest.mark.parametrize("entry", vectors.entries("cusum_arl") or [None])
def test_the_cusum_equation_is_that_of_the_vectors(entry: dict[str, Any] | None) -> None:
    if entry is None:
        pytest.skip(f"no vectors in {vectors.FOLDER}")
    h, k, expected = entry["inputs"]["h"], entry["inputs"]["k"], entry["expected"]
    assert cusum_run_length(h, k) == pytest.approx(expected["arl0_one_sided"], rel=entry["tolerance"])
    for shift, length in expected["arl_shift"].items():
        assert cusum_run_length(h, k, float(shift)) == pytest.approx(length, rel=entry["tolerance"])


@pytest.mark.parametrize("entry", vectors.entries("ewma_arl") or [None])
def test_the_ewma_equation_is_that_of_the_vectors(entry: dict[str, Any] | None) -> None:
    if entry is None:
        pytest.skip(f"no vectors in {vectors.FOLDER}")
    weight, limit, expected = entry["inputs"]["lam"], entry["inputs"]["L"], entry["expected"]
    assert ewma_run_length(weight, limit) == pytest.approx(expected["arl0"], rel=entry["tolerance"])
    for shift, length in expected["arl_shift"].items():
        assert ewma_run_length(weight, limit, float(shift)) == pytest.approx(length, rel=entry["tolerance"])


def test_the_equations_give_what_the_textbook_prints() -> None:
    # Montgomery, tables 9.3 (both sides of a chart with h = 4 and 5: half as long) and 9.11; Lucas and Crosier (1982) for the
    # head start. As many digits as are printed.
    assert cusum_run_length(4, 0.5) / 2 == pytest.approx(168, abs=0.5)
    assert cusum_run_length(5, 0.5) / 2 == pytest.approx(465, abs=0.5)
    assert cusum_run_length(4, 0.5, 1.0) == pytest.approx(8.38, abs=5e-3)
    assert cusum_run_length(5, 0.5, 1.0) == pytest.approx(10.4, abs=0.05)
    for weight, limit, length in [(0.4, 3.054, 14.3), (0.2, 2.962, 10.5), (0.1, 2.814, 10.3), (0.05, 2.615, 11.4)]:
        assert ewma_run_length(weight, limit) == pytest.approx(500, abs=1.5)
        assert ewma_run_length(weight, limit, 1.0) == pytest.approx(length, abs=0.06)


def test_the_run_lengths_that_the_doc_strings_give() -> None:
    assert cusum_run_length(5, 0.5) == pytest.approx(930, abs=1)
    assert ewma_run_length(0.2, 2.962, one_sided=True) == pytest.approx(ONE_SIDED, abs=0.5)
    for text, length in [
        (CUSUM.__doc__, "930"),
        (CUSUM.__doc__, "336"),
        (EWMA.__doc__, f"{ONE_SIDED // 1000} {ONE_SIDED % 1000:03}"),
    ]:
        assert length in (text or "")


def simulated(make: Any, shift: float, draws: int = DRAWS, seed: int = 1) -> tuple[float, float]:
    """The mean run length of a chart of values with mean 7 and standard deviation 3, and its standard error."""
    values = 7 + 3 * (shift + np.random.default_rng(seed).standard_normal(draws))
    alarms = make(7.0, 3.0).update_many(values)
    lengths = np.diff(alarms, prepend=-1)
    return float(lengths.mean()), float(lengths.std() / math.sqrt(lengths.size))


def check(make: Any, shift: float, expected: float) -> None:
    mean, error = simulated(make, shift)
    # Four standard errors: the seed is fixed, and this says that it was no lucky one.
    assert abs(mean - expected) <= 4 * error, (mean, expected, error)
    assert error < 0.03 * expected


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize(("h", "k"), [(4.0, 0.5), (5.0, 0.5), (8.0, 0.25), (2.0, 1.0)])
def test_cusum(h: float, k: float, shift: float) -> None:
    check(lambda target, deviation: CUSUM(target, deviation, k, h), shift, cusum_run_length(h, k, shift))


def test_cusum_with_a_head_start_downwards_and_both_ways() -> None:
    for shift in (0.0, 1.0):
        expected = cusum_run_length(4, 0.5, shift, head_start=0.5)
        check(lambda target, deviation: CUSUM(target, deviation, h=4, head_start=0.5), shift, expected)
        check(
            lambda target, deviation: CUSUM(target, deviation, h=4, direction="down"),
            -shift,
            cusum_run_length(4, 0.5, shift),
        )
    # The reciprocals add up (van Dobben de Bruyn, 1968).
    for shift in (0.0, 0.5):
        both = 1 / (1 / cusum_run_length(4, 0.5, shift) + 1 / cusum_run_length(4, 0.5, -shift))
        check(lambda target, deviation: CUSUM(target, deviation, h=4, direction="both"), shift, both)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize(("weight", "limit"), [(0.2, 2.962), (0.25, 2.998), (0.4, 3.054), (0.1, 2.5), (1.0, 2.5)])
def test_ewma(weight: float, limit: float, shift: float) -> None:
    def both(target: float, deviation: float) -> EWMA:
        return EWMA(target, deviation, weight, limit, direction="both")

    check(both, shift, ewma_run_length(weight, limit, shift))


def test_ewma_one_way() -> None:
    for shift in (0.0, 0.5):
        expected = ewma_run_length(0.2, 2.5, shift, one_sided=True)
        check(lambda target, deviation: EWMA(target, deviation, control_limit=2.5), shift, expected)
        check(lambda target, deviation: EWMA(target, deviation, control_limit=2.5, direction="down"), -shift, expected)


def test_exact_limits_find_soon_what_is_wrong_from_the_start() -> None:
    def run_length(limits: str, shift: float) -> float:
        return simulated(lambda target, deviation: EWMA(target, deviation, direction="both", limits=limits), shift)[0]

    assert run_length("exact", 1.0) < run_length("asymptotic", 1.0) - 0.5
    # Without a change they cost some early alarms.
    assert 0.85 < run_length("exact", 0.0) / run_length("asymptotic", 0.0) < 1


def test_the_run_lengths_of_ecdd_are_not_in_the_order_of_their_names() -> None:
    # As its doc string warns: the limits that the paper prints for 1000 are too low at usual rates of errors.
    for rate, least, most in [(0.05, 50, 80), (0.2, 200, 249)]:
        errors = np.random.default_rng(3).random(400_000) < rate
        lengths = {length: errors.size / ECDD(average_run_length=length).update_many(errors).size for length in LIMITS}
        assert least < lengths[1000] < most < 250 < lengths[400] < 420
        assert 50 < lengths[100] < 110
