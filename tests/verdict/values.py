"""What hypothesis puts into the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

#: Numbers as metrics have them, and as a caller may give them.
REAL = st.one_of(
    st.floats(0, 1),
    st.floats(-1e6, 1e6),
    st.integers(-1000, 1000),
    st.booleans(),
    st.floats(0, 1).map(np.float64),
    st.floats(0, 1, width=32).map(np.float32),
    st.floats(0, 1, width=16).map(np.float16),
    st.integers(-100, 100).map(np.int64),
    st.integers(0, 255).map(np.uint8),
    st.booleans().map(np.bool_),
    st.fractions(-1, 1, max_denominator=100),
)
ODD = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.text(max_size=2),
    st.decimals(-1, 1),
    st.just(np.float32("nan")),
    st.just(float("nan")),
    st.just(10**400),
    st.lists(st.floats(0, 1), max_size=2),
    st.floats(0, 1).map(np.array),
    st.floats(0, 1).map(lambda value: np.array([value])),
)
#: float32 and float16 hold these without an error, and so does a mean of a few.
EXACT = st.integers(-64, 64).map(lambda eighths: eighths / 8)


@st.composite
def columns(draw: st.DrawFn, *, min_size: int = 0, max_size: int = 12, odd: bool = True) -> Any:
    """Numbers in a list, a tuple or an array of some type, which may be a view with strides or read-only."""
    size = {"min_size": min_size, "max_size": max_size}
    kinds = ["list", "tuple", "array", "exact", "ints", "bools", *(["odd"] if odd else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "array":
        array = np.array(draw(st.lists(st.floats(-1e6, 1e6), **size)), dtype=np.float64)
        return draw(st.sampled_from([array, np.repeat(array, 2)[::2], array[::-1]]))
    if kind == "exact":
        kinds = ["float32", "float64", ">f8", "longdouble", "object", *(["float16"] if odd else [])]
        array = np.array(draw(st.lists(EXACT, **size)), dtype=draw(st.sampled_from(kinds)))
        array.flags.writeable = False
        return array
    if kind == "ints":
        return np.array(
            draw(st.lists(st.integers(0, 120), **size)), dtype=draw(st.sampled_from(["i1", "u1", "i8", "u8", "<u2"]))
        )
    if kind == "bools":
        return draw(st.sampled_from([list, tuple, np.array]))(draw(st.lists(st.booleans(), **size)))
    if kind == "odd":
        return draw(st.lists(st.one_of(REAL, ODD), **size))
    return (list if kind == "list" else tuple)(draw(st.lists(REAL, **size)))
