"""A metric of a live test at its looks: what the reports said, also after bytes and back."""

from __future__ import annotations

import random

import pytest

from truthlag.abtest import ABTestReport, ModelABTest, OutcomeMetric


def looked_at(arms: int = 2) -> tuple[ModelABTest, list[ABTestReport]]:
    """A test with a report after each 200 users, and the reports."""
    metrics = {"bought": "any", "spent": OutcomeMetric("total", outcome="bought", direction="lower", margin=0.5)}
    test = ModelABTest("ranker", [f"v{number}" for number in range(arms)], salt="s", metrics=metrics, expected_n=1_000)
    draw, reports = random.Random(3), [test.report(now=0.0)]
    for user in range(1_000):
        test.log_exposure(user, timestamp=float(user))
        if draw.random() < 0.3:
            test.log_outcome(user, "bought", draw.random(), timestamp=user + 0.5)
        if user % 200 == 199:
            reports.append(test.report(now=user + 1.0))
    return test, reports


def test_it_shows_what_the_reports_said() -> None:
    test, reports = looked_at()
    for name in ("bought", "spent"):
        shown = test.interval_over_time(name)
        said = [report.metric(name).comparison for report in reports]
        assert [look.estimate for look in shown.looks] == [one.difference for one in said]
        assert [look.verdict for look in shown.looks] == [one.verdict for one in said]
        assert [look.n for look in shown.looks] == [one.control.n + one.treatment.n for one in said]
        assert shown.confidence == pytest.approx(said[-1].confidence)
    primary = test.interval_over_time()
    assert [look.interval for look in primary.looks] == [
        report.metric("bought").comparison.difference_interval for report in reports
    ]
    assert primary.looks[0].interval is None
    assert primary.looks[-1].at.isoformat() == test.looks[-1].at
    assert (shown.direction, shown.margin, shown.hypothesis, shown.mode) == (
        "lower",
        0.5,
        "superiority",
        "confidence_sequence",
    )
    again = ModelABTest.from_bytes(test.to_bytes())
    assert again.interval_over_time("spent") == shown
    assert again.interval_over_time("spent").to_svg() == shown.to_svg()


def test_arms() -> None:
    test, _ = looked_at(3)
    assert test.interval_over_time(arm="v1") != test.interval_over_time(arm="v2")
    with pytest.raises(ValueError, match=r"^arm must be one of 'v1', 'v2', got None"):
        test.interval_over_time()
    with pytest.raises(ValueError, match=r"^arm must be a treatment, got 'v0'"):
        test.interval_over_time(arm="v0")
    with pytest.raises(ValueError, match=r"^metric must be one of 'bought', 'spent', got 'sold'"):
        test.interval_over_time("sold", arm="v1")


def test_before_the_first_look() -> None:
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
    with pytest.raises(ValueError, match="call report"):
        test.interval_over_time()
