"""Numbers of numpy are rounded by numpy's rule, to the bit, whichever way that goes."""

import struct
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from truthlag.verdict.values import rounded

DIGITS = st.integers(0, 8)


def bits(value: Any) -> tuple[type, bytes]:
    return type(value), struct.pack("d", value)


@given(st.floats(allow_nan=False), DIGITS)
def test_any_float(value: float, digits: int) -> None:
    with np.errstate(over="ignore"):
        assert bits(rounded(np.float64(value), digits)) == bits(round(float(round(np.float64(value), digits)), digits))


@given(st.integers(-(10**12), 10**12), DIGITS)
def test_halves(number: int, digits: int) -> None:
    value = np.float64((number + 0.5) / 10**digits)
    assert bits(rounded(value, digits)) == bits(round(float(round(value, digits)), digits))
