"""Notifications to `logging`."""

import logging

from truthlag.call.described import described
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.sinks.sink import Sink

_LEVELS = {"warning": logging.WARNING, "critical": logging.CRITICAL}


class LoggingSink(Sink):
    """Logs each notification as one line: `WARNING` and `CRITICAL` by severity, `INFO` for what is over.

    The record carries the notification as its attribute `notification`.

    Args:
        logger: A logger, or the name of one.

    Raises:
        TypeError: It is neither.

    Example:
        >>> import logging
        >>> from truthlag.alerts import LoggingSink
        >>> LoggingSink(logging.getLogger("models"))
        LoggingSink('models')
    """

    def __init__(self, logger: logging.Logger | str = "truthlag.alerts") -> None:
        if isinstance(logger, str):
            logger = logging.getLogger(logger)
        if not isinstance(logger, logging.Logger | logging.LoggerAdapter):
            raise TypeError(f"logger must be a logging.Logger or the name of one, got {described(logger)}")
        self._logger = logger

    def deliver(self, notification: Notification) -> None:
        """Log it.

        Example:
            >>> import logging
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import LoggingSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> logger = logging.getLogger("models")
            >>> logger.addFilter(lambda record: print(record.levelname, record.notification.kind))
            >>> LoggingSink(logger).deliver(notification)
            CRITICAL opened
        """
        is_over = notification.incident.end is not None
        level = logging.INFO if is_over else _LEVELS[notification.severity]
        self._logger.log(level, "%s", notification.text, extra={"notification": notification})

    def __repr__(self) -> str:
        return f"LoggingSink({self._logger.name!r})"
