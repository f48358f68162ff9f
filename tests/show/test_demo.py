"""The demo tells the same story for every seed, and says nothing that its numbers do not."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from truthlag.show.demo import FAST_PAYMENTS_A_DAY, PAYMENTS_A_DAY, run_demo
from truthlag.show.simulate import NEW_FRAUD_FROM, PaymentStream
from truthlag.show.story import Story, live


@pytest.fixture(scope="module", params=[0, 7, 42])
def story(request: pytest.FixtureRequest) -> Story:
    return live(PaymentStream(request.param, FAST_PAYMENTS_A_DAY))


def printed(seed: int, width: int) -> str:
    file = io.StringIO()
    run_demo(seed, fast=True, console=Console(file=file, width=width, highlight=False))
    return file.getvalue()


def test_it_is_the_same_every_time_fits_80_columns_and_ends_with_advice() -> None:
    text = printed(7, 80)
    assert text == printed(7, 200)
    assert max(map(len, text.splitlines())) <= 80
    assert "None" not in text
    assert "nan" not in text
    assert "Ship v2" in text


@pytest.mark.parametrize("width", [60, 71, 79])
def test_on_a_narrow_terminal_nothing_is_cut_and_the_plot_is_whole(width: int) -> None:
    text = printed(7, width)
    lines = text.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "…" not in text
    first = lines.index("recall, by day")
    # 13 rows, each with its axis, between the names of the marks and the floor.
    assert all(line[5] in "┤│" for line in lines[first + 2 : first + 15])
    assert lines[first + 15].startswith("     └")
    assert lines[first + 17] == "      · true recall of the last 30 days   o fresh   x mature"


def test_on_fewer_than_60_columns_it_says_what_it_needs() -> None:
    assert printed(7, 59).startswith("The demo needs 60 columns; this terminal has 59")


def test_fast_is_a_third_as_its_help_says(run: Callable[..., Any]) -> None:
    assert PAYMENTS_A_DAY == 3 * FAST_PAYMENTS_A_DAY
    assert "A third of the traffic." in run("demo", "--help").out


def test_early_recall_is_too_high_and_ends_at_the_truth(story: Story) -> None:
    recalls = [snapshot.recall for _, snapshot in story.cohort]
    assert recalls[0] == 1.0
    assert recalls == sorted(recalls, reverse=True)
    # By the last day every label of these payments has arrived, so that the tracker knows what the simulation knows.
    assert recalls[-1] == pytest.approx(story.cohort_truth, abs=1e-12)
    assert story.cohort[-1][1].coverage == 1.0


def test_fresh_numbers_never_alert_and_mature_ones_do(story: Story) -> None:
    assert story.first_critical(0) is None
    assert story.alert is not None
    assert 90 < story.alert.day - NEW_FRAUD_FROM < 130
    assert all(check.mature.verdict in ("pending", "ok", "warning") for check in story.checks if check.day <= 270)


def test_younger_payments_alert_sooner_than_mature_ones(story: Story) -> None:
    days = [story.first_critical(age) for age in (45, 60, 75, 90)]
    assert all(day is not None and day > NEW_FRAUD_FROM for day in days)
    assert days[-1] == max(day for day in days if day is not None)


def test_early_and_late_labels_disagree_about_the_new_version(story: Story) -> None:
    early, late, caught = (comparison.result for comparison in story.comparisons)
    assert early["treatment"]["mean"] < early["control"]["mean"]
    assert late["treatment"]["mean"] > late["control"]["mean"]
    assert caught["recommendation"].startswith("Ship v2")
    assert caught["is_significant"]
