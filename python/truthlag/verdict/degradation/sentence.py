"""A verdict in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.verdict.degradation.report_text import decimals, probability
from truthlag.verdict.degradation.sample import Sample

if TYPE_CHECKING:
    from truthlag.verdict.degradation.report import MetricVerdict

__all__ = ["sentence"]


def sentence(verdict: MetricVerdict, current: Sample, baseline: Sample, alpha: float, reason: str) -> str:
    """What is said of a metric, and why; `reason` is what stood in the way of a test, if anything did."""
    name = verdict.name
    if verdict.verdict == "no_data":
        return f"{name} has no value: {reason}."
    if verdict.verdict == "immature":
        share = 100 * (verdict.coverage or 0.0)
        return f"{name} cannot be judged yet: {share:.4g} percent of the predictions have a label, {reason}."
    if verdict.loss is None:
        digits = decimals(verdict.current.value, verdict.baseline.value, None)
        return f"{name} is {_number(verdict.current.value, digits)} ({_number(verdict.baseline.value, digits)} in the baseline): {reason}."
    return f"{_compared(verdict, alpha)}{_prevalence(verdict, current, baseline)}"


def _compared(verdict: MetricVerdict, alpha: float) -> str:
    name, loss, margin = verdict.name, verdict.loss or 0.0, verdict.margin or 0.0
    low, high = verdict.loss_low or 0.0, verdict.loss_high or 0.0
    digits = decimals(verdict.current.value, verdict.baseline.value, loss)
    now, before = _number(verdict.current.value, digits), _number(verdict.baseline.value, digits)
    limits = f"{low:.{digits}f} to {high:.{digits}f}"
    if (verdict.verdict == "critical" and loss <= margin) or (verdict.verdict == "warning" and loss <= 0):
        # The strongest evidence of all looks is that of an earlier one.
        return f"{name} was proven to be worse than the baseline by an earlier look; it is {now} now, {before} in the baseline."
    if verdict.verdict == "improved" and loss >= 0:
        return f"{name} was proven to be better than the baseline by an earlier look; it is {now} now, {before} in the baseline."
    if verdict.verdict == "critical":
        p = probability(verdict.adjusted_p_value or 0.0)
        return (
            f"{name} {_moved(verdict)} from {before} to {now}: {loss:.{digits}f} worse ({limits}), "
            f"beyond the margin of {margin:.{digits}f} (adjusted p = {p})."
        )
    if verdict.verdict == "warning":
        p = probability(verdict.adjusted_loss_p_value or 0.0)
        beyond = "within" if high < margin else "which may be within"
        return (
            f"{name} {_moved(verdict)} from {before} to {now}: {loss:.{digits}f} worse ({limits}), more than chance "
            f"(adjusted p = {p}), {beyond} the margin of {margin:.{digits}f}."
        )
    if verdict.verdict == "improved":
        p = probability(verdict.adjusted_gain_p_value or 0.0)
        return f"{name} {_moved(verdict)} from {before} to {now}: {-loss:.{digits}f} better, more than chance (adjusted p = {p})."
    if verdict.verdict == "ok":
        sure = f"{100 * (1 - alpha):.6g} percent sure"
        return (
            f"{name} is {now}, {before} in the baseline: at most {max(high, 0.0):.{digits}f} worse ({sure}), "
            f"within the margin of {margin:.{digits}f}."
        )
    return (
        f"{name} is {now}, {before} in the baseline: {limits} worse, where {margin:.{digits}f} is tolerated; "
        f"{verdict.current.n:,} {'row' if verdict.current.n == 1 else 'rows'} cannot tell."
    )


def _moved(verdict: MetricVerdict) -> str:
    now, before = verdict.current.value or 0.0, verdict.baseline.value or 0.0
    return "fell" if now < before else "rose" if now > before else "stayed"


def _number(value: float | None, digits: int = 4) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"


def _prevalence(verdict: MetricVerdict, current: Sample, baseline: Sample) -> str:
    adjusted = verdict.at_baseline_prevalence
    if verdict.verdict not in {"critical", "warning", "improved"} or adjusted is None or adjusted.value is None:
        return ""
    shares = f"{_share(current.prevalence)} of the labels are 1, {_share(baseline.prevalence)} in the baseline"
    digits = decimals(verdict.current.value, verdict.baseline.value, verdict.loss)
    value = f"at the baseline's share it would be {adjusted.value:.{digits}f}"
    said = {
        "prevalence": f"The change of prevalence explains it: {shares}; {value}",
        "both": f"The change of prevalence explains most of it, not all: {shares}; {value}",
        "model": f"The prevalence does not explain it: {shares}; {value}",
    }
    return f" {said.get(verdict.cause or '', f'How much of it the prevalence explains cannot be told: {shares}; {value}')}."


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.4g} percent"
