"""Whether the arms were alike before the test began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.gates.gate import Gate, shown
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.words import Mode
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.detectors.parameters import share
from truthlag.verdict.two_sample import holm

_MISSING = " (missing)"


def pre_period_balance(
    control: Mapping[str, Any],
    treatment: Mapping[str, Any],
    *,
    alpha: float = 0.01,
    mode: Mode = "confidence_sequence",
    expected_n: int | None = None,
) -> Gate:
    """Compare covariates that were measured before the test between the arms: they cannot be an effect of it.

    Each covariate is compared by `compare`; of raw values with NaN or None the share that is missing is compared as well. The
    p-values are adjusted by Holm (1979) over all of them, so that sound arms fail with probability `alpha` at most however many
    covariates there are and, in the default mode, however often one looks.

    Args:
        control: For each covariate by name, its values (one for each unit) or a statistic such as `Mean`.
        treatment: The same covariates of the treatment.
        alpha: The level of the gate, between 0 and 0.5.
        mode: `"confidence_sequence"`, or `"fixed"` for one look.
        expected_n: As in `compare`.

    Returns:
        A gate, whose numbers have the difference, the difference in standard deviations where it is known, and the adjusted
        p-value of each covariate.

    Raises:
        TypeError: An argument has the wrong type, or the arms of a covariate are of different kinds.
        ValueError: The arms have different covariates, or values are not allowed.

    Cost: that of `compare` for each covariate.

    Example:
        >>> import numpy as np
        >>> from truthlag.abtest import pre_period_balance
        >>> before = np.random.default_rng(7).gamma(2.0, 10.0, 20_000)
        >>> gate = pre_period_balance({"spend": before[:10_000]}, {"spend": before[10_000:]})
        >>> gate.status
        'passed'
        >>> gate = pre_period_balance({"spend": before[:10_000]}, {"spend": before[10_000:] * 1.1})
        >>> gate.status, round(gate.numbers["covariates"]["spend"]["standardised_difference"], 2)
        ('failed', 0.13)
    """
    for name, arm in (("control", control), ("treatment", treatment)):
        if not isinstance(arm, Mapping):
            raise TypeError(f"{name} must be a mapping from covariate to values, got {described(arm)}")
    if set(control) != set(treatment):
        odd = sorted(map(str, set(control) ^ set(treatment)))
        raise ValueError(f"treatment must have the covariates of control, got a difference in {', '.join(odd)}")
    share("alpha", alpha)
    results: dict[str, Comparison] = {}
    for name in control:
        for tested, before, now in _questions(name, control[name], treatment[name]):
            try:
                results[tested] = compare(before, now, metric=tested, mode=mode, alpha=alpha, expected_n=expected_n)
            except (TypeError, ValueError) as error:
                raise type(error)(f"covariate {name!r}: {error}") from error
    return _gate(results, alpha)


def _gate(results: dict[str, Comparison], alpha: float) -> Gate:
    p_values = {name: result.p_value for name, result in results.items() if result.p_value is not None}
    # A covariate of which nothing can be said is one less to be wrong about.
    adjusted = holm(p_values)
    guilty = sorted((name for name, p_value in adjusted.items() if p_value <= alpha), key=lambda name: adjusted[name])
    numbers = {
        "covariates": {name: _numbers(result, adjusted.get(name)) for name, result in results.items()},
        "failed_covariates": guilty,
        "alpha": alpha,
    }
    if not adjusted:
        why = "nothing can be said of any covariate." if results else "there are no covariates."
        return Gate("pre_period_balance", "not_run", why, numbers)
    if guilty:
        listed = ", ".join(f"{name} ({shown(adjusted[name])})" for name in guilty[:5])
        reason = (
            f"the arms differed before the test began in {listed}, adjusted for {len(adjusted)} comparisons. Look for a faulty"
            " assignment, units lost from one arm, or an earlier test that still works; adjusting for the covariate does not mend it."
        )
        return Gate("pre_period_balance", "failed", reason, numbers)
    reason = f"{len(adjusted)} comparisons of the time before the test show no difference between the arms."
    if len(adjusted) == 1:
        reason = "one comparison of the time before the test shows no difference between the arms."
    return Gate("pre_period_balance", "passed", reason, numbers)


def _questions(name: str, before: Any, now: Any) -> list[tuple[str, Any, Any]]:
    """A covariate, and what is missing of it."""
    first, second = _present(before), _present(now)
    if first is None or second is None or (len(first) == len(before) and len(second) == len(now)):
        return [(name, before, now)]
    lacking = (Proportion(len(all_) - len(there), len(all_)) for all_, there in ((before, first), (now, second)))
    return [(name, first, second), (f"{name}{_MISSING}", next(lacking), next(lacking))]


def _present(values: Any) -> Any:
    """The values that are there; None for what is no column that could lack any."""
    if not isinstance(values, list | tuple | np.ndarray):
        return None
    try:
        array = np.asarray(values)
    except ValueError:
        return None
    if array.ndim != 1:
        return None
    if array.dtype == object:
        array = np.asarray([math.nan if value is None else value for value in array])
    return array[~np.isnan(array)] if array.dtype.kind == "f" else array


def _numbers(result: Comparison, adjusted: float | None) -> dict[str, Any]:
    return {
        "control": result.control.estimate,
        "treatment": result.treatment.estimate,
        "difference": result.difference,
        "standardised_difference": _standardised(result),
        "p_value": result.p_value,
        "adjusted_p_value": adjusted,
    }


def _standardised(result: Comparison) -> float | None:
    """The difference over the root of the mean variance of the arms: Austin (2009)."""
    errors = (result.control.standard_error, result.treatment.standard_error)
    if result.difference is None or errors[0] is None or errors[1] is None:
        return None
    variance = (errors[0] ** 2 * result.control.n + errors[1] ** 2 * result.treatment.n) / 2
    return result.difference / math.sqrt(variance) if variance > 0 else None
