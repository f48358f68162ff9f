"""Notifications to an address, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.parameters import count, seconds
from truthlag.verdict.alerts.sinks.delivery import Delivery
from truthlag.verdict.alerts.sinks.http import checked_url, post, shown_url, urllib3_or_error
from truthlag.verdict.alerts.sinks.sink import Sink


class WebhookSink(Sink):
    """Posts each notification as JSON (`Notification.to_dict()`), from a thread of its own: the caller never waits.

    An attempt that gets no answer, or one that says to come again (408, 425, 429, 500, 502, 503, 504), is repeated after
    1, 2, 4, ... seconds, up to half of it less by chance, or as long as the server asks for (`Retry-After`); any other
    answer but 2xx is final. Notifications go out in order, one at a time. While more than `queue_limit` wait, the oldest
    are dropped: the newest say how things are now. A receiver knows a repeated one by its `key`, which is also the header
    `Idempotency-Key`.

    The address and the headers are secrets: they are shown nowhere. Certificates are verified, redirects not followed. The
    thread begins when there is something to send, and ends when there is not. At the end of the program, what waits gets
    one attempt each, within `close_timeout`. A forked child has an empty queue of its own: what waited is the parent's to
    send. Needs `urllib3`: `pip install 'truthlag[alerts]'`.

    Args:
        url: Where to; https, but for receivers inside of a house.
        headers: Headers to send, such as `{"Authorization": "Bearer ..."}`.
        attempts: How often to try each notification.
        first_delay: Seconds after the first attempt, doubled after each further one.
        longest_delay: The most seconds between two attempts.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for an answer.
        queue_limit: How many notifications may wait.
        close_timeout: Seconds that the end of the program, or `close`, waits for.
        ca_certificates: A file of certificate authorities; None for those of the system.

    Raises:
        ImportError: urllib3 is not installed.
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from truthlag.alerts import WebhookSink
        >>> sink = WebhookSink("https://hooks.example.org/t/0b1c2d3e", headers={"Authorization": "Bearer 4f5a6b"})
        >>> sink
        WebhookSink('https://hooks.example.org/...')
        >>> sink.counters()
        {'sent': 0, 'failed': 0, 'retried': 0, 'dropped': 0, 'abandoned': 0, 'waiting': 0}
        >>> sink.close()
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        attempts: int = 6,
        first_delay: float = 1.0,
        longest_delay: float = 60.0,
        connect_timeout: float = 5.0,
        read_timeout: float = 10.0,
        queue_limit: int = 1_000,
        close_timeout: float = 5.0,
        ca_certificates: str | None = None,
    ) -> None:
        urllib3_or_error()
        self._url = checked_url("url", url)
        self._headers = _headers(headers)
        self._connect_timeout = seconds("connect_timeout", connect_timeout, above=True)
        self._read_timeout = seconds("read_timeout", read_timeout, above=True)
        if ca_certificates is not None and not isinstance(ca_certificates, str):
            raise TypeError(f"ca_certificates must be the path of a file, or None, got {described(ca_certificates)}")
        self._ca_certificates = ca_certificates
        self._delivery: Delivery[tuple[str, bytes]] = Delivery(
            self._post,
            queue_limit=count("queue_limit", queue_limit, 1),
            attempts=count("attempts", attempts, 1, 100),
            first_delay=seconds("first_delay", first_delay),
            longest_delay=seconds("longest_delay", longest_delay),
            close_timeout=seconds("close_timeout", close_timeout),
        )

    def body(self, notification: Notification) -> dict[str, Any]:
        """What is posted of a notification.

        Args:
            notification: What to post.

        Returns:
            A dict that becomes JSON.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import WebhookSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> body = WebhookSink("https://hooks.example.org/t/0b1c2d3e").body(notification)
            >>> body["text"], body["incident"]["state"]
            ('critical opened: fraud: recall worse since 2026-03-01 00:00', 'open')
        """
        return notification.to_dict()

    def deliver(self, notification: Notification) -> None:
        """Have it posted; what becomes of it is in `counters`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import WebhookSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> sink = WebhookSink("https://hooks.example.org/t/0b1c2d3e")
            >>> sink.close()
            >>> sink.deliver(notification)
            >>> sink.counters()["dropped"]
            1
        """
        self._delivery.put((notification.key, json.dumps(self.body(notification)).encode()))

    def send(self, notification: Notification) -> None:
        """Take a notification. Never raises and never waits: see `counters`.

        Example:
            >>> from truthlag.alerts import WebhookSink
            >>> sink = WebhookSink("https://hooks.example.org/t/0b1c2d3e")
            >>> sink.send("no notification")
            >>> sink.counters()["failed"], sink.last_error
            (1, 'AttributeError')
        """
        try:
            self.deliver(notification)
        except Exception as error:  # noqa: BLE001 - an alert must not end the caller
            self._note("failed", type(error).__name__)

    def counters(self) -> dict[str, int]:
        """How many notifications were sent, failed for good, were dropped from a full queue or after `close`, were abandoned
        at the end, and wait; and how many attempts were repeated.

        Example:
            >>> from truthlag.alerts import WebhookSink
            >>> WebhookSink("https://hooks.example.org/t/0b1c2d3e").counters()["waiting"]
            0
        """  # noqa: D205 - one sentence
        counted = self._delivery.counters()
        counted["failed"] += super().counters()["failed"]
        return counted

    @property
    def last_error(self) -> str | None:
        """What failed last: the name of the error or the status of the answer, never the address; None where nothing did.

        Example:
            >>> from truthlag.alerts import WebhookSink
            >>> WebhookSink("https://hooks.example.org/t/0b1c2d3e").last_error is None
            True
        """
        return self._delivery.last_error if self._last_error is None else self._last_error

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until nothing waits to be sent.

        Args:
            timeout: The most seconds to wait.

        Returns:
            Whether it is so.

        Example:
            >>> from truthlag.alerts import WebhookSink
            >>> WebhookSink("https://hooks.example.org/t/0b1c2d3e").flush()
            True
        """
        return self._delivery.flush(seconds("timeout", timeout))

    def close(self) -> None:
        """Take no more, give what waits one attempt each, and end the thread, within `close_timeout`.

        Example:
            >>> from truthlag.alerts import WebhookSink
            >>> WebhookSink("https://hooks.example.org/t/0b1c2d3e").close()
        """
        self._delivery.close()

    def _post(self, item: tuple[str, bytes]) -> None:
        key, body = item
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "User-Agent": "truthlag",
            **self._headers,
        }
        post(
            self._url,
            body,
            headers,
            connect_timeout=self._connect_timeout,
            read_timeout=self._read_timeout,
            ca_certificates=self._ca_certificates,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown_url(self._url)!r})"


def _headers(given: Any) -> dict[str, str]:
    """The headers; the error shows no value, which may be a secret."""
    allowed = "headers must be a mapping of str to str without line ends, or None"
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{allowed}, got an object of type {type(given).__name__}")
    for name, value in given.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"{allowed}, got {type(name).__name__} to {type(value).__name__}")
        if not name or not name.isascii() or not name.isprintable() or ":" in name or not value.isprintable():
            raise ValueError(f"{allowed}, got one that cannot be sent")
        if not _is_latin(value):
            raise ValueError(f"{allowed}, got a value of {name!r} with characters beyond Latin-1")
    return dict(given)


def _is_latin(value: str) -> bool:
    return all(ord(character) < 256 for character in value)
