"""Webhooks against a server on this machine: retries, the queue and its bound, secrets, the end of a process, fork."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.verdict.alerts.receiver import PATIENCE, Receiver
from truthlag import AlertPolicy
from truthlag.alerts import SlackSink, WebhookSink
from truthlag.verdict.alerts.sinks import http
from truthlag.verdict.alerts.sinks.backoff import delay
from truthlag.verdict.alerts.sinks.delivery import Delivery, DeliveryError

AT_ONCE = {"first_delay": 0.0, "longest_delay": 0.0}


@contextlib.contextmanager
def hushed_fork() -> Iterator[None]:
    """Python 3.12 warns of a fork beside threads, which is what these tests are about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        yield


def counted(sink: WebhookSink) -> dict[str, int]:
    assert sink.flush(PATIENCE)
    return {name: number for name, number in sink.counters().items() if number}


def test_notifications_arrive_in_order_as_json(receiver: Receiver, told: list[Any]) -> None:
    with contextlib.closing(WebhookSink(receiver.url, headers={"Authorization": "Bearer t0ken"})) as sink:
        for one in told:
            sink.send(one)
        assert counted(sink) == {"sent": 5}
    assert [request.body for request in receiver.requests] == [one.to_dict() for one in told]
    headers = receiver.requests[0].headers
    assert receiver.requests[0].path == "/services/T0/s3cret"
    assert headers["Content-Type"] == "application/json"
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer t0ken", told[0].key)


def test_what_may_pass_is_tried_again_and_what_may_not_is_not(receiver: Receiver, told: list[Any]) -> None:
    sink = WebhookSink(receiver.url, attempts=4, **AT_ONCE)
    receiver.answers.extend([503, 429, "hang up", 200])
    sink.send(told[0])
    assert counted(sink) == {"sent": 1, "retried": 3}
    assert [request.headers["Idempotency-Key"] for request in receiver.requests] == [told[0].key] * 4
    receiver.answers.extend([500] * 4)
    sink.send(told[1])
    assert counted(sink) == {"sent": 1, "failed": 1, "retried": 6}
    assert sink.last_error == "HTTP 500"
    for status in (400, 404, 410, (302, {"Location": receiver.url})):
        receiver.answers.append(status)
        sink.send(told[2])
    assert counted(sink) == {"sent": 1, "failed": 5, "retried": 6}
    assert (len(receiver.requests), sink.last_error) == (12, "HTTP 302")
    sink.close()


def test_nobody_there(told: list[Any]) -> None:
    with Receiver() as gone:
        url = gone.url
    sink = WebhookSink(url, attempts=2, **AT_ONCE)
    sink.send(told[0])
    assert counted(sink) == {"failed": 1, "retried": 1}
    assert sink.last_error == "NewConnectionError"


def test_a_server_that_does_not_answer_is_given_up(receiver: Receiver, told: list[Any]) -> None:
    receiver.gate.clear()
    sink = WebhookSink(receiver.url, attempts=1, read_timeout=0.05)
    sink.send(told[0])
    assert counted(sink) == {"failed": 1}
    assert sink.last_error == "ReadTimeoutError"


def test_a_slow_server_blocks_nobody_and_the_queue_is_bounded(receiver: Receiver, told: list[Any]) -> None:
    receiver.gate.clear()
    sink = WebhookSink(receiver.url, queue_limit=2)
    sink.send(told[0])
    assert receiver.arrived.acquire(timeout=PATIENCE)
    # The first is on its way; of the others the two newest wait.
    for one in told[1:]:
        sink.send(one)
    assert sink.counters() == {"sent": 0, "failed": 0, "retried": 0, "dropped": 2, "abandoned": 0, "waiting": 3}
    assert len(receiver.requests) == 1
    receiver.gate.set()
    assert counted(sink) == {"sent": 3, "dropped": 2}
    assert [request.body["key"] for request in receiver.requests] == [told[place].key for place in (0, 3, 4)]
    # The thread has ended with the work, and begins again with more.
    sink.send(told[0])
    assert counted(sink) == {"sent": 4, "dropped": 2}


