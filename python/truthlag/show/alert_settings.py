"""What `truthlag replay --alerts` judges, and the policy that turns it into incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from truthlag.show.counted import counted
from truthlag.show.duration import DAY
from truthlag.show.period import METRICS
from truthlag.verdict.degradation.known_metrics import UNJUDGED_UNLESS_NAMED
from truthlag.verdict.directions import HIGHER_IS_BETTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from truthlag import AlertPolicy

_MICROSECOND = timedelta(microseconds=1)
_WEEK = timedelta(weeks=1)
_FORGET_AFTER = timedelta(days=60)
_MOST_PERIODS = 20_000
"""The longest history that a feed of labels keeps."""
_EVERY_INCIDENT = 1_000_000
"""As good as all: a log is finite."""


@dataclass(frozen=True)
class AlertSettings:
    """The options of `--alerts`.

    A look at a period of more than a day opens an incident by itself: it has weighed all rows of the period, and the next
    one is a period away. Of looks that come daily or more often, two of three must agree. What is bad is `critical`, a loss
    that is proven to be beyond the margin: of looks at a warning, which any proven loss is, one in twenty is in vain.
    """

    metrics: tuple[str, ...] = ()
    """Which are judged; none for those of the rows that the baseline has."""
    margin: float | None = None
    """The loss that is tolerated, in units of the metric; None for the share of the baseline that `--tolerance` says."""
    open_looks: tuple[int, int] | None = None
    """Bad looks that open an incident, of how many; None for what suits the period."""
    open_at: str = "critical"
    """What is bad: `warning` or `critical`."""
    watch: bool = True
    """Whether an e-detector takes every row between the looks."""

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics to look for in the baseline."""
        return self.metrics or METRICS

    def looks(self, every: int) -> tuple[int, int]:
        """Bad looks that open, of how many."""
        if self.open_looks is not None:
            return self.open_looks
        return (2, 3) if every <= DAY else (1, 1)

    def policy(self, every: int) -> AlertPolicy:
        """The policy for looks after every so many microseconds."""
        from truthlag import AlertPolicy
        from truthlag.alerts import LabelFeed

        period = every * _MICROSECOND
        history = min(max(8 * _WEEK, 100 * period), _MOST_PERIODS * period)
        return AlertPolicy(
            open_looks=self.looks(every),
            open_at=self.open_at,
            forget_after=max(_FORGET_AFTER, 4 * period),
            closed_limit=_EVERY_INCIDENT,
            label_feed=LabelFeed(period, history=history, least_history=min(_WEEK, history / 2)),
        )

    def described(self, every: int, *, is_watched: bool) -> str:
        """When that policy opens and closes, in words."""
        bad, of = self.looks(every)
        how = (
            f"{bad:,} of the last {of:,} looks find"
            if bad < of
            else "a look finds"
            if of == 1
            else f"{of:,} looks in a row find"
        )
        # The default that is left out here is that of AlertPolicy: what is written can be pasted.
        written = [f"open_looks={(bad, of) if bad < of else of}"] if (bad, of) != (2, 3) else []
        written += ['open_at="critical"'] if self.open_at == "critical" else []
        what = "critical" if self.open_at == "critical" else "at least a warning"
        return (
            f"an incident opens when {how} a metric {what}{', or a watch alarms' if is_watched else ''}, or when labels stop "
            f"coming; it is over after 2 good looks{', or once the rows of the watch prove it' if is_watched else ''}: "
            f"AlertPolicy({', '.join(written)})"
        )


def parse_looks(text: str) -> tuple[int, int]:
    """Read `--open-looks`: `2/3` for two of the last three, or `2` for two in a row. Raises `ValueError` on anything else."""
    bad, slash, of = text.partition("/")
    allowed = "a number such as `2`, or two such as `2/3`, the second at least the first and at most 1,000"
    try:
        found = int(bad), int(of if slash else bad)
    except ValueError:
        raise ValueError(f"`{text}` is not {allowed}") from None
    if not 1 <= found[0] <= found[1] <= 1_000:
        raise ValueError(f"`{text}` is not {allowed}")
    return found


def parse_metrics(text: str) -> tuple[str, ...]:
    """Read `--alert-metrics`: names with commas between them. Raises `ValueError` on one that is not known."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    testable = [name for name in HIGHER_IS_BETTER if name not in UNJUDGED_UNLESS_NAMED]
    for name in names:
        if name not in testable:
            raise ValueError(f"`{name}` is none of {', '.join(testable)}")
    return names


def told_looks(names: Sequence[str], verdicts: Mapping[str, int], looks: int) -> str:
    """How many looks there were at these metrics, and what they found."""
    found = ", ".join(f"{number:,} {verdict.replace('_', ' ')}" for verdict, number in verdicts.items() if number)
    worst = ", each by its worst metric" if len(names) > 1 and looks else ""
    return f"{counted(looks, 'look')} at {', '.join(names)}{f': {found}' if looks else ''}{worst}"
