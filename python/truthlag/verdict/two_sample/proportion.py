"""How much a proportion lost: which test is asked."""

import math

from truthlag.call.described import described
from truthlag.verdict.two_sample.binomial_test import BinomialTest
from truthlag.verdict.two_sample.loss_test import LossTest
from truthlag.verdict.two_sample.null_curve import Pair
from truthlag.verdict.two_sample.scale import Identity, Scale
from truthlag.verdict.two_sample.score_test import ScoreTest
from truthlag.verdict.two_sample.unconditional_test import UnconditionalTest

#: From this many successes and failures on in both samples, seen and expected, the score test is used. At 10, the usual
#: bound, it alarms in up to 2 times its level where the baseline is much larger: the normal tail misses the skewness of
#: the smaller sample. At 200 it is 1.05 times at .05 and 1.13 times at .01, for any sizes (by enumeration).
ENOUGH = 200
#: Larger counts are not whole numbers as floats.
MOST = 2**53


def proportion_loss(baseline: tuple[float, float | None], successes: float, trials: float) -> LossTest:
    """How much a proportion, of which more is better, lost against its baseline.

    Three tests. Against a baseline known exactly: the exact binomial test. Against a sample: the score test of Farrington
    and Manning (1990) with the interval of Miettinen and Nurminen (1985) where both samples have at least 200 successes and
    failures, else the exact unconditional test with the same order of outcomes.

    Args:
        baseline: Successes and trials of the baseline, or its rate and None where that is known exactly.
        successes: What the metric counts, in the current sample. Counts are rounded to whole numbers.
        trials: The rows of the current sample.

    Returns:
        The test of the loss, which is the baseline's rate minus the current one.

    Raises:
        ValueError: Counts or rates that are not possible.

    Cost: tens of microseconds for a score test, a tenth to some milliseconds for an exact p-value and ten times that for its
    interval, however many rows there are.

    Example:
        >>> from truthlag.verdict.two_sample import proportion_loss
        >>> loss = proportion_loss((9_000, 10_000), successes=165, trials=200)
        >>> loss.method, round(loss.estimate, 3), round(loss.p_value(), 5), round(loss.p_value(margin=0.02), 3)
        ('exact unconditional test', 0.075, 0.00071, 0.012)
        >>> [round(limit, 2) for limit in loss.interval(0.95)]
        [0.03, 0.13]
    """
    successes, trials = counts("successes", successes, "trials", trials)
    first, second = baseline
    if second is None:
        return BinomialTest(known("baseline", first), successes, trials, Identity(), "exact binomial test")
    pair = Pair(*counts("baseline successes", first, "baseline trials", second), successes, trials)
    return of_pair(pair, Identity())


def of_pair(pair: Pair, scale: Scale) -> LossTest:
    """The test of two binomial samples, on the scale of a metric."""
    common = (pair.baseline_successes + pair.successes) / (pair.baseline_trials + pair.trials)
    least = min(pair.baseline_trials, pair.trials) * min(common, 1 - common)
    cells = (pair.baseline_successes, pair.baseline_trials - pair.baseline_successes)
    if min(least, *cells, pair.successes, pair.trials - pair.successes) < ENOUGH:
        return UnconditionalTest(pair, scale, "exact unconditional test")
    return ScoreTest(pair, scale, "Farrington-Manning score test")


def counts(name: str, count: float, trials_name: str, trials: float) -> tuple[int, int]:
    """Both as whole numbers, which must be possible."""
    if not (math.isfinite(trials) and round(trials) >= 1):
        raise ValueError(f"{trials_name} must be a count of at least 1, got {described(trials)}")
    if trials > MOST:
        raise ValueError(f"{trials_name} must be a count of at most {MOST}, got {described(trials)}")
    if not (math.isfinite(count) and 0 <= round(count) <= round(trials)):
        raise ValueError(f"{name} must be a count from 0 to {trials_name} ({trials:g}), got {described(count)}")
    return round(count), round(trials)


def known(name: str, rate: float) -> float:
    """A rate that must be possible."""
    if not 0 <= rate <= 1:
        raise ValueError(f"{name} must be a rate from 0 to 1, got {described(rate)}")
    return float(rate)
