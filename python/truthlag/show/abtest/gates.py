"""The gates that a file can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.held import Held
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.errors import LogError
from truthlag.verdict.abtest.gates import (
    DoubleExposure,
    Gate,
    GateReport,
    SampleRatioTest,
    label_arrival_parity,
    pre_period_balance,
    run_gates,
    sample_ratio_chi_square,
)
from truthlag.verdict.abtest.gates.several import worst_of
from truthlag.verdict.abtest.report.sentences import listed
from truthlag.verdict.abtest.result.text import number, probability
from truthlag.verdict.abtest.result.words import Mode
from truthlag.verdict.abtest.statistics.proportion import Proportion

_ALPHA = 0.01


def gates_of(
    request: AbTestRequest, wanted: Wanted, collected: Collected, arms: Arms, segments: Sequence[str]
) -> tuple[GateReport, list[str], list[str]]:
    """The report of the gates, the metrics that are of labelled rows, and what else is to be said."""
    notes: list[str] = []
    ratio = _sample_ratio(request, collected, arms, segments, notes)
    held = collected if isinstance(collected, Held) else None
    double = None
    if held is not None and request.unit is not None:
        by_arm = dict(zip(arms.names, held.by_arm, strict=True))
        double = DoubleExposure(held.different_units, held.units_in_several, by_arm=by_arm)
        if held.units_in_several:
            notes.append(
                f"{held.units_in_several:,} units that were seen in {'both' if len(arms.treatments) == 1 else 'several'} arms are left"
                " out of every number but that of this gate."
            )
    # The gates of a single look are sharper, and no others are needed there.
    mode: Mode = "fixed" if request.mode == "fixed" else "confidence_sequence"
    # The level is shared by the treatments.
    level = _ALPHA / len(arms.treatments)
    balance = None
    if held is not None and request.covariates:
        before = {name: held.covariate(name) for name in request.covariates}
        control, *others = (
            {name: values[place] for name, values in before.items()} for place in range(len(arms.names))
        )
        found = [pre_period_balance(control, other, mode=mode, alpha=level) for other in others]
        balance = worst_of("pre_period_balance", list(zip(arms.treatments, found, strict=True)))
    labelled = [spec for spec in wanted.specs if wanted.is_late(spec) or collected.known(spec).missing]
    arrival = None
    if labelled:
        known = collected.known(labelled[0])
        first, *rest = (Proportion(there, of) for there, of in zip(known.known, known.of, strict=True))
        parities = [label_arrival_parity(first, other, mode=mode, alpha=level) for other in rest]
        arrival = worst_of("label_arrival", list(zip(arms.treatments, parities, strict=True)))
        notes += [_missing(spec, collected, arms) for spec in labelled if collected.known(spec).missing]
    report = run_gates(sample_ratio=ratio, double_exposure=double, pre_period_balance=balance, label_arrival=arrival)
    return report, [spec.name for spec in labelled], notes


def _sample_ratio(
    request: AbTestRequest, collected: Collected, arms: Arms, segments: Sequence[str], notes: list[str]
) -> Any:
    names = arms.names
    counts = dict(zip(names, collected.units(), strict=True))
    if not request.has_weights:
        return Gate("sample_ratio", "not_run", "the shares that the arms should get are not known.", {"counts": counts})
    weights = request.weights or dict.fromkeys(names, 1.0)
    if set(weights) != set(names):
        raise LogError(f"--weights names {', '.join(weights)}, and the arms are {', '.join(names)}")
    weights = {name: weights[name] for name in names}
    once = sample_ratio_chi_square(counts, weights, alpha=_ALPHA)
    if request.mode == "fixed":
        return once
    test = SampleRatioTest(weights, alpha=_ALPHA, segments=[str(name) for name in segments] if segments else False)
    for seen in collected.exposures():
        segment = None if seen.segment is None else segments[seen.segment]
        test.update(list(seen.units), segment=segment)
    if not test.gate().has_failed and once.p_value <= _ALPHA:
        sizes = listed([f"{arm} {count:,}" for arm, count in counts.items()])
        wanted = listed([f"{count:,.1f}".removesuffix(".0") for count in once.expected.values()])
        notes.append(
            f"The sizes of the arms are in doubt: {sizes} where {wanted} are expected, chi-square p = {probability(once.p_value)}"
            f" for a single look. The sequential test, which allows for a look after every unit, does not reject (e ="
            f" {number(test.e_value)}, p = {probability(test.p_value)}). If this file is the whole test and is looked at once,"
            " the sample ratio is off: trust no metric before somebody has explained where the units went (--mode fixed holds to that)."
        )
    return test


def _missing(spec: MetricSpec, collected: Collected, arms: Arms) -> str:
    known = collected.known(spec)
    shares = [
        f"{of - there:,} of {of:,} of {arm} ({(of - there) / of:.2%})" if of else f"none of {arm}"
        for arm, there, of in zip(arms.names, known.known, known.of, strict=True)
    ]
    return f"{spec.name} has no value for {listed(shares)}; they are left out of it."
