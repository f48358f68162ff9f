"""The reference itself, on cases that can be worked out by hand: what judges must be right."""

from __future__ import annotations

import uuid
from fractions import Fraction

import pytest

from tests.oracle.reference import HOUR, ReferenceTracker, Window, identity, naive_iso


def never() -> bool:
    raise AssertionError("nothing to ask here")


def test_ids_are_typed() -> None:
    one = uuid.UUID(int=1)
    assert len({identity(request_id) for request_id in (1, "1", b"1", one)}) == 4
    assert identity(one) == identity(str(one))


def test_times_are_naive_and_iso() -> None:
    assert naive_iso(0) == "1970-01-01T00:00:00"
    assert naive_iso(1_700_000_000_250_000) == "2023-11-14T22:13:20.250000"


def test_the_newer_wins() -> None:
    model = ReferenceTracker()
    for time, decision in ((5, 0), (7, 1), (6, 0), (7, 1), (7, 0), (3, 0)):
        model.log_prediction("a", decision, None, None, time, clock=10)
    assert (model.predictions["str", "a"].decision, model.predictions["str", "a"].time) == (0, 7)
    assert model.totals["replaced_predictions"] == 2
    assert model.totals["stale_events"] == 1
    assert model.totals["duplicate_events"] == 2


def test_a_label_before_its_prediction() -> None:
    model = ReferenceTracker(max_orphan_labels=1)
    model.log_ground_truth("a", 1, 5, 10, never)
    model.log_ground_truth("b", 1, 6, 10, never)
    model.log_prediction("b", 1, 0.5, {}, 4, 10)
    assert model.counters() | {"dropped_orphans": 0} == dict.fromkeys(model.counters(), 0) | {
        "predictions": 1,
        "labels": 1,
        "matched": 1,
    }
    assert model.totals["dropped_orphans"] == 1


def test_the_cutoff_moves_in_steps() -> None:
    model = ReferenceTracker(retention=640)
    model.log_prediction("a", 1, None, None, 1_000, 2_000)
    model.log_prediction("b", 1, None, None, 1_009, 2_000)
    model.log_prediction("c", 1, None, None, 1_649, 2_000)
    # 1649 - 640 = 1009, on the grid of 10: 1000, which is not below the cutoff.
    assert model.counters()["predictions"] == 3
    model.log_prediction("d", 1, None, None, 1_650, 2_000)
    assert (model.cutoff, model.counters()["predictions"], model.totals["expired_unlabelled"]) == (1_010, 2, 2)
    model.log_ground_truth("a", 1, 1_650, 2_000, lambda: True)
    assert model.totals["late_labels"] == 1
    model.log_ground_truth("a", 1, 1_650, 2_000, lambda: False)
    assert len(model.orphans) == 1


def test_far_ahead_of_the_clock_time_stands_still() -> None:
    model = ReferenceTracker(retention=1)
    model.log_prediction("a", 1, None, None, 100, 100)
    model.log_prediction("b", 1, None, None, 101 + HOUR, 100)
    assert model.counters()["predictions"] == 2
    model.log_prediction("c", 1, None, None, 100 + HOUR, 100)
    assert model.counters()["predictions"] == 2


def test_stamps_do_not_run_backwards() -> None:
    model = ReferenceTracker()
    assert [model.stamp(clock) for clock in (5, 3, 7)] == [5, 5, 7]


def test_metrics_by_hand() -> None:
    window = Window([(1, 0.75, 1), (1, 0.5, 0), (0, 0.5, 1), (0, 0.25, 0), (1, None, 1), (0, 0.5, None)])
    assert window.confusion() == {"tp": 2, "fp": 1, "fn": 1, "tn": 1}
    proportions = window.proportions()
    assert proportions["precision"] == proportions["recall"] == proportions["f1"] == Fraction(2, 3)
    assert proportions["balanced_accuracy"] == Fraction(7, 12)
    assert proportions["cohen_kappa"] == Fraction(1, 6)
    assert window.matthews_correlation() == pytest.approx(1 / 6)
    assert window.f_beta(2) == Fraction(10, 15)
    assert window.roc_auc() == Fraction(7, 8)
    assert window.average_precision() == Fraction(1, 2) * 1 + Fraction(1, 2) * Fraction(2, 3)
    assert window.brier_score() == Fraction(1, 4) * (
        Fraction(1, 16) + Fraction(1, 4) + Fraction(1, 4) + Fraction(1, 16)
    )
    assert window.mean_score() == Fraction(1, 2)
    assert window.expected_calibration_error() == Fraction(1, 4) * (Fraction(1, 4) + 0 + Fraction(1, 4))
    assert window.at_threshold(0.5).confusion() == {"tp": 2, "fp": 1, "fn": 0, "tn": 1}


def test_nothing_is_undefined() -> None:
    window = Window([(1, None, None)])
    assert set(window.proportions().values()) == {None}
    assert {window.roc_auc(), window.log_loss(), window.mean_score(), window.matthews_correlation()} == {None}
