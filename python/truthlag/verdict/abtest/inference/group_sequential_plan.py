"""A plan of looks that remembers which were taken."""

from __future__ import annotations

import math
from typing import Any, Self

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.group_sequential import (
    LEAST_STEP,
    MOST_UNITS,
    GroupSequential,
    checked_looks,
    checked_planned_n,
    is_later,
)
from truthlag.verdict.abtest.inference.kept_looks import kept_flag, kept_looks, kept_question
from truthlag.verdict.abtest.inference.look import Look
from truthlag.verdict.abtest.inference.spending import Spending, checked_spending
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds
from truthlag.verdict.abtest.inference.stage_wise import StoppedEstimate, at_least, shifts
from truthlag.verdict.abtest.inference.watched import Watched
from truthlag.verdict.detectors.parameters import count, share
from truthlag.verdict.detectors.state_bytes import packed, unpacked

MAGIC = b"TRUTHLAG-LOOKS"
_QUESTION = ("metric", "hypothesis", "margin", "direction", "alternative", "scale")


class GroupSequentialPlan:
    """The looks of one metric's test: how many units are planned, how alpha is spent, and which looks were taken.

    Given to `compare` as `looks`, it logs each look and gives it the bound that keeps the probability of a wrong rejection
    at all looks together at alpha. Looks may come at other times and in other numbers than was planned, as long as when they
    come does not depend on the difference that was seen. From the first look on the plan is frozen: another alpha, spending
    function, size or question is refused.

    Args:
        planned_n: The units of both arms together at which all of alpha is spent. Where there are more at the last look,
            its bound takes them as they are.
        looks: When it is meant to be looked: a number of looks, or units or shares of `planned_n`, rising. It is for
            planning alone; None leaves it open.
        spending: `"obrien_fleming"`: next to nothing early, and nearly a single look's bound at the end. `"pocock"`: nearly the
            same bound throughout. A number: that power of the share of the units, such as 2.0.
        alpha: The probability of a wrong rejection, between 0 and 0.5; of each side for non-inferiority and equivalence.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: a look takes one or two milliseconds for each look so far, most of it for the p-value; several where looks are next to each other.

    Source: Lan and DeMets (1983), with the recursion of Armitage, McPherson and Rowe (1969); Jennison and Turnbull (2000), "Group
    sequential methods with applications to clinical trials".

    Example:
        >>> from truthlag.abtest import GroupSequentialPlan, Proportion, compare
        >>> plan = GroupSequentialPlan(20_000, looks=4)
        >>> [round(bound, 3) for bound in plan.bounds()]
        [4.333, 2.963, 2.359, 2.014]
        >>> result = compare(Proportion(600, 5_000), Proportion(675, 5_000), mode="group_sequential", looks=plan)
        >>> result.verdict, len(plan.taken), plan.is_over
        ('undecided', 1, False)
        >>> plan.revise(spending="pocock")
        Traceback (most recent call last):
            ...
        ValueError: spending must stay 'obrien_fleming' after the first look, got 'pocock' of type str
        >>> GroupSequentialPlan.from_bytes(plan.to_bytes()) == plan
        True
        >>> plan.planned_n, plan.looks, plan.spending, plan.alpha, plan.question["hypothesis"]
        (20000, (5000, 10000, 15000, 20000), 'obrien_fleming', 0.05, 'superiority')
    """

    __slots__ = ("_alpha", "_ends", "_looks", "_planned_n", "_question", "_spending", "_taken")

    def __init__(
        self, planned_n: int, *, looks: Any = None, spending: Spending = "obrien_fleming", alpha: float = 0.05
    ) -> None:
        self._taken: tuple[Look, ...] = ()
        self._question: dict[str, Any] | None = None
        self._ends = False
        self._set(planned_n, looks, spending, alpha)

    def _set(self, planned_n: Any, looks: Any, spending: Any, alpha: Any) -> None:
        level = share("alpha", alpha)
        if level >= 0.5:
            raise ValueError(f"alpha must be below 0.5, got {described(alpha)}")
        size = checked_planned_n(planned_n)
        schedule = None if looks is None else checked_looks(looks, size)
        self._spending: str | float = checked_spending(spending)
        self._alpha, self._planned_n, self._looks = level, size, schedule

    @property
    def planned_n(self) -> int:
        """The units of both arms together at which all of alpha is spent."""
        return self._planned_n

    @property
    def looks(self) -> tuple[int, ...] | None:
        """The units at the looks that were meant; None where it was left open."""
        return self._looks

    @property
    def spending(self) -> str | float:
        """The spending function."""
        return self._spending

    @property
    def alpha(self) -> float:
        """The probability of a wrong rejection, at all looks together."""
        return self._alpha

    @property
    def taken(self) -> tuple[Look, ...]:
        """The looks that were taken, in order."""
        return self._taken

    @property
    def question(self) -> dict[str, Any] | None:
        """What is asked at each look, as arguments of `compare`; None before it asked. A new dict."""
        return None if self._question is None else dict(self._question)

    @property
    def is_over(self) -> bool:
        """Whether a look crossed its bound, or the last one was taken."""
        return self._stopped is not None

    def revise(self, **changes: Any) -> None:
        """Change the plan, before the first look.

        Args:
            changes: `planned_n`, `looks`, `spending` or `alpha`, as in the constructor.

        Raises:
            TypeError: There is no such argument, or it has the wrong type.
            ValueError: It is not allowed, or a look was taken. The plan is as before.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> plan = GroupSequentialPlan(20_000)
            >>> plan.revise(planned_n=30_000, spending=2.0)
            >>> plan
            GroupSequentialPlan(30000, looks=None, spending=2.0, alpha=0.05)
        """
        kept = {"planned_n": self._planned_n, "looks": self._looks, "spending": self._spending, "alpha": self._alpha}
        for name, value in changes.items():
            if name not in kept:
                raise TypeError(f"changes must be of {', '.join(kept)}, got {described(name)}")
            if self._taken and value != kept[name]:
                raise ValueError(f"{name} must stay {kept[name]!r} after the first look, got {described(value)}")
        self._set(**{**kept, **changes})

    def bounds(self, *, one_sided: bool = False) -> tuple[float, ...]:
        """How many standard errors the effect has to be from the value it is held against, at each look.

        Of the looks that were taken, and those after them that are meant.

        Args:
            one_sided: Whether for one side at alpha, as for non-inferiority.

        Raises:
            ValueError: No look was taken, and none is meant.

        Cost: a quarter of a millisecond a look.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> [round(bound, 4) for bound in GroupSequentialPlan(1_000, looks=5, spending="pocock").bounds()]
            [2.438, 2.4268, 2.4102, 2.3966, 2.386]
        """
        units = self.units()
        is_final = bool(self._taken) and self._taken[-1].is_final
        return spent_bounds(self._design(one_sided=one_sided), self._shares(units), is_final=is_final).bounds

    def units(self) -> tuple[int, ...]:
        """The units at the looks that were taken and those after them that are meant, up to the last one.

        Raises:
            ValueError: No look was taken, and none is meant.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> plan = GroupSequentialPlan(1_000, looks=4)
            >>> _ = plan.look(300)
            >>> plan.units()
            (300, 500, 750, 1000)
        """
        taken = tuple(look.n for look in self._taken)
        if self._taken and self._is_last(self._taken[-1]):
            return taken
        units = taken + tuple(n for n in self._looks or () if not taken or is_later(n, taken[-1]))
        if not units:
            raise ValueError("looks must be given where no look was taken, got None")
        return units

    def end_early(self) -> None:
        """Make the next look the last one, though fewer units are there than were planned: all that is left of alpha is spent then.

        For an end that has nothing to do with the difference that was seen, such as a date or traffic that ran out.

        Raises:
            ValueError: The last look was taken.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> plan = GroupSequentialPlan(1_000, spending=2.0)
            >>> _ = plan.look(400)
            >>> plan.end_early()
            >>> round(plan.look(900).bound, 3), plan.is_over
            (1.996, True)
        """
        if self._taken and self._is_last(self._taken[-1]):
            raise ValueError(f"the plan must not have had its last look, which was at {self._taken[-1].n} units")
        self._ends = True

    def look(self, n: int) -> Look:
        """Take a look of which the data are held against the bound elsewhere; `compare` does both.

        Args:
            n: The units of both arms together, more than at the look before; for the same number that look is given again.

        Returns:
            The look, with its two-sided bound.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: It is too near to the look before, or the last one was taken. The plan is as before.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> plan = GroupSequentialPlan(1_000, spending=2.0)
            >>> round(plan.look(400).bound, 3), round(plan.look(1_000).bound, 3)
            (2.652, 2.0)
        """
        one_sided = self._question is not None and _is_one_sided(self._question)
        rule = self._inference(n)
        if self._again(n) is None:
            self._taken += (self._judged(rule, int(n), one_sided=one_sided),)
        return self._taken[-1]

    def _inference(self, n: int) -> GroupSequential:
        """The rule of a look at n units, which is not taken by that."""
        number = int(count("n", n, 1, MOST_UNITS))
        before, again = self._taken, self._again(number)
        if again is not None:
            before = before[:-1]
        elif before:
            last = before[-1]
            if self._is_last(last):
                raise ValueError(f"n must be that of the last look ({last.n}), where all of alpha was spent, got {n}")
            if not is_later(number, last.n):
                raise ValueError(
                    f"n must be that of the last look ({last.n}), or more by more than {LEAST_STEP:g} of it, got {n}"
                )
        is_final = self._ends if again is None else again.is_final
        units = tuple(look.n for look in before)
        return GroupSequential(self._alpha, self._planned_n, units, self._spending, is_final)

    def _asked(self, question: dict[str, Any]) -> None:
        """Hold a question against the one that was asked before.

        Raises:
            ValueError: It is another one.
        """
        if self._question is None:
            return
        for name in _QUESTION:
            if question[name] != self._question[name]:
                raise ValueError(
                    f"{name} must stay {self._question[name]!r} after the first look, got {described(question[name])}"
                )

    def _log(self, question: dict[str, Any], watched: Watched, n: int, result: Any) -> None:
        """Log what a look found, unless the look at as many units was logged before."""
        if self._again(n) is not None:
            return
        one_sided = _is_one_sided(question)
        bare = self._judged(watched.rule, n, one_sided=one_sided)
        is_relative = result.scale == "relative"
        estimate = result.relative_difference if is_relative else result.difference
        statistic = watched.statistic
        if statistic is not None and not one_sided and question["margin"] is None and (estimate or 0.0) < 0:
            statistic = -statistic
        self._question = {name: question[name] for name in _QUESTION}
        self._taken += (
            Look(
                n,
                bare.information,
                bare.spent,
                bare.bound,
                watched.rule.is_final,
                estimate,
                None if is_relative else result.standard_error,
                statistic,
                result.p_value,
                result.verdict,
            ),
        )

    def estimate(self) -> StoppedEstimate:
        """The effect once the test is over, by the stage-wise ordering.

        Raises:
            ValueError: The test is not over, or its question is another than of superiority without a margin on the
                absolute scale.

        Cost: some tenths of a second.

        Example: see `StoppedEstimate`.
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> GroupSequentialPlan(1_000).estimate()
            Traceback (most recent call last):
                ...
            ValueError: the test must be over: no look of the plan crossed its bound, nor was it the last
        """
        place = self._stopped
        if place is None:
            raise ValueError("the test must be over: no look of the plan crossed its bound, nor was it the last")
        asked, look = self._question, self._taken[place]
        if asked is None or asked["hypothesis"] != "superiority" or asked["margin"] or asked["scale"] != "absolute":
            raise ValueError("the test must be one of superiority, without a margin and on the absolute scale")
        statistic, error, seen = look.statistic, look.standard_error, look.estimate
        if statistic is None or error is None or seen is None:
            raise ValueError("the last look must have an estimate, got none")
        one_sided = _is_one_sided(asked)
        sides = 1 if one_sided else 2
        shares = self._shares(tuple(one.n for one in self._taken[: place + 1]))
        bounds = [one.bound for one in self._taken[:place]]
        means = shifts(shares, bounds, statistic, self._alpha / sides, sides=sides)
        p_value = at_least(shares, bounds, statistic, 0.0, sides=sides)
        if not one_sided:
            p_value = min(1.0, 2 * min(p_value, 1 - p_value))
        # Downwards the statistic was counted from below.
        sign = -1 if asked["alternative"] == "less" else 1
        low, middle, high = sorted(seen + sign * (mean - statistic) * error for mean in means)
        if one_sided:
            low, high = (low, math.inf) if sign > 0 else (-math.inf, high)
        return StoppedEstimate(middle, low, high, 1 - self._alpha, p_value, seen, look.n)

    def to_bytes(self) -> bytes:
        """The plan and its looks as bytes.

        Returns:
            Bytes with a format version and a checksum, for `from_bytes`.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> plan = GroupSequentialPlan(1_000, looks=[0.5, 1.0])
            >>> GroupSequentialPlan.from_bytes(plan.to_bytes()).looks
            (500, 1000)
        """
        kept = {
            "planned_n": self._planned_n,
            "looks": self._looks,
            "spending": self._spending,
            "alpha": self._alpha,
            "ends": self._ends,
            "question": self._question,
            "taken": [{name: getattr(look, name) for name in Look.__slots__} for look in self._taken],
        }
        return packed(MAGIC, type(self).__name__, kept, [])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The plan that `to_bytes` wrote.

        Args:
            data: What `to_bytes` gave.

        Returns:
            A plan that goes on where the other one was.

        Raises:
            TypeError: `data` are no bytes.
            ValueError: They are damaged, or of a version that this one does not know.

        Example:
            >>> from truthlag.abtest import GroupSequentialPlan
            >>> GroupSequentialPlan.from_bytes(GroupSequentialPlan(500).to_bytes())
            GroupSequentialPlan(500, looks=None, spending='obrien_fleming', alpha=0.05)
        """
        _, kept, _ = unpacked(MAGIC, "a plan of looks", data)
        try:
            plan = cls(kept["planned_n"], looks=kept["looks"], spending=kept["spending"], alpha=kept["alpha"])
            plan._ends = kept_flag(kept["ends"])
            plan._question = kept_question(kept["question"])
            plan._taken = kept_looks(kept["taken"], plan._planned_n, plan._alpha)
        except (KeyError, TypeError) as error:
            raise ValueError("data must be bytes of a plan of looks, got some whose content is another") from error
        return plan

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GroupSequentialPlan):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment] # it changes

    def __repr__(self) -> str:
        return (
            f"GroupSequentialPlan({self._planned_n}, looks={self._looks!r}, spending={self._spending!r},"
            f" alpha={self._alpha!r})"
        )

    @property
    def _stopped(self) -> int | None:
        """The place of the look at which the test was over."""
        for place, look in enumerate(self._taken):
            if look.verdict not in ("undecided", "invalid") or self._is_last(look):
                return place
        return None

    def _is_last(self, look: Look) -> bool:
        return look.is_final or look.n >= self._planned_n

    def _again(self, n: int) -> Look | None:
        """The last look, if this is the same."""
        return self._taken[-1] if self._taken and self._taken[-1].n == n else None

    def _judged(self, rule: GroupSequential, n: int, *, one_sided: bool) -> Look:
        found = rule.so_far(n, one_sided=one_sided)
        return Look(n, n / self._planned_n, found.spent[-1], found.bounds[-1], rule.is_final)

    def _design(self, *, one_sided: bool) -> Design:
        return Design(self._spending, self._alpha, 1 if one_sided else 2)

    def _shares(self, units: tuple[int, ...]) -> tuple[float, ...]:
        return tuple(n / self._planned_n for n in units)


def _is_one_sided(question: dict[str, Any]) -> bool:
    return bool(question["hypothesis"] != "superiority" or question["alternative"] != "two_sided")
