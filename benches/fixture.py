"""The `benchmark` fixture as the suites use it; pytest-benchmark leaves its own methods without types."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol


class BenchmarkFixture(Protocol):
    """Times a function and returns what it returned; with --benchmark-disable it only calls it."""

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Time as many calls as give a steady figure."""

    def pedantic(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        setup: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]] | None = None,
        rounds: int = 1,
    ) -> Any:
        """Time exactly `rounds` calls."""
