"""A time is a datetime (naive ones are UTC), a datetime64, or seconds since the epoch; from 1970 to ten years ahead."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import numpy as np
import pytest

from tests.call.naming import name
from truthlag import ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5, 12)
UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
TEN_YEARS = datetime.timedelta(days=3652.5)
MICROSECOND = datetime.timedelta(microseconds=1)


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", retention=None, clock=lambda: NOW)


GOOD: list[tuple[Any, str]] = [
    (datetime.datetime(2024, 2, 29, 1, 2, 3, 456_789), "2024-02-29T01:02:03.456789"),
    (datetime.datetime(2024, 2, 29, 1, 2, 3), "2024-02-29T01:02:03"),
    (datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), "2024-02-29T01:02:03"),
    (datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=EAST), "2024-02-28T19:32:03"),
    (datetime.datetime(1970, 1, 1), "1970-01-01T00:00:00"),
    (datetime.datetime(1970, 1, 1, 5, 30, tzinfo=EAST), "1970-01-01T00:00:00"),
    (datetime.datetime(2000, 3, 1), "2000-03-01T00:00:00"),
    (NOW + TEN_YEARS, (NOW + TEN_YEARS).isoformat()),
    (0, "1970-01-01T00:00:00"),
    (0.0, "1970-01-01T00:00:00"),
    (1_700_000_000, "2023-11-14T22:13:20"),
    (1_700_000_000.25, "2023-11-14T22:13:20.250000"),
    (1_700_000_000.123456, "2023-11-14T22:13:20.123456"),
    (1e-6, "1970-01-01T00:00:00.000001"),
    (4e-7, "1970-01-01T00:00:00"),
    (np.int32(1_700_000_000), "2023-11-14T22:13:20"),
    (np.uint64(1_700_000_000), "2023-11-14T22:13:20"),
    (np.float64(1_700_000_000.25), "2023-11-14T22:13:20.250000"),
    (np.datetime64("2024-02-29T01:02:03.456789"), "2024-02-29T01:02:03.456789"),
    (np.datetime64("2024-02-29T01:02:03.456789012", "ns"), "2024-02-29T01:02:03.456789"),
    (np.datetime64("2024-02-29T01:02:03.456", "ms"), "2024-02-29T01:02:03.456000"),
    (np.datetime64("2024-02-29T01:02:03", "s"), "2024-02-29T01:02:03"),
    (np.datetime64("2024-02-29T01", "h"), "2024-02-29T01:00:00"),
    (np.datetime64("2024-02-29", "D"), "2024-02-29T00:00:00"),
    (np.datetime64("2024-02-29", "W"), "2024-02-29T00:00:00"),
    (np.datetime64("2024-02", "M"), "2024-02-01T00:00:00"),
    (np.datetime64("2024", "Y"), "2024-01-01T00:00:00"),
]


@pytest.mark.parametrize(("time", "expected"), GOOD, ids=name)
def test_times(tracker: ModelPerformanceTracker, time: Any, expected: str) -> None:
    tracker.log_prediction("a", 1, 0.5, None, time)
    tracker.log_prediction("b", 1, 0.5, timestamp=time)
    tracker.log_ground_truth("a", 1, time)
    tracker.log_predictions(["c"], [1], timestamps=[time])
    tracker.log_ground_truths(["c"], [1], timestamps=(time,))
    assert [tracker.predictions[one]["timestamp"] for one in "abc"] == [expected] * 3
    assert [tracker.ground_truths[one]["timestamp"] for one in "ac"] == [expected] * 2


def test_a_zone_with_summer_time(tracker: ModelPerformanceTracker) -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    for fold, hour in ((0, "00"), (1, "01")):
        # The hour from two to three happens twice.
        tracker.log_prediction("a", fold, 0.5, None, datetime.datetime(2023, 10, 29, 2, 30, tzinfo=zone, fold=fold))
        assert tracker.predictions["a"]["timestamp"] == f"2023-10-29T{hour}:30:00"


BAD: list[Any] = [
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999),
    datetime.datetime(1970, 1, 1, tzinfo=EAST),
    datetime.datetime.min,
    datetime.datetime.max,
    datetime.datetime.max.replace(tzinfo=EAST),
    datetime.datetime.max.replace(tzinfo=datetime.timezone(-datetime.timedelta(hours=23))),
    datetime.datetime.min.replace(tzinfo=EAST),
    NOW + TEN_YEARS + MICROSECOND,
    -1,
    -1e-6,
    10**12,
    2**62,
    2**63,
    10**400,
    1e12,
    1e300,
    float("nan"),
    float("inf"),
    -float("inf"),
    np.datetime64("NaT"),
    np.datetime64("NaT", "s"),
    np.datetime64("1969-12-31"),
    np.datetime64(2**62, "s"),
    np.datetime64(2**62, "Y"),
    np.datetime64(2**62, "D"),
    np.datetime64(-(2**62), "ms"),
    np.datetime64("2300-01-01"),
    np.uint64(2**64 - 1),
    np.float32("inf"),
]
WRONG: list[Any] = [
    "2024-01-01",
    "",
    b"2024",
    True,
    False,
    np.True_,
    1j,
    datetime.date(2024, 1, 1),
    datetime.time(),
    object(),
]
WRONG += [
    datetime.timedelta(1),
    np.timedelta64(1, "s"),
    np.timedelta64(1, "ns"),
    [NOW],
    (NOW,),
    np.array([1]),
    np.array(1),
]


@pytest.mark.parametrize(
    ("time", "error"), [(one, ValueError) for one in BAD] + [(one, TypeError) for one in WRONG], ids=name
)
def test_other_times_are_refused(tracker: ModelPerformanceTracker, time: Any, error: type[Exception]) -> None:
    calls = {
        "timestamp ": [
            lambda: tracker.log_prediction("a", 1, 0.5, None, time),
            lambda: tracker.log_ground_truth("a", 1, timestamp=time),
        ],
        "timestamps[1] ": [
            lambda: tracker.log_predictions(["a", "b"], [1, 1], timestamps=[NOW, time]),
            lambda: tracker.log_ground_truths(["a", "b"], [1, 1], timestamps=[NOW, time]),
        ],
        "now ": [lambda: tracker.compute_metrics(now=time), lambda: tracker.snapshot(now=time)]
        if error is TypeError
        else [],
        "start ": [lambda: tracker.snapshot(start=time)] if error is TypeError else [],
        "end ": [lambda: tracker.snapshot(end=time)] if error is TypeError else [],
    }
    for start, some in calls.items():
        for call in some:
            with pytest.raises(error) as caught:
                call()
            assert str(caught.value).startswith(start), str(caught.value)
    assert not any(tracker.counters().values())


UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps"]


@pytest.mark.parametrize("time", [1e15, -1e15, 10**30, 4 * 10**12 + 7 * 10**11, np.datetime64(10**6, "Y")], ids=name)
def test_times_that_are_far_out_say_how_far_they_may_be(tracker: ModelPerformanceTracker, time: Any) -> None:
    """Most are milliseconds or finer that were taken for seconds."""
    far = r"must be .* seconds \(not milliseconds or finer\) since the epoch, at most 146 000 years from it, got "
    with pytest.raises(ValueError, match="^timestamp " + far):
        tracker.log_prediction("a", 1, timestamp=time)
    with pytest.raises(ValueError, match=r"^timestamps\[0\] " + far):
        tracker.log_predictions(["a"], [1], timestamps=[time])


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_arrays_of_every_unit(tracker: ModelPerformanceTracker, unit: str, order: str) -> None:
    # Picoseconds reach 106 days from the epoch.
    days = ["1970-01-01", "1970-01-29"] if unit == "ps" else ["2024-02-29", "1999-01-01"]
    times = np.array(days, dtype=f"datetime64[{unit}]")
    tracker.log_predictions(["a", "b"], [1, 0], timestamps=times.astype(f"{order}M8[{unit}]"))
    expected = [str(time) for time in times.astype("M8[s]")]
    assert [tracker.predictions[one]["timestamp"] for one in "ab"] == expected


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit != "ps"])
def test_arrays_with_times_out_of_range(tracker: ModelPerformanceTracker, unit: str) -> None:
    for number in (-(2**63), -(2**63) + 1, -(2**62), 2**62, 2**63 - 1):
        times = np.array([0, number]).astype(f"M8[{unit}]")
        with pytest.raises(ValueError, match=r"timestamps\[1\]"):
            tracker.log_predictions(["a", "b"], [1, 0], timestamps=times)
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("kind", ["i8", "u8", "i4", "u4", "f8", ">i8", ">f8", "f4"])
def test_arrays_of_seconds(tracker: ModelPerformanceTracker, kind: str) -> None:
    # A float of 32 bits holds this many seconds exactly.
    tracker.log_predictions(["a", "b"], [1, 0], timestamps=np.array([0, 1_700_000_000 // 128 * 128], dtype=kind))
    assert tracker.predictions["a"]["timestamp"] == "1970-01-01T00:00:00"
    assert tracker.predictions["b"]["timestamp"].startswith("2023-11-14T22:1")


@pytest.mark.parametrize(
    "times", [np.array([0.0, np.nan]), np.array([0, np.inf]), np.array([0, 1e300]), np.array([0, -1])]
)
def test_bad_seconds_in_arrays(tracker: ModelPerformanceTracker, times: Any) -> None:
    with pytest.raises(ValueError, match=r"timestamps\[1\]"):
        tracker.log_predictions(["a", "b"], [1, 0], timestamps=times)
    assert tracker.log_predictions(["a", "b"], [1, 0], timestamps=times, on_error="skip").rejected == 1


def test_huge_unsigned_seconds_are_shown_as_they_are(tracker: ModelPerformanceTracker) -> None:
    for huge in (2**63, 2**64 - 1):
        with pytest.raises(ValueError, match=rf"timestamps\[0\] .*{huge}"):
            tracker.log_predictions(["a"], [1], timestamps=np.array([huge], dtype=np.uint64))
        with pytest.raises(ValueError, match=rf"timestamp .*{huge}"):
            tracker.log_prediction("a", 1, timestamp=np.uint64(huge))


def test_a_time_out_of_range_is_not_called_no_time(tracker: ModelPerformanceTracker) -> None:
    with pytest.raises(ValueError, match=r"timestamps\[0\] must be .* got NaT, which is no time"):
        tracker.log_predictions(["a"], [1], timestamps=np.array(["NaT"], dtype="M8[ns]"))
    with pytest.raises(ValueError, match=rf"timestamps\[0\] must be .* got {2**62} s since the epoch"):
        tracker.log_predictions(["a"], [1], timestamps=np.array([2**62], dtype="M8[s]"))


@pytest.mark.parametrize("size", [3, 30_000])
def test_retention_goes_by_the_newest_time_that_may_move_it(size: int) -> None:
    """One time far ahead of the clock among those that are not: it moves nothing, they do."""
    tracker = ModelPerformanceTracker("m", retention=datetime.timedelta(days=10), clock=lambda: NOW)
    now = np.datetime64(NOW, "s")
    tracker.log_prediction("old", 1, timestamp=NOW - datetime.timedelta(days=15))
    times = np.full(size, now - np.timedelta64(12, "D"))
    times[-1] = now + np.timedelta64(100, "D")
    tracker.log_predictions(np.arange(size), np.ones(size), timestamps=times)
    assert "old" in tracker.predictions
    times[0] = now
    tracker.log_predictions(np.arange(size), np.ones(size), timestamps=times)
    assert "old" not in tracker.predictions
    assert set(tracker.predictions) == {0, size - 1}


class TestClock:
    """Events without a time get what the clock says, or the last such stamp when the clock has stepped back."""

    def stamps(self, *readings: Any) -> list[str]:
        clock = iter(readings)
        tracker = ModelPerformanceTracker("m", retention=None, clock=lambda: next(clock))
        for number in range(len(readings)):
            tracker.log_prediction(number, 1, 0.5)
        return [entry["timestamp"] for entry in tracker.predictions.values()]

    def test_a_clock_may_say_every_kind_of_time(self) -> None:
        aware = NOW.replace(tzinfo=UTC)
        readings = (NOW, aware, aware.astimezone(EAST), aware.timestamp(), int(aware.timestamp()), np.datetime64(NOW))
        assert self.stamps(*readings) == [NOW.isoformat()] * 6

    def test_a_clock_that_steps_back(self) -> None:
        hour = datetime.timedelta(hours=1)
        stamps = self.stamps(NOW, NOW - hour, NOW + hour, NOW, NOW + 2 * hour)
        assert stamps == [(NOW + step * hour).isoformat() for step in (0, 0, 1, 1, 2)]

    def test_a_correction_is_not_lost_when_the_clock_steps_back(self) -> None:
        clock = iter([NOW, NOW, NOW - TEN_YEARS])
        tracker = ModelPerformanceTracker("m", clock=lambda: next(clock))
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 0)
        tracker.log_ground_truth("a", 1)
        assert tracker.ground_truths["a"] == {"actual": 1, "timestamp": NOW.isoformat()}
        assert tracker.counters()["corrected_labels"] == 1

    def test_a_refused_event_leaves_no_stamp(self) -> None:
        clock = [NOW]
        tracker = ModelPerformanceTracker("m", clock=lambda: clock[0])
        earlier = NOW - datetime.timedelta(hours=3)
        for refused in (
            lambda: tracker.log_prediction("a", 2, 0.5),
            lambda: tracker.log_prediction("", 1, 0.5),
            lambda: tracker.log_prediction("a", 1, 1e9),
            lambda: tracker.log_predictions(["a", ""], [1, 1]),
            lambda: tracker.log_predictions(["a", "b"], [1, 1, 1]),
            lambda: tracker.log_ground_truths(["a", "b"], [1, 3]),
        ):
            with pytest.raises(ValueError, match=r"."):
                refused()
        clock[0] = earlier
        tracker.log_prediction("a", 1, 0.5)
        assert tracker.predictions["a"]["timestamp"] == earlier.isoformat()

    def test_explicit_times_leave_no_stamp(self) -> None:
        tracker = ModelPerformanceTracker("m", clock=lambda: NOW)
        tracker.log_prediction("a", 1, 0.5, None, NOW + datetime.timedelta(days=1))
        tracker.log_prediction("b", 1, 0.5)
        assert tracker.predictions["b"]["timestamp"] == NOW.isoformat()

    def test_a_batch_is_stamped_once(self) -> None:
        tracker = ModelPerformanceTracker("m", clock=lambda: NOW)
        tracker.log_predictions(["a", "b"], [1, 0])
        assert {entry["timestamp"] for entry in tracker.predictions.values()} == {NOW.isoformat()}

    @pytest.mark.parametrize("said", [None, "now", datetime.datetime(1969, 1, 1), float("nan"), -5])
    def test_a_clock_that_says_nonsense(self, said: Any) -> None:
        tracker = ModelPerformanceTracker("m", clock=lambda: said)
        for call in (
            lambda: tracker.log_prediction("a", 1, 0.5),
            lambda: tracker.log_predictions(["a"], [1]),
            lambda: tracker.compute_metrics(),
        ):
            with pytest.raises((TypeError, ValueError)):
                call()
        assert not any(tracker.counters().values())

    def test_the_error_of_a_clock_is_the_callers(self) -> None:
        def clock() -> datetime.datetime:
            raise LookupError("no time")

        tracker = ModelPerformanceTracker("m", clock=clock)
        with pytest.raises(LookupError, match="no time"):
            tracker.log_prediction("a", 1, 0.5)
        assert not any(tracker.counters().values())

    def test_without_a_clock_it_is_now(self) -> None:
        tracker = ModelPerformanceTracker("m")
        before = datetime.datetime.now(UTC).replace(tzinfo=None)
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_predictions(["b"], [1])
        after = datetime.datetime.now(UTC).replace(tzinfo=None)
        for entry in tracker.predictions.values():
            # The clock of the extension may be coarser than Python's by a tick of the kernel.
            slack = datetime.timedelta(milliseconds=20)
            assert before - slack <= datetime.datetime.fromisoformat(entry["timestamp"]) <= after + slack
