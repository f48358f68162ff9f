"""What all sinks do."""

import threading
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any, Self

from truthlag.verdict.alerts.forking import guard
from truthlag.verdict.alerts.notification import Notification


class Sink(ABC):
    """Takes notifications. A subclass says in `deliver` how; what that raises is counted, and reaches nobody.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> from truthlag.alerts import Sink
        >>> class Pager(Sink):
        ...     def deliver(self, notification):
        ...         raise ConnectionError("the pager is out of range")
        >>> pager = Pager()
        >>> policy = AlertPolicy(open_looks=1, sinks=[pager])
        >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
        >>> pager.counters(), pager.last_error
        ({'sent': 0, 'failed': 1}, 'ConnectionError')
    """

    _lock: threading.Lock
    _counted: Counter[str]
    _last_error: str | None

    def __new__(cls, *_given: Any, **_more: Any) -> Self:
        """A sink that has counted nothing yet."""
        # Not in `__init__`, which a subclass may forget to call, and would then raise where it must not.
        self = super().__new__(cls)
        self._lock = threading.Lock()
        self._counted = Counter()
        self._last_error = None
        guard(self)
        return self

    @abstractmethod
    def deliver(self, notification: Notification) -> None:
        """Deliver a notification; called by `send`.

        Args:
            notification: What to deliver.

        Raises:
            Exception: It could not be.

        Example:
            >>> from truthlag.alerts import Sink
            >>> Sink.deliver.__isabstractmethod__
            True
        """

    def send(self, notification: Notification) -> None:
        """Take a notification. Never raises, whatever becomes of it: see `counters`.

        Args:
            notification: What to deliver.

        Cost: that of `deliver`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import CallableSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> CallableSink(lambda notification: print(notification.kind)).send(notification)
            opened
        """
        try:
            self.deliver(notification)
        except Exception as error:  # noqa: BLE001 - a sink is anybody's code, and an alert must not end the caller
            self._note("failed", type(error).__name__)
        else:
            self._note("sent")

    def counters(self) -> dict[str, int]:
        """How many notifications were sent, and how many failed.

        Example:
            >>> from truthlag.alerts import LoggingSink
            >>> LoggingSink().counters()
            {'sent': 0, 'failed': 0}
        """
        with self._lock:
            return {name: self._counted[name] for name in ("sent", "failed")}

    @property
    def last_error(self) -> str | None:
        """What failed last: the name of the error or the status of the answer, never an address; None where nothing did.

        Example:
            >>> from truthlag.alerts import LoggingSink
            >>> LoggingSink().last_error is None
            True
        """
        return self._last_error

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Finish what is on its way. A sink that delivers at once has nothing to finish.

        Example:
            >>> from truthlag.alerts import LoggingSink
            >>> LoggingSink().close()
        """

    def _note(self, what: str, error: str | None = None) -> None:
        with self._lock:
            self._counted[what] += 1
            if error is not None:
                self._last_error = error

    def _before_fork(self) -> None:
        self._lock.acquire()

    def _after_fork_in_parent(self) -> None:
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock = threading.Lock()
