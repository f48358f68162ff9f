"""A failure becomes an error of the argument that caused it: its name, its value and what is allowed.

The one at fault is looked for after the failure alone, so that what succeeds pays nothing for it.
"""

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ParamSpec, TypeGuard, TypeVar

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.culprit import Suspect, culprit, faulty_element

_P = ParamSpec("_P")
_R = TypeVar("_R")


class AtFault(Exception):  # noqa: N818 - never seen outside: `judges` raises the error that it carries
    """An error that names the argument at fault, for use inside of `judges`."""

    def __init__(self, error: TypeError | ValueError) -> None:
        super().__init__(error)
        self.error = error


def judges(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A decorator: what is `AtFault` inside is raised as the TypeError or ValueError it carries, and numpy does not warn."""

    @functools.wraps(function)
    def judge(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            with np.errstate(all="ignore"):
                return function(*args, **kwargs)
        except AtFault as fault:
            raise fault.error from fault.__cause__

    return judge


class judging:  # noqa: N801 - read as a word of the `with` statement
    """Whatever fails inside is the fault of this value."""

    __slots__ = ("_allowed", "_argument", "_value")

    def __init__(self, argument: str, value: Any, allowed: str) -> None:
        self._argument, self._value, self._allowed = argument, value, allowed

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if _is_of_a_value(error):
            raise at_fault(self._argument, self._value, self._allowed, error) from error


class judging_numbers:  # noqa: N801 - as above
    """Whatever fails inside is the fault of the first element that is no number, or else of all of them.

    Args:
        argument: What the values are called.
        values: They, as the caller gave them.
        allowed: What is allowed of all of them together.
        got: What to say of all of them together, instead of their type.
        last_of: How many values there are, where these are the last of them.
        is_finite: Whether each must be finite; else each must only not be NaN.
    """

    __slots__ = ("_allowed", "_argument", "_got", "_is_finite", "_last_of", "_values")

    def __init__(
        self,
        argument: str,
        values: Any,
        allowed: str,
        *,
        got: str | None = None,
        last_of: int | None = None,
        is_finite: bool = True,
    ) -> None:
        self._argument, self._values, self._allowed = argument, values, allowed
        self._got, self._last_of, self._is_finite = got, last_of, is_finite

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if not _is_of_a_value(error):
            return
        faulty = faulty_element(self._argument, self._values, last_of=self._last_of, is_finite=self._is_finite)
        if faulty is not None:
            suspect, allowed_of_one = faulty
            raise at_fault(suspect.name, suspect.value, allowed_of_one, error) from error
        raise at_fault(self._argument, self._values, self._allowed, error, self._got) from error


def _is_of_a_value(error: BaseException | None) -> TypeGuard[Exception]:
    return isinstance(error, Exception) and not isinstance(error, MemoryError | AtFault)


def fault_among(suspects: list[Suspect], error: Exception) -> AtFault:
    """What to raise where numbers were compared or subtracted: the fault of one of them, or of the first beside the last."""
    found = culprit(suspects)
    if found is not None:
        suspect, allowed = found
        return at_fault(suspect.name, suspect.value, allowed, error)
    suspect, *others = suspects
    allowed = "a real number"
    if others:
        allowed += f" of a type that can be compared with {others[-1].name} ({_told(others[-1].value)})"
    return at_fault(suspect.name, suspect.value, allowed, error)


def at_fault(argument: str, value: Any, allowed: str, cause: Exception, got: str | None = None) -> AtFault:
    """What to raise where this value is the cause; the cause says whether it is its type or what it is."""
    told = f"{argument} must be {allowed}, got {got or _told(value)}"
    # A value may be anybody's code, and numpy has errors of its own.
    return AtFault(TypeError(told) if isinstance(cause, TypeError | AttributeError) else ValueError(told))


def _told(value: Any) -> str:
    if type(value) is np.ndarray:
        return f"an array of dtype {value.dtype!s:.40} and shape {value.shape}"
    if type(value) is Decimal:
        return f"{value!s:.80} of type Decimal"
    return described(value)
