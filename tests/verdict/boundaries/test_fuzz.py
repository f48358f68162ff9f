"""Any object in any argument, and numbers of all sizes: an answer, or an error that says what is allowed."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import mischief
from tests.api.mischief import Mischief
from truthlag.boundaries import (
    BetaBinomialBoundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    NormalMixtureBoundary,
    PoissonRateSequence,
    PoissonRatioSequence,
    StitchedBoundary,
    bounded_mean_limits,
)

EXAMPLES = {"moderate": 60, "thorough": 3_000}.get(os.environ.get("HYPOTHESIS_PROFILE", "moderate"), 60)
KINDS: list[Callable[..., Any]] = [
    NormalMixtureBoundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    BetaBinomialBoundary,
    StitchedBoundary,
]
RATE, RATIO = PoissonRateSequence(), PoissonRatioSequence()
PLACES: dict[str, Callable[[Any], Any]] = {
    "tuned_at": NormalMixtureBoundary,
    "alpha": lambda odd: GammaPoissonBoundary(1, alpha=odd),
    "side": lambda odd: GammaPoissonBoundary(1, side=odd),
    "scale": lambda odd: GammaPoissonBoundary(1, scale=odd),
    "bounds": lambda odd: BetaBinomialBoundary(1, bounds=odd),
    "a bound": lambda odd: BetaBinomialBoundary(1, bounds=(odd, 1)),
    "start_at": StitchedBoundary,
    "power": lambda odd: StitchedBoundary(1, power=odd),
    "growth": lambda odd: StitchedBoundary(1, growth=odd),
    "v": GammaPoissonBoundary(1).at,
    "an element of v": lambda odd: StitchedBoundary(1).limits([1.0, odd]),
    "s": lambda odd: GammaPoissonBoundary(1).e_value(odd, 1),
    "v beside s": lambda odd: StitchedBoundary(1).crossed(1, odd),
    "events": lambda odd: RATE.interval(odd, 1.0),
    "exposure": lambda odd: RATE.interval(1, odd),
    "rate": lambda odd: RATE.p_value(odd, 1, 1.0),
    "control": lambda odd: RATIO.interval(odd, (1, 2.0)),
    "events of the treatment": lambda odd: RATIO.interval((1, 2.0), (odd, 2.0)),
    "ratio": lambda odd: RATIO.e_value((1, 2.0), (1, 2.0), odd),
    "values": bounded_mean_limits,
    "method": lambda odd: bounded_mean_limits([0.5], method=odd),
    "tuned_at of a mean": lambda odd: bounded_mean_limits([0.5], tuned_at=odd),
    "bounds of a mean": lambda odd: bounded_mean_limits([0.5], bounds=odd),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_odd_object(place: str) -> None:
    for odd in mischief.odd_objects():
        with warnings.catch_warnings():
            # numpy warns when it is asked to make sense of some of the objects.
            warnings.simplefilter("ignore")
            try:
                PLACES[place](odd)
            except (TypeError, ValueError, Mischief):
                pass
            except BaseException as error:
                error.add_note(f"{type(odd)} as {place}")
                raise


sizes = st.floats(1e-9, 1e12) | st.floats(1e-60, 1e60)
levels = st.floats(1e-100, 0.999)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tuned_at=sizes,
    alpha=levels,
    side=st.sampled_from(["upper", "lower", "both"]),
    v=st.floats(0, 1e12) | st.floats(0, 1e100),
    deviations=st.floats(-50, 50),
    scale=st.floats(1e-3, 1e3) | st.floats(1e-30, 1e30),
)
def test_numbers_of_all_sizes(
    kind: Callable[..., Any], tuned_at: float, alpha: float, side: str, v: float, deviations: float, scale: float
) -> None:
    own: dict[str, Any] = {}
    if kind is BetaBinomialBoundary:
        own = {"bounds": (-min(scale, 1.0), max(scale, 1.0))}
    elif kind is not NormalMixtureBoundary:
        own = {"scale": scale}
    boundary = kind(tuned_at, alpha=alpha, side=side, **own)
    low, high = boundary.limits(v)
    assert low <= 0 <= high and math.isinf(low) == (side == "upper") and math.isinf(high) == (side == "lower")
    s = deviations * math.sqrt(v)
    p_value = boundary.p_value(s, v)
    assert 0 <= p_value <= 1
    # A limit has some 1e-12 of itself, and where it is of a few steps of a large scale, some 1e-9.
    if s > high * (1 + 1e-6) or s < low * (1 + 1e-6):
        assert boundary.crossed(s, v)
    elif low * (1 - 1e-6) < s < high * (1 - 1e-6):
        assert not boundary.crossed(s, v)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tuned_at=sizes,
    alpha=levels,
    side=st.sampled_from(["upper", "lower", "both"]),
    events=st.integers(0, 2**53),
    exposure=st.floats(1e-9, 1e9) | st.floats(1e-90, 1e90),
)
def test_rates_of_all_sizes(tuned_at: float, alpha: float, side: str, events: int, exposure: float) -> None:
    low, high = PoissonRateSequence(tuned_at, alpha=alpha, side=side).interval(events, exposure)
    assert 0 <= low <= events / exposure * (1 + 1e-12) and events / exposure * (1 - 1e-12) <= high
    assert (low == 0) or side != "upper"
    assert math.isinf(high) == (side == "lower")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tuned_at=sizes.filter(lambda size: size <= 1e9),
    alpha=levels,
    control=st.tuples(st.integers(0, 2**53), st.floats(1e-100, 1e100)),
    treatment=st.tuples(st.integers(0, 2**53), st.floats(1e-100, 1e100)),
)
def test_ratios_of_all_sizes(
    tuned_at: float, alpha: float, control: tuple[int, float], treatment: tuple[int, float]
) -> None:
    low, high = PoissonRatioSequence(tuned_at, alpha=alpha).interval(control, treatment)
    assert 0 <= low <= high
    if control[0] and treatment[0]:
        seen = treatment[0] / control[0] * (control[1] / treatment[1])
        assert low <= seen * (1 + 1e-9) and seen * (1 - 1e-9) <= high
