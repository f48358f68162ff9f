"""Plain Python values from numpy's, and errors of arithmetic as errors of the arguments."""

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = Sequence[float] | NDArray[Any]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def plain(value: Any) -> Any:
    """A Python number for one of numpy's or of any other type; anything else as it is."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size == 1):
        value = value.item()
    return float(value) if isinstance(value, Real | Decimal) and not isinstance(value, int | float) else value


def rounded(value: Any, digits: int) -> Any:
    """A number rounded by its own rule, as a Python number of so many decimals.

    Raises:
        ValueError: The number is NaN.
    """
    number = plain(round(value, digits))
    if number != number:  # true of NaN only
        raise ValueError("the result is not defined (NaN)")
    # Once more for float32, whose 0.95 is 0.949999988079071 as a float.
    return round(number, digits)


def judges(arguments: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A decorator: whatever fails is a TypeError or ValueError that names the arguments, and numpy does not warn."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def judge(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                with np.errstate(all="ignore"):
                    return function(*args, **kwargs)
            except MemoryError:
                raise
            except (TypeError, AttributeError) as error:
                raise TypeError(f"{arguments} have the wrong type: {error}") from error
            except ValueError as error:
                raise ValueError(f"{arguments} cannot be judged: {error}") from error
            except Exception as error:
                # A value may be anybody's code, and numpy has errors of its own.
                raise ValueError(f"{arguments} cannot be judged: {type(error).__name__}: {error}") from error

        return judge

    return decorate
