"""The e-detector."""

from truthlag.verdict.detectors.baseline import LossBaseline
from truthlag.verdict.detectors.evidence import EvidenceDetector
from truthlag.verdict.detectors.parameters import choice, real, share


class EDetector(EvidenceDetector):
    """Whether a mean loss has come to lie above a baseline, with a stated rate of false alarms.

    The e-detector of Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (arXiv
    2203.03532). Takes losses from 0 to 1: an error as 1, or any loss that has a bound. Bets on a mean above the reference are laid
    with each value, and alarm when they have won `arl` times their stake. Constant memory and time.

    **What it promises.** The average number of values to a false alarm is at least `arl`, for every distribution of the losses and
    however they depend on each other, as long as the mean of the next loss, given those before it, is at most the baseline and the
    tolerance. There is no other condition: no sample size, no normality, no time at which to begin. A baseline that was itself
    measured on a sample does not meet that: give its counts as (k, n), and the upper limit of its rate takes the place of the rate. Nor
    does a rate that goes up and down by the hour: where the peak lies above the reference, false alarms come several times as often.

    Args:
        baseline: The mean loss that is normal: a number from 0 to 1 that is known, or (k, n): k losses of 1 among n.
        tolerance: The loss beyond the baseline that is no reason for an alarm, 0 by default.
        arl: The least average run length to a false alarm, in values; 100 000 by default.
        form: "shiryaev_roberts" notices small changes sooner, "cusum" is larger than it never; both keep the promise.
        delta: With (k, n), the chance at which the true rate lies above the limit that is taken for it; the evidence asked for is
            `arl / (1 - delta)` then. 0.05 by default; else not used.
        bets: How many bets share the stake, from 1 to 12; each stakes half of what the next one does, the largest 0.99 of what a loss
            of 0 can cost.
        family: How many detectors are watched together. Each asks for so many times the evidence, so that the first false alarm among
            all of them comes after `arl` values or more on average.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    It warns from a tenth of the evidence on that alarms.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> import numpy as np
        >>> from truthlag.detectors import EDetector
        >>> rng = np.random.default_rng(7)
        >>> errors = rng.random(8_000) < np.repeat([0.10, 0.20], [5_000, 3_000])
        >>> detector = EDetector(0.10, reset="manual")
        >>> detector.update_many(errors)
        array([5131])

    The alarm stands, and the change began so many values before it:

        >>> detector.values_since_change
        64
    """

    KIND = "EDetector"

    def __init__(
        self,
        baseline: LossBaseline,
        *,
        tolerance: float = 0.0,
        arl: float = 100_000.0,
        form: str = "shiryaev_roberts",
        delta: float = 0.05,
        bets: int = 10,
        family: int = 1,
        reset: str = "auto",
    ) -> None:
        run_length = real("arl", arl, 1, 1e15, above=True)
        choice("form", form, self.FORMS[:2])
        is_counted = isinstance(baseline, tuple | list)
        self._bet(
            {
                "baseline": baseline,
                "tolerance": tolerance,
                "arl": arl,
                "form": form,
                "delta": delta,
                "bets": bets,
                "family": family,
            },
            form=form,
            threshold=run_length / (1 - share("delta", delta)) if is_counted else run_length,
            baseline=baseline,
            tolerance=tolerance,
            delta=delta,
            bets=bets,
            family=family,
            reset=reset,
        )
