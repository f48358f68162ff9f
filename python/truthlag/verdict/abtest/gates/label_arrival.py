"""Whether labels arrive alike in both arms: a gate before metrics of labelled rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.metrics import ConfusionCounts, PerformanceSnapshot
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.gates.aged_arm import AgedArm, Arrivals
from truthlag.verdict.abtest.gates.delay_shape import LateShare, delay_evidence, expected_late, late_shares
from truthlag.verdict.abtest.gates.gate import Gate, shown
from truthlag.verdict.abtest.gates.times import days
from truthlag.verdict.abtest.result.words import Mode
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.detectors.parameters import real, share

NAME = "label_arrival"
#: That labels do not go on coming is seen where fewer than half as many came after the age as would have, if these were enough.
_LEAST_EXPECTED = 1.0
#: With fewer late labels than that their share has no error that could be relied on.
_LEAST_LATE = 20
#: At so many labels of both arms the comparison of late shares is sharpest.
_EXPECTED_LABELS = 1_000


def label_arrival_parity(
    control: Any,
    treatment: Any,
    *,
    metric: str | None = None,
    margin: float = 0.002,
    alpha: float = 0.01,
    mode: Mode = "confidence_sequence",
    expected_n: int | None = None,
) -> Gate:
    """Compare the shares of rows that have their label, among rows of one age, between the arms.

    Where labels arrive unequally, the labelled rows of the arms are different kinds of rows, and metrics over them are compared
    with a bias of up to the gap between the shares. The gate fails when the gap is beyond the margin; by default that is anytime-valid.

    Args:
        control: The labelled among the rows that have reached the age: a `Proportion`, an `AgedArm` of `arms_at_age`, or the counts or
            the snapshot (with `min_age`) of a tracker.
        treatment: The same of the treatment.
        metric: For arms other than proportions, what is to be compared: precision is about the rows with decision 1 alone, negative
            predictive value about those with decision 0.
        margin: The gap up to which nothing is said, from 0 and below 1. It should be small beside the differences that are looked for.
        alpha: The level of the gate, between 0 and 0.5.
        mode: `"confidence_sequence"`, or `"fixed"` for one look.
        expected_n: The rows of both arms at which the gate is sharpest, as in `compare`.

    Returns:
        A gate whose failure makes metrics of labelled rows invalid. Its numbers have the coverage of each arm, the gap with its
        interval, the p-value, and z and p-value of the plain test of equal shares at one look.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: that of `compare`.

    Example:
        >>> from truthlag.abtest import Proportion, label_arrival_parity
        >>> gate = label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000))
        >>> gate.status, gate.scope, round(gate.numbers["p_value"], 4), round(gate.numbers["z"], 2)
        ('failed', 'labelled_metrics', 0.0047, 4.15)
        >>> label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000), margin=0.02).status
        'passed'
    """
    level, tolerated = share("alpha", alpha), real("margin", margin, 0.0, 1.0, below=True)
    before, now = (_arrival(name, arm, metric) for name, arm in (("control", control), ("treatment", treatment)))
    result = compare(before, now, alpha=level, margin=tolerated or None, mode=mode, expected_n=expected_n)
    z, p_value = _plain_test(before, now)
    numbers: dict[str, Any] = {
        "control": before.estimate,
        "treatment": now.estimate,
        "control_labelled": before.k,
        "control_eligible": before.n,
        "treatment_labelled": now.k,
        "treatment_eligible": now.n,
        "gap": result.difference,
        "gap_interval": None if result.difference_interval is None else list(result.difference_interval),
        "p_value": result.p_value,
        "z": z,
        "one_look_p_value": p_value,
        "margin": tolerated,
        "alpha": level,
    }
    if before.estimate is None or now.estimate is None or result.p_value is None:
        return Gate(NAME, "not_run", "an arm has no rows of the compared age yet.", numbers, "labelled_metrics")
    seen = f"{before.estimate:.2%} of the control's rows and {now.estimate:.2%} of the treatment's have their label"
    if result.p_value > level:
        reason = f"{seen}: no gap of more than {tolerated:.2%} is shown."
        return Gate(NAME, "passed", reason, numbers, "labelled_metrics")
    reason = (
        f"{seen}: the gap is more than {tolerated:.2%} ({shown(result.p_value)}). The labelled rows of the arms are not alike: compare"
        " at a larger age, or find out why labels of one arm are lost."
    )
    return Gate(NAME, "failed", reason, numbers, "labelled_metrics")


def delay_parity(
    control: Arrivals | None,
    treatment: Arrivals | None,
    min_age: int,
    *,
    margin: float = 0.002,
    alpha: float = 0.01,
) -> Gate:
    """The same where only positives are ever sent, so that the arrival of a label is the outcome and no gate: the delays are compared.

    Delays that differ do no harm where all labels have come at the compared age. The gate fails, at half the level each,

    - where the shares of the labels that come after the age differ by more than the margin, as far as older rows show them;
    - where the delays up to the age differ, and labels come later too, in a share beyond the margin, or it cannot be seen yet
      whether they do.

    Cost: some sorts of the labels.
    """
    if control is None or treatment is None:
        reason = "the times of the labels are not known, by which the delays would be compared."
        return Gate(NAME, "not_run", reason, {"margin": margin, "alpha": alpha}, "labelled_metrics")
    evidence = delay_evidence(control, treatment, min_age)
    late = late_shares(control, treatment, min_age)
    gap = _gap_p_value(control, treatment, late, margin, alpha / 2)
    expected = sum(expected_late(arm, min_age) for arm in (control, treatment))
    seen = sum(int(np.count_nonzero(arm.delays > min_age)) for arm in (control, treatment))
    numbers: dict[str, Any] = {
        "shape_p_value": evidence.p_value,
        "shape_log_e_value": evidence.log_e_value,
        "pairs": evidence.pairs,
        "largest_gap": evidence.largest_gap,
        "control_late_share": late[0].share,
        "treatment_late_share": late[1].share,
        "late_share_p_value": gap,
        "late_labels": seen,
        "expected_late_labels": expected,
        "margin": margin,
        "alpha": alpha,
    }
    if not evidence.pairs:
        reason = "there are no labels of the compared age in both arms yet."
        return Gate(NAME, "not_run", reason, numbers, "labelled_metrics")
    age = days(min_age)
    advice = "The rates at this age are those of different shares of the labels to come: compare at a larger age."
    shares = f"{late[0].share:.1%} of the control's and {late[1].share:.1%} of the treatment's"
    come_later = f"of the labels seen by now {shares} come after {age}"
    if gap is not None and gap <= alpha / 2:
        reason = f"{come_later} ({shown(gap)}). {advice}"
        return Gate(NAME, "failed", reason, numbers, "labelled_metrics")
    if evidence.p_value > alpha / 2:
        reason = f"no difference between the delays of the labels is shown ({shown(evidence.p_value)})."
        return Gate(NAME, "passed", reason, numbers, "labelled_metrics")
    differ = f"labels take longer in one arm than in the other ({shown(evidence.p_value)})"
    if max(one.share for one in late) > margin:
        return Gate(NAME, "failed", f"{differ}, and {come_later}. {advice}", numbers, "labelled_metrics")
    if seen > expected / 2 or expected < _LEAST_EXPECTED:
        reason = f"{differ}, and the rows are too young to tell whether more come after {age}. Wait, or compare at a smaller age."
        return Gate(NAME, "failed", reason, numbers, "labelled_metrics")
    reason = (
        f"{differ}, but no more than {margin:.2%} come after {age}."
        if seen
        else f"{differ}, but none comes after {age}."
    )
    return Gate(NAME, "passed", reason, numbers, "labelled_metrics")


def _gap_p_value(
    control: Arrivals,
    treatment: Arrivals,
    late: tuple[LateShare, LateShare],
    margin: float,
    alpha: float,
) -> float | None:
    """Of the shares of late labels; None where there are too few to tell."""
    if late[0].labels + late[1].labels < _LEAST_LATE or min(len(control.delays), len(treatment.delays)) < _LEAST_LATE:
        return None
    arms = [
        Known(len(arm.delays), one.share, one.standard_error)
        for arm, one in zip((control, treatment), late, strict=True)
    ]
    return compare(arms[0], arms[1], alpha=alpha, margin=margin or None, expected_n=_EXPECTED_LABELS).p_value


def _arrival(name: str, arm: Any, metric: str | None) -> Proportion:
    if isinstance(arm, Proportion):
        return arm
    if isinstance(arm, PerformanceSnapshot):
        arm = arm.counts
    if isinstance(arm, ConfusionCounts):
        arm = AgedArm(arm, None)
    if isinstance(arm, AgedArm):
        return arm.arrival(metric)
    raise TypeError(f"{name} must be a Proportion, an AgedArm, ConfusionCounts or a snapshot, got {described(arm)}")


def _plain_test(control: Proportion, treatment: Proportion) -> tuple[float | None, float | None]:
    """The z of control less treatment with the pooled variance, and its two-sided p-value at one look."""
    from scipy import special

    k, n = control.k + treatment.k, control.n + treatment.n
    if not control.n or not treatment.n or k in (0, n):
        return None, None
    error = math.sqrt(k / n * (1 - k / n) * (1 / control.n + 1 / treatment.n))
    z = (control.k / control.n - treatment.k / treatment.n) / error
    return z, float(2 * special.ndtr(-abs(z)))
