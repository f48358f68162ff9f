"""The beta-binomial mixture confidence sequence."""

from __future__ import annotations

from typing import Any

from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import count, real
from truthlag.verdict.sequences.confidence_sequence import ConfidenceSequence

UNIFORM = (1.0, 1.0)
MOST = 2**53
"""The most values that a count may have."""


class BetaBinomialSequence(ConfidenceSequence):
    """A confidence sequence for a rate: the beta-binomial mixture of Robbins (1970).

    Takes 0 and 1. The interval has those rates p against which the likelihood of the values, averaged over all rates with a beta
    distribution, is less than `1 / alpha` times that under p. With `narrow_at` the distribution has the mean p and is as tight
    as makes the interval narrow at about so many values (Howard, Ramdas, McAuliffe and Sekhon (2021), "Time-uniform,
    nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49). With `side="lower"` or `"upper"` the
    distribution is cut to the rates beyond p.

    Without the running intersection it is a function of the counts, in whichever order the values come. An update costs some
    nanoseconds, an interval some microseconds; with the running intersection an update costs an interval at most. Constant memory.

    Args:
        alpha: The probability with which the rate is ever outside, between 0 and 1.
        side: "both" limits; "lower" or "upper" for one, while the other is 0 or 1.
        prior: The two parameters of the beta distribution, from 1e-6 to 1e6; for "lower" the first is at least 1, for "upper" the
            second. Default (1.0, 1.0): all rates alike.
        narrow_at: In place of `prior`: at about how many values the interval is to be narrow, from 1.
        running_intersection: Whether a limit never moves back: the interval is the intersection of all so far. It is a little
            narrower; values whose rate moves leave it empty.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import BetaBinomialSequence
        >>> sequence = BetaBinomialSequence()
        >>> sequence.update_counts(88, 100)
        >>> [round(limit, 4) for limit in sequence.interval]
        [0.7465, 0.9599]
        >>> sequence.excludes(0.7), sequence.excludes(0.8)
        (True, False)
    """

    KIND = "BetaBinomialSequence"

    def __init__(
        self,
        alpha: float = 0.05,
        *,
        side: str = "both",
        prior: tuple[float, float] | None = None,
        narrow_at: int | None = None,
        running_intersection: bool = False,
    ) -> None:
        own: dict[str, Any]
        if narrow_at is not None:
            if prior is not None:
                raise ValueError(f"prior must be None beside narrow_at, got {described(prior)}")
            numbers = [count("narrow_at", narrow_at, 1, MOST)]
            own = {"narrow_at": int(numbers[0])}
        else:
            numbers = _checked_prior(UNIFORM if prior is None else prior, side)
            own = {"prior": tuple(numbers)}
        self._begin(alpha, side, running_intersection, (0.0, 1.0), own, numbers)

    def update_counts(self, ones: int, n: int) -> None:
        """Take counts in place of values: `ones` ones among `n`.

        Cost: constant. With the running intersection it is one look, not `n`.

        Args:
            ones: How many are 1, from 0 to `n`.
            n: How many there are.

        Raises:
            TypeError: They are no ints.
            ValueError: They are not allowed, or 2^53 values are exceeded. The sequence is as before.

        Example:
            >>> from truthlag.detectors import BetaBinomialSequence
            >>> sequence = BetaBinomialSequence()
            >>> sequence.update_counts(1, 10)
            >>> sequence.update_counts(0, 10)
            >>> sequence.n, sequence.estimation
            (20, 0.05)
        """
        most = int(count("n", n, 0, MOST - self.n))
        ones_checked = int(count("ones", ones, 0, most))
        self._update_counts(ones_checked, most - ones_checked)


def _checked_prior(prior: Any, side: Any) -> list[float]:
    allowed = "a tuple of two numbers"
    if not isinstance(prior, tuple | list):
        raise TypeError(f"prior must be {allowed}, got {described(prior)}")
    if len(prior) != 2:
        raise ValueError(f"prior must be {allowed}, got {len(prior)}")
    # The ratio to a cut distribution falls towards the rate of the values where its hazard rate does not: from 1 on.
    least = [1.0 if side == one else 1e-6 for one in ("lower", "upper")]
    return [real(f"prior[{place}]", one, least[place], 1e6) for place, one in enumerate(prior)]
