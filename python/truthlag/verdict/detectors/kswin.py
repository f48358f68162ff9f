"""Windows compared by the test of Kolmogorov and Smirnov."""

from truthlag.verdict.detectors.parameters import count, real
from truthlag.verdict.detectors.watched import WatchedDetector

MOST_EXACT = 10_000
"""The most values of a sample for which the p-value is exact, as in scipy, which River asks."""


class KSWIN(WatchedDetector):
    """KSWIN of Raab, Heusinger and Schleif (2020), "Reactive soft prototype computing for concept drift streams".

    Takes any finite numbers. At each value it compares the newest ones of its window with as many that it draws from the older
    ones, by the exact two-sample test of Kolmogorov and Smirnov, and alarms when the distributions differ, in whatever way. A test
    at each value makes many: it alarms often where nothing changes unless `alpha` is small. It never warns.

    The draws are those of Python's `random.Random(seed).sample`, so that it alarms where River's does with the same seed. They
    begin again after each alarm that stands for one update.

    Args:
        alpha: The p-value at which it alarms, from 0 to 1; the distributions must differ by more than 0.1 somewhere too.
        window_size: The values that are looked at.
        stat_size: The newest of them, and those drawn from the others; at most half of the window, and at most 10000.
        seed: The seed of the draws, an int from 0 to 2**53 - 1. None is 0: it is deterministic, unlike River.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import KSWIN
        >>> detector = KSWIN(alpha=0.0001, seed=42)
        >>> detector.update_many([number % 10 for number in range(1_000)] + [5 + number % 10 for number in range(1_000)])
        array([1025])
    """

    KIND = "KSWIN"

    def __init__(
        self,
        alpha: float = 0.005,
        window_size: int = 100,
        stat_size: int = 30,
        seed: int | None = None,
        *,
        reset: str = "auto",
    ) -> None:
        window = count("window_size", window_size, 2)
        parameters = {
            "alpha": alpha,
            "window_size": window_size,
            "stat_size": stat_size,
            "seed": seed,
        }
        numbers = [
            real("alpha", alpha, 0, 1),
            window,
            count("stat_size", stat_size, 1, min(int(window) // 2, MOST_EXACT)),
            0.0 if seed is None else count("seed", seed, 0, 2**53 - 1),
        ]
        self._begin(parameters, numbers, reset)

    @property
    def p_value(self) -> float | None:
        """The p-value of the last test; None before the first.

        Example:
            >>> from truthlag.detectors import KSWIN
            >>> detector = KSWIN()
            >>> detector.update_many([1.0] * 100)
            array([], dtype=int64)
            >>> detector.p_value
            1.0
        """
        return self.statistics["p_value"]
