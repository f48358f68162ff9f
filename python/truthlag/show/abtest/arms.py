"""Which of the arms of a file is the control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truthlag.show.errors import LogError

#: What controls are called.
_USUAL = ("control", "ctrl", "baseline", "champion", "a", "old", "0", "off", "false")


@dataclass(frozen=True)
class Arms:
    """The arms that are compared."""

    control: str
    treatments: tuple[str, ...]
    note: str | None = None
    """What is said where nobody named the control."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the control first."""
        return self.control, *self.treatments


def arms_of(
    path: str, column: str, found: Sequence[str], control: str | None = None, treatments: Sequence[str] = ()
) -> Arms:
    """The arms, from the values of their column and the names that were given; without treatments all but the control.

    Raises `LogError` where there are not two, or where the one that is called a control is named as a treatment and which of the others
    is the control is not said: a guess would turn the test round.

    >>> arms_of("log.csv", "arm", ["new", "old", "other"])
    Arms(control='old', treatments=('new', 'other'), note=None)
    """
    listed = ", ".join(f"`{name}`" for name in sorted(found))
    for option, name in (("--control", control), *(("--treatment", name) for name in treatments)):
        if name is not None and name not in found:
            raise LogError(f"{path}: {option} is `{name}`, and column `{column}` has {listed or 'no value'}")
    if control in treatments:
        raise LogError(f"--control and --treatment are both `{control}`")
    if len(found) < 2:
        has = f"one arm alone, {listed}" if found else "no arm"
        raise LogError(f"{path}: column `{column}` has {has}; a comparison is of two")
    chosen, note = tuple(dict.fromkeys(treatments)), None
    if control is None:
        left = sorted(set(found).difference(chosen))
        if not left:
            raise LogError(f"{path}: --treatment names all arms of column `{column}`, {listed}, and leaves no control")
        called = [name for name in sorted(found) if name.lower() in _USUAL]
        if len(found) > 2 and len(called) == 1 and called[0] in chosen:
            raise LogError(
                f"{path}: --treatment is `{called[0]}`, which is taken for the control by its name; --control names another of column"
                f" `{column}`, {', '.join(f'`{name}`' for name in left)}"
            )
        usual = [name for name in called if name in left]
        control = usual[0] if len(usual) == 1 else left[0]
        if len(usual) != 1 and len(left) > 1:
            note = f"{control} was taken for the control, since it is the first by name; --control names another."
    return Arms(control, chosen or tuple(sorted(set(found) - {control})), note)
