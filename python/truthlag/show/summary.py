"""The lines below the table of a replay: what its rows are about, the baseline, the verdicts, what did not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.show.counted import counted
from truthlag.show.duration import format_duration
from truthlag.show.judge import SEVERITIES, TOO_FEW
from truthlag.show.table import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from truthlag.show.outcome import Outcome
    from truthlag.show.replay import Replay, ReplaySettings

_NOTES = {
    "orphan_labels": ("label", "without a prediction"),
    "replaced_predictions": ("prediction", "replaced by a later one of the same id"),
    "corrected_labels": ("label", "corrected"),
    "duplicate_events": ("event", "repeated"),
    "stale_events": ("event", "overtaken by a later one of the same id"),
}


def summary(
    settings: ReplaySettings, replay: Replay, outcome: Outcome, undated_labels: int, said: Sequence[str] | None = None
) -> Iterator[str]:
    """The lines, without line ends; `said` in place of the verdicts, where incidents were shown and no rows."""
    age = f", once {format_duration(settings.min_age)} old" if settings.min_age else ""
    yield f"replayed {counted(replay.predictions, 'prediction')} and {counted(replay.labels, 'label')}"
    row = "row" if said is None else f"look, every {format_duration(settings.every)}"
    yield f"each {row}: predictions of {format_duration(settings.window)}{age}; labels known at the end of the period"
    baseline = replay.judge.baseline
    if baseline is None:
        yield f"baseline: none; {why_no_baseline(settings, replay, interrupted=outcome.interrupted)}"
    else:
        source = replay.first_days or "given"
        yield f"baseline ({source}): " + ", ".join(f"{name} {value:.3f}" for name, value in baseline.items())
    if said is None:
        yield _verdicts(settings, outcome)
    else:
        yield from said
    counters = replay.tracker.counters()
    notes = [f"{counted(counters[name], noun)} {fate}" for name, (noun, fate) in _NOTES.items() if counters[name]]
    dropped = counters["late_labels"] + counters["dropped_orphans"]
    if dropped:
        notes.append(f"{counted(dropped, 'label')} dropped, whose prediction was forgotten by then or never came")
    if undated_labels:
        notes.insert(0, f"{counted(undated_labels, 'label')} without a time, taken as never arrived")
    if notes:
        yield "; ".join(notes)


def _verdicts(settings: ReplaySettings, outcome: Outcome) -> str:
    order = (*SEVERITIES, TOO_FEW, "pending")
    verdicts = ", ".join(
        f"{outcome.verdicts[word]:,} {WORDS.get(word, word)}" for word in order if outcome.verdicts[word]
    )
    return f"verdicts: {verdicts or 'none'}; a metric alerts when {100 * settings.tolerance:g}% below the baseline"


def why_no_baseline(settings: ReplaySettings, replay: Replay, *, interrupted: bool = False) -> str:
    """The reason, when a replay came without baseline."""
    if replay.first_days is None:
        return "there is no prediction"
    return replay.first_days.why_none(replay.last_event, settings.min_labels, interrupted=interrupted)
