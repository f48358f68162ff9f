"""From verdicts to alerts that a team can wake a person with: what opens an incident, what closes it, who is told.

`AlertPolicy` takes what detectors say of models, look by look, and decides when that is an `Incident`; sinks carry its
notifications. `LabelFeed` tells whether labels still come.
"""

from truthlag.verdict.alerts.dry_run import DryRun
from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.incident import Incident, IncidentMetric
from truthlag.verdict.alerts.label_feed import LabelFeed, LabelFeedReport
from truthlag.verdict.alerts.mute import Mute
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.observation import LabelCount, Observation
from truthlag.verdict.alerts.policy import AlertPolicy
from truthlag.verdict.alerts.sinks import CallableSink, JsonLinesSink, LoggingSink, Sink, SlackSink, WebhookSink
from truthlag.verdict.alerts.threshold import Threshold

__all__ = [
    "AlertPolicy",
    "CallableSink",
    "DryRun",
    "Evidence",
    "Incident",
    "IncidentMetric",
    "JsonLinesSink",
    "LabelCount",
    "LabelFeed",
    "LabelFeedReport",
    "LoggingSink",
    "Mute",
    "Notification",
    "Observation",
    "Sink",
    "SlackSink",
    "Threshold",
    "WebhookSink",
]
