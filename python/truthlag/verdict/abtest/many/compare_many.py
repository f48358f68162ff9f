"""All comparisons of a test: arms by metrics by segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from truthlag.call.described import described
from truthlag.verdict.abtest.compare import Gates, hashable, inference_of
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.gates.standing import Standing
from truthlag.verdict.abtest.inference import Fixed, GroupSequential, Inference
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.many.adjust import ADJUSTMENTS
from truthlag.verdict.abtest.many.families import Case, adjusted, against_control, unadjusted
from truthlag.verdict.abtest.many.looks import Log, at_one_look, check_families, plans_of_looks
from truthlag.verdict.abtest.many.plan import MetricPlan, plans_of
from truthlag.verdict.abtest.many.table import ComparisonRow, ComparisonTable
from truthlag.verdict.abtest.own_rule import with_own_rule
from truthlag.verdict.abtest.result.words import Mode
from truthlag.verdict.abtest.statistics.given import arms as statistics_of
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.detectors.parameters import choice, share

FamilyAdjustment: TypeAlias = Literal["holm", "hommel", "bh", "by", "bonferroni", "hochberg"]
SegmentAdjustment: TypeAlias = Literal["bh", "by", "e_bh", "holm", "hommel", "bonferroni", "hochberg"]
_Arms: TypeAlias = Mapping[str, Mapping[str, Any]]
_EMPTY = {Proportion: Proportion(0, 0), Mean: Mean(0, 0.0, 0.0)}


def compare_many(
    arms: Mapping[str, Mapping[str, Any]],
    *,
    control: str | None = None,
    metrics: Mapping[str, MetricPlan | str] | None = None,
    segments: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    mode: Mode = "confidence_sequence",
    alpha: float = 0.05,
    planned_n: int | None = None,
    looks: Any = None,
    spending: Spending = "obrien_fleming",
    expected_n: int | None = None,
    segment_expected_n: int | None = None,
    adjustment: FamilyAdjustment = "holm",
    segment_adjustment: SegmentAdjustment | None = None,
    gates: Gates | Mapping[str, Gates] | None = None,
) -> ComparisonTable:
    """All treatments against one control, in all metrics and segments, with what remains after allowing for their number.

    Not everything is one heap. The **primary** metric decides and has the full alpha, shared by the treatments alone: by
    Dunnett's test with mode `"fixed"`, by `adjustment` else. **Secondary** metrics are a family of their own, treatments and
    metrics together: a finding among them explains, and does not decide. **Segments**, of all metrics but guardrails, are the
    third family, in which the share of false findings is kept. **Guardrails** are not adjusted: a treatment passes
    only if all of them do, so that every one must err for a bad treatment to pass by error, and alpha each is alpha together (the
    intersection-union test of Berger 1982); adjusting them would make a test with more guardrails pass less for no gain.

    With mode `"group_sequential"` p-values are those of a plan (the alpha at which this look would be the first to reject), and Holm's
    procedure on them is right at each look and however the tests depend on each other. Procedures that need to know how they do
    (`"hommel"`, `"hochberg"`, `"bh"`) are refused there, since when one stops depends on all of them.

    Each comparison is what `compare` makes of the two arms, in `ComparisonRow.comparison`.

    Args:
        arms: What each arm shows in each metric, by the name of the arm and then of the metric: all that `compare` takes.
        control: The arm that others are held against; the first one by default.
        metrics: What is asked of each metric: a `MetricPlan`, or its role alone. By default the first metric is primary; those
            that are not named are secondary.
        segments: The same as `arms` for each segment, by its name, which is shown as a text. A segment may lack metrics; an arm of
            proportions or means that lacks in a segment what another arm has counts as no rows.
        mode: As `compare` has it, for all comparisons.
        alpha: The probability of a wrong verdict that is allowed in each family, between 0 and 0.5.
        planned_n: The units of control and one treatment together at which a test with mode `"fixed"` is looked at; segments are not
            judged before either. With `"group_sequential"` those at which all of alpha is spent.
        looks: With `"group_sequential"`: a `GroupSequentialPlan` for each metric of each treatment, by arm and metric as in `arms`, which
            log this look. Or, for comparisons that all have as many units, what `compare` takes with `planned_n`: how many looks
            there are, or the units or the shares of `planned_n` at them.
        spending: With `"group_sequential"`, how alpha is spent, as `compare` has it; plans have their own.
        expected_n: The units of control and one treatment together at which a confidence sequence is narrowest.
        segment_expected_n: The same of a segment; `expected_n` by default.
        adjustment: How p-values of secondary metrics, and of treatments where Dunnett's test is not used, are adjusted.
        segment_adjustment: How those of segments are: `"bh"` by default, and `"e_bh"` with mode `"confidence_sequence"`, where the
            e-values hold at any time and however segments depend on each other. There are no segments with `"group_sequential"`.
        gates: What the test must have passed, as in `compare`, or that by the name of the treatment. One that failed makes the verdicts
            `"invalid"`; of label arrival, those of metrics over labelled rows: by `MetricPlan.labelled_only`, or as `compare` tells.

    Returns:
        The table.

    Raises:
        TypeError: Something has the wrong type, or arms are of different kinds.
        ValueError: Something is not allowed: a name is missing or unknown, or values are not.

    Cost: that of `compare` for each, some tens of microseconds from statistics; of Dunnett's test some tens of milliseconds.

    Source: Berger (1982), "Multiparameter hypothesis testing and acceptance sampling"; Dunnett (1955); Holm (1979); Wang and Ramdas
    (2022); Jennison and Turnbull (1984) and Maurer and Bretz (2013) for the looks of plans; Benjamini and Yekutieli (2005) for
    intervals of what was found.

    Example:
        >>> from truthlag.abtest import Mean, MetricPlan, Proportion, compare_many
        >>> arms = {
        ...     "v1": {"recall": Proportion(800, 1_000), "latency": Mean(9_000, 120.0, 9e6)},
        ...     "v2": {"recall": Proportion(846, 1_000), "latency": Mean(9_100, 121.0, 9e6)},
        ...     "v3": {"recall": Proportion(825, 1_000), "latency": Mean(9_050, 131.0, 9e6)},
        ... }
        >>> plans = {"recall": "primary", "latency": MetricPlan("guardrail", direction="lower", margin=5.0)}
        >>> table = compare_many(arms, metrics=plans, mode="fixed")
        >>> [(row.arm, row.metric, row.verdict) for row in table]
        [('v2', 'recall', 'better'), ('v2', 'latency', 'non_inferior'), ('v3', 'recall', 'undecided'), ('v3', 'latency', 'worse')]
        >>> table.ready
        ('v2',)
    """
    choice("adjustment", adjustment, ADJUSTMENTS)
    has_plans = mode == "group_sequential" and isinstance(looks, Mapping)
    # With plans each comparison has the rule of its own; the level alone is of all.
    asked = (mode, alpha, planned_n, expected_n)
    rule = Fixed(share("alpha", alpha)) if has_plans else inference_of(*asked, hashable(looks), spending)
    if mode == "group_sequential":
        check_families(adjustment, segments)
    by_segment = _segment_adjustment(segment_adjustment, mode)
    names = _checked("arms", arms)
    control = _control(arms, control)
    plans = plans_of(metrics, names)
    standings = _standings(gates, arms, control)
    log = Log(plans_of_looks(looks, arms, control, names, (*asked, spending))) if has_plans else None
    cases = list(_cases(arms, control, plans, names, rule, None, log))
    if isinstance(rule, GroupSequential):
        cases = at_one_look(cases, rule)
    if segments is not None:
        in_segment = _in_segment(mode, alpha, segment_expected_n) or rule
        cases += _of_segments(segments, arms, control, plans, in_segment)
    elif segment_expected_n is not None:
        raise ValueError("segment_expected_n must be None without segments")
    if mode == "fixed" and planned_n is not None:
        cases = _held_back(cases, rule)
    rows = _judged(_behind(standings, cases, plans, arms), adjustment, by_segment)
    if log is not None:
        log.write()
    return ComparisonTable(control, tuple(rows), mode, rule.alpha)


def _control(arms: _Arms, control: str | None) -> str:
    if control is None:
        control = next(iter(arms))
    elif control not in arms:
        raise ValueError(f"control must be one of {', '.join(map(repr, arms))}, got {described(control)}")
    if len(arms) < 2:
        raise ValueError("arms must hold a control and at least one treatment, got one arm")
    return control


def _in_segment(mode: str, alpha: float, expected_n: int | None) -> Inference | None:
    """The rule within segments, where it is another: their size is not planned, nor that of the whole."""
    if mode == "fixed":
        return inference_of(mode, alpha, None, None)
    return None if expected_n is None else inference_of(mode, alpha, None, expected_n)


def _judged(cases: list[Case], adjustment: str, by_segment: str) -> list[ComparisonRow]:
    """The rows in the order of the cases."""
    families: dict[str, list[int]] = {"primary": [], "secondary": [], "segment": [], "guardrail": []}
    for place, case in enumerate(cases):
        stands_apart = case.segment is None or case.role == "guardrail"
        families[case.role if stands_apart else "segment"].append(place)
    found: dict[int, ComparisonRow] = {}
    for family, places in families.items():
        members = [cases[place] for place in places]
        if not members:
            continue
        if family == "guardrail":
            rows = [unadjusted(case) for case in members]
        elif family == "primary":
            rows = against_control(members) or adjusted(members, adjustment)
        else:
            rows = adjusted(members, by_segment if family == "segment" else adjustment)
        found.update(zip(places, rows, strict=True))
    return [found[place] for place in range(len(cases))]


def _cases(
    arms: _Arms,
    control: str,
    plans: Mapping[str, MetricPlan],
    names: Iterable[str],
    inference: Inference,
    segment: str | None,
    log: Log | None = None,
) -> Iterable[Case]:
    asked = [(name, plans[name].role, plans[name]._question, _reading(name, plans[name])) for name in names]
    baseline = arms.get(control, {})
    for arm, shown in arms.items():
        if arm == control:
            continue
        for name, role, question, reading in asked:
            first, second = _given(baseline, shown, name, arm, control, segment)
            try:
                before, now = statistics_of(first, second, metric=name, cluster=None, window=None)
                rule, before, now, read = with_own_rule(inference, before, now, reading)
                if log is None:
                    comparison = compare_statistics(before, now, question, rule, read)
                else:
                    comparison, rule = log.look(arm, name, before, now, question, read)
            except (TypeError, ValueError) as error:
                where = f"{name!r} of {arm!r} against {control!r}" + (f" in segment {segment!r}" if segment else "")
                raise type(error)(f"{where}: {error}") from error
            yield Case(arm, name, segment, role, before, now, question, read, rule, comparison)


def _reading(name: str, plan: MetricPlan) -> Reading:
    return Reading(name, plan.scale, plan.method, plan.relative_method)


def _given(
    baseline: Mapping[str, Any], shown: Mapping[str, Any], name: str, arm: str, control: str, segment: str | None
) -> tuple[Any, Any]:
    """Both arms of a metric; in a segment one of them may have no rows."""
    if name in baseline and name in shown:
        return baseline[name], shown[name]
    present = baseline.get(name, shown.get(name))
    nothing = _EMPTY.get(type(present), [] if isinstance(present, list | tuple) else None)
    if segment is None or nothing is None:
        missing = control if name not in baseline else arm
        where = "" if segment is None else f" in segment {segment!r}"
        raise ValueError(f"arms must all have the same metrics, but {missing!r} has no {name!r}{where}")
    return baseline.get(name, nothing), shown.get(name, nothing)


def _of_segments(
    segments: Any, arms: _Arms, control: str, plans: Mapping[str, MetricPlan], inference: Inference
) -> Iterable[Case]:
    if not isinstance(segments, Mapping):
        raise TypeError(f"segments must be arms by the name of the segment, got {described(segments)}")
    seen: dict[str, Any] = {}
    for segment, inside in segments.items():
        if seen.setdefault(str(segment), segment) is not segment:
            raise ValueError(
                f"segments must differ as texts, got {described(seen[str(segment)])} and {described(segment)}"
            )
        names = _checked(f"segments[{segment!r}]", inside, every=False)
        for unknown, allowed, what in (
            ([one for one in inside if one not in arms], arms, "arms"),
            ([one for one in names if one not in plans], plans, "metrics"),
        ):
            if unknown:
                told = ", ".join(map(repr, allowed))
                raise ValueError(f"segments[{segment!r}] must have {what} among {told}, got {described(unknown[0])}")
        of_all = {arm: inside.get(arm, {}) for arm in arms}
        for arm in arms:
            # What neither arm has in the segment is not compared there.
            both = {name for name in names if name in of_all[control] or name in of_all[arm]}
            if arm != control and both:
                pair = {control: of_all[control], arm: of_all[arm]}
                yield from _cases(pair, control, plans, [one for one in names if one in both], inference, str(segment))


def _held_back(cases: list[Case], inference: Inference) -> list[Case]:
    """No verdict on a segment before the test as a whole has its size."""
    refusals = {
        (case.arm, case.metric): inference.refusal(case.control.n + case.treatment.n)
        for case in cases
        if case.segment is None
    }
    held = []
    for case in cases:
        refusal = refusals[case.arm, case.metric]
        if case.segment is not None and refusal is not None:
            comparison = replace(case.comparison, verdict="undecided", reasons=(refusal,))
            case = replace(case, comparison=comparison)  # noqa: PLW2901 - the same, held back
        held.append(case)
    return held


def _standings(gates: Any, arms: _Arms, control: str) -> dict[str, Standing]:
    """The gates of each treatment that has any."""
    if gates is None:
        return {}
    treatments = [arm for arm in arms if arm != control]
    if not isinstance(gates, Mapping):
        return dict.fromkeys(treatments, Standing.of(gates))
    unknown = [arm for arm in gates if arm not in treatments]
    if unknown:
        told = ", ".join(map(repr, treatments))
        raise ValueError(f"gates must be of treatments ({told}), got {described(unknown[0])}")
    return {arm: Standing.of(given) for arm, given in gates.items()}


def _behind(
    standings: Mapping[str, Standing], cases: list[Case], plans: Mapping[str, MetricPlan], arms: _Arms
) -> list[Case]:
    """The cases as they stand behind the gates."""
    if not standings:
        return cases
    return [
        replace(
            case,
            comparison=standings[case.arm].applied_to(
                case.comparison, arms[case.arm][case.metric], plans[case.metric].labelled_only
            ),
        )
        if case.arm in standings
        else case
        for case in cases
    ]


def _segment_adjustment(given: str | None, mode: str) -> str:
    if given is None:
        return "e_bh" if mode == "confidence_sequence" else "bh"
    choice("segment_adjustment", given, (*ADJUSTMENTS, "e_bh"))
    if given == "e_bh" and mode == "fixed":
        raise ValueError("segment_adjustment must not be 'e_bh' with mode 'fixed', which has no e-values")
    return given


def _checked(name: str, arms: Any, *, every: bool = True) -> list[str]:
    """The metrics of arms, in the order of the first mention."""
    if not isinstance(arms, Mapping):
        raise TypeError(f"{name} must be a mapping of arms to their metrics, got {described(arms)}")
    metrics: dict[str, None] = {}
    for arm, shown in arms.items():
        if not isinstance(shown, Mapping):
            raise TypeError(f"{name}[{arm!r}] must be a mapping of metrics to what they show, got {described(shown)}")
        metrics.update(dict.fromkeys(shown))
    for what, names in (("arms", arms), ("metrics", metrics)):
        for one in names:
            if not isinstance(one, str):
                raise TypeError(f"{name} must have {what} whose names are str, got {described(one)}")
    if every and not (arms and metrics):
        raise ValueError(f"{name} must hold a control, a treatment and a metric, got {described(arms)}")
    return list(metrics)
