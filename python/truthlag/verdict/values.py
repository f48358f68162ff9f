"""Plain Python values from numpy's."""

import math
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = Sequence[float] | NDArray[Any]

#: Digits and numbers whose product is below 2^53.
_MOST_DIGITS, _LARGEST = 6, 1e9


def plain(value: Any) -> Any:
    """Python's own type for a scalar of numpy's; anything else as it is."""
    # The type is asked and not the value, which is anybody's where a name is meant.
    return value.item() if issubclass(type(value), np.generic) else value


def number(value: Any) -> Any:
    """An int or a float for a number of any other type; anything else as it is.

    Raises:
        ValueError: The number is NaN.
    """
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else plain(value)
    if isinstance(value, int):
        return value
    result = float(value) if isinstance(value, Real | Decimal) else value
    if isinstance(result, float) and math.isnan(result):
        raise ValueError("a result is not defined (NaN)")
    return result


def rounded(value: Any, digits: int) -> Any:
    """A number rounded by its own rule, as a Python number of so many decimals.

    Raises:
        ValueError: The number is NaN.
    """
    if type(value) is np.float64 and 0 < digits <= _MOST_DIGITS and -_LARGEST < value < _LARGEST:
        # numpy's own rule: times a power of ten, to the nearest even, and back. By way of its arrays it takes ten times as long.
        plain, power = value.item(), 10.0**digits
        return round(math.copysign(round(plain * power) / power, plain), digits)
    # Rounded once more for float32, whose 0.95 is 0.949999988079071 as a float.
    return round(number(round(value, digits)), digits)
