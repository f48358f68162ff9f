"""Incidents for programs: JSON lines and CSV."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthlag import Incident

INCIDENT_COLUMNS = (
    "id",
    "kind",
    "model",
    "metrics",
    "state",
    "severity",
    "peak_severity",
    "first_bad",
    "start",
    "end",
    "ended_by",
    "reopened",
    "notified",
    "peak_at",
    "peak_metric",
    "peak_value",
    "peak_baseline",
    "peak_loss",
    "peak_p_value",
    "peak_sentence",
)


def write_incidents_as_json(file: TextIO, incidents: Iterable[Incident]) -> None:
    """One JSON object a line, with all that is kept of the incident."""
    file.writelines(json.dumps(incident.to_dict()) + "\n" for incident in incidents)
    file.flush()


def write_incidents_as_csv(file: TextIO, incidents: Iterable[Incident]) -> None:
    """A heading and one line an incident; metrics are separated by semicolons, what is not known is an empty field."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(INCIDENT_COLUMNS)
    for incident in incidents:
        content = incident.to_dict()
        peak = content["peak"] or {}
        row = {
            **content,
            "metrics": ";".join(metric.name for metric in incident.metrics),
            **{name: peak.get(name.removeprefix("peak_")) for name in INCIDENT_COLUMNS if name in _OF_PEAK},
        }
        writer.writerow([row[name] for name in INCIDENT_COLUMNS])
    file.flush()


_OF_PEAK = frozenset(name for name in INCIDENT_COLUMNS if name.startswith("peak_") and name != "peak_severity")
