"""The evidence of discordant pairs as it grew, pair by pair, in order of prediction time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.paired.discordant_tests import concentrations
from truthlag.verdict.abtest.paired.metrics import RATES, right
from truthlag.verdict.abtest.paired.rate import DISCORDANT_SHARE
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.statistics.column import Floats
from truthlag.verdict.detectors.parameters import choice, count, share


@dataclass(frozen=True, slots=True, eq=False)
class DiscordantPath:
    """The e-value against two models being right as often, after each pair on which one of them alone is right.

    Example:
        >>> from truthlag.abtest import PairedRows, discordant_path
        >>> rows = PairedRows(labels=[1] * 300, control_predictions=[1, 0, 0] * 100, treatment_predictions=[1, 1, 0] * 100)
        >>> path = discordant_path(rows)
        >>> len(path), path.decided_after
        (100, 35)
    """

    times: NDArray[Any] | None
    """The prediction time of each discordant pair; None without times."""
    pairs: NDArray[np.intp]
    """The labelled pairs that there were with it."""
    treatment_only: NDArray[np.intp]
    """Those of the discordant ones on which the treatment alone was right, with it."""
    log_e_values: Floats
    """The logarithm of the e-value after it."""
    alpha: float
    """The probability of a false verdict at any time."""

    @property
    def decided_after(self) -> int | None:
        """The labelled pairs after which the e-value first was 1 / alpha; None where it never was."""
        reached = np.flatnonzero(self.log_e_values >= -math.log(self.alpha))
        return int(self.pairs[reached[0]]) if len(reached) else None

    @property
    def p_value(self) -> float:
        """The smallest p-value that ever was, which holds at any time too.

        Example:
            >>> from truthlag.abtest import PairedRows, discordant_path
            >>> rows = PairedRows(labels=[1, 1], control_predictions=[1, 0], treatment_predictions=[1, 0])
            >>> discordant_path(rows).p_value
            1.0
        """
        return math.exp(-max(0.0, float(self.log_e_values.max(initial=0.0))))

    def __len__(self) -> int:
        return len(self.pairs)


def discordant_path(
    rows: PairedRows, *, metric: str = "accuracy", alpha: float = 0.05, expected_n: int = 5_000
) -> DiscordantPath:
    """The e-process of a rate: how the evidence that one model is right more often grew with the pairs.

    Each discordant pair is a bet against 1/2, by the share of the earlier ones, drawn towards 1/2 as two beta mixtures have it: the product
    of the bets is the e-value of `compare_paired`, in order of prediction time. Labels that come later than those of younger requests
    change the earlier path: ask for requests of an age by which labels are there.

    Args:
        rows: The pairs, without clusters.
        metric: `"accuracy"`, `"recall"` or `"specificity"`.
        alpha: The probability of a wrong verdict at any time.
        expected_n: As in `compare_paired`.

    Raises:
        TypeError: They are no pairs.
        ValueError: The pairs have clusters, or a value is not allowed.

    Cost: a pass over the pairs.

    Source: Robbins (1970), "Statistical methods related to the law of the iterated logarithm"; Shafer (2021), "Testing by betting".

    Example:
        >>> from truthlag.abtest import PairedRows, discordant_path
        >>> rows = PairedRows(labels=[1, 1, 0], control_predictions=[1, 0, 1], treatment_predictions=[1, 1, 0])
        >>> discordant_path(rows).treatment_only.tolist()
        [1, 2]
    """
    if not isinstance(rows, PairedRows):
        raise TypeError(f"rows must be PairedRows, got {described(rows)}")
    if rows.cluster is not None:
        raise ValueError("rows must have no clusters: pairs that hang together are no independent bets")
    choice("metric", metric, tuple(RATES))
    level = share("alpha", alpha)
    expected = count("expected_n", expected_n, 1, 2**53)
    before, now, _ = right(rows, metric)
    places = np.flatnonzero(before != now)
    treatment_only = np.cumsum(now[places].astype(np.intp))
    made = np.arange(1, len(places) + 1, dtype=np.intp)
    betas = concentrations(max(1, round(DISCORDANT_SHARE * expected)))
    log_e_values = np.logaddexp(*(_log_mixture(treatment_only, made, one / 2) for one in betas)) - math.log(2)
    times = None
    if rows.times is not None:
        label = RATES[metric]
        chosen = rows.is_labelled if label is None else rows.labels == label
        times = rows.times[chosen][places].astype("datetime64[us]")
    return DiscordantPath(times, places + 1, treatment_only, log_e_values, level)


def _log_mixture(successes: NDArray[np.intp], trials: NDArray[np.intp], half: float) -> Floats:
    from scipy import special

    found = special.betaln(half + successes, half + trials - successes) - special.betaln(half, half)
    return np.asarray(found + trials * math.log(2), dtype=np.float64)
