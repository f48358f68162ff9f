"""One quantile of an arm, as it is compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N, AsymptoticSequence
from truthlag.verdict.abtest.quantiles import smooth
from truthlag.verdict.abtest.quantiles.binomial_ranks import outer_ranks
from truthlag.verdict.abtest.quantiles.ladder import Ladder
from truthlag.verdict.abtest.quantiles.rank_scale import BinomialScale, MixtureScale
from truthlag.verdict.abtest.quantiles.ranks import Ranks, SortedRanks, ranks_from_dict
from truthlag.verdict.abtest.quantiles.uniform_bands import stitched_bound
from truthlag.verdict.abtest.statistics.checks import count, finite
from truthlag.verdict.abtest.statistics.column import column
from truthlag.verdict.detectors.parameters import choice, share
from truthlag.verdict.detectors.parameters import count as whole

#: How many standard deviations of a rank are known to either side where not all values are kept.
_KNOWN = 20.0
#: Fewer values than that are all kept.
_FEW = 10_000
MOST_ROWS = 2**53
#: No quantile is nearer to 0 or 1.
_NEAREST = 1e-9
#: The level of the outer interval that a standard error is told from.
_OUTER_TAIL = 0.025
INTERVALS = ("exact", "outer", "any_time", "all_quantiles")
#: At which number of values those of any number of looks are narrow where nobody says.
_SEQUENCES: dict[str, Callable[[float], int]] = {
    "any_time": lambda p: math.ceil(EXPECTED_N / (8 * p * (1 - p))),
    "all_quantiles": lambda p: 1_000,  # noqa: ARG005 - the same for all quantiles
}
#: How two quantiles are held against each other.
COMPARISONS = ("ranks", "guaranteed", "outer")


@dataclass(frozen=True, slots=True)
class QuantileArm:
    """A quantile of an arm, with what is known of the values around it.

    Made by `of`, by `Quantiles.at` or by `LatencyHistogram.at`, rather than by itself.

    Args:
        p: Which quantile: 0.99 for p99; from 1e-9 to 1 - 1e-9.
        ranks: What is known of the values by their ranks.
        units: The units of randomisation that they come from.
        design_effect: The variance of how many values are below the quantile, over that of as many independent ones; at least 1.

    Raises:
        TypeError: One of them has the wrong type.
        ValueError: One of them is not allowed.

    Example:
        >>> from truthlag.abtest import QuantileArm
        >>> arm = QuantileArm.of(range(1, 1_001), 0.95)
        >>> arm.estimate, round(arm.standard_error, 2), arm.n, arm.rows
        (950.05, 7.4, 1000, 1000)
        >>> arm.interval(0.95)
        (936.0, 964.0)
    """

    KIND: ClassVar[str] = "quantile"

    p: float
    ranks: Ranks
    units: int
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", checked_p(self.p))
        if isinstance(self.ranks, dict):
            object.__setattr__(self, "ranks", ranks_from_dict("ranks", self.ranks))
        rows = getattr(self.ranks, "rows", None)
        if not isinstance(rows, int):
            raise TypeError(f"ranks must be what is known of the values of an arm, got {described(self.ranks)}")
        object.__setattr__(self, "units", count("units", self.units, rows, "rows"))
        effect = finite("design_effect", self.design_effect)
        if effect < 1:
            raise ValueError(
                f"design_effect must be a finite number of at least 1, got {described(self.design_effect)}"
            )
        object.__setattr__(self, "design_effect", effect)

    @classmethod
    def of(cls, values: Any, p: float, *, cluster: Any = None) -> QuantileArm:
        """A quantile of values, without sorting all of them.

        Of many values those whose rank is within 20 standard deviations of the quantile's are kept, which is what intervals and
        p-values down to 1e-80 need. It does not merge: keep `Quantiles`, or a `LatencyHistogram`.

        Args:
            values: A sequence or an array of one dimension, of numbers other than NaN; an infinite one is what never ended.
            p: Which quantile: 0.99 for p99.
            cluster: The unit of each value, where a unit has several.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN, `p` is not between 0 and 1, or there are not as many clusters.

        Cost: a pass over the values, a nanosecond or two each from an array of floats; with clusters a sort.

        Example:
            >>> from truthlag.abtest import QuantileArm
            >>> QuantileArm.of([12, 15, 11, 480, 13], 0.5).estimate
            13.0
        """
        from truthlag.verdict.abtest.quantiles.quantiles import Quantiles, check_numbers

        which = checked_p(p)
        if cluster is not None:
            return Quantiles.of(values, cluster=cluster).at(which)
        given = values if type(values) is list else column("values", values)
        rows = len(given)
        if rows > _FEW:
            reach = math.ceil(_KNOWN * math.sqrt(rows * which * (1 - which)) + _KNOWN * _KNOWN)
            middle = int((rows - 1) * which)
            first, last = max(0, middle - reach), min(rows - 1, middle + 1 + reach)
            known = _core.order_statistics(given, first, last)
            if known is not None:
                return cls(which, SortedRanks(rows, np.array(known), first + 1), rows)
        array = column("values", given)
        check_numbers("values", array)
        return cls(which, SortedRanks(rows, np.sort(array.astype(np.float64))), rows)

    @property
    def n(self) -> int:
        """The units that the values come from."""
        return self.units

    @property
    def rows(self) -> int:
        """How many values there are."""
        return self.ranks.rows

    @property
    def effective_rows(self) -> float:
        """How many independent values would tell as much: fewer where values come in clusters.

        Example:
            >>> from truthlag.abtest import QuantileArm
            >>> QuantileArm.of(range(100), 0.5).effective_rows
            100.0
        """
        return self.rows / self.design_effect

    @property
    def estimate(self) -> float | None:
        """The quantile, interpolated between two values as numpy does (Hyndman and Fan 1996, type 7); None without values.

        Infinite where values that never ended reach it.
        """
        if not self.rows:
            return None
        place = (self.rows - 1) * self.p
        rank = min(int(place), self.rows - 1)
        low, high = map(float, self.ranks.middle(np.array([rank + 1, min(rank + 2, self.rows)])))
        if low == high or math.isinf(low):
            return low
        weight = place - rank
        if not weight:
            return low
        if math.isinf(high):
            return high
        distance = high - low
        return low + distance * weight if weight < 0.5 else high - distance * (1 - weight)

    @property
    def standard_error(self) -> float | None:
        """Half the outer interval over its normal quantile, which needs no density; None where the interval has no end.

        Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics", section 4.
        """
        from scipy import special

        if not self.rows:
            return None
        quantile = -float(special.ndtri(_OUTER_TAIL))
        low, high = self._between(outer_ranks(self.rows, self.p, quantile, self.effective_rows))
        error = (high - low) / (2 * quantile)
        return error if math.isfinite(error) else None

    def interval(
        self, confidence: float = 0.95, *, method: str = "exact", narrow_at: int | None = None
    ) -> tuple[float, float]:
        """The interval of this quantile, from one order statistic to another.

        Args:
            confidence: Its level, between 0 and 1.
            method: For one look `"exact"`: the narrowest order statistics by the binomial distribution, right at any number of values
                and for any distribution; or `"outer"`: by the normal approximation, rounded outwards. For any number of
                looks `"any_time"`; for all quantiles at once and any number of looks `"all_quantiles"`.
            narrow_at: For any number of looks, at about how many values the interval is to be narrow; for all quantiles, the
                number of values from which on one looks. By default half of `expected_n`, and 1 000. It must not depend on the
                values.

        Returns:
            Its ends; infinite on a side where there are too few values for one.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is not allowed.

        Cost: some tens of microseconds.

        Source: Thompson (1936); Deng, Knoblich and Lu (2018), section 4, for the outer interval; Howard and Ramdas (2022) for those
        of any number of looks.

        Example:
            >>> from truthlag.abtest import QuantileArm
            >>> QuantileArm.of(range(100), 0.99).interval()
            (96.0, inf)
            >>> arm = QuantileArm.of(range(10_000), 0.9)
            >>> for method in ("exact", "any_time", "all_quantiles"):
            ...     print(arm.interval(method=method, narrow_at=None if method == "exact" else 5_000))
            (8940.0, 9058.0)
            (8906.0, 9090.0)
            (8806.0, 9132.0)
        """
        from scipy import special

        level = share("confidence", confidence)
        choice("method", method, INTERVALS)
        is_sequence = method in _SEQUENCES
        if narrow_at is not None and not is_sequence:
            raise ValueError(f"narrow_at must be None with method {method!r}, got {described(narrow_at)}")
        size = _SEQUENCES[method](self.p) if narrow_at is None and is_sequence else narrow_at
        from_rows = 1 if size is None else int(whole("narrow_at", size, 1, MOST_ROWS))
        if not self.rows:
            return -math.inf, math.inf
        alpha = 1 - level
        if method == "all_quantiles":
            return self._between(self._stitched(alpha, from_rows))
        if method == "any_time":
            scale = MixtureScale(AsymptoticSequence(alpha, from_rows).narrow_at(one_sided=False), one_sided=False)
            return self._between(Ladder(self, scale).interval(-math.log(alpha)))
        quantile = -float(special.ndtri(alpha / 2))
        if method == "outer":
            return self._between(outer_ranks(self.rows, self.p, quantile, self.effective_rows))
        return self._between(Ladder(self, BinomialScale()).interval(quantile * quantile))

    @property
    def harrell_davis(self) -> float | None:
        """A smooth estimate, which weights all values: Harrell and Davis (1982); None where not all values are kept.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> round(Quantiles.of([1, 2, 3, 5, 8, 13, 21]).at(0.5).harrell_davis, 3)
            5.851
        """
        values = self._all_values()
        return None if values is None else smooth.harrell_davis(values, self.p)

    @property
    def maritz_jarrett_error(self) -> float | None:
        """Another standard error: Maritz and Jarrett (1978); None where not all values are kept.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> round(Quantiles.of([1, 2, 3, 5, 8, 13, 21]).at(0.5).maritz_jarrett_error, 3)
            4.106
        """
        values = self._all_values()
        return None if values is None else smooth.maritz_jarrett_error(values, self.p)

    @property
    def expected_n(self) -> int:
        """The units of both arms at which a confidence sequence is narrowest where nobody says.

        5 000 for a median, and so many more for another quantile as the counts around it vary less: 126 263 for p99.

        Example:
            >>> from truthlag.abtest import QuantileArm
            >>> QuantileArm.of(range(100), 0.5).expected_n
            5000
        """
        return math.ceil(EXPECTED_N / (4 * self.p * (1 - self.p)))

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import QuantileArm, statistic_from_dict
            >>> arm = QuantileArm.of([3, 1, 2], 0.5)
            >>> statistic_from_dict(arm.to_dict()) == arm
            True
        """
        return {
            "kind": self.KIND,
            "p": self.p,
            "ranks": self.ranks.to_dict(),
            "units": self.units,
            "design_effect": self.design_effect,
        }

    def _stitched(self, alpha: float, narrow_at: int) -> tuple[int, int]:
        rows, n = self.rows, self.effective_rows
        low = n * self.p - stitched_bound(1 - self.p, n, alpha, narrow_at)
        high = n * self.p + stitched_bound(self.p, n, alpha, narrow_at)
        return max(0, math.floor(low * rows / n)), min(rows + 1, math.ceil(high * rows / n) + 1)

    def _between(self, ranks: tuple[int, int]) -> tuple[float, float]:
        low, high = ranks
        return float(self.ranks.lower(np.array([low]))[0]), float(self.ranks.upper(np.array([high]))[0])

    def _all_values(self) -> Any:
        ranks = self.ranks
        is_whole = (
            isinstance(ranks, SortedRanks) and ranks.is_complete and ranks.rows and math.isfinite(ranks.values[-1])
        )
        return ranks.values if is_whole and isinstance(ranks, SortedRanks) and math.isfinite(ranks.least) else None


def checked_p(p: Any, name: str = "p") -> float:
    """A quantile's share, so far from 0 and 1 that what is left of 1 is told from it."""
    which = share(name, p)
    if not _NEAREST <= which <= 1 - _NEAREST:
        raise ValueError(f"{name} must be a number from {_NEAREST:g} to 1 - {_NEAREST:g}, got {described(p)}")
    return which
