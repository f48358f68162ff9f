"""Ctrl-C between rows, never inside one: what was printed before it stays whole."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupts:
    """While entered, an interrupt raises `KeyboardInterrupt` at once, or at the end of a `held` block.

    Python may otherwise raise it between the bytes of a line and lose some of them. A second interrupt does not wait,
    so that a reader who no longer reads cannot keep the program. Without effect outside the main thread, or where
    interrupts are ignored.
    """

    def __init__(self) -> None:
        self._installed = False
        self._holding = False
        self._pending = False

    def __enter__(self) -> Self:
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._take)
            self._installed = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold an interrupt back until the block has ended."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._holding and not self._pending:
            self._pending = True
            return
        raise KeyboardInterrupt
