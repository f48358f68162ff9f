"""An estimate whose standard error is known from elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from truthlag.verdict.abtest.statistics.checks import count, finite, not_negative


@dataclass(frozen=True, slots=True)
class Known:
    """An estimate that comes with its standard error: an AUC with DeLong's, an F-measure by the delta method, a model's own.

    It is compared as a normal estimate. Two of them do not merge: what they are of is not known.

    Args:
        n: The units it is of.
        estimate: The metric; None where it is not defined.
        standard_error: Its standard error; None where it is not known.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        if self.estimate is not None:
            object.__setattr__(self, "estimate", finite("estimate", self.estimate))
        if self.standard_error is not None:
            object.__setattr__(self, "standard_error", not_negative("standard_error", self.standard_error))

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Known
            >>> Known(900, 0.91, 0.012).to_dict()["kind"]
            'known'
        """
        return {"kind": self.KIND, **asdict(self)}
