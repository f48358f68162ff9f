"""Whether labels take equally long in both arms, where arrival itself is the outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.gates.aged_arm import Arrivals
from truthlag.verdict.abtest.gates.delay_pairs import pairs_in_time
from truthlag.verdict.abtest.gates.times import Times

#: Where the distributions of the delays are compared, as shares of the age: denser near 0, where most delays are.
_PLACES = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8)
#: Fewer arrivals than these at risk say nothing of how many are still to come.
_LEAST_AT_RISK = 10
#: The last part of the age, whose flow of labels tells what would come after it if it went on.
_LAST_PART = 0.25


@dataclass(frozen=True, slots=True)
class DelayEvidence:
    """The evidence that delays up to the age differ between the arms."""

    log_e_value: float
    p_value: float
    pairs: int
    largest_gap: float
    """Between the distribution functions."""


def delay_evidence(control: Arrivals, treatment: Arrivals, min_age: int) -> DelayEvidence:
    """An exact e-process against equal distributions of the delays among the labels that came within the age.

    Every row has reached the age, so that no delay is cut off below it. Arrivals of both arms are paired in order of prediction time.
    At a delay u, a pair of which one delay is at most u and the other is above is a fair coin if the distributions are equal; heads among
    such pairs are tested by the beta-binomial mixture of Robbins (1970), and the e-values of some delays are averaged: the test of
    Kolmogorov and Smirnov, made of signs so that it holds after every pair. Exact for any number of pairs.

    Cost: that of the pairs, and some passes over them for each delay.
    """
    arms = []
    for arm in (control, treatment):
        in_time = arm.delays <= min_age
        arms.append((arm.predicted_at[in_time], arm.delays[in_time]))
    (first_times, first), (second_times, second) = arms
    if not len(first) or not len(second):
        return DelayEvidence(0.0, 1.0, 0, 0.0)
    limits = [round(place * min_age) for place in _PLACES]
    gap = max(abs(float(np.mean(first <= limit)) - float(np.mean(second <= limit))) for limit in limits)
    places = pairs_in_time(first_times, second_times)
    early, other = first[places[0]], second[places[1]]
    paths = [_path(early <= limit, other <= limit) for limit in limits]
    if not len(early):
        return DelayEvidence(0.0, 1.0, 0, gap)
    path = np.logaddexp.reduce(np.stack(paths), axis=0) - math.log(len(paths))
    return DelayEvidence(float(path[-1]), math.exp(-max(0.0, float(path.max()))), len(early), gap)


def _path(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The logarithm of the e-value after each pair."""
    from scipy import special

    wins, losses = np.cumsum(first & ~second), np.cumsum(~first & second)
    path: NDArray[np.float64] = special.betaln(1.0 + wins, 1.0 + losses) + (wins + losses) * math.log(2)
    return path


@dataclass(frozen=True, slots=True)
class LateShare:
    """The share of the labels that come after the age, as far as rows are old enough to show it."""

    share: float
    standard_error: float
    labels: int
    """The labels after the age that it rests on."""


def late_shares(control: Arrivals, treatment: Arrivals, min_age: int) -> tuple[LateShare, LateShare]:
    """The late share of both arms, each up to the same longest delay.

    The product-limit estimate for delays that are cut off by the age of their row, from the longest delay downwards, with
    Greenwood's standard error: Lagakos, Barraj and De Gruttola (1988), "Nonparametric analysis of truncated survival data";
    Kalbfleisch and Lawless (1989). 0 where none is seen to come later.

    Cost: some sorts.
    """
    arms = [(np.sort(arm.delays), np.sort(arm.ages)) for arm in (control, treatment)]
    # Older rows than these are too few in one of the arms.
    longest = min((int(ages[-_LEAST_AT_RISK]) if len(ages) >= _LEAST_AT_RISK else min_age for _, ages in arms))
    first, second = (_late_share(delays, ages, min_age, longest) for delays, ages in arms)
    return first, second


def _late_share(delays: Times, ages: Times, min_age: int, longest: int) -> LateShare:
    late, times = np.unique(delays[(delays > min_age) & (delays <= longest)], return_counts=True)
    # The labels of rows that are old enough to show one after this delay, which have come by then.
    at_risk = np.searchsorted(delays, late, "right") - np.searchsorted(ages, late, "left")
    in_time = float(np.prod(1 - times / at_risk))
    with np.errstate(divide="ignore"):
        variance = float(np.sum(times / (at_risk * (at_risk - times))))
    error = in_time * math.sqrt(variance) if in_time > 0 else 0.0
    return LateShare(1 - in_time, error, int(times.sum()))


def expected_late(arm: Arrivals, min_age: int) -> float:
    """How many labels would have come after the age by now, if they went on coming as in the last part of the age.

    Cost: some passes.
    """
    span = _LAST_PART * min_age
    flow = float(np.count_nonzero((arm.delays <= min_age) & (arm.delays > min_age - span)))
    in_time = int(np.count_nonzero(arm.delays <= min_age))
    if not in_time or not span:
        return 0.0
    over = float(np.mean(arm.ages[arm.delays <= min_age] - min_age))
    return flow * over / span
