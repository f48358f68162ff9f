"""What is written comes back: to bytes, to a file, through pickle and copy."""

from __future__ import annotations

import copy
import datetime
import os
import pickle
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.keep.saved import START, Clock, everything, full_tracker
from truthlag import ModelPerformanceTracker


def through_bytes(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    return type(tracker).from_bytes(tracker.to_bytes(), clock=Clock())


def through_a_file(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    tracker.save(folder / "tracker")
    return type(tracker).load(folder / "tracker", clock=Clock())


def through_a_named_file(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    tracker.save(str(folder / "tracker é"))
    return type(tracker).load(str(folder / "tracker é"), clock=Clock())


def through_pickle(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    return pickle.loads(pickle.dumps(tracker))


def through_the_oldest_pickle(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    return pickle.loads(pickle.dumps(tracker, protocol=2))


def through_deepcopy(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    return copy.deepcopy(tracker)


def through_copy(tracker: ModelPerformanceTracker, folder: Path) -> ModelPerformanceTracker:
    return copy.copy(tracker)


WAYS = [
    through_bytes,
    through_a_file,
    through_a_named_file,
    through_pickle,
    through_the_oldest_pickle,
    through_deepcopy,
    through_copy,
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"retention": None},
    {"max_predictions": 20},
    {"max_orphan_labels": 0},
    {"max_orphan_labels": 3},
    {"keep_ids": False},
    {"keep_features": False},
    {"history_limit": 0},
]
Way = Callable[[ModelPerformanceTracker, Path], ModelPerformanceTracker]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_everything_comes_back(way: Way, options: dict[str, Any], tmp_path: Path) -> None:
    tracker = full_tracker(**options)
    before = everything(tracker)
    other = way(tracker, tmp_path)
    assert type(other) is ModelPerformanceTracker
    assert everything(other) == before
    assert everything(tracker) == before, "writing changes nothing"


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_both_go_on_alike_and_apart(way: Way, options: dict[str, Any], tmp_path: Path) -> None:
    """The options, the newest time, the last stamp and the order of arrival are part of what comes back."""
    tracker = full_tracker(**options)
    other = way(tracker, tmp_path)
    Clock.now = START - datetime.timedelta(hours=9)
    try:
        for one in (tracker, other):
            before = everything(tracker if one is other else other)
            for row in range(40):
                one.log_prediction(f"later-{row}", row % 2, row / 64)
                one.log_ground_truth(f"later-{row}", 1)
                one.log_ground_truth(f"nobody-later-{row}", 0)
                if "max_predictions" not in options:
                    # Whether a label finds the trace of a prediction that has left is not promised to come back.
                    one.log_ground_truth(row, 1, START + datetime.timedelta(hours=row))
                one.log_prediction(-row, 1, 0.5, {"a": row}, START + datetime.timedelta(minutes=20 * row))
            one.compute_metrics(24, now=START)
            assert everything(tracker if one is other else other) == before, "they share nothing"
        assert everything(tracker) == everything(other)
    finally:
        Clock.now = START


def test_an_empty_tracker() -> None:
    tracker = ModelPerformanceTracker("m", clock=Clock())
    other = ModelPerformanceTracker.from_bytes(tracker.to_bytes(), clock=Clock())
    assert everything(other) == everything(tracker)
    other.log_prediction("a", 1, 0.5)
    assert other.predictions["a"]["timestamp"] == START.isoformat()


def test_the_same_bytes_twice_and_as_many_again() -> None:
    tracker = full_tracker()
    data = tracker.to_bytes()
    assert type(data) is bytes
    assert tracker.to_bytes() == data
    # The index is written as it lies in memory, which hangs on the order of insertion.
    again = ModelPerformanceTracker.from_bytes(data).to_bytes()
    assert len(again) == len(data)
    assert everything(ModelPerformanceTracker.from_bytes(again, clock=Clock())) == everything(tracker)


def test_bytes_of_another_process_are_read(tmp_path: Path) -> None:
    """Fingerprints do not hang on anything of this process, such as its hash seed."""
    full_tracker().save(tmp_path / "tracker")
    code = """
import sys
from tests.keep.saved import Clock, everything
from truthlag import ModelPerformanceTracker
tracker = ModelPerformanceTracker.load(sys.argv[1], clock=Clock())
assert all(one in tracker.predictions for one in list(tracker.predictions))
print(everything(tracker))
"""
    finished = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "tracker")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONHASHSEED": "1", "PYTHONIOENCODING": "utf-8"},
    )
    assert finished.stdout.strip() == str(everything(full_tracker()))


def test_a_large_tracker(tmp_path: Path) -> None:
    """More than one generation of rows, and more than one page of everything."""
    size = 300_000
    generator = np.random.default_rng(3)
    tracker = ModelPerformanceTracker("m", clock=Clock())
    ids = generator.permutation(size)
    tracker.log_predictions(ids, generator.integers(0, 2, size), generator.random(size))
    tracker.log_ground_truths(generator.permutation(2 * size)[: size // 2], generator.integers(0, 2, size // 2))
    tracker.snapshot()
    tracker.save(tmp_path / "tracker")
    other = ModelPerformanceTracker.load(tmp_path / "tracker", clock=Clock())
    assert other.counters() == tracker.counters()
    assert other.snapshot().to_dict() == tracker.snapshot().to_dict()
    assert list(other.predictions) == ids.tolist()
    tracker.log_ground_truths(ids[::7], np.ones(len(ids[::7])))
    other.log_ground_truths(ids[::7], np.ones(len(ids[::7])))
    assert other.counters() == tracker.counters()


class Named(ModelPerformanceTracker):
    """A subclass with something of its own."""

    def title(self) -> str:
        return self.model_name.title()


def test_a_subclass_comes_back_as_itself() -> None:
    tracker = Named("my model", clock=Clock())
    tracker.log_prediction("a", 1, 0.5)
    for other in (Named.from_bytes(tracker.to_bytes()), pickle.loads(pickle.dumps(tracker)), copy.deepcopy(tracker)):
        assert type(other) is Named
        assert other.title() == "My Model"
        assert "a" in other.predictions


class TestClocks:
    def test_the_clock_is_not_in_the_bytes(self) -> None:
        tracker = ModelPerformanceTracker.from_bytes(full_tracker().to_bytes())
        tracker.log_prediction("now", 1, 0.5)
        assert tracker.predictions["now"]["timestamp"] > START.isoformat()

    def test_pickle_carries_the_clock(self) -> None:
        for other in (pickle.loads(pickle.dumps(full_tracker())), copy.deepcopy(full_tracker())):
            other.log_prediction("now", 1, 0.5)
            assert other.predictions["now"]["timestamp"] == START.isoformat()


class TestFiles:
    def test_a_file_is_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "tracker"
        path.write_bytes(b"something else")
        tracker = full_tracker()
        for row in range(3):
            tracker.log_prediction(f"more {row}", 1, 0.5)
            tracker.save(path)
            assert everything(ModelPerformanceTracker.load(path, clock=Clock())) == everything(tracker)
        assert [one.name for one in tmp_path.iterdir()] == ["tracker"], "nothing is left beside it"

    def test_a_file_that_cannot_take_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "folder" / "full").mkdir(parents=True)
        with pytest.raises(OSError, match="folder"):
            full_tracker().save(tmp_path / "folder")
        assert [one.name for one in tmp_path.iterdir()] == ["folder"]

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            full_tracker().save(tmp_path / "missing" / "tracker")
        with pytest.raises(FileNotFoundError):
            ModelPerformanceTracker.load(tmp_path / "missing")

    @pytest.mark.parametrize("failing", ["fsync", "replace"])
    def test_a_failure_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
        path = tmp_path / "tracker"
        tracker = full_tracker()
        tracker.save(path)
        old = path.read_bytes()
        tracker.log_prediction("more", 1, 0.5)

        def fail(*_: Any, **__: Any) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="no space left"):
            tracker.save(path)
        monkeypatch.undo()
        assert path.read_bytes() == old
        assert [one.name for one in tmp_path.iterdir()] == ["tracker"]
        tracker.save(path)
        assert "more" in ModelPerformanceTracker.load(path).predictions

    def test_a_link_and_a_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        full_tracker().save("tracker")
        Path("link").symlink_to("tracker")
        assert everything(ModelPerformanceTracker.load("link", clock=Clock())) == everything(full_tracker())

    def test_an_empty_and_a_foreign_file(self, tmp_path: Path) -> None:
        for content in (b"", b"TRUTH", b"PK\x03\x04" + bytes(100), os.urandom(5000)):
            (tmp_path / "file").write_bytes(content)
            with pytest.raises(ValueError, match="saved tracker"):
                ModelPerformanceTracker.load(tmp_path / "file")

    def test_a_reader_meets_whole_files_only(self, tmp_path: Path) -> None:
        path = tmp_path / "tracker"
        trackers = [full_tracker(rows) for rows in (3, 400)]
        expected = [one.counters() for one in trackers]
        trackers[0].save(path)
        done = threading.Event()

        def write() -> None:
            for number in range(40):
                trackers[number % 2].save(path)
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        while not done.is_set():
            assert ModelPerformanceTracker.load(path).counters() in expected
        writer.join()

    def test_the_owner_can_read_it(self, tmp_path: Path) -> None:
        full_tracker().save(tmp_path / "tracker")
        assert stat.S_IMODE((tmp_path / "tracker").stat().st_mode) & 0o600 == 0o600


def test_what_is_done_to_an_answer_does_not_spoil_the_tracker() -> None:
    tracker = full_tracker()
    answer = tracker.compute_metrics(48)
    answer["at"] = datetime.datetime(2024, 1, 1)
    assert ModelPerformanceTracker.from_bytes(tracker.to_bytes()).counters() == tracker.counters()
