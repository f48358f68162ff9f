"""`truthlag demo`: prints the story of a fraud model whose truth arrives 30 to 90 days late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from truthlag.show.console import Console, can_show
from truthlag.show.plot import ASCII, BOX, Axes, Line, plot
from truthlag.show.simulate import NEW_FRAUD_FROM, PaymentStream
from truthlag.show.story import COHORT, METRICS, MONTH, live
from truthlag.show.table import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console as RichConsole

    from truthlag.show.story import Look, Story

PAYMENTS_A_DAY = 3_000
FAST_PAYMENTS_A_DAY = 1_000
_WIDTH = 80
_LEAST_WIDTH = 60
"""Between the two tables have shorter headings and the plot is narrower."""
_BESIDE_PLOT = 16
"""Columns for the numbers to the left of the plot and the words that hang over to its right."""


def run_demo(seed: int, *, fast: bool, console: RichConsole | None = None) -> None:
    """Simulate and print; the same seed and size print the same."""
    console = console or Console()
    if console.width < _LEAST_WIDTH:
        has, needs = console.width, _LEAST_WIDTH
        console.print(Text(f"The demo needs {needs} columns; this terminal has {has}, so that lines break."))
    console.width = min(max(console.width, _LEAST_WIDTH), _WIDTH)
    per_day = FAST_PAYMENTS_A_DAY if fast else PAYMENTS_A_DAY
    _opening(console, per_day)
    # A spinner of plain characters, whatever the encoding.
    with console.status("living through a year of payments ...", spinner="line"):
        story = live(PaymentStream(seed, per_day))
    _cohort(console, story)
    _year(console, story)
    _alert(console, story)
    _comparison(console, story)


def _opening(console: RichConsole, per_day: int) -> None:
    _heading(console, "A fraud model whose truth is late")
    _say(
        console,
        f"{per_day:,} card payments a day, 2 % of them frauds. The model flags a payment when its score is at least 0.5. "
        "When is the truth known?",
    )
    if _is_narrow(console):
        delays = Table.grid(padding=(0, 1))
        delays.add_row("  flagged", "an analyst looks", "after 1 to 5 days")
        delays.add_row("  missed fraud", "a chargeback comes", "after 30 to 90 days")
        delays.add_row("  honest, unflagged", "disputes are over", "after 90 days")
    else:
        delays = Table.grid(padding=(0, 2))
        delays.add_row("  flagged", "an analyst looks at it", "after 1 to 5 days")
        delays.add_row("  fraud that slipped through", "a chargeback arrives", "after 30 to 90 days")
        delays.add_row("  honest, not flagged", "the time for disputes is over", "after 90 days")
    _print_table(console, delays)
    _say(
        console,
        f"On day {NEW_FRAUD_FROM} a new kind of fraud begins, on top of the old one. The model has never seen it.",
    )


def _cohort(console: RichConsole, story: Story) -> None:
    _heading(console, "1  The same payments, seen again and again")
    _say(
        console,
        f"The payments of days {COHORT[0]} to {COHORT[1]}, asked about while their labels arrive. "
        "Nothing about the model changes in this table: only what is known of it.",
    )
    table = _table(console, "days later", "labels known", "accuracy", "precision", "recall")
    for age, snapshot in story.cohort:
        table.add_row(
            str(age),
            f"{100 * snapshot.coverage:.1f} %",
            *(_number(getattr(snapshot, name)) for name in ("accuracy", "precision", "recall")),
        )
    _print_table(console, table)
    first, last = story.cohort[0][1], story.cohort[-1][1]
    _say(
        console,
        f"Early labels are those of flagged payments. A fraud that slipped through is not among them, so recall begins at "
        f"{first.recall:.2f} and ends at {last.recall:.2f}, which is the truth ({story.cohort_truth:.2f}). Accuracy errs the "
        "other way, because honest payments are the last to be known.",
    )


def _year(console: RichConsole, story: Story) -> None:
    _heading(console, "2  The year, with fresh and with mature numbers")
    _say(
        console,
        "fresh: payments of the last 30 days, with the labels there are.  mature: those of 30 days that are at least 90 days "
        "old (min_age). Each is compared with its own first month; two metrics 5 % below it are critical.",
    )
    narrow = _is_narrow(console)
    table = _table(
        console,
        "\nday",
        "fresh:\nknown",
        "\nrecall",
        "\nverdict",
        "mature:\nknown",
        "\nrecall",
        "\nverdict",
        "truth:\nrecall" if narrow else "the truth:\nrecall",
    )
    for check in story.checks:
        if check.day % MONTH == 0:
            table.add_row(str(check.day), *_look(check.fresh), *_look(check.mature), _number(check.true_recall))
    _print_table(console, table)
    in_boxes = can_show(console, "·" + "".join(vars(BOX).values()))
    for line in _recall_plot(story, console.width - _BESIDE_PLOT, in_boxes=in_boxes):
        console.print(line, soft_wrap=True)
    console.print()


def _recall_plot(story: Story, width: int, *, in_boxes: bool) -> Iterator[Text]:
    last = story.checks[-1].day
    strokes, dot = (BOX, "·") if in_boxes else (ASCII, ".")
    lines = [
        Line("true recall of the last 30 days", dot, "", [(check.day, check.true_recall) for check in story.checks]),
        Line("fresh", "o", "yellow", [(check.day, check.fresh.snapshot.recall) for check in story.checks]),
        Line(
            "mature",
            "x",
            "green",
            [(check.day, check.mature.snapshot.recall) for check in story.checks if check.mature.verdict != "pending"],
        ),
    ]
    marks = [(float(NEW_FRAUD_FROM), "new fraud")]
    if story.alert is not None:
        marks.append((float(story.alert.day), "alert"))
    yield Text("recall, by day", style="bold")
    yield from plot(Axes(0, last, 0.4, 1.0, width), lines, range(0, last + 1, 60), marks, strokes)


def _alert(console: RichConsole, story: Story) -> None:
    _heading(console, "3  The alert")
    if story.alert is None:
        _say(console, "The mature numbers never became critical; with so few payments chance may hide the change.")
        return
    table = _table(console, "metric", "baseline", "threshold", "current", "95 % interval", "drop")
    for name in METRICS:
        if name in story.alert.mature.alerts:
            alert = story.alert.mature.alerts[name]
            numbers = (_number(alert[key]) for key in ("baseline", "threshold", "current"))
            low, high = story.alert.mature.snapshot.intervals[name]
            table.add_row(name, *numbers, f"{low:.3f} to {high:.3f}", f"{alert['drop_percent']:.1f} %")
    _print_table(console, table)
    _say(console, "Could one have known sooner? Each age with the first month at the same age as its baseline:")
    days_after = "days after" if _is_narrow(console) else "days after the change"
    table = _table(console, "min_age", "known", "its recall", "first critical", days_after)
    baselines = {age: next(check for check in story.checks if check.day == MONTH + age) for age in story.alert.looks}
    for age, check in baselines.items():
        snapshot = check.looks[age].snapshot
        day = story.first_critical(age)
        when = ("never", "-") if day is None else (f"day {day}", str(day - NEW_FRAUD_FROM))
        table.add_row(f"{age} days", f"{100 * snapshot.coverage:.0f} %", _number(snapshot.recall), *when)
    _print_table(console, table)
    _say(
        console,
        "At 0 days every fraud that is known was caught, since a missed one is not known yet: those numbers cannot alert, "
        "however bad the model. In between, recall is still too high, but so it was in the baseline, and so it can "
        "alert sooner. How good the model is, only mature predictions say; that it changed, equally old ones say too.",
    )


def _comparison(console: RichConsole, story: Story) -> None:
    _heading(console, "4  Is the new version better?")
    if story.test_day is None:
        _say(console, "There was no alert, so there was no test.")
        return
    _say(
        console,
        f"Version v2 has learned the new fraud and flags more. From day {story.test_day} on both versions get half of the "
        f"payments for {MONTH} days.",
    )
    if _is_narrow(console):
        at_once, later, heading = "at the end", "+ {} days", "advice"
    else:
        at_once, later, heading = "at the end of the test", "{} days later", "recommendation"
    table = _table(console, "asked", "metric", "v1", "v2", "p-value", heading)
    for comparison in story.comparisons:
        result = comparison.result
        after = at_once if comparison.days_after_test == 0 else later.format(comparison.days_after_test)
        means = (f"{result[arm]['mean']:.3f}" for arm in ("control", "treatment"))
        advice = str(result["recommendation"]).split(" - ")[0]
        table.add_row(after, comparison.metric, *means, _p_value(result["p_value"]), advice)
    _print_table(console, table)
    _say(console, _moral(story))
    _say(console, "Next: `truthlag replay` on a log of your own, with --min-age set to the delay of your labels.")


def _moral(story: Story) -> str:
    """What the comparison teaches, as far as these numbers say so."""
    early, late, _ = (comparison.result for comparison in story.comparisons)
    advice = [str(result["recommendation"]).split()[0] for result in (early, late)]
    why = (
        "At the end of the test only flagged payments have labels, and v2 flags more honest ones; the frauds that v1 let "
        "through are not held against it yet."
    )
    if advice == ["Revert", "Ship"]:
        return f"The same test, the same metric, opposite advice. {why}"
    leads = ["v2" if result["treatment"]["mean"] > result["control"]["mean"] else "v1" for result in (early, late)]
    return f"In accuracy {leads[0]} is ahead at the end of the test, and {leads[1]} when all is known. {why}"


def _look(look: Look) -> tuple[str | Text, ...]:
    if look.verdict == "pending" and not look.snapshot.sample_size:
        return "-", "-", Text("pending", style="dim")
    snapshot = look.snapshot
    verdict = Text(look.verdict, style=STYLES[look.verdict])
    return f"{100 * snapshot.coverage:.0f} %", _number(snapshot.recall), verdict


def _heading(console: RichConsole, words: str) -> None:
    console.print(Text(words, style="bold cyan"))
    console.print()


def _say(console: RichConsole, words: str) -> None:
    console.print(Text(words))
    console.print()


def _is_narrow(console: RichConsole) -> bool:
    return console.width < _WIDTH


def _table(console: RichConsole, *headings: str) -> Table:
    table = Table(box=None, padding=(0, 1 if _is_narrow(console) else 2, 0, 0), pad_edge=False, header_style="bold")
    for heading in headings:
        word = heading.split()[-1] in ("verdict", "recommendation", "advice", "metric", "asked")
        table.add_column(heading, justify="left" if word else "right", no_wrap=True)
    return table


def _p_value(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _print_table(console: RichConsole, table: Table) -> None:
    console.print(table)
    console.print()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
