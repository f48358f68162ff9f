"""Plain Python values from numpy's, and errors of arithmetic as errors of the arguments."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = Sequence[float] | NDArray[Any]

_P = ParamSpec("_P")
_R = TypeVar("_R")


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
    # Rounded once more for float32, whose 0.95 is 0.949999988079071 as a float.
    return round(number(round(value, digits)), digits)


class AtFault(Exception):  # noqa: N818 - never seen outside: `judges` raises the error that it carries
    """An error that names the argument at fault, for use inside of `judges`."""

    def __init__(self, error: TypeError | ValueError) -> None:
        super().__init__(error)
        self.error = error


@contextlib.contextmanager
def judging(argument: str) -> Iterator[None]:
    """Whatever fails inside is told of this argument alone; for use inside of `judges`."""
    try:
        yield
    except (MemoryError, AtFault):
        raise
    except Exception as error:
        raise AtFault(_told(argument, error)) from error


def judges(arguments: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A decorator: whatever fails is a TypeError or ValueError that names the arguments, and numpy does not warn.

    The arguments are those that a failure may come from where `judging` and `AtFault` do not say more.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def judge(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                with np.errstate(all="ignore"):
                    return function(*args, **kwargs)
            except MemoryError:
                raise
            except AtFault as fault:
                raise fault.error from fault.__cause__
            except Exception as error:
                raise _told(arguments, error) from error

        return judge

    return decorate


def _told(arguments: str, error: Exception) -> TypeError | ValueError:
    if isinstance(error, TypeError | AttributeError):
        return TypeError(f"{arguments} cannot be judged: {error}")
    # A value may be anybody's code, and numpy has errors of its own.
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return ValueError(f"{arguments} cannot be judged: {kind}{error}")
