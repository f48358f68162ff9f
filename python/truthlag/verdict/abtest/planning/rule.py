"""How likely each rule of looking finds an effect, and at which look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.asymptotic_sequence import AsymptoticSequence
from truthlag.verdict.abtest.inference.crossing import Bounds, Path, crossing_chances
from truthlag.verdict.abtest.inference.fixed import Fixed
from truthlag.verdict.abtest.inference.group_sequential import MOST_UNITS, checked_looks
from truthlag.verdict.abtest.inference.spending import checked_spending
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds
from truthlag.verdict.abtest.planning.two_margins import Band, ending_chances, one_look_inside
from truthlag.verdict.abtest.result.words import MODES
from truthlag.verdict.detectors.parameters import choice, count, share

#: How often a confidence sequence is looked at where nobody says.
DEFAULT_LOOKS = 20
#: As which size the shares of looks are computed.
_WHOLE = 10**12


class Found(NamedTuple):
    """The chance to find an effect, and the share of the planned units at which a test ends on average."""

    power: float
    mean_share: float


@dataclass(frozen=True, slots=True)
class Rule:
    """When it is looked at, and by which bounds."""

    mode: str
    alpha: float
    sides: int
    shares: tuple[float, ...]
    spending: str | float = "obrien_fleming"
    expected_n: int | None = None
    #: Those at the looks, where they follow from looks that were taken before.
    known_bounds: tuple[float, ...] | None = None

    @property
    def depends_on_size(self) -> bool:
        """Whether the bounds at a share of the units are others for another size."""
        return self.expected_n is not None

    def bounds(self, n: float, freedom: float = math.inf) -> tuple[float, ...]:
        """Those at each look of a test with n units of both arms."""
        if self.known_bounds is not None:
            return self.known_bounds
        if self.mode == "fixed":
            return (Fixed(self.alpha).quantile(freedom, 0, one_sided=self.sides == 1),)
        if self.mode == "group_sequential":
            return spent_bounds(Design(self.spending, self.alpha, self.sides), self.shares).bounds
        # What is not tuned elsewhere is tuned at the size that is planned.
        size = round(n) if self.expected_n is not None else _WHOLE
        sequence = AsymptoticSequence(self.alpha, self.expected_n or _WHOLE)
        return tuple(
            sequence.quantile(math.inf, max(1, round(one * size)), one_sided=self.sides == 1) for one in self.shares
        )

    def found(
        self,
        noncentrality: float,
        n: float,
        *,
        stretch: float = 1.0,
        freedom: float = math.inf,
        width: float = 0.0,
        is_equivalence: bool = False,
    ) -> Found:
        """How likely the bounds are crossed; of a two-sided test on either side.

        Args:
            noncentrality: The expected statistic at the last look.
            n: The units of both arms at the last look.
            stretch: The standard error of the test over the true one.
            freedom: The degrees of freedom of t at a single look.
            width: How many standard errors there are at the last look between what the two sides are held against.
            is_equivalence: Whether it is to be shown that the difference is between these; `noncentrality` is then of the lower.
        """
        bounds = [bound * stretch for bound in self.bounds(n, freedom)]
        if is_equivalence:
            return self._inside(noncentrality, width, bounds, freedom)
        if not math.isfinite(noncentrality):
            crosses = noncentrality > 0 or self.sides == 2
            return Found(1.0, self.shares[0]) if crosses else Found(0.0, 1.0)
        if len(self.shares) == 1:
            return Found(of_one_look(noncentrality, bounds[0], freedom, self.sides, width), 1.0)
        # Far beyond every bound nothing is left to be found out.
        drift = max(-60.0, min(60.0, noncentrality))
        limits = [
            Bounds(-bound - width * math.sqrt(share) if self.sides == 2 else -math.inf, bound)
            for bound, share in zip(bounds, self.shares, strict=True)
        ]
        chances = crossing_chances(Path.begin(drift), self.shares, limits)
        stopped = [up + down for up, down in zip(chances.above, chances.below, strict=True)]
        power = min(1.0, math.fsum(stopped))
        mean = math.fsum(one * at for one, at in zip(stopped, self.shares, strict=True)) + (1 - power) * self.shares[-1]
        return Found(power, mean)

    def _inside(self, noncentrality: float, width: float, bounds: list[float], freedom: float) -> Found:
        """How likely two one-sided tests both reject; one ends as well where the difference is shown to be beyond a margin."""
        if not (math.isfinite(noncentrality) and math.isfinite(width)):
            is_inside = noncentrality > 0 and noncentrality < width
            return Found(1.0 if is_inside else 0.0, self.shares[0])
        if len(self.shares) == 1:
            return Found(one_look_inside(noncentrality, width, bounds[0], freedom), 1.0)
        bands = [Band.of(bound, width * math.sqrt(share)) for bound, share in zip(bounds, self.shares, strict=True)]
        ended = ending_chances(Path.begin(noncentrality), self.shares, bands)
        stopped = [inside + outside for inside, outside in zip(ended.inside, ended.outside, strict=True)]
        goes_on = max(0.0, 1 - math.fsum(stopped))
        mean = math.fsum(one * at for one, at in zip(stopped, self.shares, strict=True)) + goes_on * self.shares[-1]
        return Found(min(1.0, math.fsum(ended.inside)), min(1.0, mean))


def of_one_look(noncentrality: float, bound: float, freedom: float, sides: int, width: float = 0.0) -> float:
    """The chance that a single look crosses its bound; of two sides on either, with so many standard errors between them."""
    from scipy import special

    if math.isinf(freedom):
        up, down = float(special.ndtr(noncentrality - bound)), float(special.ndtr(-noncentrality - width - bound))
    else:
        # Noncentral t; beyond what its series holds it is normal.
        up = 1 - float(special.nctdtr(freedom, noncentrality, bound))
        down = float(special.nctdtr(freedom, noncentrality + width, -bound))
        if not (math.isfinite(up) and math.isfinite(down)):
            return of_one_look(noncentrality, bound, math.inf, sides, width)
    return min(1.0, up + down if sides == 2 else up)


def rule(mode: Any, alpha: Any, *, sides: int, looks: Any, spending: Any, expected_n: Any) -> Rule:
    """A rule of looking, its parameters checked."""
    choice("mode", mode, MODES)
    level = share("alpha", alpha)
    if level >= 0.5:
        raise ValueError(f"alpha must be below 0.5, got {described(alpha)}")
    how = checked_spending(spending)
    if mode != "confidence_sequence" and expected_n is not None:
        raise ValueError(f"expected_n must be None with mode {mode!r}: it tunes a confidence sequence")
    if mode == "fixed":
        if looks is not None:
            raise ValueError("looks must be None with mode 'fixed', which has one")
        return Rule(mode, level, sides, (1.0,))
    if looks is None:
        if mode == "group_sequential":
            raise ValueError("looks must be given with mode 'group_sequential': their number, or shares of the size")
        looks = DEFAULT_LOOKS
    shares = _shares(looks)
    if mode == "group_sequential":
        return Rule(mode, level, sides, shares, how)
    tuned = None if expected_n is None else int(count("expected_n", expected_n, 1, MOST_UNITS))
    return Rule(mode, level, sides, shares, expected_n=tuned)


def _shares(looks: Any) -> tuple[float, ...]:
    if isinstance(looks, Sequence) and not isinstance(looks, str) and len(looks) and not max(looks) <= 1:
        raise ValueError(f"looks must be a number of looks or shares of the size, up to 1, got {described(max(looks))}")
    if isinstance(looks, int) and not isinstance(looks, bool):
        number = len(checked_looks(looks, _WHOLE))
        return tuple((place + 1) / number for place in range(number))
    checked_looks(looks, _WHOLE)
    shares = tuple(float(one) for one in looks)
    return shares if shares[-1] == 1 else (*shares, 1.0)
