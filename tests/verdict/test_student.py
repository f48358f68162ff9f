"""Student's t-test from moments is scipy's, to the bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from truthlag.verdict.student import student

NUMBERS = st.floats(width=64)
MOMENTS = st.tuples(NUMBERS, NUMBERS.map(abs), st.integers(1, 2**40) | st.integers(1, 4))


@given(MOMENTS, MOMENTS | st.tuples(st.floats(-5, 5), st.floats(0, 5), st.integers(1, 50)))
def test_it_is_that_of_scipy(first: tuple[float, float, int], second: tuple[float, float, int]) -> None:
    if first[2] + second[2] < 3:
        return
    with np.errstate(all="ignore"):
        right = stats.ttest_ind_from_stats(*first, *second).pvalue
        np.testing.assert_array_equal(student(*first, *second), right)
