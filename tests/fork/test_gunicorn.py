"""A pre-fork server: each worker of gunicorn logs to its own copy of the tracker that the master made."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gunicorn")

ROOT = Path(__file__).parents[2]
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A gunicorn on the loopback interface."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--preload", *options]
        command += ["--log-level", "warning", "tests.fork.service:application"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ask(self, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content
            return json.loads(content)
        finally:
            connection.close()

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("/")
            except OSError:
                assert self.process.poll() is None, self.stop()
                assert time.monotonic() < deadline, self.stop()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> str:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
        return output.decode(errors="replace")


@pytest.fixture(
    params=[("--workers", "2"), ("--workers", "2", "--worker-class", "gthread", "--threads", "4")],
    ids=["sync", "threads"],
)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(*request.param)
    try:
        server.wait()
        yield server
    finally:
        output = server.stop()
    assert server.process.returncode == 0, output
    assert "Traceback" not in output, output


def workers(server: Server) -> dict[int, dict[str, Any]]:
    """What each worker counts; asked until all have answered."""
    found: dict[int, dict[str, Any]] = {}
    for _ in range(500):
        answer = server.ask("/")
        found[answer["worker"]] = answer
        if len(found) == 2:
            # Counters of a worker that answered early may be old by now, but nobody logs any more.
            break
    return found


def test_each_worker_logs_to_its_own_copy(server: Server) -> None:
    requests = 300
    predicted: dict[int, set[str]] = defaultdict(set)
    labelled: dict[int, int] = defaultdict(int)

    def predict(number: int) -> None:
        answer = server.ask(f"/predict?id=r{number}&decision={number % 2}&score=0.5")
        predicted[answer["worker"]].add(f"r{number}")
        answer = server.ask(f"/label?id=r{number}&actual=1")
        # A label may reach the other worker, which has no such prediction.
        assert answer["matched"] == (f"r{number}" in predicted[answer["worker"]])
        labelled[answer["worker"]] += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(predict, range(requests)))
    found = workers(server)
    assert set(found) >= set(predicted)
    for worker, answer in found.items():
        counters = answer["counters"]
        assert counters["predictions"] == 1 + len(predicted[worker])
        assert counters["labels"] == 1 + labelled[worker]
        assert counters["matched"] + counters["pending"] == counters["predictions"]
        assert answer["metrics"]["sample_size"] == counters["matched"]
    assert sum(len(one) for one in predicted.values()) == requests


def test_a_worker_that_is_killed_is_replaced(server: Server) -> None:
    """A new worker starts from what the master holds."""
    known = set(workers(server))
    assert len(known) == 2
    assert server.process.pid not in known
    killed = server.ask("/predict?id=a&decision=1&score=0.5")["worker"]
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = server.ask("/")
        except OSError:
            continue
        if answer["worker"] not in known:
            assert answer["counters"]["predictions"] == 1
            return
        time.sleep(0.01)
    pytest.fail("no new worker answered")
