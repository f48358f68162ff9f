"""The pairs of rows, the evidence of their delays, and the share of labels that come late."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from truthlag.verdict.abtest.gates.aged_arm import Arrivals, arm_at_age
from truthlag.verdict.abtest.gates.delay_pairs import pairs_in_time
from truthlag.verdict.abtest.gates.delay_shape import delay_evidence, expected_late, late_shares

AGE = 1_000


def arrivals(times: np.ndarray, delays: np.ndarray, now: int) -> Arrivals:
    return Arrivals(times.astype(np.int64), delays.astype(np.int64), (now - times).astype(np.int64))


def stacked(control: np.ndarray, treatment: np.ndarray) -> list[tuple[int, int]]:
    """Pairs by a stack: each row of the control takes the last row of the treatment before it."""
    events = sorted(
        [(time, 0, place) for place, time in enumerate(treatment)]
        + [(time, 1, place) for place, time in enumerate(control)]
    )
    waiting: list[int] = []
    pairs = []
    for _, is_control, place in events:
        if not is_control:
            waiting.append(place)
        elif waiting:
            pairs.append((place, waiting.pop()))
    return pairs


class TestPairs:
    @pytest.mark.parametrize("seed", range(40))
    def test_against_a_stack(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        span = int(rng.integers(1, 60))
        control, treatment = (np.sort(rng.integers(0, span, rng.integers(0, 50))) for _ in range(2))
        first, second = pairs_in_time(control, treatment)
        assert list(zip(first.tolist(), second.tolist(), strict=True)) == stacked(control, treatment)

    def test_later_rows_change_no_pair(self) -> None:
        rng = np.random.default_rng(1)
        control, treatment = (np.sort(rng.integers(0, 10**6, rows)) for rows in (900, 100))
        whole = list(zip(*pairs_in_time(control, treatment), strict=True))
        part = list(zip(*pairs_in_time(control[control < 500_000], treatment[treatment < 500_000]), strict=True))
        assert whole[: len(part)] == part

    def test_a_small_arm_is_used_up_by_neighbours(self) -> None:
        rng = np.random.default_rng(2)
        control, treatment = (np.sort(rng.integers(0, 10**6, rows)) for rows in (9_000, 1_000))
        first, second = pairs_in_time(control, treatment)
        assert len(second) >= 999
        assert np.median(control[first] - treatment[second]) < 200


class TestEvidence:
    def test_by_hand(self) -> None:
        # One pair; the control's delay of 100 is early from the limit of 1/8 on, the treatment's of 300 from 3/8 on.
        one = delay_evidence(
            arrivals(np.array([5]), np.array([100]), 2_000), arrivals(np.array([4]), np.array([300]), 2_000), AGE
        )
        # A lone discordant pair tells nothing of the side: its e-value is B(2, 1) * 2 = 1.
        assert one.log_e_value == pytest.approx(0.0, abs=1e-12) and one.pairs == 1 and one.largest_gap == 1.0
        many = delay_evidence(
            arrivals(np.arange(10) * 2 + 1, np.full(10, 100), 2_000),
            arrivals(np.arange(10) * 2, np.full(10, 300), 2_000),
            AGE,
        )
        # Ten of a kind at the limits 1/8, 3/16 and 1/4 of eleven: B(11, 1) * 2^10 = 1024 / 11; at the others nothing.
        assert math.exp(many.log_e_value) == pytest.approx((3 * 1_024 / 11 + 8) / 11, rel=1e-12)

    def test_late_labels_are_none_of_its_business(self) -> None:
        times = np.arange(50)
        same = arrivals(times, np.full(50, 10), 9_000)
        more = Arrivals(
            *(
                np.concatenate([column, extra])
                for column, extra in ((same.predicted_at, [60]), (same.delays, [AGE + 1]), (same.ages, [8_940]))
            )
        )
        found = delay_evidence(same, more, AGE)
        assert found.pairs == 50 and found.largest_gap == 0.0

    def test_nothing(self) -> None:
        none = arrivals(np.array([]), np.array([]), 5)
        for other in (none, arrivals(np.array([1]), np.array([1]), 5)):
            assert delay_evidence(none, other, AGE).p_value == 1.0

    @pytest.mark.parametrize("share", [0.5, 0.1])
    def test_equal_delays_rarely_differ_at_any_time(self, share: float) -> None:
        # The p-value is that of the highest evidence after any pair. .05 + 3 standard errors of 600 runs = .077. Delays grow with time.
        rng = np.random.default_rng(6)
        found = 0
        for _ in range(600):
            times = np.sort(rng.integers(0, 10**6, 800))
            delays = np.minimum(rng.exponential(100 + times / 2_000), AGE)
            is_new = rng.random(800) < share
            arms = [arrivals(times[rows], delays[rows], 2 * 10**6) for rows in (~is_new, is_new)]
            found += delay_evidence(*arms, AGE).p_value <= 0.05
        assert found <= 0.077 * 600


class TestLateShare:
    def test_rows_that_are_all_old_enough(self) -> None:
        # Nothing is cut off: the plain share.
        delays = np.array([100] * 70 + [1_500] * 30)
        both = arrivals(np.arange(100), delays, 9_000)
        first, _ = late_shares(both, both, AGE)
        assert first.share == pytest.approx(0.3, abs=1e-12)
        assert first.standard_error == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=1e-12)
        assert first.labels == 30

    def test_against_the_truth_where_delays_are_cut_off_by_age(self) -> None:
        rng = np.random.default_rng(12)
        shares, covered = [], 0
        truth = (math.exp(-15 / 25) - math.exp(-60 / 25)) / (1 - math.exp(-60 / 25))
        for _ in range(200):
            made = np.sort(rng.uniform(0, 75, 400))
            delays = -25 * np.log1p(-rng.random(400) * (1 - math.exp(-60 / 25)))
            seen = (delays <= 75 - made) & (made <= 60)
            scale = 10**6
            arm = arrivals(np.round(made[seen] * scale), np.round(delays[seen] * scale), 75 * scale)
            found, _ = late_shares(arm, arm, 15 * scale)
            shares.append(found.share)
            covered += abs(found.share - truth) <= 1.96 * found.standard_error
        # Up to the longest delay that is looked at, which is a little below 60.
        assert np.mean(shares) == pytest.approx(truth, abs=0.02)
        assert covered >= 0.9 * 200
        # The plain share of what is seen is far off.
        assert abs((delays[seen] > 15).mean() - truth) > 0.05

    def test_none(self) -> None:
        arm = arrivals(np.arange(50), np.full(50, 10), 9_000)
        assert [one.share for one in late_shares(arm, arm, AGE)] == [0.0, 0.0]
        none = arrivals(np.array([]), np.array([]), 5)
        assert [one.share for one in late_shares(none, arm, AGE)] == [0.0, 0.0]
        assert expected_late(none, AGE) == 0.0

    def test_how_many_would_come_if_they_went_on(self) -> None:
        # Constant flow: of 1 000 labels within the age 250 in its last quarter; rows are half the age older on average.
        arm = arrivals(np.arange(0, 1_000), np.arange(1, 1_001), 2_000)
        assert expected_late(arm, AGE) == pytest.approx(250 * 500.5 / 250, rel=1e-3)


def test_delays_of_a_log() -> None:
    log = late_arm(np.random.default_rng(1), 12)
    arm = arm_at_age(log, round(30 * DAY * 1e6), 0, round(75 * DAY * 1e6))
    assert arm.arrivals is not None
    assert (arm.arrivals.delays <= arm.arrivals.ages).all() and (arm.arrivals.ages >= 30 * DAY * 1e6).all()
