"""Where notifications go."""

from truthlag.verdict.alerts.sinks.call import CallableSink
from truthlag.verdict.alerts.sinks.json_lines import JsonLinesSink
from truthlag.verdict.alerts.sinks.log import LoggingSink
from truthlag.verdict.alerts.sinks.sink import Sink
from truthlag.verdict.alerts.sinks.slack import SlackSink
from truthlag.verdict.alerts.sinks.webhook import WebhookSink

__all__ = ["CallableSink", "JsonLinesSink", "LoggingSink", "Sink", "SlackSink", "WebhookSink"]
