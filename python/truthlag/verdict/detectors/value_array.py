"""Many values as an array of floats."""

from typing import Any

import numpy as np

from truthlag.call.described import described

ALLOWED = "a list, a tuple or an array of one dimension, of ints, floats or bools"


def value_array(name: str, values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """An array of one dimension, contiguous; empty for no values of whatever kind."""
    try:
        array = np.asarray(values)
    except Exception as error:
        raise TypeError(f"{name} must be {ALLOWED}, got {described(values)}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be {ALLOWED}, got {array.ndim} dimensions")
    if array.size == 0:
        return np.empty(0, dtype=np.float64)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be {ALLOWED}, got values of dtype {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.float64)
