"""Arms compared at equal label age.

An arm is compared by the rows that have reached an age, each as it was known at that age. What a row without a label then counts
as is `unlabelled`. A comparison that adjusts for the labels still to come would be another value of it: it takes the delays
(`AgedArm.arrivals`), gives each arm as a `Known` estimate with the error that the adjustment has, and goes through `compare` and the
gate as the others do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker, Time
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.gates.aged_arm import AgedArm, Unlabelled, arm_at_age
from truthlag.verdict.abtest.gates.arm_log import ArmLog
from truthlag.verdict.abtest.gates.gate import Gate, invalidated
from truthlag.verdict.abtest.gates.label_arrival import delay_parity, label_arrival_parity
from truthlag.verdict.abtest.gates.times import EPOCH, days, duration, moment
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.detectors.parameters import choice, real, share

UNLABELLED: tuple[str, ...] = get_args(Unlabelled)
#: With fewer labels than that, that all of them are 1 may be chance.
_FEW_LABELS = 20


@dataclass(frozen=True, slots=True)
class ArmsAtAge:
    """Both arms by the rows that have reached an age, predicted in one span of time.

    Made by `arms_at_age`.

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import ArmLog, arms_at_age
        >>> day = 86_400
        >>> old = ArmLog([0, day, 9 * day], [2 * day, 3 * day, None])
        >>> new = ArmLog([0, day, 9 * day], [5 * day, None, None])
        >>> arms = arms_at_age(old, new, min_age=timedelta(days=7), now=10 * day)
        >>> arms.control.coverage, arms.treatment.coverage, arms.end
        (1.0, 0.5, datetime.datetime(1970, 1, 4, 0, 0, tzinfo=datetime.timezone.utc))
    """

    control: AgedArm
    """The rows of the control."""
    treatment: AgedArm
    """The rows of the treatment."""
    min_age: timedelta
    """The age at which the rows are compared."""
    start: datetime
    """The first moment of prediction time."""
    end: datetime
    """The last moment of prediction time: rows predicted later have not reached the age."""

    def parity(
        self,
        metric: str | None = None,
        *,
        unlabelled: Unlabelled = "missing",
        margin: float = 0.002,
        alpha: float = 0.01,
        expected_n: int | None = None,
    ) -> Gate:
        """The gate of label arrival: `label_arrival_parity`, or where only positives are sent that of the delays.

        Args:
            metric: What is to be compared.
            unlabelled: What a row without a label at the age is.
            margin: The gap in coverage that is tolerated, or the share of labels after the age.
            alpha: The level of the gate.
            expected_n: As in `label_arrival_parity`.

        Cost: some microseconds; for delays some sorts of the labels.

        Example:
            >>> from datetime import timedelta
            >>> from truthlag.abtest import ArmLog, arms_at_age
            >>> log = ArmLog([0] * 9, [60] * 9)
            >>> arms = arms_at_age(log, log, min_age=timedelta(days=7), now=timedelta(days=8).total_seconds())
            >>> arms.parity("accuracy").status, arms.parity("prevalence", unlabelled="negative").status
            ('passed', 'passed')
        """
        choice("unlabelled", unlabelled, UNLABELLED)
        if unlabelled == "missing":
            return label_arrival_parity(
                self.control, self.treatment, metric=metric, margin=margin, alpha=alpha, expected_n=expected_n
            )
        tolerated, level = real("margin", margin, 0.0, 1.0, below=True), share("alpha", alpha)
        age = self.min_age // timedelta(microseconds=1)
        return delay_parity(self.control.arrivals, self.treatment.arrivals, age, margin=tolerated, alpha=level)

    def to_dict(self) -> dict[str, Any]:
        """The counts, the age in seconds and the times in ISO format, as a dict that `json.dumps` takes.

        Example:
            >>> from datetime import timedelta
            >>> from truthlag.abtest import ArmLog, arms_at_age
            >>> log = ArmLog([0] * 9, [60] * 9)
            >>> arms_at_age(log, log, min_age=timedelta(days=7), now=timedelta(days=8).total_seconds()).to_dict()["min_age"]
            604800.0
        """
        return {
            "control": self.control.to_dict(),
            "treatment": self.treatment.to_dict(),
            "min_age": self.min_age.total_seconds(),
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
        }


def arms_at_age(
    control: ArmLog | ModelPerformanceTracker,
    treatment: ArmLog | ModelPerformanceTracker,
    *,
    min_age: timedelta,
    start: Time | None = None,
    now: Time | None = None,
) -> ArmsAtAge:
    """The rows of both arms that have reached an age, labelled at that age or not.

    A label counts where it came within `min_age` of its prediction, to the millisecond, so that all rows have had equally long, old
    ones too. Of trackers with `keep_ids=False` the times of labels are not known: there labels count whenever they came, as in
    `snapshot`.

    Args:
        control: An `ArmLog`, or the tracker of the arm.
        treatment: The same of the treatment.
        min_age: The age, at least 0.
        start: The first moment of prediction time: when the test began. None for that from which on both arms have rows; as rows expire
            that moves, and looks at different times are then not of one growing set of rows.
        now: What became known later is not known, and rows have their age by then; None for the clock of the control's tracker.

    Returns:
        The arms.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: for logs some passes; for trackers one or two microseconds a row that they hold (with `keep_ids=False` that of a snapshot).

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import ArmLog, arms_at_age
        >>> log = ArmLog([0] * 9, [60] * 9)
        >>> arms_at_age(log, log, min_age=timedelta(days=7), now=timedelta(days=8).total_seconds()).control.labelled
        9
    """
    age = duration("min_age", min_age)
    at = _now(control) if now is None else moment("now", now)
    first = None if start is None else moment("start", start)
    logs = [_log(name, arm) for name, arm in (("control", control), ("treatment", treatment))]
    if first is None:
        begun = [int(log.predicted_at[0]) for log in logs if log is not None and len(log)]
        if any(log is None for log in logs):
            raise ValueError("start must be given for trackers with keep_ids=False, got None")
        first = max(begun, default=at - age)
    arms = []
    for log, given in zip(logs, (control, treatment), strict=True):
        if log is not None:
            arms.append(arm_at_age(log, age, first, at))
        else:
            arms.append(_of_snapshot(given, first, at - age))
    return ArmsAtAge(arms[0], arms[1], min_age, _datetime(first), _datetime(at - age))


def compare_at_age(
    control: ArmLog | ModelPerformanceTracker,
    treatment: ArmLog | ModelPerformanceTracker,
    *,
    metric: str,
    min_age: timedelta,
    start: Time | None = None,
    now: Time | None = None,
    unlabelled: Unlabelled = "missing",
    arrival_margin: float = 0.002,
    arrival_alpha: float = 0.01,
    **options: Any,
) -> Comparison:
    """Compare a metric between the arms at equal label age, behind the gate of label arrival.

    Args:
        control: An `ArmLog`, or the tracker of the arm.
        treatment: The same of the treatment.
        metric: `"accuracy"`, `"precision"`, `"recall"`, `"specificity"`, `"negative_predictive_value"` or `"prevalence"` (the rate of
            positives).
        min_age: The age at which rows are compared: long enough for (nearly) all labels to have come.
        start: When the test began, as in `arms_at_age`.
        now: The moment of the look, as in `arms_at_age`.
        unlabelled: What a row without a label at the age is. `"missing"`: its truth is not known, and it is left out; the gate is
            `label_arrival_parity`. `"negative"`: only positives are ever sent (conversions, chargebacks), and it is one; the gate compares
            the delays.
        arrival_margin: The gap in coverage that is tolerated; for `"negative"`, the share of labels that come later.
        arrival_alpha: The level of the gate.
        **options: Those of `compare`, such as `mode`, `alpha`, `hypothesis`, `margin` and `gates`; the gate of label arrival is asked
            here, at this age, and needs not be among those.

    Returns:
        The comparison, with the coverage of each arm in `control.coverage` and `treatment.coverage`; `"invalid"` where the gate failed.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: that of `arms_at_age` and of `compare`.

    Example:
        >>> import numpy as np
        >>> from datetime import timedelta
        >>> from truthlag.abtest import ArmLog, compare_at_age
        >>> random = np.random.default_rng(3)
        >>> day = 86_400.0
        >>> def arm(mean_delay):
        ...     made = np.sort(random.uniform(0, 75, 5_000))
        ...     delay = np.minimum(random.exponential(mean_delay, 5_000), 60)
        ...     fraud = random.random(5_000) < 0.1
        ...     return ArmLog(made * day, np.where(fraud, made + delay, np.nan) * day)
        >>> slow, quick = arm(25), arm(12)
        >>> result = compare_at_age(
        ...     slow, quick, metric="prevalence", min_age=timedelta(days=60), now=75 * day, unlabelled="negative", mode="fixed"
        ... )
        >>> result.verdict, result.control.n, result.p_value > 0.05
        ('undecided', 1037, True)
    """
    choice("unlabelled", unlabelled, UNLABELLED)
    if options.get("labelled_only") is not None:
        raise ValueError("labelled_only must be None: whether labels are missing is said by unlabelled")
    for name in ("cluster", "window"):
        if options.get(name) is not None:
            raise ValueError(f"{name} must be None: the rows of an age are chosen by min_age, start and now")
    arms = arms_at_age(control, treatment, min_age=min_age, start=start, now=now)
    gate = arms.parity(
        metric,
        unlabelled=unlabelled,
        margin=arrival_margin,
        alpha=arrival_alpha,
        expected_n=options.get("expected_n"),
    )
    before, after = arms.control.counts_of(unlabelled), arms.treatment.counts_of(unlabelled)
    result = compare(before, after, metric=metric, **options)
    result = replace(
        result,
        control=replace(result.control, coverage=arms.control.coverage),
        treatment=replace(result.treatment, coverage=arms.treatment.coverage),
        reasons=(*result.reasons, *_remarks(arms, unlabelled, gate)),
    )
    return invalidated(result, (gate,) if gate.has_failed else ())


def _remarks(arms: ArmsAtAge, unlabelled: Unlabelled, gate: Gate) -> list[str]:
    told = [f"rows are compared at an age of {days(arms.min_age // timedelta(microseconds=1))}: {_coverage(arms)}."]
    if not gate.has_failed:
        told.append(f"{gate.name}: {gate.reason}")
    if arms.control.late_labels is None or arms.treatment.late_labels is None:
        told.append("the times of labels are not known: those of older rows count whenever they came.")
    elif late := arms.control.late_labels + arms.treatment.late_labels:
        told.append(f"{late:,} labels that came after that age do not count.")
    known = arms.control.counts_of("missing") + arms.treatment.counts_of("missing")
    if (
        unlabelled == "missing"
        and known.n >= _FEW_LABELS
        and not (known.false_positives + known.true_negatives)
        and arms.control.counts.pending + arms.treatment.counts.pending
    ):
        told.append("every label is 1: if only positives are ever sent, unlabelled must be 'negative'.")
    return told


def _coverage(arms: ArmsAtAge) -> str:
    parts = []
    for name, arm in (("control", arms.control), ("treatment", arms.treatment)):
        share_known = "" if arm.coverage is None else f" ({arm.coverage:.2%})"
        parts.append(f"{name} has {arm.eligible:,}, of which {arm.labelled:,}{share_known} have a label by then")
    return "; ".join(parts)


def _log(name: str, arm: Any) -> ArmLog | None:
    """The rows of an arm; None for a tracker that cannot tell the times of its labels."""
    if isinstance(arm, ArmLog):
        return arm
    if isinstance(arm, ModelPerformanceTracker):
        return ArmLog.of_tracker(arm) if arm._keeps_ids() else None
    raise TypeError(f"{name} must be an ArmLog or a tracker, got {described(arm)}")


def _of_snapshot(tracker: Any, first: int, last: int) -> AgedArm:
    if last < first:
        return AgedArm(tracker.snapshot(start=_datetime(first), end=_datetime(first)).counts, None)
    return AgedArm(
        tracker.snapshot(start=_datetime(first), end=_datetime(last) + timedelta(microseconds=1)).counts, None
    )


def _now(control: Any) -> int:
    clock = getattr(control, "_clock", None)
    return moment("now", datetime.now(UTC)) if clock is None else moment("clock()", clock())


def _datetime(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
