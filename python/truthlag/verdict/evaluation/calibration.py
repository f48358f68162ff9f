"""What a calibration chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truthlag.verdict.evaluation.estimate import IntervalEstimate, short
from truthlag.verdict.evaluation.run_length import RunLength


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A detector whose threshold was chosen by a history.

    Attributes:
        detector: The detector with that threshold, which has seen nothing.
        parameter: The parameter that was chosen; "value" where a function makes the detectors.
        value: What was chosen for it.
        arl: The run length that was asked for.
        run_length: That of the detector on fresh resamples of the history; the intervals are those of the simulation.
        history_interval: Within what the run length on new values is to be expected, given that the history is only a sample: the
            spread over resampled histories, on the logarithmic scale, and the simulation's. None where it was not asked for.
        history: Values in the history.
        block_length: The mean length of the blocks in which it is resampled.
        block_length_from: "given", or "chosen" by the rule.
        runs: Runs of each simulation.
        confidence: That of the intervals.
        seed: The seed of the resamples.
        notes: What else there is to know.

    Example:
        >>> import numpy as np
        >>> from truthlag.detectors import PageHinkley, calibrate
        >>> history = np.random.default_rng(1).random(5_000) < 0.10
        >>> calibration = calibrate(PageHinkley(mode="up"), history, arl=2_000, runs=200)
        >>> calibration.parameter, 5 < calibration.value < 20
        ('threshold', True)
        >>> calibration.detector.parameters["threshold"] == calibration.value
        True
    """

    detector: Any
    parameter: str
    value: float
    arl: float
    run_length: RunLength
    history_interval: tuple[float, float] | None
    history: int
    block_length: float
    block_length_from: str
    runs: int
    confidence: float
    seed: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """All as plain Python values; of the detector its class and parameters.

        Example:
            >>> import numpy as np
            >>> from truthlag.detectors import CUSUM, calibrate
            >>> history = np.random.default_rng(1).random(5_000) < 0.10
            >>> calibrate(CUSUM(0.1, 0.3), history, arl=500, runs=100, histories=0).to_dict()["detector"]["class"]
            'CUSUM'
        """
        parameters = getattr(self.detector, "parameters", None)
        return {
            "detector": {
                "class": type(self.detector).__name__,
                "parameters": parameters if isinstance(parameters, dict) else None,
            },
            "parameter": self.parameter,
            "value": self.value,
            "arl": self.arl,
            "run_length": self.run_length.to_dict(),
            "history_interval": None if self.history_interval is None else list(self.history_interval),
            "history": self.history,
            "block_length": self.block_length,
            "block_length_from": self.block_length_from,
            "runs": self.runs,
            "confidence": self.confidence,
            "seed": self.seed,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """What was chosen, what it comes to, and from what."""
        percent = f"{100 * self.confidence:g} %"
        name = type(self.detector).__name__
        lines = [
            f"{name}: {self.parameter} = {self.value:.6g} for a run length of {short(self.arl)}",
            f"run length on resamples: {self.run_length} ({percent}, {short(self.runs)} runs)",
        ]
        if self.history_interval is not None:
            interval = IntervalEstimate(None, *self.history_interval)
            told = f"{short(interval.low or 0.0)} to {short(interval.high or 0.0)}"
            lines.append(f"as far as the history can tell: {told} ({percent})")
        lines.append(
            f"history: {short(self.history)} values in blocks of {short(self.block_length)} on average ({self.block_length_from})"
        )
        return "\n".join([*lines, *self.notes])
