"""The lines below the table of a replay: what its rows are about, the baseline, the verdicts, what did not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.show.duration import format_duration
from truthlag.show.judge import SEVERITIES, TOO_FEW
from truthlag.show.table import WORDS
from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthlag.show.outcome import Outcome
    from truthlag.show.replay import Replay, ReplaySettings

_NOTES = {
    "orphan_labels": "labels without a prediction",
    "replaced_predictions": "predictions replaced by a later one of the same id",
    "corrected_labels": "labels corrected",
    "duplicate_events": "events repeated",
    "stale_events": "events overtaken by a later one of the same id",
}


def summary(settings: ReplaySettings, replay: Replay, outcome: Outcome, undated_labels: int) -> Iterator[str]:
    """The lines, without line ends."""
    age = f", once {format_duration(settings.min_age)} old" if settings.min_age else ""
    yield f"replayed {replay.predictions:,} predictions and {replay.labels:,} labels"
    yield f"each row: predictions of {format_duration(settings.window)}{age}; labels known at the end of the period"
    baseline = replay.judge.baseline
    if baseline is None:
        yield "baseline: none; too few labels were known, or the log is shorter than --baseline and --min-age"
    else:
        yield f"baseline ({_source(replay)}): " + ", ".join(f"{name} {value:.3f}" for name, value in baseline.items())
    order = (*SEVERITIES, TOO_FEW, "pending")
    counted = ", ".join(
        f"{outcome.verdicts[word]:,} {WORDS.get(word, word)}" for word in order if outcome.verdicts[word]
    )
    yield f"verdicts: {counted or 'none'}; a metric alerts when {100 * settings.tolerance:g}% below the baseline"
    counters = replay.tracker.counters()
    notes = [f"{counters[name]:,} {words}" for name, words in _NOTES.items() if counters[name]]
    dropped = counters["late_labels"] + counters["dropped_orphans"]
    if dropped:
        notes.append(f"{dropped:,} labels dropped, whose prediction was forgotten by then or never came")
    if undated_labels:
        notes.insert(0, f"{undated_labels:,} labels without a time, taken as never arrived")
    if notes:
        yield "; ".join(notes)


def _source(replay: Replay) -> str:
    if replay.baseline_window is None:
        return "given"
    start, end = (
        to_datetime(time).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") for time in replay.baseline_window
    )
    return f"{start} to {end}"
