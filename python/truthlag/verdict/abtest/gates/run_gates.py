"""All gates of a test at one look."""

from __future__ import annotations

from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.chi_square import ChiSquareRatio
from truthlag.verdict.abtest.gates.double_exposure import DoubleExposure
from truthlag.verdict.abtest.gates.equal_age import ArmsAtAge
from truthlag.verdict.abtest.gates.gate import Gate, GateReport, Scope
from truthlag.verdict.abtest.gates.sample_ratio import SampleRatioTest

_ABSENT = {
    "sample_ratio": "no counts of units were given.",
    "double_exposure": "no units of the arms were given.",
    "pre_period_balance": "no covariate of the time before the test was given.",
    "label_arrival": "no labels were given.",
}


def run_gates(
    *,
    sample_ratio: SampleRatioTest | ChiSquareRatio | Gate | None = None,
    double_exposure: DoubleExposure | Gate | None = None,
    pre_period_balance: Gate | None = None,
    label_arrival: ArmsAtAge | Gate | None = None,
    metric: str | None = None,
) -> GateReport:
    """What all gates say before a verdict; those that nothing was given for are there as not run.

    Each gate has a level of its own, .01 by default: a sound test fails one of the four with probability .04 at most.

    Args:
        sample_ratio: The sequential test, or the classical one for one look.
        double_exposure: What `double_exposure` gave, or counts.
        pre_period_balance: What `pre_period_balance` gave.
        label_arrival: What `label_arrival_parity` or `ArmsAtAge.parity` gave, or the arms at one age: their parity is asked then.
        metric: For arms at one age, the metric whose rows the parity is about.

    Returns:
        The report.

    Raises:
        TypeError: An argument has the wrong type.

    Cost: that of the gates that are asked.

    Example:
        >>> from truthlag.abtest import DoubleExposure, SampleRatioTest, run_gates
        >>> test = SampleRatioTest({"control": 1, "treatment": 1})
        >>> test.update({"control": 5_012, "treatment": 4_988})
        >>> report = run_gates(sample_ratio=test, double_exposure=DoubleExposure(units=10_000, units_in_several=0))
        >>> print(report)
        sample_ratio        passed   the sizes of the arms agree with their shares (p = 1.0000, at any time).
        double_exposure     passed   none of 10,000 units was seen in more than one arm.
        pre_period_balance  not run  no covariate of the time before the test was given.
        label_arrival       not run  no labels were given.
    """
    if isinstance(label_arrival, ArmsAtAge):
        label_arrival = label_arrival.parity(metric)
    gates = (
        _gate("sample_ratio", sample_ratio, "all_metrics", (SampleRatioTest, ChiSquareRatio)),
        _gate("double_exposure", double_exposure, "all_metrics", (DoubleExposure,)),
        _gate("pre_period_balance", pre_period_balance, "all_metrics", ()),
        _gate("label_arrival", label_arrival, "labelled_metrics", ()),
    )
    return GateReport(gates)


def _gate(name: str, given: Any, scope: Scope, kinds: tuple[Any, ...]) -> Gate:
    if given is None:
        return Gate(name, "not_run", _ABSENT[name], {}, scope)
    gate: Any = given.gate() if isinstance(given, kinds) else given
    if not isinstance(gate, Gate):
        allowed = ", ".join([*(kind.__name__ for kind in kinds), "Gate"])
        raise TypeError(f"{name} must be one of {allowed} or None, got {described(given)}")
    if gate.name != name:
        raise ValueError(f"{name} must be a gate of that name, got that of {gate.name}")
    return gate
