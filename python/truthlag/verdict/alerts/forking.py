"""Locks that survive a fork: taken before it, so that what they guard is whole in the child."""

import os
import threading
from contextlib import AbstractContextManager
from typing import Protocol
from weakref import WeakSet


class Guarded(Protocol):
    """Has locks that no other thread may hold while the process forks, and that are never held while another is waited for."""

    def _before_fork(self) -> None:
        """Take the locks."""

    def _after_fork_in_parent(self) -> None:
        """Release them."""

    def _after_fork_in_child(self) -> None:
        """Make them anew; no other thread is here."""


_registry = threading.RLock()
_guarded: WeakSet[Guarded] = WeakSet()
_held: list[Guarded] = []


def guard(one: Guarded) -> None:
    """Let it be asked at every fork from now on."""
    with _registry:
        _guarded.add(one)


class ForkSafeLock:
    """A lock that the thread which holds it may take again, and that is free in the child of a fork."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        guard(self)

    def hold(self) -> AbstractContextManager[bool]:
        """The lock, for a `with`."""
        # Not this object: who forks within the `with` leaves in the child what was entered, and not the lock made anew.
        return self._lock

    def _before_fork(self) -> None:
        self._lock.acquire()

    def _after_fork_in_parent(self) -> None:
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock = threading.RLock()


def _before() -> None:
    _registry.acquire()
    _held[:] = list(_guarded)
    for one in _held:
        one._before_fork()


def _after_in_parent() -> None:
    for one in _held:
        one._after_fork_in_parent()
    _held.clear()
    _registry.release()


def _after_in_child() -> None:
    for one in _held:
        one._after_fork_in_child()
    _held.clear()
    _registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
