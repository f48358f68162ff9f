"""How long to wait before the next attempt."""

from collections.abc import Callable


def delay(attempt: int, first: float, longest: float, random: Callable[[], float], asked: float | None = None) -> float:
    """Seconds to wait after an attempt that failed: exponential, half of it by chance, so that many do not come back at once.

    Args:
        attempt: The number of the attempt that failed, from 1.
        first: The delay after the first.
        longest: The longest of them.
        random: Gives numbers from 0 to 1.
        asked: What the server asked for (`Retry-After`), which is kept to up to `longest`.

    >>> [delay(attempt, 1.0, 60.0, lambda: 1.0) for attempt in (1, 2, 3, 10)]
    [1.0, 2.0, 4.0, 60.0]
    >>> delay(1, 1.0, 60.0, lambda: 0.0, asked=30.0)
    30.0
    """
    # Beyond 2**63 it is the longest anyway, and a float would overflow.
    usual = min(longest, first * 2.0 ** min(attempt - 1, 63))
    wait = usual * (0.5 + 0.5 * random())
    return wait if asked is None else min(max(wait, asked), longest)
