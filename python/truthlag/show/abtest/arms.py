"""Which of the arms of a file is the control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truthlag.show.errors import LogError

#: What controls are called.
_USUAL = ("control", "ctrl", "baseline", "champion", "a", "old", "0", "off", "false")


@dataclass(frozen=True)
class Arms:
    """The two arms that are compared."""

    control: str
    treatment: str
    note: str | None = None
    """What is said where nobody named the control."""


def arms_of(path: str, column: str, found: Sequence[str], control: str | None, treatment: str | None) -> Arms:
    """The arms, from the values of their column and the names that were given.

    Raises `LogError` where there are not two.

    >>> arms_of("log.csv", "arm", ["new", "old"], None, None)
    Arms(control='old', treatment='new', note=None)
    """
    listed = ", ".join(f"`{name}`" for name in sorted(found))
    for option, name in (("--control", control), ("--treatment", treatment)):
        if name is not None and name not in found:
            raise LogError(f"{path}: {option} is `{name}`, and column `{column}` has {listed or 'no value'}")
    if control is not None and control == treatment:
        raise LogError(f"--control and --treatment are both `{control}`")
    if len(found) < 2:
        has = f"one arm alone, {listed}" if found else "no arm"
        raise LogError(f"{path}: column `{column}` has {has}; a comparison is of two")
    if control is None or treatment is None:
        others = [name for name in found if name not in (control, treatment)]
        needed = 2 - (control is not None) - (treatment is not None)
        if len(others) > needed:
            raise LogError(
                f"{path}: column `{column}` has {len(found)} arms, {listed}; --control and --treatment name the two to be compared"
            )
        if needed == 1:
            return Arms(control or others[0], treatment or others[0])
        usual = [name for name in sorted(found) if name.lower() in _USUAL]
        if len(usual) == 1:
            return Arms(usual[0], next(name for name in found if name != usual[0]))
        first, second = sorted(found)
        note = f"{first} was taken for the control, since it is the first by name; --control names another."
        return Arms(first, second, note)
    return Arms(control, treatment)
