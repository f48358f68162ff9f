"""What all statistics of an arm have in common."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

from truthlag.call.described import described
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.calibration import Calibration
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.prediction_powered import PredictionPowered
from truthlag.verdict.abtest.statistics.prediction_powered_ratio import PredictionPoweredRatio
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata


@runtime_checkable
class Arm(Protocol):
    """An estimate of one arm, with the number of units it is of."""

    @property
    def n(self) -> int:
        """The units: rows, or clusters where they are the unit of randomisation."""

    @property
    def estimate(self) -> float | None:
        """The metric of the arm; None where nothing is known of it."""

    @property
    def standard_error(self) -> float | None:
        """Its standard error; None where the arm cannot tell it."""

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes."""


Statistic: TypeAlias = (
    Proportion
    | BatchedProportion
    | Mean
    | Ratio
    | MeanWithCovariate
    | RatioWithCovariate
    | Known
    | FMeasure
    | Calibration
    | Strata
    | PredictionPowered
    | PredictionPoweredRatio
    | QuantileArm
)
"""The statistics that can be compared; `Counts` are compared by one of their rates."""

STATISTICS = (
    Proportion,
    BatchedProportion,
    Mean,
    Ratio,
    MeanWithCovariate,
    RatioWithCovariate,
    Known,
    FMeasure,
    Calibration,
    Strata,
    PredictionPowered,
    PredictionPoweredRatio,
    QuantileArm,
)
"""Their classes."""

Figures: TypeAlias = tuple[float | None, float | None]
"""The estimate of an arm and its standard error."""

_KINDS: dict[str, Any] = {kind.KIND: kind for kind in (*STATISTICS, Counts)}


def figures(arm: Arm) -> Figures:
    """The estimate of an arm and its standard error: of kinds where both have much in common, at once.

    Raises:
        OverflowError: They are beyond floats.
        ZeroDivisionError: As above.
    """
    together = getattr(arm, "_figures", None)
    if together is None:
        return arm.estimate, arm.standard_error
    found: Figures = together()
    return found


def statistic_from_dict(fields: dict[str, Any]) -> Statistic | Counts:
    """The statistic that `to_dict` wrote, of whichever kind.

    Args:
        fields: What `to_dict` of a statistic gave.

    Returns:
        A statistic equal to the one that was written.

    Raises:
        TypeError: It is no dict, or a field has the wrong type.
        ValueError: The kind is not known, or a field is missing, unknown or not allowed.

    Cost: some microseconds.

    Example:
        >>> from truthlag.abtest import Proportion, statistic_from_dict
        >>> statistic_from_dict(Proportion(3, 10).to_dict())
        Proportion(k=3, n=10)
    """
    if not isinstance(fields, dict):
        raise TypeError(f"fields must be a dict, got {described(fields)}")
    given = dict(fields)
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"fields['kind'] must be one of {', '.join(map(repr, _KINDS))}, got {described(kind)}")
    try:
        result: Statistic | Counts = _KINDS[kind](**given)
    except TypeError as error:
        if "argument" in str(error) and "must be" not in str(error):
            raise ValueError(f"fields must be those of a {kind}, got {', '.join(map(str, given))}") from error
        raise
    return result
