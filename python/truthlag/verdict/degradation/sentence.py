"""A verdict in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.verdict.degradation.report_text import decimals, probability, worse_or_better
from truthlag.verdict.degradation.sample import Sample

if TYPE_CHECKING:
    from truthlag.verdict.degradation.report import MaskedLoss, MetricVerdict

__all__ = ["sentence"]


def sentence(
    verdict: MetricVerdict, current: Sample, baseline: Sample, alpha: float, reason: str, *, is_moved: bool
) -> str:
    """What is said of a metric, and why; `reason` is what stood in the way of a test, if anything did.

    `is_moved` says whether the prevalence is another than that of the baseline.
    """
    name = verdict.name
    if verdict.verdict == "no_data":
        return f"{name} has no value: {reason}."
    if verdict.verdict == "immature":
        share = 100 * (verdict.coverage or 0.0)
        return f"{name} cannot be judged yet: {share:.4g} percent of the predictions have a label, {reason}."
    if verdict.current.value is None:
        return f"{name} cannot be judged: {reason}."
    if verdict.loss is None:
        digits = decimals(verdict.current.value, verdict.baseline.value, None)
        return f"{name} is {_number(verdict.current.value, digits)} ({_number(verdict.baseline.value, digits)} in the baseline): {reason}."
    return f"{_compared(verdict, alpha)}{_prevalence(verdict, current, baseline, alpha, is_moved=is_moved)}"


def _compared(verdict: MetricVerdict, alpha: float) -> str:
    name, loss, margin = verdict.name, verdict.loss or 0.0, verdict.margin or 0.0
    low, high = verdict.loss_low or 0.0, verdict.loss_high or 0.0
    digits = decimals(verdict.current.value, verdict.baseline.value, loss)
    now, before = _number(verdict.current.value, digits), _number(verdict.baseline.value, digits)
    span = worse_or_better(low, high, digits)
    limits = span.removesuffix(" worse")
    if verdict.proven_at is not None and _rests_on_an_earlier_look(verdict):
        proven = {
            "critical": f"worse than the baseline by more than the margin of {margin:.{digits}f}",
            "warning": "worse than the baseline",
            "improved": "better than the baseline",
        }[verdict.verdict]
        return (
            f"{name} was proven to be {proven} at the look of {verdict.proven_at.isoformat(sep=' ', timespec='seconds')} "
            f"(adjusted p = {probability(verdict.verdict_p_value or 0.0)}); of all rows by now it is {now}, {before} in the baseline: "
            f"{span}."
        )
    if _warns_of_masked(verdict, alpha):
        return f"{name} is {now}, {before} in the baseline: {span}."
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
        f"{name} is {now}, {before} in the baseline: {span}, where {margin:.{digits}f} is tolerated; "
        f"{verdict.current.n:,} {'row' if verdict.current.n == 1 else 'rows'} cannot tell."
    )


def _moved(verdict: MetricVerdict) -> str:
    now, before = verdict.current.value or 0.0, verdict.baseline.value or 0.0
    return "fell" if now < before else "rose" if now > before else "stayed"


def _number(value: float | None, digits: int = 4) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"


def _rests_on_an_earlier_look(verdict: MetricVerdict) -> bool:
    """Whether all rows by now would not prove what those of an earlier look did."""
    if verdict.loss_low is None or verdict.loss_high is None:
        return False
    return {
        "critical": verdict.loss_low <= (verdict.margin or 0.0),
        "warning": verdict.loss_low <= 0,
        "improved": verdict.loss_high >= 0,
    }.get(verdict.verdict, False)


def _warns_of_masked(verdict: MetricVerdict, alpha: float) -> bool:
    """Whether the warning is of a loss that is hidden, the metric itself having no proven one."""
    p_value = verdict.adjusted_loss_p_value
    return verdict.verdict == "warning" and verdict.masked is not None and (p_value is None or p_value > alpha)


def _prevalence(verdict: MetricVerdict, current: Sample, baseline: Sample, alpha: float, *, is_moved: bool) -> str:
    adjusted = verdict.at_baseline_prevalence
    if adjusted is None or adjusted.value is None:
        return ""
    shares = f"{_share(current.prevalence)} of the labels are 1, {_share(baseline.prevalence)} in the baseline"
    digits = decimals(verdict.current.value, verdict.baseline.value, verdict.loss)
    value = f"at the baseline's share it would be {adjusted.value:.{digits}f}"
    if verdict.masked is not None:
        return f" {_masked(verdict, verdict.masked, f'{shares}; {value}', digits, alpha)}."
    if verdict.verdict not in {"critical", "warning", "improved"}:
        return f" The prevalence has changed: {shares}; {value}." if is_moved else ""
    said = {
        "prevalence": f"The change of prevalence explains it: {shares}; {value}",
        "both": f"The change of prevalence explains most of it, not all: {shares}; {value}",
        "model": f"The prevalence does not explain it: {shares}; {value}",
    }
    return f" {said.get(verdict.cause or '', f'How much of it the prevalence explains cannot be told: {shares}; {value}')}."


def _masked(verdict: MetricVerdict, masked: MaskedLoss, facts: str, digits: int, alpha: float) -> str:
    limits = ""
    if masked.low is not None and masked.high is not None:
        limits = f" ({worse_or_better(masked.low, masked.high, digits).removesuffix(' worse')})"
    told = f"{facts}, {masked.loss:.{digits}f} worse{limits}"
    margin = f"where {verdict.margin or 0.0:.{digits}f} is tolerated"
    p_value = masked.adjusted_p_value
    if p_value is None:
        return f"The change of prevalence may hide a loss: {told}, {margin}; how sure that is cannot be told"
    if p_value > alpha:
        return f"The change of prevalence may hide a loss: {told}, {margin}; it may be chance (adjusted p = {probability(p_value)})"
    what = "a loss" if _warns_of_masked(verdict, alpha) else "more of it"
    return f"The change of prevalence hides {what}: {told}, more than chance (adjusted p = {probability(p_value)}), {margin}"


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.4g} percent"
