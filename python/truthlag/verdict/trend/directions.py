"""The direction of a metric, given or known."""

from __future__ import annotations

from truthlag.call.described import described
from truthlag.verdict.directions import HIGHER_IS_BETTER

__all__ = ["higher_is_better_of"]


def higher_is_better_of(metric_name: object, given: object) -> bool:
    """The direction given, or else that of a metric of the library.

    Raises:
        TypeError: What is given is neither a bool nor None.
        ValueError: Nothing is given and the metric is none of the library's, or has no direction, as a prevalence has none.

    Example:
        >>> higher_is_better_of("log_loss", None), higher_is_better_of("latency", False)
        (False, False)
    """
    if isinstance(given, bool):
        return given
    if given is not None:
        raise TypeError(f"higher_is_better must be True, False or None, got {described(given)}")
    if isinstance(metric_name, str) and metric_name in HIGHER_IS_BETTER:
        return HIGHER_IS_BETTER[metric_name]
    raise ValueError(
        f"higher_is_better must be True or False for {metric_name!s:.80}, whose direction is not known, got None"
    )
