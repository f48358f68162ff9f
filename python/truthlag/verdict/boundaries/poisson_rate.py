"""An interval for the rate of a Poisson process that may be looked at whenever one likes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truthlag.verdict.boundaries.boundary import SIDES
from truthlag.verdict.boundaries.crossing import Indices, bracket, crossings
from truthlag.verdict.boundaries.gamma_poisson import GammaPoissonBoundary
from truthlag.verdict.boundaries.given import answer, counts, numbers, together
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.detectors.parameters import choice, real, share

_ACROSS = {"lower": "upper", "upper": "lower", "both": "both"}


@dataclass(frozen=True)
class PoissonRateSequence:
    """A confidence sequence for events per exposure: incidents a month, crashes an hour, tickets per 1,000 requests.

    The interval has those rates against which the events are no evidence of `1 / alpha`, by the gamma-Poisson mixture around each
    of them. It holds at all exposures together, also between events. Nothing is approximated: events come one by one, at a
    rate that does not change, as in a Poisson process. It is a function of two sums, so that nothing need be kept but those, and streams of
    one rate are merged by adding them. Howard, Ramdas, McAuliffe and Sekhon (2021), proposition 10, for every rate.

    Cost: some milliseconds for one interval, and some tens of microseconds each where there are many (of one side ten times that).

    Args:
        tuned_at: The number of events at which the interval is to be narrow, from 1e-60 to 1e60. Default 100. It
            must not depend on the data.
        alpha: The probability with which the rate is ever outside, between 0 and 1. Default 0.05.
        side: `"both"` limits (the default); `"lower"` or `"upper"` for one, while the other is 0 or infinite.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import PoissonRateSequence
        >>> sequence = PoissonRateSequence(tuned_at=20)
        >>> low, high = sequence.interval(events=[0, 9, 31], exposure=[1.0, 10.0, 30.0])      # days
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.0, 0.2, 0.56], [6.09, 2.1, 1.7])
        >>> sequence.tuned_at, sequence.alpha, sequence.side
        (20.0, 0.05, 'both')
    """

    tuned_at: float = 100.0
    """The number of events at which the interval is to be narrow."""
    alpha: float = field(default=0.05, kw_only=True)
    """The probability with which the rate is ever outside."""
    side: str = field(default="both", kw_only=True)
    """Which limits there are: `"both"`, `"lower"` or `"upper"`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tuned_at", real("tuned_at", self.tuned_at, 1e-60, 1e60))
        object.__setattr__(self, "alpha", share("alpha", self.alpha))
        choice("side", self.side, SIDES)

    def interval(self, events: Any, exposure: Any) -> tuple[Any, Any]:
        """The rates that the events leave possible.

        Args:
            events: How many there were by now, a whole number from 0 to 2^53 or an array of such.
            exposure: The time, requests or whatever else they came in, from 0 to 1e100; a number or an array. The
                two broadcast as numpy's arrays do.

        Returns:
            The least and the largest rate: two floats, or two arrays of the shape that they broadcast to.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import PoissonRateSequence
            >>> low, high = PoissonRateSequence(tuned_at=20).interval(31, 30.0)
            >>> round(low, 3), round(high, 3)
            (0.558, 1.7)
        """
        shape, (seen, spans) = together(events=counts("events", events), exposure=numbers("exposure", exposure, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            # Nothing is known before there is any exposure.
            low = np.where(spans > 0, self._lower(seen) / spans, 0.0)
            high = np.where(spans > 0, self._upper(seen) / spans, math.inf)
        return answer(low, shape), answer(high, shape)

    def e_value(self, rate: Any, events: Any, exposure: Any) -> Any:
        """The evidence that the rate is another: at most 1 on average if it is this one, whenever one stops.

        Args:
            rate: Events per exposure, from 0 to 1e100; a number or an array.
            events: How many there were by now, a whole number from 0 to 2^53 or an array of such.
            exposure: What they came in, from 0 to 1e100; a number or an array. The three broadcast as numpy's arrays do.

        Returns:
            A float, or an array of the shape that they broadcast to. It ever reaches `1 / a` with probability `a` at most, and may be
            multiplied over streams.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import PoissonRateSequence
            >>> round(PoissonRateSequence(tuned_at=20).e_value(2.0, 31, 30.0), 1)
            881.1
        """
        shape, found = self._log_e_values(rate, events, exposure)
        with np.errstate(over="ignore"):
            return answer(np.exp(found), shape)

    def p_value(self, rate: Any, events: Any, exposure: Any) -> Any:
        """The anytime-valid p-value of a rate: the inverse of the e-value, and 1 at most.

        Args:
            rate: Events per exposure, from 0 to 1e100; a number or an array.
            events: How many there were by now, a whole number from 0 to 2^53 or an array of such.
            exposure: What they came in, from 0 to 1e100; a number or an array. The three broadcast as numpy's arrays do.

        Returns:
            A float, or an array of the shape that they broadcast to.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import PoissonRateSequence
            >>> round(PoissonRateSequence(tuned_at=20).p_value(2.0, 31, 30.0), 5)
            0.00113
        """
        shape, found = self._log_e_values(rate, events, exposure)
        return answer(np.exp(np.minimum(0, -found)), shape)

    def _log_e_values(self, rate: Any, events: Any, exposure: Any) -> tuple[tuple[int, ...], Floats]:
        shape, (rates, seen, spans) = together(
            rate=numbers("rate", rate, 0),
            events=counts("events", events),
            exposure=numbers("exposure", exposure, 0),
        )
        expected = rates * spans
        found = self._boundary._log_e_values(seen - expected, expected)
        # Of a rate of 0 there is no event; the mixture around it is only itself.
        found[(expected == 0) & (seen > 0)] = 0.0 if self.side == "upper" else math.inf
        return shape, found

    @property
    def _boundary(self) -> GammaPoissonBoundary:
        # More events than expected are what puts a limit below the rate.
        return GammaPoissonBoundary(self.tuned_at, alpha=self.alpha, side=_ACROSS[self.side])

    def _lower(self, seen: Floats) -> Floats:
        """The least expected number of events."""
        if self.side == "upper":
            return np.zeros(seen.size)

        def lack(expected: Floats, which: Indices) -> Floats:
            return -self._excess(seen[which], expected)

        return crossings(lack, np.zeros(seen.size), seen)

    def _upper(self, seen: Floats) -> Floats:
        """The largest expected number of events."""
        if self.side == "lower":
            return np.full(seen.size, math.inf)

        def excess(expected: Floats, which: Indices) -> Floats:
            return self._excess(seen[which], expected)

        return crossings(excess, seen, bracket(excess, seen, 4 * np.sqrt(seen) + 4))

    def _excess(self, seen: Floats, expected: Floats) -> Floats:
        return self._boundary._log_e_values(seen - expected, expected) + math.log(self.alpha)
