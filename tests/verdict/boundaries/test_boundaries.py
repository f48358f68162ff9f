"""What boundaries promise: they are crossed seldom, agree with their p-values, are narrow where tuned, and name what is wrong."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from truthlag.boundaries import (
    BetaBinomialBoundary,
    Boundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    NormalMixtureBoundary,
    StitchedBoundary,
)

KINDS: list[Callable[..., Any]] = [
    NormalMixtureBoundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    BetaBinomialBoundary,
    StitchedBoundary,
]
MIXTURES = KINDS[:-1]
SIDES = ["upper", "lower", "both"]
TIMES = np.array([0.0, 1e-3, 1.0, 50.0, 1e4, 1e8, 1e12])


def at_most(crossed: int, runs: int, alpha: float) -> bool:
    """Three standard errors of the share of runs more than alpha, and no more."""
    return crossed <= runs * alpha + 3 * math.sqrt(runs * alpha * (1 - alpha))


class TestCrossings:
    """Processes without drift, looked at after every step."""

    RUNS, STEPS, ALPHA = 2_000, 1_000, 0.1

    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("kind", [NormalMixtureBoundary, StitchedBoundary])
    def test_of_normal_values(self, kind: Callable[..., Any], side: str) -> None:
        random = np.random.default_rng(1)
        s = random.standard_normal((self.RUNS, self.STEPS)).cumsum(axis=1)
        v = np.arange(1.0, self.STEPS + 1)
        self._cross(kind(20, alpha=self.ALPHA, side=side), s, v, at_least=0.01 if kind is StitchedBoundary else 0.05)

    @pytest.mark.parametrize("side", SIDES)
    def test_of_counts(self, side: str) -> None:
        # The expected number changes, and is told before.
        random = np.random.default_rng(2)
        expected = np.tile([0.1, 0.5, 2.0, 0.02], self.STEPS // 4)
        s = (random.poisson(expected, (self.RUNS, self.STEPS)) - expected).cumsum(axis=1)
        self._cross(GammaPoissonBoundary(100, alpha=self.ALPHA, side=side), s, expected.cumsum(), at_least=0.05)

    @pytest.mark.parametrize("side", SIDES)
    def test_of_waiting_times(self, side: str) -> None:
        random = np.random.default_rng(3)
        mean = 3.0
        s = (random.exponential(mean, (self.RUNS, self.STEPS)) - mean).cumsum(axis=1)
        boundary = GammaExponentialBoundary(100 * mean**2, alpha=self.ALPHA, side=side, scale=mean)
        self._cross(boundary, s, mean**2 * np.arange(1.0, self.STEPS + 1), at_least=0.05)

    @pytest.mark.parametrize("side", SIDES)
    def test_of_errors(self, side: str) -> None:
        random = np.random.default_rng(4)
        s = ((random.random((self.RUNS, self.STEPS)) < 0.2) - 0.2).cumsum(axis=1)
        boundary = BetaBinomialBoundary(100 * 0.16, alpha=self.ALPHA, side=side, bounds=(-0.2, 0.8))
        self._cross(boundary, s, 0.16 * np.arange(1.0, self.STEPS + 1), at_least=0.05)

    def test_of_squares_of_symmetric_values(self) -> None:
        # Without a variance, of any tails: each value is as likely as its negative.
        random = np.random.default_rng(5)
        values = random.standard_cauchy((self.RUNS, self.STEPS))
        boundary = NormalMixtureBoundary(1e6, alpha=self.ALPHA)
        crossed = boundary.crossed(values.cumsum(axis=1), (values**2).cumsum(axis=1)).any(axis=1)
        assert at_most(int(crossed.sum()), self.RUNS, self.ALPHA)

    def test_a_drift_is_found(self) -> None:
        random = np.random.default_rng(6)
        s = (random.poisson(1.5, (200, 500)) - 1.0).cumsum(axis=1)
        crossed = GammaPoissonBoundary(50).crossed(s, np.arange(1.0, 501))
        assert crossed.any(axis=1).mean() > 0.99

    def _cross(self, boundary: Boundary, s: Any, v: Any, at_least: float) -> None:
        low, high = boundary.limits(v)
        crossed = ((s > high) | (s < low)).any(axis=1)
        assert at_most(int(crossed.sum()), self.RUNS, self.ALPHA)
        # It is not so for being wide.
        assert crossed.mean() > at_least
        # The same by the p-value, which does not look at the limits.
        some = slice(0, 20)
        assert np.array_equal(boundary.crossed(s[some], v).any(axis=1), crossed[some])


class TestAgreement:
    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_p_value_at_a_limit_is_alpha(self, kind: Callable[..., Any], side: str) -> None:
        for alpha in (1e-12, 0.05, 0.5):
            boundary = kind(30, alpha=alpha, side=side)
            for sign, limit in zip((-1, 1), boundary.limits(TIMES), strict=True):
                if not np.isfinite(limit).all():
                    assert side == ("upper" if sign < 0 else "lower") and np.isinf(limit).all()
                    continue
                assert (sign * limit >= 0).all()
                p_value = boundary.p_value(limit, TIMES)
                # A limit has some 1e-15 of itself; a p-value's logarithm, some hundred times that at most.
                is_reach = p_value > alpha * (1 + 1e-9)
                assert p_value[~is_reach] == pytest.approx(alpha, rel=1e-9)
                # Where even the furthest sum is no evidence enough, that is the limit.
                rate = boundary._reach(sign) if kind is not StitchedBoundary else None
                assert (
                    not is_reach.any()
                    if rate is None
                    else limit[is_reach] == pytest.approx(sign * rate * TIMES[is_reach])
                )

    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_more_is_more_evidence(self, kind: Callable[..., Any], side: str) -> None:
        boundary = kind(30, side=side)
        s = np.linspace(-12, 12, 97)
        p_value = boundary.p_value(s, 30.0)
        if side != "lower":
            assert (np.diff(p_value[s >= 0]) <= 0).all()
        if side != "upper":
            assert (np.diff(p_value[s <= 0]) >= 0).all()
        assert (boundary.p_value(0.0, TIMES) == 1).all()

    @pytest.mark.parametrize("kind", KINDS)
    def test_numbers_and_arrays(self, kind: Callable[..., Any]) -> None:
        boundary = kind(30, side="both")
        many = boundary.at(TIMES[:6].reshape(2, 3))
        assert many.shape == (2, 3)
        assert [boundary.at(v) for v in TIMES[:6]] == pytest.approx(many.ravel(), rel=1e-13)
        assert type(boundary.at(3)) is float and type(boundary.p_value(1, 2)) is float
        assert type(boundary.crossed(1, 2)) is bool
        assert boundary.at(np.empty(0)).shape == (0,) and boundary.at([]).shape == (0,)
        # Each with each.
        table = boundary.p_value(np.array([[1.0], [9.0]]), np.array([5.0, 20.0, 80.0]))
        assert boundary.crossed(np.array([[1.0], [9.0]]), np.array([5.0, 20.0, 80.0])).shape == (2, 3)
        assert table.shape == (2, 3) and table[1, 2] == pytest.approx(boundary.p_value(9, 80), rel=1e-13)

    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("kind", MIXTURES)
    def test_evidence(self, kind: Callable[..., Any], side: str) -> None:
        boundary = kind(30, side=side)
        assert boundary.log_e_value(0, 0) == pytest.approx(0, abs=1e-15)
        e_value = boundary.e_value(4, 20)
        assert math.log(e_value) == pytest.approx(boundary.log_e_value(4, 20), rel=1e-12)
        assert boundary.p_value(4, 20) == pytest.approx(min(1, 1 / e_value))
        # No float holds it; its logarithm is one.
        far = 1e6 if side != "lower" else -1e6
        assert boundary.e_value(far, 1e8) == math.inf and 700 < boundary.log_e_value(far, 1e8) < math.inf
        assert boundary.p_value(far, 1e8) == 0.0

    def test_a_sum_that_cannot_be(self) -> None:
        # Fewer events than none, more errors than rows.
        poisson, rows = GammaPoissonBoundary(30, side="lower"), BetaBinomialBoundary(30, bounds=(-0.2, 0.8))
        assert poisson.log_e_value(-10.0, 10.0) < math.inf and poisson.log_e_value(-10.001, 10.0) == math.inf
        assert rows.log_e_value(8.0, 1.6) < math.inf and rows.log_e_value(8.001, 1.6) == math.inf
        # Of the other side it is no evidence.
        assert -math.inf < GammaPoissonBoundary(30).log_e_value(-50.0, 10.0) < 0

    def test_scale_invariance(self) -> None:
        # Seconds or hours, the answer is the same.
        for kind in (GammaExponentialBoundary, GammaPoissonBoundary):
            assert kind(30 * 3600**2, scale=3600).at(50 * 3600.0**2) == pytest.approx(3600 * kind(30).at(50), rel=1e-13)

    def test_mirrored(self) -> None:
        low, high = BetaBinomialBoundary(30, bounds=(-0.2, 0.8), side="both").limits(TIMES)
        mirrored_low, mirrored_high = BetaBinomialBoundary(30, bounds=(-0.8, 0.2), side="both").limits(TIMES)
        assert -mirrored_high == pytest.approx(low, rel=1e-12) and -mirrored_low == pytest.approx(high, rel=1e-12)


class TestTuning:
    @pytest.mark.parametrize("side", ["upper", "both"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_narrowest_near_it(self, kind: Callable[..., Any], side: str) -> None:
        v = 1_000.0
        tuned = kind(v, side=side).at(v)
        for other in (v / 30, v / 3, 3 * v, 30 * v):
            if kind is not StitchedBoundary:
                assert kind(other, side=side).at(v) > tuned
            elif other < v:
                # An epoch that begins late is narrow there, and of no use before.
                assert kind(other, side=side).at(v) > tuned

    def test_stitching_is_narrower_in_the_long_run(self) -> None:
        mixture, stitched = NormalMixtureBoundary(10), StitchedBoundary(10)
        assert mixture.at(10) < stitched.at(10)
        assert stitched.at(1e40) < mixture.at(1e40)
        # As the law of the iterated logarithm has it, but for a constant.
        assert stitched.at(1e100) / math.sqrt(1e100) < 8

    def test_stitching_for_other_families(self) -> None:
        # What is sub-exponential is sub-gamma with its scale, what is sub-Poisson with a third of it: wider than their own.
        for v in (20.0, 1e3, 1e5):
            assert StitchedBoundary(20, scale=1).at(v) > GammaExponentialBoundary(v).at(v)
            assert StitchedBoundary(20, scale=1 / 3).at(v) > GammaPoissonBoundary(v).at(v)


class TestArguments:
    @pytest.mark.parametrize("kind", KINDS)
    def test_parameters(self, kind: Callable[..., Any]) -> None:
        first = "start_at" if kind is StitchedBoundary else "tuned_at"
        for value, error, told in (
            (0, ValueError, f"{first} must be a finite number from 1e-60 to 1e\\+60, got 0 of type int"),
            (math.nan, ValueError, f"{first} must be a finite number from 1e-60"),
            ("1", TypeError, f"{first} must be a finite number from 1e-60"),
        ):
            with pytest.raises(error, match=told):
                kind(value)
        with pytest.raises(
            ValueError, match=r"alpha must be a number between 0 and 1, both excluded, got 1 of type int"
        ):
            kind(1, alpha=1)
        with pytest.raises(ValueError, match="side must be one of 'upper', 'lower', 'both', got 'left'"):
            kind(1, side="left")
        with pytest.raises(AttributeError):
            kind(1).alpha = 0.1
        assert kind(7) == kind(7.0) and hash(kind(7)) == hash(kind(7.0)) and kind(7) != kind(8)
        assert eval(repr(kind(7, alpha=0.1, side="both")), {kind.__name__: kind}) == kind(7, alpha=0.1, side="both")

    def test_parameters_of_their_own(self) -> None:
        for kind in (GammaExponentialBoundary, GammaPoissonBoundary):
            with pytest.raises(ValueError, match="scale must be a finite number from 1e-30"):
                kind(1, scale=0)
        for name, least in (("power", 1), ("growth", 1)):
            with pytest.raises(ValueError, match=f"{name} must be a finite number above {least}"):
                StitchedBoundary(1, **{name: 1})
        with pytest.raises(ValueError, match="scale must be a finite number from 0"):
            StitchedBoundary(1, scale=-1)
        for bounds in ((0.0, 1.0), (-1.0, 0.0)):
            with pytest.raises(ValueError, match="bounds must be a number below 0 and one above it, got"):
                BetaBinomialBoundary(1, bounds=bounds)
        with pytest.raises(TypeError, match="bounds must be a tuple of two finite numbers"):
            BetaBinomialBoundary(1, bounds=3)
        with pytest.raises(TypeError, match="abstract"):
            Boundary()

    @pytest.mark.parametrize("kind", KINDS)
    def test_numbers(self, kind: Callable[..., Any]) -> None:
        boundary = kind(1)
        for value, error, told in (
            (-1, ValueError, "v must be a number from 0 to 1e\\+100, or an array of such, got -1 of type int"),
            ([1, -2.5], ValueError, r"got -2.5 at v\[1\]"),
            ([[1, math.inf]], ValueError, r"got inf at v\[0, 1\]"),
            ("1", TypeError, "v must be a number from 0 to 1e\\+100, or an array of such, got '1' of type str"),
            (None, TypeError, "v must be a number from"),
            (True, TypeError, "v must be a number from"),
            ([[1], [1, 2]], TypeError, "v must be a number from"),
        ):
            with pytest.raises(error, match=told):
                boundary.at(value)
            with pytest.raises(error, match=told):
                boundary.p_value(1.0, value)
        with pytest.raises(
            ValueError,
            match="s must be a number from -1e\\+100 to 1e\\+100, or an array of such, got nan of type float",
        ):
            boundary.crossed(math.nan, 1.0)
        with pytest.raises(
            ValueError, match=r"s and v must have shapes that broadcast as numpy's do, got shapes \(2,\) and \(3,\)"
        ):
            boundary.p_value([1, 2], [1, 2, 3])

    @pytest.mark.parametrize("kind", KINDS)
    def test_numbers_that_no_float_holds(self, kind: Callable[..., Any]) -> None:
        boundary = kind(1, side="both")
        # One that is allowed is an object to numpy as well.
        assert boundary.at(10**30) == boundary.at(1e30)
        assert boundary.at([1, 10**30]).tolist() == boundary.at([1.0, 1e30]).tolist()
        many, few = 10**400, np.array([1, -(10**400)], object)
        for call, told in (
            (
                lambda: boundary.at(many),
                r"v must be a number from 0 to 1e\+100, or an array of such, got 10{79}\.\.\. of type int$",
            ),
            (
                lambda: boundary.crossed(-many, 1),
                r"s must be a number from -1e\+100 to 1e\+100, .* got -10{78}\.\.\. of type int$",
            ),
            (lambda: boundary.p_value(few, 1), r"s must be a number .* got -10{78}\.\.\. of type int at s\[1\]$"),
            # Python does not show so many digits.
            (lambda: boundary.limits(10**5000), r"v must be a number .* got an object of type int$"),
            (lambda: boundary.limits([1.5, np.longdouble("1e400")]), r"v must be a number .* got inf at v\[1\]$"),
        ):
            with pytest.raises(ValueError, match=told):
                call()
        for value in ([many, None], [many, True], [many, "1"], [many, 1j]):
            with pytest.raises(TypeError, match="v must be a number from"):
                boundary.at(value)


def test_scipy_is_not_loaded_by_the_import() -> None:
    code = "import sys, truthlag.boundaries; assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
