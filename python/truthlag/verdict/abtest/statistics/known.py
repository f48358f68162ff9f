"""An estimate whose standard error is known from elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite, not_negative


@dataclass(frozen=True, slots=True)
class Known:
    """An estimate that comes with its standard error: an AUC with DeLong's, an F-measure by the delta method, a model's own.

    It is compared as a normal estimate, or by its log odds where it has a range. Two of them do not merge: what they are of is not known.

    Args:
        n: The units it is of.
        estimate: The metric; None where it is not defined.
        standard_error: Its standard error; None where it is not known.
        range: The least and the largest value that it can have; with it the limits are those of its log odds, which are uneven
            near an end and never leave it. None for a normal estimate.
        informative_n: How many rows the standard error rests on, if not `n`: those of the smaller class for an AUC. For estimates
            with a range alone.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is not possible.

    Example:
        >>> from truthlag.abtest import Known
        >>> Known(n=900, estimate=0.91, standard_error=0.012).estimate
        0.91
    """

    KIND: ClassVar[str] = "known"

    n: int
    estimate: float | None
    standard_error: float | None
    range: tuple[float, float] | None = None
    informative_n: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        if self.estimate is not None:
            object.__setattr__(self, "estimate", finite("estimate", self.estimate))
        if self.standard_error is not None:
            object.__setattr__(self, "standard_error", not_negative("standard_error", self.standard_error))
        if self.informative_n is not None:
            object.__setattr__(self, "informative_n", count("informative_n", self.informative_n))
        if self.range is not None:
            given: Any = self.range
            if not isinstance(given, tuple | list) or len(given) != 2:
                raise TypeError(f"range must be None or a pair of numbers, got {described(self.range)}")
            low, high = finite("range[0]", self.range[0]), finite("range[1]", self.range[1])
            if low >= high:
                raise ValueError(f"range must be a smaller and a larger number, got {described(self.range)}")
            if self.estimate is not None and not low <= self.estimate <= high:
                raise ValueError(f"estimate must be in the range from {low:g} to {high:g}, got {self.estimate:g}")
            object.__setattr__(self, "range", (low, high))

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Known
            >>> Known(900, 0.91, 0.012).to_dict()["kind"]
            'known'
        """
        return {"kind": self.KIND, **asdict(self)}
