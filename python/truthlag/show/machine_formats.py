"""Rows of the replay for programs: JSON lines and CSV, in full precision."""

from __future__ import annotations

import csv
import json
from typing import TextIO

from truthlag.show.period import METRICS, Period

CSV_COLUMNS = (
    "period_start",
    "period_end",
    "window_start",
    "window_end",
    "new_predictions",
    "new_labels",
    "predictions",
    "labels",
    "coverage",
    *METRICS,
    "verdict",
)


class JsonWriter:
    """One JSON object a line (JSON Lines), so that a reader can follow and an interrupted run is still readable."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def begin(self) -> None:
        """JSON lines have no heading."""

    def row(self, period: Period) -> None:
        """Write one row."""
        self._file.write(json.dumps(period.to_dict()) + "\n")
        self._file.flush()


class CsvWriter:
    """A heading and one line a row; an undefined metric is an empty field."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")

    def begin(self) -> None:
        """Write the heading."""
        self._writer.writerow(CSV_COLUMNS)
        self._file.flush()

    def row(self, period: Period) -> None:
        """Write one row."""
        content = period.to_dict()
        self._writer.writerow([content[name] for name in CSV_COLUMNS])
        self._file.flush()
