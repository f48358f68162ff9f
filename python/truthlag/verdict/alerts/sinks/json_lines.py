"""Notifications to a file, one JSON object a line."""

import json
import os
from pathlib import Path

from truthlag.call.described import described
from truthlag.keep.whole_file import file_path
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.parameters import count
from truthlag.verdict.alerts.sinks.sink import Sink


class JsonLinesSink(Sink):
    """Appends each notification to a file as one line of JSON.

    The file is opened for each line and written to at once, so that it may be moved away at any time, by `logrotate` say,
    and that several processes may share it. It is not synced: a crash of the machine may cost the last lines.

    Args:
        path: The file; made when the first line is written.
        max_bytes: A file that would grow beyond this is renamed first, with `.1` added to its name, in place of an older one
            of that name; None for no limit. For one process.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: `max_bytes` is below 1.

    Example:
        >>> import json
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> from truthlag.alerts import JsonLinesSink
        >>> policy = AlertPolicy(open_looks=1, sinks=[JsonLinesSink("alerts.jsonl")])
        >>> _ = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
        >>> with open("alerts.jsonl") as file:
        ...     [json.loads(line)["kind"] for line in file]
        ['opened']
    """

    def __init__(self, path: str | bytes | os.PathLike[str], max_bytes: int | None = None) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            raise TypeError(f"path must be a str, bytes or os.PathLike, got {described(path)}")
        # Absolute, since a process may go elsewhere.
        self._path = file_path(path).absolute()
        self._max_bytes = None if max_bytes is None else count("max_bytes", max_bytes, 1, 2**62)
        self._is_torn = False

    @property
    def path(self) -> Path:
        """The file.

        Example:
            >>> from truthlag.alerts import JsonLinesSink
            >>> JsonLinesSink("alerts.jsonl").path.name
            'alerts.jsonl'
        """
        return self._path

    def deliver(self, notification: Notification) -> None:
        """Append it.

        Raises:
            OSError: The file cannot be written.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import JsonLinesSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> JsonLinesSink("more.jsonl").deliver(notification)
        """
        line = json.dumps(notification.to_dict(), separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._rotate(len(line))
            if self._is_torn:
                line = b"\n" + line
            # Torn until all of it is there: a disk that is full takes a part.
            self._is_torn = True
            with self._path.open("ab", buffering=0) as file:
                written = file.write(line)
            if written != len(line):
                raise OSError(f"only {written} of {len(line)} bytes were written")
            self._is_torn = False

    def _rotate(self, more: int) -> None:
        if self._max_bytes is None:
            return
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        if size and size + more > self._max_bytes:
            self._path.replace(self._path.with_name(self._path.name + ".1"))

    def __repr__(self) -> str:
        return f"JsonLinesSink({str(self._path)!r})"
