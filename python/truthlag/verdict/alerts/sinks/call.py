"""Notifications to a function."""

from collections.abc import Callable

from truthlag.call.described import described
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.sinks.sink import Sink


class CallableSink(Sink):
    """Calls a function with each notification, in the thread that observed.

    Args:
        function: Takes a `Notification`; what it returns is not looked at, what it raises is counted.

    Raises:
        TypeError: The function cannot be called.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> told = []
        >>> policy = AlertPolicy(open_looks=1, sinks=[told.append])
        >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
        >>> [notification.kind for notification in told]
        ['opened']
    """

    def __init__(self, function: Callable[[Notification], object]) -> None:
        if not callable(function):
            raise TypeError(f"function must be callable, got {described(function)}")
        self._function = function

    def deliver(self, notification: Notification) -> None:
        """Call the function.

        Example:
            >>> from truthlag.alerts import CallableSink
            >>> CallableSink(print).deliver("anything")
            anything
        """
        self._function(notification)

    def __repr__(self) -> str:
        return f"CallableSink({getattr(self._function, '__name__', type(self._function).__name__)})"
