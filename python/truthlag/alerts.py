"""From verdicts to alerts that a team can wake a person with: what opens an incident, what closes it, who is told.

`AlertPolicy` takes what detectors say of models, look by look, and decides when that is an `Incident`; sinks carry its
notifications. `LabelFeed` tells whether labels still come.
"""

from truthlag.verdict.alerts import (
    AlertPolicy,
    CallableSink,
    DryRun,
    Evidence,
    Incident,
    IncidentMetric,
    JsonLinesSink,
    LabelCount,
    LabelFeed,
    LabelFeedReport,
    LoggingSink,
    Mute,
    Notification,
    Observation,
    Sink,
    SlackSink,
    Threshold,
    WebhookSink,
)

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
