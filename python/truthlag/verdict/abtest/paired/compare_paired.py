"""One comparison of two models on the same requests: from what the caller gives to a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.compare import _question, check_plan, inference_of
from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.inference import Fixed, GroupSequentialPlan, Inference
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.paired.bounds import bounds_of
from truthlag.verdict.abtest.paired.calibration import calibration_of
from truthlag.verdict.abtest.paired.case import Case, Drawing
from truthlag.verdict.abtest.paired.evidence import RELATIVE_METHODS, Asked
from truthlag.verdict.abtest.paired.given import Values, pairs_of
from truthlag.verdict.abtest.paired.looks import at_look, question_of
from truthlag.verdict.abtest.paired.metrics import KNOWN, LOSSES, MEANS, RATES, Costs, contrast_of, means, right
from truthlag.verdict.abtest.paired.own_metric import mean_of, of_function
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.paired.scalar_metrics import average_precision_of, scalar_of
from truthlag.verdict.abtest.result.words import SCALES, Alternative, Direction, Hypothesis, Mode, Scale
from truthlag.verdict.abtest.statistics.checks import not_negative
from truthlag.verdict.detectors.parameters import choice, count, real
from truthlag.verdict.directions import HIGHER_IS_BETTER

Metric: TypeAlias = str | Callable[..., Any]

#: At how many clusters a confidence sequence is narrow where nobody says.
EXPECTED_CLUSTERS = 200


def compare_paired(
    control: Any,
    treatment: Any = None,
    *,
    metric: Metric = "accuracy",
    on: Any = None,
    cluster: Any = None,
    window: dict[str, Any] | None = None,
    mode: Mode = "confidence_sequence",
    hypothesis: Hypothesis = "superiority",
    alpha: float = 0.05,
    margin: float | None = None,
    direction: Direction | None = None,
    planned_n: int | None = None,
    looks: Any = None,
    spending: Spending = "obrien_fleming",
    expected_n: int | None = None,
    scale: Scale = "absolute",
    alternative: Alternative = "two_sided",
    method: str | None = None,
    relative_method: str = "delta",
    block: float | None = None,
    resamples: int = 1_000,
    seed: int = 0,
    false_positive: float | None = None,
    false_negative: float | None = None,
) -> PairedComparison:
    """Which of two models is better on the same requests, and how sure that is.

    What is hard for one model is mostly hard for the other: the difference within a request varies much less than that between
    requests of separate arms, so that a verdict needs several times fewer labels; `label_ratio` of the result says how many.

    `mode`, `hypothesis`, `alpha`, `margin`, `scale` and `alternative` are as in `compare`. For a verdict that one may look for at
    any time, labels have to have had their time: ask for requests of a `min_age`, since early labels are not like late ones.

    Args:
        control: The model in place: `PairedRows`, a tracker, a table (a dict of columns or a data frame, see
            `PairedRows.from_tables`), or an array with a value for each request.
        treatment: The other model, in the same form; None for `PairedRows`, which have both. Values of an array belong to the
            requests of the control's, in the same order.
        metric: `"accuracy"`, `"recall"`, `"specificity"`, `"precision"`, `"negative_predictive_value"`, `"f1_score"`, `"f_half_score"`,
            `"f2_score"`, `"balanced_accuracy"`, `"matthews_correlation"`, `"cohen_kappa"`, `"brier_score"`, `"log_loss"`, `"roc_auc"`,
            `"average_precision"`, `"calibration_error"` (or `"calibration"`: the debiased squared error by bins, see `Calibration`),
            `"cost"` (the mean of what wrong decisions cost); or a function of arrays of predictions, labels and scores, which gives a
            value for each row (NaN for those that are left out) or one number. For arrays, what they are called.
        on: For tables, the columns by which requests are joined; `"request_id"` by default.
        cluster: What hangs together, so that variances are of sums over it: columns of a table, features of trackers, or a
            timedelta; for arrays, the cluster of each row. `PairedRows` have their own.
        window: For trackers and tables, `{"start": ..., "end": ..., "min_age": ..., "now": ...}` by prediction time.
        mode: When one may look.
        hypothesis: What is to be shown.
        alpha: The probability of a wrong verdict that is allowed.
        margin: A difference that does not matter.
        direction: Which values are better; None for the metric's own, and `"higher"` for metrics that are not known by name.
        planned_n: With mode `"fixed"`, the pairs (clusters, where there are any) at which one looks: labelled ones that the metric is of;
            with `"group_sequential"` those at the last look.
        looks: With mode `"group_sequential"`, a `GroupSequentialPlan`, which logs the look, or the pairs (clusters) at all looks so far.
        spending: With mode `"group_sequential"`, how alpha is spent; see `compare`.
        expected_n: With a confidence sequence, the pairs at which it is to be narrow, 5 000 by default, or the clusters, 200 by default.
        scale: What margin, p-value and verdict are about.
        alternative: Which differences are looked for.
        method: For rates without clusters as in `mcnemar`; for every metric `"bootstrap"`. None: McNemar's for rates, DeLong's for
            the AUC, Student's of the differences for means, the delta method for functions of the confusion matrix, the bootstrap
            for the rest.
        relative_method: The interval of the relative difference: `"delta"` or `"log"`.
        block: For the bootstrap without clusters, the mean length of the blocks of rows, in order of prediction time, that are drawn; None
            for single rows. Autocorrelated rows take blocks several times as long as the correlation lasts.
        resamples: How many samples the bootstrap draws, from 100 to 100 000.
        seed: The same seed draws the same samples.
        false_positive: For `"cost"`, what a false positive costs, in any unit; at least 0.
        false_negative: For `"cost"`, what a false negative costs.

    Returns:
        The result. Where nothing can be said it is `"undecided"` and says why.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: some passes over the pairs, for the AUC six sorts; for the bootstrap the metric of both models for each sample.

    Source: McNemar (1947); Tango (1998); DeLong, DeLong and Clarke-Pearson (1988); Obuchowski (1997); Efron (1982); Waudby-Smith and
    others (2024).

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> from truthlag.abtest import compare_paired
        >>> champion, challenger = ModelPerformanceTracker("fraud", "v1"), ModelPerformanceTracker("fraud", "v2")
        >>> for number in range(1_000):
        ...     label = number % 2
        ...     champion.log_prediction(number, label if number % 5 else 1 - label)
        ...     challenger.log_prediction(number, label if number % 7 else 1 - label)
        ...     champion.log_ground_truth(number, label)
        >>> result = compare_paired(champion, challenger)
        >>> result.verdict, round(result.difference, 3), (result.control_only, result.treatment_only)
        ('better', 0.057, (114, 171))
    """
    if metric == "calibration":
        metric = "calibration_error"
    question = _question(hypothesis, margin, _direction(direction, metric), alternative)
    choice("scale", scale, SCALES)
    choice("relative_method", relative_method, RELATIVE_METHODS)
    rows = pairs_of(control, treatment, on, cluster, window)
    costs = _costs(metric, false_positive, false_negative, has_decisions=isinstance(rows, PairedRows))
    is_clustered = (rows.cluster if isinstance(rows, PairedRows) else rows[2]) is not None
    if expected_n is None and is_clustered and mode == "confidence_sequence":
        expected_n = EXPECTED_CLUSTERS
    if isinstance(looks, GroupSequentialPlan):
        check_plan(looks, mode, alpha, planned_n, expected_n, spending)
        inference: Inference = Fixed(looks.alpha)
    else:
        inference = inference_of(mode, alpha, planned_n, expected_n, looks, spending)
    drawing = _drawing(block, resamples, seed, is_clustered=is_clustered)
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", "metric")

    def found(rule: Inference) -> PairedComparison:
        asked = Asked(question, rule, name, scale, relative_method)
        if isinstance(rows, PairedRows):
            case = Case(asked, method, drawing, len(rows), int(np.count_nonzero(rows.is_labelled)), _remarks(rows))
            return _of_rows(rows, metric, case, costs)
        return _of_values(rows, Case(asked, method, drawing, len(rows[0]), len(rows[0])))

    # A plan holds to what errors cost too.
    asked_of = name if costs is None else f"{name} of {costs.false_positive:g} and {costs.false_negative:g}"
    return at_look(looks, inference, question_of(asked_of, question, scale), found)


def _direction(direction: Any, metric: Any) -> Any:
    if not callable(metric) and not isinstance(metric, str):
        raise TypeError(f"metric must be the name of a metric or a function, got {described(metric)}")
    if direction is not None:
        return direction
    if not isinstance(metric, str):
        return "higher"
    return "higher" if HIGHER_IS_BETTER.get(metric, metric not in LOSSES) else "lower"


def _costs(metric: Any, false_positive: Any, false_negative: Any, *, has_decisions: bool) -> Costs | None:
    """What errors cost, where that is asked about; values may be called a cost too."""
    given = {"false_positive": false_positive, "false_negative": false_negative}
    if metric != "cost" or not has_decisions:
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"{name} must be None unless the metric is 'cost', of decisions, got {described(value)}"
                )
        return None
    for name, value in given.items():
        if value is None:
            raise ValueError(f"{name} must be given with metric 'cost', got None")
    return Costs(*(not_negative(name, value) for name, value in given.items()))


def _drawing(block: Any, resamples: Any, seed: Any, *, is_clustered: bool) -> Drawing:
    if block is not None:
        block = real("block", block, 1.0)
        if is_clustered:
            raise ValueError(f"block must be None where there are clusters, which are drawn whole, got {block:g}")
    return Drawing(block, int(count("resamples", resamples, 100, 100_000)), int(count("seed", seed, 0, 2**32 - 1)))


def _of_values(values: Values, case: Case) -> PairedComparison:
    before, now, clusters = values
    try:
        contrast = means(before, now, clusters)
    except Undefined as why:
        return case.nothing(str(why))
    if case.method == "bootstrap":
        return case.of_draws(mean_of(before, now, clusters))
    if clusters is None and all(((one == 0) | (one == 1)).all() for one in (before, now)):
        return case.of_rate(before == 1, now == 1)
    return case.of_contrast(contrast, "paired t test")


def _of_rows(rows: PairedRows, metric: Metric, case: Case, costs: Costs | None) -> PairedComparison:
    counts: dict[str, Any] = {}
    if rows.disagrees is not None:
        counts["disagreements"] = int(np.count_nonzero(rows.disagrees))
    if isinstance(metric, str):
        choice("metric", metric, KNOWN)
        counts["bounds"] = bounds_of(rows, metric, costs)
    case = replace(case, counts=counts)
    is_drawn = case.method == "bootstrap"
    try:
        if not isinstance(metric, str):
            contrast, scalar = of_function(rows, metric)
            if contrast is None or is_drawn:
                return case.of_draws(scalar)
            return case.of_contrast(contrast, "paired t test")
        if metric == "average_precision":
            return case.of_draws(average_precision_of(rows))
        if metric == "calibration_error":
            return case.of_draws(calibration_of(rows))
        if is_drawn:
            return case.of_draws(scalar_of(rows, metric, costs))
        if metric in RATES and rows.cluster is None:
            before, now, _ = right(rows, metric)
            return case.of_rate(before, now)
        return case.of_contrast(contrast_of(rows, metric, costs), _test_of(metric))
    except Undefined as why:
        return case.nothing(str(why))


def _test_of(metric: str) -> str:
    if metric in RATES or metric in MEANS or metric == "cost":
        return "paired t test"
    return "DeLong's test" if metric == "roc_auc" else "delta method on pairs"


def _remarks(rows: PairedRows) -> tuple[str, ...]:
    """What should be known of the pairs."""
    remarks = []
    missing = len(rows) - int(np.count_nonzero(rows.is_labelled))
    if missing:
        share = 100 * missing / len(rows)
        remarks.append(
            f"the labels of {missing:,} of {len(rows):,} pairs ({share:.3g}%) are not known; that they are missing must have nothing"
            " to do with what they are."
        )
    if rows.unpaired_control or rows.unpaired_treatment:
        remarks.append(
            f"{rows.unpaired_control:,} rows of the control and {rows.unpaired_treatment:,} of the treatment have no partner and"
            " are left out."
        )
    if rows.conflicting_labels:
        remarks.append(f"of {rows.conflicting_labels:,} pairs the two logs have different labels.")
    return tuple(remarks)
