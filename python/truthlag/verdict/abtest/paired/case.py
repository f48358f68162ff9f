"""What is asked of some pairs, and the three ways to an answer: by discordant pairs, by influences, by draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.difference import Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.inference import AsymptoticSequence
from truthlag.verdict.abtest.paired.contrast import Contrast, Spread
from truthlag.verdict.abtest.paired.evidence import Asked, Seen, result_of
from truthlag.verdict.abtest.paired.metrics import means
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.paired.rate import rate_effect, tuned
from truthlag.verdict.abtest.paired.resampling import BootstrapEffect, drawn, spread_of
from truthlag.verdict.abtest.paired.scalar_metrics import Scalar
from truthlag.verdict.abtest.result.comparison import ArmSummary

NO_PAIRS = "there are no pairs: no request was seen by both models."
#: With fewer clusters, or blocks, the result says that its variances rest on them.
FEW_CLUSTERS = 20


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the bootstrap draws."""

    block: float | None
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked, the method that is asked for, and what is known of the pairs whatever the metric."""

    asked: Asked
    method: str | None
    drawing: Drawing
    pairs: int
    labelled_pairs: int
    remarks: tuple[str, ...] = ()
    counts: dict[str, Any] = field(default_factory=dict)
    """Further fields of the result."""

    def nothing(self, why: str) -> PairedComparison:
        """The result where the metric is not defined."""
        arm = ArmSummary(None, 0, None)
        return self._result(arm, arm, None, why_not=why if self.pairs else NO_PAIRS)

    def of_rate(self, before: NDArray[np.bool_], now: NDArray[np.bool_]) -> PairedComparison:
        """By the pairs on which one model alone is right."""
        self._without_blocks()
        n = len(before)
        control_only, treatment_only = int(np.count_nonzero(before & ~now)), int(np.count_nonzero(now & ~before))
        both = int(np.count_nonzero(before & now))
        counts = {
            **self.counts,
            "control_only": control_only,
            "treatment_only": treatment_only,
            "both": both,
            "neither": n - control_only - treatment_only - both,
        }
        asked = replace(self.asked, inference=tuned(self.asked.inference, self.asked.question, self.method))
        case = replace(self, asked=asked, counts=counts)
        try:
            effect, looks_by = rate_effect(
                control_only, treatment_only, n, asked.question, asked.inference, self.method
            )
        except Undefined as why:
            return case.nothing(str(why))
        control, treatment = (_rate(k, n) for k in (control_only + both, treatment_only + both))
        spread = means(before.astype(np.float64), now.astype(np.float64), None).spread() if n > 1 else None
        return case._result(control, treatment, effect, spread, looks_by=looks_by, units=n)

    def of_contrast(self, contrast: Contrast, name: str) -> PairedComparison:
        """By the influence of each row, or of each cluster of rows."""
        self.allow(())
        clustered = contrast.clusters is not None
        values, rows = (contrast.control, contrast.treatment), (contrast.control_n, contrast.treatment_n)
        errors: tuple[float | None, float | None] = (None, None)
        spread = None
        try:
            spread = contrast.spread()
            errors = (math.sqrt(spread.control), math.sqrt(spread.treatment))
            _check_spread(spread)
        except Undefined as why:
            arms = [ArmSummary(*arm) for arm in zip(values, rows, errors, strict=True)]
            return self._result(arms[0], arms[1], None, spread, why_not=str(why))
        arms = [ArmSummary(*arm) for arm in zip(values, rows, errors, strict=True)]
        case, unit = self._held_against_t(), "labelled pairs"
        if clustered:
            name, unit = f"{name} with clustered variances", "clusters"
            case = case._with_few(spread.units)
        effect = NormalEffect(contrast.difference, math.sqrt(spread.difference), spread.degrees_of_freedom, name)
        return case._result(arms[0], arms[1], effect, spread, looks_by=spread.units, units=spread.units, unit=unit)

    def of_draws(self, scalar: Scalar) -> PairedComparison:
        """By samples of the rows, or of clusters or blocks of them."""
        self.allow(("bootstrap",))
        n, clusters = scalar.n, scalar.clusters
        units, unit = (n, "labelled pairs") if clusters is None else (len(np.unique(clusters)), "clusters")
        if not n:
            return self.nothing("no pair has what the metric needs: a label, and scores where it is of scores.")
        before, now = scalar.metric(np.arange(n))
        try:
            drawing = self.drawing
            blocks = units if drawing.block is None else int(n / drawing.block)
            _check_drawn(before, now, units, unit)
            _check_blocks(n, drawing.block, blocks)
            first, second = drawn(
                scalar.redrawn or scalar.metric, n, clusters, drawing.block, drawing.resamples, drawing.seed
            )
            spread = spread_of(first, second, units)
            _check_spread(spread)
        except Undefined as why:
            arms = [ArmSummary(value if math.isfinite(value) else None, n, None) for value in (before, now)]
            return self._result(arms[0], arms[1], None, why_not=str(why), units=units, unit=unit)
        control, treatment = (
            ArmSummary(value, n, math.sqrt(variance))
            for value, variance in ((before, spread.control), (now, spread.treatment))
        )
        case = self._held_against_t()
        if clusters is not None or drawing.block is not None:
            case = case._with_few(blocks, "clusters" if drawing.block is None else "blocks")
        draws = np.sort(second - first)
        effect = case._drawn_effect(now - before, math.sqrt(spread.difference), draws, clusters, blocks)
        return case._result(control, treatment, effect, spread, looks_by=units, units=units, unit=unit)

    def _held_against_t(self) -> Case:
        """With a confidence sequence whose statistics are t: by normal ones the first few clusters would decide far too often."""
        inference = self.asked.inference
        if not isinstance(inference, AsymptoticSequence):
            return self
        return replace(self, asked=replace(self.asked, inference=replace(inference, is_t=True)))

    def _with_few(self, number: int, what: str = "clusters") -> Case:
        if number >= FEW_CLUSTERS:
            return self
        return replace(self, remarks=(*self.remarks, f"the variances rest on {number} {what} alone."))

    def _drawn_effect(
        self, estimate: float, error: float, draws: NDArray[np.float64], clusters: NDArray[np.intp] | None, units: int
    ) -> Effect:
        name = "paired bootstrap"
        if clusters is not None:
            name += " of clusters"
        elif self.drawing.block is not None:
            name += f" of blocks of {self.drawing.block:g} rows"
        # So far out as a confidence sequence looks there are no draws.
        if isinstance(self.asked.inference, AsymptoticSequence):
            return NormalEffect(estimate, error, units - 1, f"{name}, normal")
        return BootstrapEffect(estimate, error, draws, name)

    def allow(self, methods: tuple[str, ...]) -> None:
        """Whether the method that is asked for is one of those that there are."""
        if self.method is not None and self.method not in methods:
            names = ", ".join(map(repr, methods or ("bootstrap",)))
            raise ValueError(
                f"method must be None or {names} for this metric and these pairs, got {described(self.method)}"
            )
        if "bootstrap" not in methods:
            self._without_blocks()

    def _without_blocks(self) -> None:
        """That nobody takes rows for blocks of them."""
        if self.drawing.block is not None:
            raise ValueError(
                f"block must be None unless pairs are drawn anew (method='bootstrap'), got {described(self.drawing.block)}"
            )

    def _result(
        self,
        control: ArmSummary,
        treatment: ArmSummary,
        effect: Effect | None,
        spread: Spread | None = None,
        **seen: Any,
    ) -> PairedComparison:
        known: dict[str, Any] = {"pairs": self.pairs, "labelled_pairs": self.labelled_pairs, "remarks": self.remarks}
        return result_of(self.asked, Seen(control, treatment, effect, spread, **known, **seen), **self.counts)


def _rate(k: int, n: int) -> ArmSummary:
    return ArmSummary(k / n, n, math.sqrt(k * (n - k) / n) / n)


def _check_drawn(before: float, now: float, units: int, unit: str) -> None:
    if units < 2:
        raise Undefined(f"the metric rests on {units} of the {unit}, and its spread needs 2.")
    if not (math.isfinite(before) and math.isfinite(now)):
        raise Undefined("the metric is not defined for these pairs.")


def _check_blocks(n: int, block: float | None, blocks: int) -> None:
    if block is not None and blocks < 2:
        raise Undefined(f"{n} pairs are fewer than two blocks of {block:g}, and nothing tells their spread.")


def _check_spread(spread: Spread) -> None:
    if spread.is_none:
        raise Undefined("the differences within pairs show no spread, so nothing tells how much chance could do.")
