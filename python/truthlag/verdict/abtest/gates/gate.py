"""What a gate says, and what all of them say together."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from truthlag.metrics.text import html_table
from truthlag.verdict.abtest.result.comparison import Comparison

Status: TypeAlias = Literal["passed", "failed", "not_run"]
"""Whether what was looked at is in order; `"not_run"` where there was nothing, or too little, to look at."""

Scope: TypeAlias = Literal["all_metrics", "labelled_metrics"]
"""What a failure makes invalid: every metric, or those that are taken over rows with a label."""

STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Gate:
    """One check that a test must pass before any of its metrics is believed.

    Example:
        >>> from truthlag.abtest import sample_ratio_chi_square
        >>> gate = sample_ratio_chi_square([821_588, 815_482], [0.5, 0.5]).gate()
        >>> gate.name, gate.status, gate.has_failed
        ('sample_ratio', 'failed', True)
    """

    name: str
    """Which check it is."""
    status: Status
    """`"passed"`, `"failed"`, or `"not_run"` where there was too little to look at."""
    reason: str
    """Why, in plain words, and what to do where it failed."""
    numbers: dict[str, Any]
    """What it rests on, as plain values by name."""
    scope: Scope = "all_metrics"
    """What a failure makes invalid."""

    @property
    def has_failed(self) -> bool:
        """Whether the status is `"failed"`."""
        return self.status == "failed"

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes, in strict JSON too.

        Example:
            >>> from truthlag.abtest import sample_ratio_chi_square
            >>> sample_ratio_chi_square([50, 50], [1, 1]).gate().to_dict()["status"]
            'passed'
        """
        return {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "numbers": plain(self.numbers),
            "scope": self.scope,
        }

    def __str__(self) -> str:
        return f"{self.name}: {self.status.replace('_', ' ')}. {self.reason}"


@dataclass(frozen=True, slots=True)
class GateReport:
    """All gates of a test at one look.

    Made by `run_gates`.

    Example:
        >>> from truthlag.abtest import Proportion, compare, run_gates, sample_ratio_chi_square
        >>> report = run_gates(sample_ratio=sample_ratio_chi_square([821_588, 815_482], [0.5, 0.5]))
        >>> report.status, [gate.name for gate in report.failed], report["sample_ratio"].status
        ('failed', ['sample_ratio'], 'failed')
        >>> result = compare(Proportion(600, 5_000), Proportion(775, 5_000), metric="conversion")
        >>> result.verdict, report.applied_to(result).verdict
        ('better', 'invalid')
    """

    gates: tuple[Gate, ...]
    """One for each check, those that were not run included."""

    @property
    def status(self) -> Status:
        """`"failed"` if any gate failed, else `"passed"` if any passed, else `"not_run"`."""
        if self.failed:
            return "failed"
        return "passed" if any(gate.status == "passed" for gate in self.gates) else "not_run"

    @property
    def failed(self) -> tuple[Gate, ...]:
        """The gates that failed."""
        return tuple(gate for gate in self.gates if gate.has_failed)

    def __getitem__(self, name: str) -> Gate:
        for gate in self.gates:
            if gate.name == name:
                return gate
        raise KeyError(name)

    def against(self, *, labelled_only: bool = False) -> tuple[Gate, ...]:
        """The failed gates that make a metric invalid.

        Args:
            labelled_only: Whether the metric is taken over rows with a label.

        Example:
            >>> from truthlag.abtest import Proportion, label_arrival_parity, run_gates
            >>> parity = label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000))
            >>> report = run_gates(label_arrival=parity)
            >>> len(report.against(labelled_only=True)), len(report.against())
            (1, 0)
        """
        return tuple(gate for gate in self.failed if gate.scope == "all_metrics" or labelled_only)

    def applied_to(self, result: Comparison, *, labelled_only: bool = False) -> Comparison:
        """The comparison as it stands behind the gates: `"invalid"`, with the reasons, where one of them failed for it.

        Its numbers stay as they are.

        Args:
            result: What `compare` gave.
            labelled_only: Whether its metric is taken over rows with a label.

        Example:
            >>> from truthlag.abtest import Proportion, compare, label_arrival_parity, run_gates
            >>> parity = label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000))
            >>> report = run_gates(label_arrival=parity)
            >>> result = compare(Proportion(4_140, 4_600), Proportion(4_200, 4_480), metric="accuracy")
            >>> report.applied_to(result, labelled_only=True).verdict, report.applied_to(result).verdict
            ('invalid', 'better')
        """
        return invalidated(result, self.against(labelled_only=labelled_only))

    def to_dict(self) -> dict[str, Any]:
        """The gates and their common status as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import run_gates
            >>> run_gates().to_dict()["status"]
            'not_run'
        """
        return {"status": self.status, "gates": [gate.to_dict() for gate in self.gates]}

    def __str__(self) -> str:
        width = max((len(gate.name) for gate in self.gates), default=0)
        return "\n".join(
            f"{gate.name.ljust(width)}  {gate.status.replace('_', ' ').ljust(7)}  {gate.reason}" for gate in self.gates
        )

    def _repr_html_(self) -> str:
        rows = [("gate", "status", "reason")]
        rows += [(gate.name, gate.status.replace("_", " "), gate.reason) for gate in self.gates]
        return f'<div class="truthlag-gates">{html_table(rows)}</div>'


def invalidated(result: Comparison, gates: tuple[Gate, ...]) -> Comparison:
    """The comparison with the verdict `"invalid"`, if there are any gates that failed."""
    if not gates:
        return result
    reasons = [f"{gate.name} failed: {gate.reason}" for gate in gates]
    # The same gate may have been asked twice.
    told = tuple(reason for reason in dict.fromkeys(reasons) if reason not in result.reasons)
    return replace(result, verdict="invalid", reasons=(*told, *result.reasons), additional_n=None)


def plain(value: Any) -> Any:
    """The value with infinite numbers as text, as `Comparison.to_dict` has them."""
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def shown(p_value: float) -> str:
    """A p-value in a sentence."""
    return f"p = {p_value:.4f}" if p_value >= 1e-3 else f"p = {p_value:.2g}"
