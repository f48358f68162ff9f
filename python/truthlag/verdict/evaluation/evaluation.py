"""What an evaluation found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truthlag.verdict.evaluation.estimate import IntervalEstimate, short
from truthlag.verdict.evaluation.run_length import RunLength
from truthlag.verdict.evaluation.scenario import Scenario

HEADINGS = (
    "",
    "run length without change",
    "detected",
    "without change",
    "informedness",
    "median delay",
    "false per 1,000",
)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How a detector did in one scenario. All intervals are of the evaluation's confidence.

    Attributes:
        scenario: The scenario.
        runs: How often it was drawn.
        run_length: How long the detector runs on values from before the change alone.
        detected: The share of runs with an alarm within the `length` values from the change on (Wilson's interval).
        alarmed_without_change: The share of the same runs that alarm within as many values when the change does not come: what
            `detected` owes to chance.
        informedness: `detected` less `alarmed_without_change` (Youden's index), 0 for whoever does not look at the values; the
            interval is that of Bonett and Price (2012) for paired shares.
        median_delay: Values from the change to the first alarm after it, that of the alarm included, in the median of all runs: None
            where fewer than half of them detect it. The interval is by order statistics, without a high where that was not reached.
        median_delay_when_detected: The median over the runs that detect it alone; it flatters those that seldom do.
        false_alarms_per_1000: Alarms before the change for each 1 000 values of history.
        alarmed_before: The share of runs with an alarm before the change.

    Example:
        >>> from truthlag.detectors import DDM, Scenario, evaluate
        >>> result = evaluate(DDM, Scenario(before=0.1, after=0.5, history=1_000), runs=100, horizon=1_000).results[0]
        >>> result.detected.value > 0.9 and result.median_delay.value < 100
        True
    """

    scenario: Scenario
    runs: int
    run_length: RunLength
    detected: IntervalEstimate
    alarmed_without_change: IntervalEstimate
    informedness: IntervalEstimate
    median_delay: IntervalEstimate
    median_delay_when_detected: IntervalEstimate
    false_alarms_per_1000: IntervalEstimate
    alarmed_before: IntervalEstimate

    def to_dict(self) -> dict[str, Any]:
        """All as plain Python values.

        Example:
            >>> from truthlag.detectors import NeverFires, Scenario, evaluate
            >>> evaluate(NeverFires, Scenario(), runs=100, horizon=1_000).results[0].to_dict()["detected"]["value"]
            0.0
        """
        return {
            "scenario": self.scenario.to_dict(),
            "runs": self.runs,
            "run_length": self.run_length.to_dict(),
            "detected": self.detected.to_dict(),
            "alarmed_without_change": self.alarmed_without_change.to_dict(),
            "informedness": self.informedness.to_dict(),
            "median_delay": self.median_delay.to_dict(),
            "median_delay_when_detected": self.median_delay_when_detected.to_dict(),
            "false_alarms_per_1000": self.false_alarms_per_1000.to_dict(),
            "alarmed_before": self.alarmed_before.to_dict(),
        }

    def _cells(self) -> list[str]:
        delay = self.median_delay
        return [
            str(self.run_length),
            percent(self.detected),
            percent(self.alarmed_without_change),
            percent(self.informedness),
            f"over {short(self.scenario.length)}" if delay.value is None else str(delay),
            "no history" if self.false_alarms_per_1000.value is None else str(self.false_alarms_per_1000),
        ]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a detector did in all scenarios; printed, it is a table.

    Attributes:
        detector: What was evaluated.
        results: One for each scenario, in their order.
        dummies: The same of `AlwaysFires` and `NeverFires` on the same streams; of no dummies in an evaluation of a dummy.
        confidence: That of the intervals.
        seed: The seed of the streams.

    Example:
        >>> from truthlag.detectors import EDDM, Scenario, evaluate
        >>> evaluation = evaluate(EDDM, [Scenario(history=500), Scenario(history=5_000)], runs=100)
        >>> [dummy.results[1].detected.value for dummy in evaluation.dummies]
        [1.0, 0.0]
        >>> [result.alarmed_without_change.value > 0.3 for result in evaluation.results]
        [True, True]
    """

    detector: str
    results: tuple[ScenarioResult, ...]
    dummies: tuple[Evaluation, ...]
    confidence: float
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """All as plain Python values.

        Example:
            >>> from truthlag.detectors import AlwaysFires, Scenario, evaluate
            >>> sorted(evaluate(AlwaysFires, Scenario(), runs=100, horizon=1_000).to_dict())
            ['confidence', 'detector', 'dummies', 'results', 'seed']
        """
        return {
            "detector": self.detector,
            "results": [result.to_dict() for result in self.results],
            "dummies": [dummy.to_dict() for dummy in self.dummies],
            "confidence": self.confidence,
            "seed": self.seed,
        }

    def __str__(self) -> str:
        """A table with the dummies below each scenario."""
        rows = [list(HEADINGS)]
        for place, result in enumerate(self.results):
            rows.append([str(result.scenario), *[""] * (len(HEADINGS) - 1)])
            rows += [[f"  {one.detector}", *one.results[place]._cells()] for one in (self, *self.dummies)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        runs = self.results[0].runs
        lines.append(f"{short(runs)} runs each; in brackets, intervals of {100 * self.confidence:g} %")
        return "\n".join(lines)


def percent(share: IntervalEstimate) -> str:
    """A share and its interval in percent."""
    value, low, high = (round(100 * (one or 0.0)) for one in (share.value, share.low, share.high))
    return f"{value} % ({low} to {high})"
