"""Functions, `logging`, files: what fails is counted, and reaches neither the caller nor the other sinks."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from truthlag import AlertPolicy
from truthlag.alerts import CallableSink, JsonLinesSink, LoggingSink, Sink

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_sink_that_fails_stops_no_other(tmp_path: Path) -> None:
    class Broken(Sink):
        def deliver(self, notification: Any) -> None:
            raise RuntimeError("https://secret.example.org/token")

    told: list[Any] = []
    unwritable = JsonLinesSink(tmp_path / "no" / "folder" / "alerts.jsonl")
    sinks = [Broken(), unwritable, CallableSink(told.append), lambda notification: 1 / 0]
    policy = AlertPolicy(open_looks=1, sinks=sinks)
    policy.observe("m", "x", "critical", START)
    assert [one.kind for one in told] == ["opened"]
    assert [sink.counters() for sink in policy.sinks] == [
        {"sent": 0, "failed": 1},
        {"sent": 0, "failed": 1},
        {"sent": 1, "failed": 0},
        {"sent": 0, "failed": 1},
    ]
    assert [sink.last_error for sink in policy.sinks] == [
        "RuntimeError",
        "FileNotFoundError",
        None,
        "ZeroDivisionError",
    ]


def test_sinks_that_keep_no_promise_are_borne() -> None:
    class Forgetful(Sink):
        def __init__(self) -> None:
            """Without that of its base."""

        def deliver(self, notification: Any) -> None:
            raise OSError

    class Loud(Forgetful):
        def send(self, notification: Any) -> None:
            raise OSError

        def close(self) -> None:
            raise OSError

    told: list[Any] = []
    with AlertPolicy(open_looks=1, sinks=[Forgetful(), Loud(), told.append]) as policy:
        policy.observe("m", "x", "critical", START)
    assert len(told) == 1
    assert policy.sinks[0].counters() == {"sent": 0, "failed": 1}
    assert policy.counters()["sink_errors"] == 2


def test_a_sink_may_ask_the_policy() -> None:
    def take_up(notification: Any) -> None:
        if notification.kind == "opened":
            policy.acknowledge(notification.incident.id, notification.at, by="a robot")

    policy = AlertPolicy(open_looks=1, sinks=[take_up])
    policy.observe("m", "x", "critical", START)
    assert [(one.state, one.acknowledged_by) for one in policy.incidents()] == [("acknowledged", "a robot")]
    assert policy.sinks[0].last_error is None


def test_logging(told: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    sink = LoggingSink("truthlag.alerts.tested")
    with caplog.at_level(logging.INFO):
        sink.send(told[0])
        sink.send(told[-1])
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("CRITICAL", told[0].text),
        ("INFO", told[-1].text),
    ]
    assert caplog.records[0].notification is told[0]
    assert sink.counters() == {"sent": 2, "failed": 0}
    with pytest.raises(TypeError, match=r"^logger must be a logging.Logger or the name of one, got 3"):
        LoggingSink(3)  # type: ignore[arg-type]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_are_appended_and_the_file_may_be_moved(told: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"older": true}\n')
    sink = JsonLinesSink(path)
    sink.send(told[0])
    path.rename(tmp_path / "moved.jsonl")
    sink.send(told[1])
    assert [one.get("kind") for one in lines(tmp_path / "moved.jsonl")] == [None, "opened"]
    assert lines(path) == [told[1].to_dict()]
    assert repr(sink) == f"JsonLinesSink({str(path)!r})"


def test_json_lines_rotate(told: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sizes = [len(json.dumps(one.to_dict(), separators=(",", ":"))) + 1 for one in told]
    sink = JsonLinesSink(str(path), max_bytes=sizes[0] + sizes[1])
    for one in told:
        sink.send(one)
    assert [one["key"] for one in lines(tmp_path / "alerts.jsonl.1")] == [told[3].key]
    assert [one["key"] for one in lines(path)] == [told[4].key]
    assert sink.counters() == {"sent": 5, "failed": 0}


def test_a_torn_line_spoils_only_itself(told: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = JsonLinesSink(path)
    open_file = Path.open

    class Full:
        """A disk that takes ten bytes more."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            return self.file.write(data[:10])

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda self, *given, **more: Full(open_file(self, *given, **more)))
        sink.send(told[0])
    sink.send(told[1])
    torn, whole = path.read_text().splitlines()
    assert len(torn) == 10 and json.loads(whole)["kind"] == "reminder"
    assert (sink.counters(), sink.last_error) == ({"sent": 1, "failed": 1}, "OSError")


def test_threads_observe_at_the_same_time(tmp_path: Path) -> None:
    sink = JsonLinesSink(tmp_path / "alerts.jsonl")
    policy = AlertPolicy(open_looks=1, sinks=[sink])
    begin = threading.Barrier(4)

    def observe(number: int) -> None:
        begin.wait()
        for metric in range(50):
            policy.observe(f"m{metric}", f"x{number}", "critical", START)

    threads = [threading.Thread(target=observe, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(policy.incidents("open")) == 50
    assert all(len(one.metrics) == 4 for one in policy.incidents())
    assert len(lines(tmp_path / "alerts.jsonl")) == 50


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CallableSink(3), "function must be callable, got 3"),  # type: ignore[arg-type]
        (lambda: JsonLinesSink(3), "path must be a str, bytes or os.PathLike, got 3"),  # type: ignore[arg-type]
        (lambda: JsonLinesSink("x", max_bytes=1.5), "max_bytes must be an int from 1"),  # type: ignore[arg-type]
    ],
)
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}"):
        make()
