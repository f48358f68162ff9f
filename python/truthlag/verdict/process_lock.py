"""A lock of this process and thread."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any


class ProcessLock:
    """A lock that its own thread may take again, and that nobody holds in a child of a fork, in a copy, or out of a pickle.

    Example:
        >>> from truthlag.verdict.process_lock import ProcessLock
        >>> lock = ProcessLock()
        >>> with lock, lock:
        ...     print("twice")
        twice
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process = os.getpid()

    def __enter__(self) -> None:
        # One that another thread held when this process was forked is nobody's to release.
        if self._process != os.getpid():
            self._lock, self._process = threading.RLock(), os.getpid()
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[Any, ...]:
        return ProcessLock, ()
