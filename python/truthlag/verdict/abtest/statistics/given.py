"""What a caller gives as an arm, made a statistic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.metrics import ConfusionCounts, PerformanceSnapshot, ScoreHistogram
from truthlag.metrics.counts import RATES
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm
from truthlag.verdict.abtest.statistics.arm import STATISTICS, Statistic
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.calibration import Calibration, middles_of, shared_edges
from truthlag.verdict.abtest.statistics.column import column
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.labelled_rows import METRICS, LabelledRows
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata

#: Metrics whose limits come from their log odds, between these ends.
_RANGES = {
    "balanced_accuracy": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "f_half_score": (0.0, 1.0),
    "f2_score": (0.0, 1.0),
    "matthews_correlation": (-1.0, 1.0),
    "cohen_kappa": (-1.0, 1.0),
}
#: Means over rows of which a snapshot knows the standard error.
_MEANS = frozenset({"brier_score", "log_loss", "mean_score"})


def arms(
    control: Any, treatment: Any, *, metric: str | None, cluster: Any, window: dict[str, Any] | None
) -> tuple[Statistic, Statistic]:
    """Both arms as statistics of one kind.

    Raises:
        TypeError: An arm is none of what is allowed, or the two are of different kinds.
        ValueError: Values are not allowed, or a metric is not one of the arm's.
    """
    kind = type(control)
    if kind is type(treatment):
        if isinstance(control, STATISTICS):
            _refuse(cluster, window)
            _check_alike(control, treatment)
            return control, treatment
        if kind is Counts and cluster is None:
            return _of_counts(control, metric), _of_counts(treatment, metric)
    if is_raw(control) and is_raw(treatment):
        if window is not None:
            raise ValueError("window must be None for raw values: it chooses the predictions of trackers")
        return _of_values(control, treatment, cluster)
    if isinstance(control, LabelledRows) and isinstance(treatment, LabelledRows):
        _refuse(cluster, window)
        return _of_rows(control, treatment, _known(metric, METRICS))
    if cluster is not None:
        raise ValueError("cluster must be None unless both arms are raw values: statistics have their units already")
    if metric == "calibration_error":
        histograms = [_histogram(arm, window) for arm in (control, treatment)]
        if histograms[0] is not None and histograms[1] is not None:
            return _of_histograms(histograms[0], histograms[1])
    first, second = (
        _of_one(name, arm, metric, window) for name, arm in (("control", control), ("treatment", treatment))
    )
    if type(first) is not type(second):
        raise TypeError(
            f"treatment must be of the kind of control ({first.KIND}), got a {second.KIND}: compare like with like"
        )
    _check_alike(first, second)
    return first, second


def _refuse(cluster: Any, window: Any) -> None:
    if cluster is not None:
        raise ValueError("cluster must be None for statistics, whose units are known: use Ratio.of_clusters")
    if window is not None:
        raise ValueError("window must be None for statistics: it chooses the predictions of trackers")


def _check_alike(control: Statistic, treatment: Statistic) -> None:
    check = _ALIKE.get(control.KIND)
    if check is not None:
        check(control, treatment)


def _check_batches(control: BatchedProportion, treatment: BatchedProportion) -> None:
    if len(control.rows) != len(treatment.rows):
        raise ValueError(
            f"treatment must have the batches of control ({len(control.rows)}), got {len(treatment.rows)}: give 0 rows where an arm"
            " had none"
        )


def _check_ratios(control: RatioWithCovariate, treatment: RatioWithCovariate) -> None:
    if control.ratio_before != treatment.ratio_before:
        raise ValueError(f"treatment must have ratio_before {control.ratio_before} as control, got another")
    _check_covariates(control.moments, treatment.moments)


def _check_strata(control: Strata, treatment: Strata) -> None:
    # Without strata there is nothing that could have covariates.
    if control.n and treatment.n:
        _check_covariates(control, treatment)


def _check_covariates(control: MeanWithCovariate | Strata, treatment: MeanWithCovariate | Strata) -> None:
    if control.covariates != treatment.covariates:
        raise ValueError(f"treatment must have {control.covariates} covariates as control, got {treatment.covariates}")
    if control.names != treatment.names:
        raise ValueError(
            f"treatment must have the covariates of control, {control.names}, got {treatment.names}: a covariate that is"
            " measured otherwise in each arm, such as the score of each arm's own model, moves with the treatment, and adjusting"
            " for it would remove a part of the effect or make one up; let one frozen model score the requests of both arms"
        )


def _check_bins(control: Calibration, treatment: Calibration) -> None:
    if control.edges != treatment.edges:
        raise ValueError("treatment must have the bins of control, got other edges")
    if (control.clusters is None) != (treatment.clusters is None):
        raise ValueError("treatment must be clustered as control is: give cluster for both arms or for none")


def _check_quantiles(control: QuantileArm, treatment: QuantileArm) -> None:
    if control.p != treatment.p:
        raise ValueError(f"treatment must be the quantile of control ({control.p:g}), got that at {treatment.p:g}")


def _check_range(control: Known, treatment: Known) -> None:
    if control.range != treatment.range:
        raise ValueError(f"treatment must have the range of control ({control.range}), got {treatment.range}")


#: What two arms of a kind must have in common.
_ALIKE: dict[str, Callable[[Any, Any], None]] = {
    BatchedProportion.KIND: _check_batches,
    RatioWithCovariate.KIND: _check_ratios,
    MeanWithCovariate.KIND: _check_covariates,
    Strata.KIND: _check_strata,
    Calibration.KIND: _check_bins,
    QuantileArm.KIND: _check_quantiles,
    Known.KIND: _check_range,
}


def _of_rows(control: LabelledRows, treatment: LabelledRows, metric: str) -> tuple[Statistic, Statistic]:
    edges = None
    if metric == "calibration_error" and control.scores is not None and treatment.scores is not None:
        first_scores, second_scores = ((arm.scores, np.ones(len(arm.scores))) for arm in (control, treatment))
        edges = shared_edges(first_scores, second_scores)
    first, second = control.statistic(metric, edges=edges), treatment.statistic(metric, edges=edges)
    if type(first) is not type(second):
        raise TypeError("treatment must be clustered as control is: give cluster for both arms or for none")
    return first, second


def is_raw(arm: Any) -> bool:
    """Whether an arm is given by its values."""
    return isinstance(arm, list | tuple | range | np.ndarray) or (
        hasattr(arm, "__array__") and not isinstance(arm, np.generic)
    )


def _of_values(control: Any, treatment: Any, cluster: Any) -> tuple[Statistic, Statistic]:
    before, now = column("control", control), column("treatment", treatment)
    if cluster is None:
        if _is_binary(before) and _is_binary(now) and len(before) + len(now):
            return Proportion(int(np.count_nonzero(before)), len(before)), Proportion(
                int(np.count_nonzero(now)), len(now)
            )
        return _named(Mean.of, "control", before), _named(Mean.of, "treatment", now)
    if not isinstance(cluster, list | tuple) or len(cluster) != 2:
        raise TypeError(
            f"cluster must be a pair, the clusters of control's rows and of treatment's, got {described(cluster)}"
        )
    return (
        _named(lambda values: Ratio.of_clusters(values, cluster[0]), "control", before),
        _named(lambda values: Ratio.of_clusters(values, cluster[1]), "treatment", now),
    )


def _named(make: Any, name: str, values: NDArray[Any]) -> Any:
    """A statistic, whose errors name the arm."""
    try:
        return make(values)
    except (TypeError, ValueError) as error:
        told = str(error)
        if told.startswith("values"):
            raise type(error)(f"{name}{told.removeprefix('values')}") from error
        raise type(error)(f"{told} ({name})") from error


def _is_binary(array: NDArray[Any]) -> bool:
    if array.dtype.kind == "b":
        return True
    # Most values that are not binary show it early.
    head = array[:64]
    if not ((head == 0) | (head == 1)).all():
        return False
    return bool(((array == 0) | (array == 1)).all())


def _of_one(name: str, arm: Any, metric: str | None, window: dict[str, Any] | None) -> Statistic:
    if isinstance(arm, STATISTICS):
        return arm
    if isinstance(arm, LabelledRows):
        return arm.statistic(_known(metric, METRICS))
    if isinstance(arm, ConfusionCounts):
        arm = Counts.from_confusion_counts(arm)
    if isinstance(arm, Counts):
        return _of_counts(arm, metric)
    if isinstance(arm, ModelPerformanceTracker):
        arm = arm.snapshot(**(window or {}))
    if isinstance(arm, PerformanceSnapshot):
        return _of_snapshot(arm, _known(metric, tuple(arm.metrics)))
    raise TypeError(
        f"{name} must be raw values, a statistic such as Proportion or Mean, LabelledRows, Counts, a snapshot or a tracker,"
        f" got {described(arm)}"
    )


def _of_counts(counts: Counts, metric: str | None) -> Proportion | FMeasure:
    if metric == "f1_score":
        return counts.f_measure()
    return counts.proportion(metric if metric in RATES else _known(metric, (*RATES, "f1_score")))


def _histogram(arm: Any, window: dict[str, Any] | None) -> ScoreHistogram | None:
    if isinstance(arm, ModelPerformanceTracker):
        arm = arm.snapshot(**(window or {}))
    return arm.score_histogram if isinstance(arm, PerformanceSnapshot) else None


def _of_histograms(control: ScoreHistogram, treatment: ScoreHistogram) -> tuple[Calibration, Calibration]:
    first, second = (
        (middles, positives + negatives) for middles, positives, negatives in map(middles_of, (control, treatment))
    )
    edges = shared_edges(first, second)
    return Calibration.of_histogram(control, edges=edges), Calibration.of_histogram(treatment, edges=edges)


def _known(metric: str | None, metrics: tuple[str, ...]) -> str:
    if metric not in metrics:
        allowed = ", ".join(map(repr, metrics))
        raise ValueError(f"metric must be one of {allowed} for such arms, got {described(metric)}")
    return metric


def _of_snapshot(snapshot: PerformanceSnapshot, name: str) -> Statistic:
    if name in RATES:
        return Counts.from_confusion_counts(snapshot.counts).proportion(name)
    metric, counts = snapshot.metrics[name], snapshot.counts
    if name in _MEANS:
        if metric.value is None:
            return Mean(0, 0.0, 0.0)
        error = metric.standard_error or 0.0
        return Mean(metric.n, metric.value, error * error * metric.n * (metric.n - 1))
    if name == "f1_score":
        return Counts.from_confusion_counts(snapshot.counts).f_measure()
    if name == "roc_auc":
        of_class = min(counts.true_positives + counts.false_negatives, counts.true_negatives + counts.false_positives)
        return Known(metric.n, metric.value, metric.standard_error, (0.0, 1.0), of_class)
    return Known(metric.n, metric.value, metric.standard_error, _RANGES.get(name))
