"""What e-detectors and e-processes have in common."""

import math
from typing import Any, ClassVar

from truthlag.verdict.detectors.baseline import LossBaseline, reference
from truthlag.verdict.detectors.parameters import choice, count, share
from truthlag.verdict.detectors.watched import WatchedDetector

MOST_BETS = 12
MOST_FAMILY = 1_000_000


class EvidenceDetector(WatchedDetector):
    """The common base of `EDetector` and `EProcess`; not to be made itself."""

    FORMS: ClassVar[tuple[str, ...]] = ("shiryaev_roberts", "cusum", "process")

    _reference: float
    _single_threshold: float
    # How many a tracker watches: it says so again when it is read from bytes.
    _members: float

    def _bet(
        self,
        parameters: dict[str, Any],
        *,
        form: str,
        threshold: float,
        baseline: LossBaseline,
        tolerance: float,
        delta: float,
        bets: int,
        family: int,
        reset: str,
    ) -> None:
        members = count("family", family, 1, MOST_FAMILY)
        delta = share("delta", delta)
        self._reference = reference(baseline, tolerance, 1 - delta / members)
        self._single_threshold = threshold
        self._members = 1.0
        numbers = [
            float(choice("form", form, self.FORMS)),
            self._reference,
            threshold * members,
            count("bets", bets, 1, MOST_BETS),
        ]
        self._begin(parameters, numbers, reset)

    @property
    def reference(self) -> float:
        """The mean above which there is a loss: the baseline (of counts, its upper limit) and the tolerance.

        Example:
            >>> from truthlag.detectors import EDetector
            >>> EDetector(0.10, tolerance=0.02).reference, round(EDetector((100, 1_000)).reference, 4)
            (0.12000000000000001, 0.117)
        """
        return self._reference

    @property
    def threshold(self) -> float:
        """The evidence that alarms.

        Example:
            >>> from truthlag.detectors import EDetector, EProcess
            >>> EDetector(0.1, arl=1_000).threshold, EProcess(0.1, alpha=0.05).threshold
            (1000.0, 20.0)
        """
        return self._single_threshold * float(self._parameters["family"]) * self._members

    @property
    def log_evidence(self) -> float:
        """The natural logarithm of the evidence after the last value; it alarms from `log(threshold)` on.

        It can be told whatever its size, which a float cannot hold. Of an `EDetector`, minus infinity before the first value.

        Example:
            >>> from truthlag.detectors import EDetector
            >>> detector = EDetector(0.05, reset="never")
            >>> _ = detector.update_many([0] * 100 + [1] * 400)
            >>> round(detector.log_evidence)
            1192
        """
        evidence = self._evidence()
        return evidence[0] if evidence is not None else math.nan

    @property
    def values_since_change(self) -> int:
        """How many of the values by now came after the change, if there has been one; 0 before the first value.

        The estimate is the value from which on the evidence is greatest, for the bet that has won most: with the classical
        bets that is the maximum-likelihood estimate of the time of change (Page (1954)). While nothing has changed it is the
        stretch that looks most like it.

        Example:
            >>> from truthlag.detectors import EDetector
            >>> from truthlag.detectors import EDetector
            >>> detector = EDetector(0.1, reset="manual")
            >>> detector.update_many([0] * 1_000 + [0, 1] * 100)
            array([1023])
            >>> detector.values_since_change
            23
        """
        evidence = self._evidence()
        return int(evidence[1]) if evidence is not None else 0

    def _join(self, members: float) -> None:
        """Asks for so many times the evidence, since so many are watched together."""
        self._members = members
        self._set_threshold(self.threshold)
