"""Whether the last periods were too few, and whether a shortage is over."""

import numpy as np

from truthlag.verdict.alerts.label_feed.calendar import Calendar, Period
from truthlag.verdict.alerts.label_feed.past import Past
from truthlag.verdict.alerts.label_feed.report import LabelFeedReport, report_of, untold
from truthlag.verdict.alerts.label_feed.settings import FeedSettings
from truthlag.verdict.alerts.label_feed.shortfall import BLOCKS, LASTING_BLOCKS, Shortfall, shortfall
from truthlag.verdict.alerts.moment import short

_LEAST_LABELS = 10.0
"""As many labels must have been expected of a span that ends a shortfall."""


class Judge:
    """Takes periods one by one, and says of each what the spans that end with it amount to."""

    def __init__(self, settings: FeedSettings, calendar: Calendar, past: Past) -> None:
        self._settings = settings
        self._calendar = calendar
        self._past = past

    def take(self, period: Period, *, is_judged: bool) -> LabelFeedReport:
        """Take the next period; within a shortage it is judged only where that is said."""
        past = self._past
        past.add(period)
        if past.low_since is None:
            return self._judge(period)
        return self._judge_while_low(period) if is_judged else untold(period, self._settings.period, "")

    def _judge(self, period: Period) -> LabelFeedReport:
        settings, past = self._settings, self._past
        found = self._shortfalls([], past.known) if past.is_mature else []
        if not found:
            why = f"too few periods to know what to expect of the one up to {short(period.end)}"
            return untold(period, settings.period, why)
        chance = settings.false_alarm_rate / len(found)
        low = [one for one in found if one.p_value <= chance and self._is_drop(one, settings.least_drop_of(one.span))]
        if not low:
            p_value = min(one.p_value for one in found) * len(found)
            return report_of(past.known, found[0], "ok", chance, p_value, settings)
        # The span that says it most clearly begins where the labels did; the shortest one where several say it for sure.
        chosen = min(low, key=lambda one: one.p_value)
        past.begin_low(chosen.span, is_lasting=not self._is_drop(chosen, settings.least_drop))
        return report_of(past.low, chosen, self._severity(chosen), chance, chosen.p_value * len(found), settings)

    def _judge_while_low(self, period: Period) -> LabelFeedReport:
        settings, past = self._settings, self._past
        found = self._shortfalls(past.known, past.low)
        if not found:
            why = f"the period up to {short(period.end)} has none like it to compare with"
            return untold(period, settings.period, why)
        told = [one for one in found if one.expected >= _LEAST_LABELS] or found[-1:]
        chosen = told[0]
        if past.is_lasting and not self._is_drop(chosen, settings.least_drop):
            # What was found over a longer span is over when one as long says so.
            chosen = next((one for one in told if settings.is_lasting(one.span)), told[-1])
        # Half of it, so that what is just below does not come and go with each period.
        least = settings.least_drop_of(chosen.span) / 2 if past.is_lasting else settings.least_drop
        is_over = chosen.labels > 0 and not self._is_drop(chosen, least)
        verdict = "ok" if is_over else self._severity(chosen)
        chance = settings.false_alarm_rate / len(found)
        report = report_of(past.low, chosen, verdict, chance, chosen.p_value * len(found), settings)
        if is_over:
            past.end_low(chosen.span)
        return report

    def _is_drop(self, found: Shortfall, least: float) -> bool:
        return found.labels <= (1 - least) * found.expected

    def _severity(self, found: Shortfall) -> str:
        return "critical" if found.labels <= self._settings.critical_share * found.expected else "warning"

    def _shortfalls(self, before: list[Period], periods: list[Period]) -> list[Shortfall]:
        """The spans of the last periods that can be judged, shortest first; each against what is before it.

        Where some are given that were before, none of the others is: they are low.
        """
        counts = np.array([period.labels for period in [*before, *periods]], dtype=np.float64)
        starts = np.array([period.start for period in [*before, *periods]], dtype=np.int64)
        found: list[Shortfall] = []
        span = 1
        while span <= len(periods):
            chosen = np.ones(len(counts), dtype=bool)
            if before:
                chosen[len(before) : len(counts) - span] = False
            blocks = LASTING_BLOCKS if self._settings.is_lasting(span) else BLOCKS
            one = shortfall(counts[chosen], self._calendar.slots(starts[chosen]), span, blocks)
            if one is None:
                break
            found.append(one)
            span *= 2
        return found
