"""Notifications to a channel, in Slack's form."""

from typing import Any

from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.moment import lasted, short
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.sinks.webhook import WebhookSink

# Slack's limits, beyond which it refuses a message whole.
_HEADER, _SECTION, _FIELD, _FIELDS = 150, 3_000, 2_000, 10
_MARKS = {"warning": ":warning:", "critical": ":rotating_light:"}


class SlackSink(WebhookSink):
    """Posts each notification to an incoming webhook of Slack, or of what takes the same form (Mattermost, Rocket.Chat).

    See `WebhookSink`, whose arguments it has: the address that Slack gives is the `url`, and is a secret.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> from truthlag.alerts import SlackSink
        >>> sink = SlackSink("https://hooks.slack.com/services/T0/B0/4f5a6b")
        >>> sink
        SlackSink('https://hooks.slack.com/...')
        >>> policy = AlertPolicy(open_looks=1)
        >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
        >>> sink.body(notification)["text"]
        ':rotating_light: critical opened: fraud: recall worse since 2026-03-01 00:00'
    """

    def body(self, notification: Notification) -> dict[str, Any]:
        """The message: a text for the notification of a telephone, and blocks for the channel.

        Args:
            notification: What to post.

        Returns:
            A dict with `text` and `blocks`.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> from truthlag.alerts import SlackSink
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> body = SlackSink("https://hooks.slack.com/services/T0/B0/4f5a6b").body(notification)
            >>> [block["type"] for block in body["blocks"]]
            ['header', 'section', 'section', 'context']
        """
        incident = notification.incident
        is_over = incident.end is not None
        mark = ":white_check_mark:" if is_over else _MARKS[notification.severity]
        header = f"{mark} {notification.kind}: {incident.model}"
        fields = [_field(name, text) for name, text in _facts(incident)][:_FIELDS]
        context = f"incident {incident.id}, notification {notification.number}"
        return {
            "text": _escaped(f"{mark} {notification.text}", _SECTION),
            "blocks": [
                # A header is plain text: nothing in it is markup but the mark.
                {"type": "header", "text": {"type": "plain_text", "text": header[:_HEADER], "emoji": True}},
                {"type": "section", "text": _markup(notification.text, _SECTION)},
                {"type": "section", "fields": fields},
                {"type": "context", "elements": [_markup(context, _FIELD)]},
            ],
        }


def _facts(incident: Incident) -> list[tuple[str, str]]:
    facts = [
        ("Severity", incident.peak_severity),
        ("Bad since", short(incident.first_bad)),
        ("Opened", short(incident.start)),
    ]
    if incident.end is not None:
        facts.append(("Over", f"{short(incident.end)}, after {lasted(incident.end - incident.start)}"))
    for metric in incident.metrics:
        value = metric.severity if metric.value is None else f"{metric.value:.4g}"
        facts.append((metric.name, value if metric.baseline is None else f"{value} (baseline {metric.baseline:.4g})"))
    return facts


def _field(name: str, text: str) -> dict[str, str]:
    # The markup around the name is ours; what is inside of it is not.
    return {"type": "mrkdwn", "text": f"*{_escaped(name, 500)}*\n{_escaped(text, 1_000)}"}


def _markup(text: str, most: int) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _escaped(text, most)}


def _escaped(text: str, most: int) -> str:
    """The text with Slack's three control characters escaped, cut to what Slack takes without cutting an escape."""
    found = ""
    for character in text:
        more = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        if len(found) + len(more) > most:
            break
        found += more
    return found
