"""An arm that is split into strata known before the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.column import blame, column
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion

Stratum: TypeAlias = Mean | Proportion | MeanWithCovariate


@dataclass(frozen=True, slots=True)
class Strata:
    """The means of an arm by stratum: country, device, the class that a frozen model gives the request.

    A stratum must be known before the unit is treated. Two arms are compared within strata, and strata weighted by their shares
    of both arms together, so that an arm that happened to get more of the good ones has no advantage of it. Where strata have covariates,
    means are adjusted for them within strata, by one slope for all strata and both arms.

    Args:
        by_stratum: a `Mean`, a `Proportion` or a `MeanWithCovariate` by name; none where there are no rows. All strata have the same
            covariates or none.

    Raises:
        TypeError: It is no mapping of names to such statistics.
        ValueError: Strata have different covariates.

    Source: Miratrix, Sekhon and Yu (2013), "Adjusting treatment effect estimates by post-stratification".

    Example:
        >>> from truthlag.abtest import MeanWithCovariate, Proportion, Strata, compare
        >>> control = Strata({"new": Proportion(40, 400), "old": Proportion(300, 600)})
        >>> treatment = Strata({"new": Proportion(75, 600), "old": Proportion(220, 400)})
        >>> treatment.n, round(treatment.standard_error, 4)
        (1000, 0.0144)
        >>> result = compare(control, treatment, mode="fixed")
        >>> round(result.difference, 4), round(treatment.estimate - control.estimate, 4)
        (0.0375, -0.045)
        >>> week = MeanWithCovariate.of([1.0, 3.0, 2.0], [0.0, 2.0, 2.0], names=("spend before",))
        >>> adjusted = Strata({"week 1": week, "week 2": week})
        >>> adjusted.covariates, adjusted.names
        (1, ('spend before',))
    """

    KIND: ClassVar[str] = "strata"

    by_stratum: Mapping[str, Stratum]
    _n: int = field(init=False, repr=False, compare=False, default=0)
    #: How many covariates each stratum has, and what they are.
    _columns: tuple[int, tuple[str, ...] | None] = field(init=False, repr=False, compare=False, default=(0, None))

    def __post_init__(self) -> None:
        if not isinstance(self.by_stratum, Mapping):
            raise TypeError(
                f"by_stratum must be a mapping of names to Mean, Proportion or MeanWithCovariate, got {described(self.by_stratum)}"
            )
        found: dict[str, Stratum] = {}
        for name, one in self.by_stratum.items():
            given = _read(one) if isinstance(one, Mapping) else one
            if not (isinstance(given, Mean | Proportion | MeanWithCovariate) and type(name) is str):
                raise TypeError(
                    "by_stratum must map names to Mean, Proportion or MeanWithCovariate,"
                    f" got {described(name)}: {described(one)}"
                )
            found[name] = given
        kinds = list(dict.fromkeys(map(_covariates_of, found.values())))
        if len(kinds) > 1:
            raise ValueError(
                f"by_stratum must have the same covariates in all strata, got {_told(kinds[0])} and {_told(kinds[1])}"
            )
        object.__setattr__(self, "by_stratum", found)
        object.__setattr__(self, "_columns", kinds[0] if kinds else (0, None))
        object.__setattr__(self, "_n", sum([one.n for one in found.values()]))

    def __hash__(self) -> int:
        # As strata are equal whatever their order is.
        return hash(frozenset(self.by_stratum.items()))

    @classmethod
    def of(cls, values: Any, strata: Any) -> Strata:
        """The means of values by stratum.

        Args:
            values: A sequence or an array of one dimension, of finite numbers.
            strata: The stratum of each row; its text is its name.

        Returns:
            The statistic.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is not finite, or they are not equally long.

        Cost: a sort of the strata.

        Example:
            >>> from truthlag.abtest import Strata
            >>> Strata.of([1.0, 2.0, 6.0], ["a", "a", "b"]).by_stratum["a"]
            Mean(n=2, mean=1.5, m2=0.5)
        """
        array = column("values", values)
        if not np.isfinite(array).all():
            raise blame("values", array)
        names = np.asarray(strata)
        if names.shape != array.shape:
            raise ValueError(f"strata must have a name for each of the {len(array)} rows, got {described(strata)}")
        texts = names.astype(str)
        return cls({str(name): Mean.of(array[texts == name]) for name in np.unique(texts)})

    @property
    def covariates(self) -> int:
        """How many covariates each stratum has."""
        return self._columns[0]

    @property
    def names(self) -> tuple[str, ...] | None:
        """What each covariate is; None where that is not known."""
        return self._columns[1]

    @property
    def n(self) -> int:
        """The rows of all strata."""
        return self._n

    @property
    def estimate(self) -> float | None:
        """The mean of all rows as it is, without weights; None without rows."""
        return self._figures()[0]

    @property
    def standard_error(self) -> float | None:
        """That of the mean as it is; None of fewer than two rows."""
        return self._figures()[1]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error."""
        return _core.pooled_strata(self.by_stratum, self._n)

    def merge(self, other: Strata) -> Strata:
        """That of the rows of both, stratum by stratum.

        Raises:
            TypeError: One stratum is a mean in one and a proportion in the other.

        Cost: proportional to the strata.

        Example:
            >>> from truthlag.abtest import Proportion, Strata
            >>> (Strata({"a": Proportion(1, 2)}) + Strata({"a": Proportion(0, 2), "b": Proportion(1, 1)})).n
            5
        """
        found = dict(self.by_stratum)
        for name, one in other.by_stratum.items():
            mine = found.get(name)
            if mine is None:
                found[name] = one
            else:
                found[name] = _merged(name, mine, one)
        return Strata(found)

    def __add__(self, other: object) -> Strata:
        return self.merge(other) if isinstance(other, Strata) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Proportion, Strata
            >>> Strata({"a": Proportion(1, 2)}).to_dict()["by_stratum"]
            {'a': {'kind': 'proportion', 'k': 1, 'n': 2}}
        """
        return {"kind": self.KIND, "by_stratum": {name: one.to_dict() for name, one in self.by_stratum.items()}}


def _covariates_of(one: Stratum) -> tuple[int, tuple[str, ...] | None]:
    return (one.covariates, one.names) if isinstance(one, MeanWithCovariate) else (0, None)


def _told(covariates: tuple[int, tuple[str, ...] | None]) -> str:
    count, names = covariates
    return str(count) if names is None else ", ".join(map(repr, names))


def _merged(name: str, first: Stratum, second: Stratum) -> Stratum:
    if isinstance(first, Mean):
        if isinstance(second, Mean):
            return first.merge(second)
    elif isinstance(first, MeanWithCovariate):
        if isinstance(second, MeanWithCovariate):
            return first.merge(second)
    elif isinstance(second, Proportion):
        return first.merge(second)
    raise TypeError(f"stratum {name!r} must be a {first.KIND} in both, got a {second.KIND}")


def _read(fields: Mapping[str, Any]) -> Any:
    kinds: dict[str, Any] = {one.KIND: one for one in (Mean, Proportion, MeanWithCovariate)}
    given = dict(fields)
    kind = given.pop("kind", None)
    return kinds[kind](**given) if kind in kinds else fields