class Unreliable:
    """Fails as often as it is told, and notes the attempts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.attempts: list[Any] = []

    def __call__(self, item: Any) -> None:
        self.attempts.append(item)
        if self.errors:
            raise self.errors.pop(0)


def delivery(transmit: Any, **more: Any) -> tuple[Delivery[Any], list[float]]:
    """One whose clock stands still: it notes how long it would wait."""
    given = {"queue_limit": 10, "attempts": 6, "first_delay": 1.0, "longest_delay": 10.0, "close_timeout": 1.0}
    one: Delivery[Any] = Delivery(transmit, **{**given, **more})
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    one._wait = wait  # type: ignore[method-assign]
    one._random.random = lambda: 1.0  # type: ignore[method-assign]
    return one, waits


def test_delays_grow_up_to_the_longest_and_heed_the_server() -> None:
    errors = [DeliveryError("no") for _ in range(4)]
    errors[1].asked, errors[2].asked = 7.0, 3_600.0
    transmit = Unreliable(*errors, DeliveryError("no"))
    one, waits = delivery(transmit)
    one.put("x")
    assert one.flush(PATIENCE)
    assert waits == [1.0, 7.0, 10.0, 8.0, 10.0]
    assert one.counters()["sent"] == 1
    assert [delay(attempt, 1, 60, lambda: 0.0) for attempt in (1, 2, 10_000)] == [0.5, 1.0, 30.0]
    assert http._seconds("120") == 120 and http._seconds("Fri, 31 Dec 1999 23:59:59 GMT") is http._seconds(None) is None


def test_any_error_of_one_item_leaves_the_others() -> None:
    transmit = Unreliable(ValueError("anything"), DeliveryError("final", is_final=True))
    one, waits = delivery(transmit)
    for item in "abc":
        one.put(item)
    assert one.flush(PATIENCE)
    assert (transmit.attempts, waits) == (["a", "b", "c"], [])
    assert (one.counters()["sent"], one.counters()["failed"]) == (1, 2)


def test_closing_gives_each_one_attempt() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def transmit(item: str) -> None:
        begun.set()
        go_on.wait(PATIENCE)
        if item != "c":
            raise DeliveryError("no")

    one: Delivery[str] = Delivery(
        transmit, queue_limit=10, attempts=9, first_delay=60, longest_delay=60, close_timeout=PATIENCE
    )
    for item in "abc":
        one.put(item)
    assert begun.wait(PATIENCE)
    threading.Timer(0.02, go_on.set).start()
    assert one.close()
    one.put("d")
    expected = {"sent": 1, "failed": 0, "retried": 0, "dropped": 1, "abandoned": 2, "waiting": 0}
    assert one.counters() == expected
    assert one.close()


def test_closing_does_not_wait_for_ever() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def transmit(item: str) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    one: Delivery[str] = Delivery(
        transmit, queue_limit=10, attempts=1, first_delay=0, longest_delay=0, close_timeout=0.05
    )
    for item in "abc":
        one.put(item)
    assert begun.wait(PATIENCE)
    assert one.close() is False
    assert (one.counters()["abandoned"], one.counters()["waiting"]) == (2, 1)
    go_on.set()
    assert one.flush(PATIENCE)
    assert one.counters()["sent"] == 1


def test_no_thread_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    transmit = Unreliable()
    one, _ = delivery(transmit)

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        one.put("a")
    assert (one.counters()["waiting"], one.last_error) == (1, "RuntimeError")
    one.put("b")
    assert one.flush(PATIENCE)
    assert transmit.attempts == ["a", "b"]


def test_secrets_are_shown_nowhere(
    receiver: Receiver, told: list[Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    receiver.answers.extend([(302, {"Location": receiver.url + "/s3cret"}), 500, "hang up"])
    for make in (WebhookSink, SlackSink):
        sink = make(receiver.url, headers={"X-Key": "s3cret"}, attempts=2, **AT_ONCE)
        sink.send(told[0])
        sink.send(told[1])
        counted(sink)
        policy = AlertPolicy(sinks=[sink])
        shown += [repr(sink), str(sink), repr(policy), repr(policy.sinks), str(sink.last_error), str(sink.counters())]
        shown += [str(policy.to_dict()), str(policy.to_bytes())]
    shown += [record.getMessage() + str(record.__dict__) for record in caplog.records]
    out, err = capfd.readouterr()
    for text in [*shown, out, err]:
        assert "s3cret" not in text
    assert repr(sink) == "SlackSink('http://127.0.0.1/...')"
    # What urllib3 logs of the requests of others goes on.
    import urllib3

    with urllib3.PoolManager() as pool:
        pool.request("POST", receiver.url, json={"kind": "of another"})
    assert any(record.name == "urllib3.connectionpool" for record in caplog.records)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"url": "s3cret"}, ValueError, "url must be a http:// or https:// address, got a str of 6 characters"),
    ({"url": "ftp://host/s3cret"}, ValueError, "url must be a http:// or https:// address, got a str of 17 characters"),
    ({"url": "https:///s3cret"}, ValueError, "url must be"),
    ({"url": "https://host:s3cret/"}, ValueError, "url must be"),
    ({"url": "https://[s3cret/"}, ValueError, "url must be"),
    ({"url": "https://host/s3cret\r\nX: y"}, ValueError, "url must be"),
    ({"url": "https://user:s3cret@host/"}, ValueError, "url must be .* without a user or a password"),
    ({"url": b"https://host/s3cret"}, TypeError, "url must be .*, got an object of type bytes"),
    ({"headers": ["s3cret"]}, TypeError, "headers must be a mapping of str to str"),
    ({"headers": {"a": b"s3cret"}}, TypeError, "headers must be .*, got str to bytes"),
    ({"headers": {"a": "s3cret\n"}}, ValueError, "headers must be .*, got one that cannot be sent"),
    ({"headers": {"a:": "s3cret"}}, ValueError, "headers must be"),
    ({"headers": {"a": "s3cret\N{EURO SIGN}"}}, ValueError, "headers must be .* beyond Latin-1"),
    ({"attempts": 0}, ValueError, "attempts must be an int from 1 to 100"),
    ({"first_delay": -1}, ValueError, "first_delay must be a number of seconds from 0"),
    ({"longest_delay": "x"}, TypeError, "longest_delay must be a number of seconds"),
    ({"connect_timeout": 0}, ValueError, "connect_timeout must be a number of seconds above 0"),
    ({"read_timeout": float("nan")}, ValueError, "read_timeout must be a number of seconds above 0"),
    ({"queue_limit": 0}, ValueError, "queue_limit must be an int from 1"),
    ({"close_timeout": None}, TypeError, "close_timeout must be a number of seconds"),
    ({"ca_certificates": 3}, TypeError, "ca_certificates must be the path of a file, or None, got 3"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_bad_arguments(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}") as raised:
        WebhookSink(**{"url": "https://host/s3cret", **given})
    assert "s3cret" not in str(raised.value)


def test_without_urllib3_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "urllib3", None)
    with pytest.raises(ImportError, match=r"pip install 'truthlag\[alerts\]'$"):
        WebhookSink("https://host/x")


def test_certificates_are_verified_and_proxies_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib3

    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    pool = http._pool(urllib3, "https://host/x", None)
    assert type(pool) is urllib3.PoolManager
    assert pool.connection_pool_kw["cert_reqs"] == "CERT_REQUIRED"
    monkeypatch.setenv("https_proxy", "proxy:3128")
    assert http._pool(urllib3, "https://host/x", None).proxy.url == "http://proxy:3128"
    monkeypatch.setenv("no_proxy", "host")
    assert type(http._pool(urllib3, "https://host/x", None)) is urllib3.PoolManager


def test_a_server_without_a_good_certificate_is_refused(told: list[Any], receiver: Receiver) -> None:
    # It speaks no TLS at all: whatever it is, it is not told anything.
    sink = WebhookSink(receiver.url.replace("http://", "https://"), attempts=1)
    sink.send(told[0])
    assert counted(sink) == {"failed": 1}
    assert (sink.last_error, receiver.requests) == ("SSLError", [])


def test_slack(receiver: Receiver, told: list[Any]) -> None:
    sink = SlackSink(receiver.url)
    for one in (told[0], told[-1]):
        sink.send(one)
    assert counted(sink) == {"sent": 2}
    opened, recovered = (request.body for request in receiver.requests)
    assert set(opened) == {"text", "blocks"}
    assert opened["text"] == (
        ":rotating_light: critical opened: fraud &amp; co: accuracy worse since 2026-03-01 00:00; "
        "accuracy fell by 0.09 &lt;really&gt; &amp; truly"
    )
    header, text, facts, context = opened["blocks"]
    assert header["text"] == {"type": "plain_text", "text": ":rotating_light: opened: fraud & co", "emoji": True}
    assert text["text"]["type"] == "mrkdwn"
    assert {"type": "mrkdwn", "text": "*accuracy*\n0.81 (baseline 0.9)"} in facts["fields"]
    assert context["elements"][0]["text"] == f"incident {told[0].incident.id}, notification 1"
    assert recovered["text"].startswith(":white_check_mark: recovered: fraud &amp; co: accuracy after 8 h")


def test_slack_takes_no_more_than_its_limits() -> None:
    policy = AlertPolicy(open_looks=1)
    report = {f"{'&' * 150}{number}": {"verdict": "critical", "sentence": "<" * 1_000} for number in range(30)}
    (told,) = policy.observe_report(report, model="m" * 200)
    body = SlackSink("https://hooks.slack.com/x").body(told)
    header, text, facts, _ = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(text["text"]["text"]) <= 3_000 and text["text"]["text"].endswith(("&lt;", "&amp;"))
    assert len(facts["fields"]) == 10 and all(len(field["text"]) <= 2_000 for field in facts["fields"])


def test_the_end_of_a_program_sends_what_waits(receiver: Receiver) -> None:
    program = (
        "import sys; from truthlag import AlertPolicy; from truthlag.alerts import WebhookSink\n"
        "policy = AlertPolicy(open_looks=1, sinks=[WebhookSink(sys.argv[1], close_timeout=20)])\n"
        "policy.observe('m', 'x', 'critical'); policy.observe('n', 'x', 'critical')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-P", "-c", program, receiver.url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert receiver.kinds == ["opened", "opened"]


def test_the_program_ends_though_the_server_hangs(receiver: Receiver) -> None:
    receiver.gate.clear()
    program = (
        "import sys; from truthlag import AlertPolicy; from truthlag.alerts import WebhookSink\n"
        "policy = AlertPolicy(open_looks=1, sinks=[WebhookSink(sys.argv[1], close_timeout=0.1, read_timeout=80000)])\n"
        "policy.observe('m', 'x', 'critical'); policy.observe('n', 'x', 'critical')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-P", "-c", program, receiver.url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_importing_truthlag_loads_no_alerts_and_these_no_urllib3() -> None:
    program = (
        "import sys, truthlag\n"
        "assert {'AlertPolicy', 'Incident'} <= set(dir(truthlag))\n"
        "print(sorted(name for name in sys.modules if name.startswith('truthlag') and 'alerts' in name))\n"
        "from truthlag import *\n"
        "assert AlertPolicy is truthlag.AlertPolicy is sys.modules['truthlag.alerts'].AlertPolicy\n"
        "print({'urllib3', 'scipy'} & set(sys.modules), hasattr(truthlag, 'Alert'))"
    )
    finished = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert finished.stdout.splitlines() == ["[]", "set() False"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_sends_its_own_and_nothing_twice(receiver: Receiver, told: list[Any]) -> None:
    receiver.gate.clear()
    sink = WebhookSink(receiver.url)
    policy = AlertPolicy(open_looks=1, sinks=[sink])
    sink.send(told[0])
    sink.send(told[1])
    assert receiver.arrived.acquire(timeout=PATIENCE)
    reader, writer = os.pipe()
    with hushed_fork():
        child = os.fork()
    if child == 0:
        try:
            # A child that hangs ends itself.
            signal.alarm(2 * PATIENCE)
            before = sink.counters()
            threads = threading.active_count()
            policy.observe("child", "x", "critical")
            sink.flush(PATIENCE)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(pickle.dumps((before, threads, sink.counters(), policy.counters()["open"])))
        finally:
            os._exit(0)
    os.close(writer)
    assert receiver.arrived.acquire(timeout=PATIENCE)
    receiver.gate.set()
    with os.fdopen(reader, "rb") as pipe:
        before, threads, after, is_open = pickle.loads(pipe.read())
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert (before["waiting"], threads, after["sent"], is_open) == (0, 1, 1, 1)
    assert counted(sink) == {"sent": 2}
    assert policy.counters()["open"] == 0
    keys = [request.body["key"] for request in receiver.requests]
    assert len(keys) == len(set(keys)) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_beside_threads_that_observe() -> None:
    told: list[Any] = []
    policy = AlertPolicy(open_looks=1, close_looks=1, sinks=[told.append])
    stop = threading.Event()

    def observe(name: str) -> None:
        hour = 0
        while not stop.is_set():
            hour += 1
            policy.observe(name, "x", "critical" if hour % 2 else "ok")

    threads = [threading.Thread(target=observe, args=(f"m{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            with hushed_fork():
                child = os.fork()
            if child == 0:
                code = 1
                try:
                    signal.alarm(PATIENCE)
                    policy.observe("child", "x", "critical")
                    is_whole = AlertPolicy.from_bytes(policy.to_bytes()).incidents() == policy.incidents()
                    code = 0 if is_whole and policy.incidents("open") else 2
                finally:
                    os._exit(code)
            _, status = os.waitpid(child, 0)
            assert status == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
