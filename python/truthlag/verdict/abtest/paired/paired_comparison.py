"""The result of a comparison of two models on the same requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from truthlag.metrics.text import html_table
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.text import as_html, as_text, number


@dataclass(frozen=True, slots=True)
class PairedComparison(Comparison):
    """A `Comparison` of two models on the same requests, with what the pairs show beside.

    Made by `compare_paired`, `mcnemar` and `compare_interleaved`. Standard error, intervals and tests are of the differences within
    pairs; the standard errors of the arms are those of each alone.

    Example:
        >>> from truthlag.abtest import mcnemar
        >>> result = mcnemar(59, 121, pairs=314, mode="fixed", method="exact")
        >>> result.verdict, f"{result.p_value:.2g}", round(result.difference, 4)
        ('better', '4.4e-06', 0.1975)
        >>> type(result).from_dict(result.to_dict()) == result
        True
    """

    pairs: int = 0
    """Requests that both models saw, with and without label."""
    labelled_pairs: int = 0
    """Those whose label is known."""
    units: int = 0
    """What the standard error rests on: pairs of the metric, or clusters of them."""
    unit: str = "labelled pairs"
    """What is counted by `units` and `additional_n`: `"labelled pairs"` or `"clusters"`."""
    disagreements: int | None = None
    """Pairs, labelled or not, whose decisions differ; None without decisions."""
    control_only: int | None = None
    """Of a rate, the pairs on which the control alone is right; None for other metrics."""
    treatment_only: int | None = None
    """Those on which the treatment alone is right."""
    both: int | None = None
    """Those on which both are right."""
    neither: int | None = None
    """Those on which neither is."""
    correlation: float | None = None
    """The correlation of the two estimates, which is what pairs are worth; None where one shows no spread."""
    label_ratio: float | None = None
    """How many labels two separate arms of such requests would need for one label here, for an interval as narrow."""
    bounds: Interval | None = None
    """What the difference on all these pairs lies between once all their labels are in, whatever they are: of accuracy, Brier score and log
    loss; None for other metrics."""

    @property
    def unit_name(self) -> str:
        """What `additional_n` counts.

        Example:
            >>> from truthlag.abtest import mcnemar
            >>> mcnemar(1, 3, pairs=20).unit_name
            'labelled pairs'
        """
        return self.unit

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PairedComparison:
        """The result that `to_dict` wrote, before or after JSON; see `Comparison.from_dict`.

        Example:
            >>> import json
            >>> from truthlag.abtest import PairedComparison, mcnemar
            >>> result = mcnemar(10, 30, pairs=400)
            >>> PairedComparison.from_dict(json.loads(json.dumps(result.to_dict()))) == result
            True
        """
        given: Any = content
        if isinstance(given, Mapping) and isinstance(given.get("bounds"), list):
            low, high = given["bounds"]
            given = {**given, "bounds": (float(low), float(high))}
        result = super(PairedComparison, cls).from_dict(given)
        assert isinstance(result, PairedComparison)  # noqa: S101 - it is made by cls
        return result

    def __str__(self) -> str:
        facts = _facts(self)
        width = max(len(label) for label, _ in facts)
        return "\n".join([as_text(self), "", *(f"{label.ljust(width)}  {text}" for label, text in facts)])

    def _repr_html_(self) -> str:
        return as_html(self).removesuffix("</div>") + html_table(_facts(self), header=False) + "</div>"


def _facts(result: PairedComparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("pairs", f"{result.pairs:,}, {result.labelled_pairs:,} of them with label")]
    if result.unit == "clusters":
        rows.append(("clusters", f"{result.units:,}"))
    if result.disagreements is not None and result.pairs:
        rows.append(
            ("decisions differ", f"{result.disagreements:,} ({100 * result.disagreements / result.pairs:.3g}%)")
        )
    if result.control_only is not None and result.treatment_only is not None:
        only = f"control {result.control_only:,}, treatment {result.treatment_only:,}"
        if result.both is not None and result.neither is not None:
            only += f"; both {result.both:,}, neither {result.neither:,}"
        rows.append(("right", only.replace("control", "control alone").replace("treatment", "treatment alone")))
    if result.correlation is not None:
        rows.append(("correlation", f"{result.correlation:.3f}"))
    if result.label_ratio is not None:
        rows.append(("separate arms need", f"{result.label_ratio:.3g} times the labels"))
    if result.bounds is not None and result.labelled_pairs < result.pairs:
        low, high = map(number, result.bounds)
        rows.append(("with all labels", f"difference from {low} to {high}, whatever they are"))
    return rows
