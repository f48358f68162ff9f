"""What hypothesis puts into any argument: the odd objects, and plain values of every kind."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.api import mischief

# By number and made anew, since some are used up by being asked.
_ODD = st.integers(0, len(mischief.odd_objects()) - 1)
_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.integers(),
    st.floats(),
    st.datetimes(timezones=st.none() | st.just(datetime.UTC)),
    st.timedeltas(),
    st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2), st.binary(max_size=2)), max_size=4),
    st.dictionaries(
        st.text(max_size=2), st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2)), max_size=2
    ),
)

#: Makers of one value: each call gives an object of its own, equal to the others.
MAKERS: st.SearchStrategy[Callable[[], Any]] = st.one_of(
    _ODD.map(lambda number: lambda: mischief.odd_objects()[number]),
    _PLAIN.map(lambda value: lambda: copy.deepcopy(value)),
)
ANYTHING: st.SearchStrategy[Any] = MAKERS.map(lambda make: make())
