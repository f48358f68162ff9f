"""A bounded queue and the thread that empties it, attempt by attempt."""

import atexit
import os
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from truthlag.verdict.alerts.forking import guard
from truthlag.verdict.alerts.sinks.backoff import delay

_T = TypeVar("_T")
COUNTED = ("sent", "failed", "retried", "dropped", "abandoned")


class DeliveryError(Exception):
    """What was not delivered; `reason` holds no secrets, and `is_final` says whether another attempt is of no use."""

    def __init__(self, reason: str, *, is_final: bool = False, asked: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.asked = asked
        """Seconds after which the server wants to be asked again."""


class Delivery(Generic[_T]):
    """Transmits items in order, without ever blocking the one who puts them.

    The thread lives while there is something to transmit, as a daemon. A queue that is full loses its oldest item: the newest
    say how things are now. A forked child has an empty queue and no thread: what was queued is the parent's to transmit.
    """

    def __init__(
        self,
        transmit: Callable[[_T], None],
        *,
        queue_limit: int,
        attempts: int,
        first_delay: float,
        longest_delay: float,
        close_timeout: float,
    ) -> None:
        self._transmit = transmit
        self._queue_limit = queue_limit
        self._attempts = attempts
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._close_timeout = close_timeout
        self._random = random.Random()  # noqa: S311 - spreads attempts, guards nothing
        self._start_anew()
        self._closed_at: float | None = None
        guard(self)
        _open.add(self)

    def _start_anew(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[_T] = deque()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._counted: Counter[str] = Counter()
        self.last_error: str | None = None

    def put(self, item: _T) -> None:
        """Have an item transmitted."""
        with self._changed:
            if self._closed_at is not None:
                self._counted["dropped"] += 1
                return
            if len(self._queue) >= self._queue_limit:
                self._queue.popleft()
                self._counted["dropped"] += 1
            self._queue.append(item)
            if self._thread is None:
                self._start_thread()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="truthlag-alerts", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError as error:
            # None to be had, or the interpreter is ending; the next item tries again.
            self._thread = None
            self.last_error = type(error).__name__

    def counters(self) -> dict[str, int]:
        """What became of the items, and how many are on their way."""
        with self._changed:
            return {name: self._counted[name] for name in COUNTED} | {"waiting": len(self._queue) + self._is_busy}

    def flush(self, timeout: float) -> bool:
        """Wait until all is transmitted or given up; False when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._is_busy, timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Take no more, give what is queued one attempt each, and end the thread; False when that takes longer.

        What is left after the timeout counts as abandoned.
        """
        self.begin_to_close(timeout)
        with self._changed:
            thread, left = self._thread, (self._closed_at or 0.0) - time.monotonic()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(left, 0.0))
        with self._changed:
            self._counted["abandoned"] += len(self._queue)
            self._queue.clear()
            return not self._is_busy

    def begin_to_close(self, timeout: float | None = None) -> None:
        """Take no more; do not wait until that is done."""
        with self._changed:
            if self._closed_at is None:
                self._closed_at = time.monotonic() + (self._close_timeout if timeout is None else timeout)
            self._changed.notify_all()

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                is_late = self._closed_at is not None and time.monotonic() >= self._closed_at
                if not self._queue or is_late:
                    self._thread = None
                    return
                item = self._queue.popleft()
                self._is_busy = True
            what, reason = self._deliver(item)
            with self._changed:
                self._is_busy = False
                self._counted[what] += 1
                self.last_error = reason or self.last_error
                self._changed.notify_all()

    def _deliver(self, item: _T) -> tuple[str, str | None]:
        """Attempt until it succeeds or is given up; what became of it, and why."""
        for attempt in range(1, self._attempts + 1):
            try:
                self._transmit(item)
            except DeliveryError as error:
                if error.is_final or attempt == self._attempts:
                    return "failed", error.reason
                wait = delay(attempt, self._first_delay, self._longest_delay, self._random.random, error.asked)
                with self._changed:
                    self.last_error = error.reason
                if not self._wait(wait):
                    return "abandoned", error.reason
                with self._changed:
                    self._counted["retried"] += 1
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one item does
                return "failed", type(error).__name__
            else:
                return "sent", None
        return "failed", None

    def _wait(self, seconds: float) -> bool:
        """Wait; False when the delivery is closed meanwhile."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closed_at is not None, seconds)

    # -- fork ----------------------------------------------------------------------------------------------------------

    def _before_fork(self) -> None:
        """Take the lock."""
        self._changed.acquire()

    def _after_fork_in_parent(self) -> None:
        """Release it."""
        self._changed.release()

    def _after_fork_in_child(self) -> None:
        """Begin anew: the queue and what is on its way belong to the parent."""
        self._start_anew()
        self._random.seed(os.urandom(16))


_open: WeakSet[Delivery[Any]] = WeakSet()


def _close_all() -> None:
    """At exit: each gives up after its own timeout; all of them wait at the same time."""
    deliveries = list(_open)
    for one in deliveries:
        one.begin_to_close()
    for one in deliveries:
        one.close()


atexit.register(_close_all)
