"""What a detector is put through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import choice, count, real
from truthlag.verdict.evaluation.estimate import short
from truthlag.verdict.evaluation.loss_source import Draw, Floats, LossSource, draw_from

KINDS = ("abrupt", "gradual")
LONGEST = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """A stream that changes: values as before for a while, then others.

    Attributes:
        before: Where the values before the change come from: a rate of errors from 0 to 1, for errors that are independent; or
            losses of one's own (a list or an array), which are resampled in blocks; or a function that takes a numpy `Generator` and a
            number n and gives n values, for cycles and other patterns.
        after: The same for those after it.
        history: Values before the change.
        length: Values from the change on, within which it has to be found.
        kind: "abrupt": all at once. "gradual": the values come from `after` with a chance that grows from 0 to 1 in a straight line.
        ramp: Over how many values a gradual change comes; None is half of `length`.
        block_length: The mean length of the blocks in which losses of one's own are resampled, as in `calibrate`; None to choose it.
        name: What it is called in tables; None for a description.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is not allowed.

    Example:
        >>> from truthlag.detectors import Scenario
        >>> str(Scenario(before=0.10, after=0.15, history=5_000, length=3_000))
        '0.1 to 0.15 after 5,000'
    """

    before: LossSource = 0.10
    after: LossSource = 0.15
    history: int = 5_000
    length: int = 3_000
    kind: str = "abrupt"
    ramp: int | None = None
    block_length: float | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        count("history", self.history, 0, LONGEST)
        count("length", self.length, 1, LONGEST)
        choice("kind", self.kind, KINDS)
        if self.ramp is not None:
            if self.kind == "abrupt":
                raise ValueError(f"ramp must be None for an abrupt change, got {described(self.ramp)}")
            count("ramp", self.ramp, 1, LONGEST)
        if self.block_length is not None:
            real("block_length", self.block_length, 1)
        if self.name is not None and not isinstance(self.name, str):
            raise TypeError(f"name must be a str or None, got {described(self.name)}")
        draw_from("before", self.before, 1.0)
        draw_from("after", self.after, 1.0)

    def draws(self) -> tuple[Draw, Draw]:
        """How to draw values before and after the change; for losses of one's own, with the block length chosen.

        Example:
            >>> import numpy as np
            >>> from truthlag.detectors import Scenario
            >>> before, after = Scenario(before=0.0, after=1.0).draws()
            >>> after(np.random.default_rng(0), 3)
            array([1., 1., 1.])
        """
        return draw_from("before", self.before, self.block_length), draw_from("after", self.after, self.block_length)

    def weights(self) -> Floats:
        """The chance that a value comes from `after`, for each from the change on.

        Example:
            >>> from truthlag.detectors import Scenario
            >>> Scenario(length=6, kind="gradual", ramp=4).weights()
            array([0.25, 0.5 , 0.75, 1.  , 1.  , 1.  ])
        """
        if self.kind == "abrupt":
            return np.ones(self.length)
        ramp = max(self.length // 2, 1) if self.ramp is None else self.ramp
        return np.minimum(np.arange(1, self.length + 1) / ramp, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """What it is, as plain Python values; of losses and functions, their description.

        Example:
            >>> from truthlag.detectors import Scenario
            >>> Scenario(after=[0.1, 0.3]).to_dict()["after"]
            '2 losses'
        """
        return {
            "name": str(self),
            "before": _told(self.before),
            "after": _told(self.after),
            "history": int(self.history),
            "length": int(self.length),
            "kind": self.kind,
            "ramp": None if self.ramp is None else int(self.ramp),
            "block_length": None if self.block_length is None else float(self.block_length),
        }

    def __str__(self) -> str:
        """Its name, or what it is."""
        if self.name is not None:
            return self.name
        sources = f"{_told(self.before)} to {_told(self.after)}"
        how = ", gradually," if self.kind == "gradual" else ""
        return f"{sources}{how} after {short(self.history)}"


def _told(source: Any) -> float | str:
    if callable(source):
        return "a function"
    if isinstance(source, list | tuple | np.ndarray):
        return f"{len(source)} losses"
    return float(source)
