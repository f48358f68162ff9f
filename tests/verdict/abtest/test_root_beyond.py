"""The search for a root that knows about where it is: by roots that are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.verdict.abtest.inference.root_beyond import Place, root_beyond

RISING: dict[str, Callable[[float], float]] = {
    "line": lambda x: 3 * x,
    "cube": lambda x: x**3 + 0.01 * x,
    "exponential": math.expm1,
    "logarithm": lambda x: math.copysign(math.log1p(abs(x)), x),
    "bend": lambda x: x if x < 0 else 50 * x,
}


@given(st.sampled_from(sorted(RISING)), st.floats(-4, 4), st.floats(-5, 5), st.floats(-8, 8))
def test_it_finds_the_root_and_asks_for_each_value_once(name: str, root: float, begin: float, guess: float) -> None:
    asked: list[float] = []

    def function(at: float) -> float:
        asked.append(at)
        return RISING[name](at - root)

    value = RISING[name](begin - root)
    found = root_beyond(function, Place(begin, value), guess, -9.0 if value > 0 else 9.0)
    # The last step is not evaluated: its error is next to the product of the two before, which is 1e-12.
    assert found == pytest.approx(root, abs=1e-6)
    assert len(asked) == len(set(asked)) <= 60


def test_smooth_ones_take_few_steps() -> None:
    asked: list[float] = []

    def function(at: float) -> float:
        asked.append(at)
        return math.sinh(at - 1.7)

    assert root_beyond(function, Place(3.0, math.sinh(1.3)), 1.6, -5.0) == pytest.approx(1.7, abs=1e-10)
    assert len(asked) <= 6


def test_a_jump_is_closed_in_on() -> None:
    found = root_beyond(lambda at: 1.0 if at >= 0.3 else -2.0, Place(2.0, 1.0), 1.5, -9.0)
    # The product of two steps is small where each of them is a millionth.
    assert found == pytest.approx(0.3, abs=1e-6)


def test_without_a_root_it_is_the_furthest_place() -> None:
    assert root_beyond(lambda at: 1 + math.exp(at), Place(2.0, 1 + math.exp(2.0)), 1.0, -3.0) == -3.0
    assert root_beyond(lambda _: -1.0, Place(2.0, -1.0), 4.0, 7.0) == 7.0


def test_the_place_itself_may_be_the_root() -> None:
    def function(at: float) -> float:
        raise AssertionError(at)

    assert root_beyond(function, Place(0.5, 0.0), 4.0, 7.0) == 0.5
