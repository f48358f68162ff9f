"""All sinks of a policy as one."""

from collections.abc import Callable, Iterable
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.forking import ForkSafeLock
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.sinks.call import CallableSink
from truthlag.verdict.alerts.sinks.sink import Sink

AnySink = Sink | Callable[[Notification], object]


class Outlet:
    """Gives each notification to each sink; what one of them raises is counted, and keeps it from no other.

    Args:
        given: Sinks, or functions that take a `Notification`.

    Raises:
        TypeError: It is no sequence of these.
    """

    def __init__(self, given: Any) -> None:
        self.sinks = _checked(given)
        self._errors = 0
        self._lock = ForkSafeLock()

    @property
    def errors(self) -> int:
        """How often a sink raised, which none should."""
        return self._errors

    def send(self, told: Iterable[Notification]) -> tuple[Notification, ...]:
        """Send what is told, and give it back. No lock is held: a sink may ask the policy, or take its time."""
        sent = tuple(told)
        for notification in sent:
            for sink in self.sinks:
                try:
                    sink.send(notification)
                except Exception:  # noqa: BLE001 - `send` does not raise, but a subclass may have one of its own
                    self._count_error()
        return sent

    def close(self) -> None:
        """Close the sinks."""
        for sink in self.sinks:
            try:
                sink.close()
            except Exception:  # noqa: BLE001 - the others are to be closed all the same
                self._count_error()

    def _count_error(self) -> None:
        with self._lock.hold():
            self._errors += 1


def _checked(given: Any) -> tuple[Sink, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"sinks must be a sequence of sinks or functions, got {described(given)}")
    found = []
    for place, one in enumerate(given):
        if not isinstance(one, Sink) and not callable(one):
            raise TypeError(f"sinks[{place}] must be a Sink or a function, got {described(one)}")
        found.append(one if isinstance(one, Sink) else CallableSink(one))
    return tuple(found)
