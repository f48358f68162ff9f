"""Several tests at once."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values adjusted so that the chance of any false alarm among them stays at the level that they are held against.

    The k-th smallest of m is multiplied by m - k + 1, and is never below a smaller one's: Holm (1979). It holds however the
    tests depend on each other.

    Args:
        p_values: P-values by name.

    Returns:
        The adjusted p-values by name, in the order of `p_values`.

    Example:
        >>> from truthlag.verdict.two_sample import holm
        >>> holm({"accuracy": 0.03, "recall": 0.01, "precision": 0.5})
        {'accuracy': 0.06, 'recall': 0.03, 'precision': 0.5}
    """
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}
