"""Messages on their way to a receiver that fails, and what a watcher leaves in Redis for the next one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from pantry_queue.alerting import state, webhook
from pantry_queue.alerting.message import Message, message
from pantry_queue.alerting.outbox import KEPT, MOST, Outbox
from pantry_queue.alerting.webhook import TOLERANCE, Webhook, signature, verify
from pantry_queue.errors import ConfigError
from pantry_queue.keys import Keys
from pantry_queue.monitor.alarms import Alarm, Change
from pantry_queue.monitor.alerts import Alert
from tests.receiver import Receiver, receiver

KEYS = Keys()
ALERT = Alert("critical", "queue", "emails", "3 wait", "3 wait", "queued", "depth")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


class Post:
    """An outbox and what it says."""

    def __init__(self, url: str, *bodies: str, at: float = 0.0) -> None:
        self.said: list[str] = []
        self.hook = Webhook(url, b"s3cret")
        self.box = Outbox(self.hook, self.said.append, [Message(f"msg_{body}", at, body) for body in bodies])

    def run(self, seconds: float, step: float = 0.5) -> list[float]:
        """Steps over a time that is made up; gives when something was tried."""
        tried: list[float] = []
        for tick in range(int(seconds / step)):
            now, before = tick * step, sum(one.tries for one in self.box.waiting)
            went = self.box.step(now, now)
            if went or sum(one.tries for one in self.box.waiting) != before:
                tried.append(now)
        return tried


def test_in_order_again_with_growing_pauses_and_one_at_a_time(hook: Receiver) -> None:
    hook.answers = [500, 0, 503, 429]
    post = Post(f"{hook.url}/a", "1", "2")
    assert post.run(60) == [0.0, 1.0, 3.0, 7.0, 15.0, 15.5]
    assert [one.body for one in hook.got] == ["1", "1", "1", "1", "1", "2"]
    assert (len({one.headers["webhook-id"] for one in hook.got}), hook.most_at_once) == (2, 1)
    assert [sentence.split(" (")[0] for sentence in post.said] == [
        f"The webhook {hook.url}/... does not take what it is told",
        f"The webhook {hook.url}/... answers again.",
    ]


def test_a_receiver_that_asks_for_a_pause_gets_it(hook: Receiver) -> None:
    hook.answers, hook.headers = [503], {"retry-after": "20"}
    assert Post(hook.url, "1").run(60) == [0.0, 20.0]


def test_what_is_not_wanted_is_given_up_and_does_not_keep_the_next(hook: Receiver) -> None:
    hook.answers = [404, 307, 400]
    hook.headers = {"location": f"{hook.url}/elsewhere"}
    post = Post(f"{hook.url}/a", "1", "2")
    post.run(20)
    assert [(one.path, one.body) for one in hook.got] == [("/a", "1")] * 3 + [("/a", "2")]
    assert "given up, status 400: 1" in post.said[-2]


def test_old_messages_are_worth_nothing(hook: Receiver) -> None:
    hook.answers = [500] * 500
    post = Post(hook.url, "1")
    post.run(KEPT + 120, 30)
    assert 60 < len(hook.got) < 125
    assert post.box.waiting == ()
    assert "given up, it was tried for 1 h" in post.said[-1]
    post.box.add(Message(f"msg_{number}", 0.0, "x") for number in range(2 * MOST))
    assert (len(post.box.waiting), post.box.room) == (MOST, 0)


def test_nothing_of_the_answer_but_its_head_is_read_and_no_secret_is_shown(hook: Receiver) -> None:
    hook.body = b"x" * 50_000_000
    post = Post(hook.url.replace("http://", "http://user:pass@") + "/services/T0KEN?key=K", "1")
    assert post.run(2) == [0.0]
    assert hook.got[0].headers["authorization"].startswith("Basic ")
    gone = Post("http://user:pass@127.0.0.1:1/T0KEN", "1")
    gone.run(2)
    assert "does not take" in gone.said[0]
    assert not any(secret in sentence for secret in ("pass", "T0KEN") for sentence in gone.said)


def test_a_receiver_that_speaks_bit_by_bit_or_not_at_all_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_IN_ALL", 0.4)
    for bits in (b"HTTP/1.1 204 No Content\r\nx: " + b"y" * 2000, b""):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer(server: socket.socket = server, bits: bytes = bits) -> None:
                link, _ = server.accept()
                with link, suppress(OSError):
                    for bit in bits:
                        link.sendall(bytes([bit]))
                        time.sleep(0.01)
                    while link.recv(1000):
                        pass

            thread = threading.Thread(target=answer)
            thread.start()
            post = Post(f"http://127.0.0.1:{server.getsockname()[1]}", "1")
            assert post.box.step(0, 0) is False
            assert "TimeoutError" in post.said[0]
            thread.join()


def test_signed_as_standard_webhooks_are() -> None:
    # The example of the specification.
    secret, name = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    body = '{"test": 2432232314}'
    made = signature(secret, name, 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {"webhook-id": name, "webhook-timestamp": "1614265330", "webhook-signature": f"v1,old {made}"}
    assert verify(secret, headers, body, now=1614265330 + TOLERANCE)
    assert not verify(secret, headers, body, now=1614265330 + TOLERANCE + 1), "replayed"
    assert not verify(secret, headers, body + " ", now=1614265330)
    assert not verify(b"other", headers, body, now=1614265330)
    assert not verify(secret, {**headers, "webhook-timestamp": "1614265331"}, body, now=1614265330)
    assert not verify(secret, {}, body)
    with pytest.raises(ConfigError, match="base64 should stand behind it"):
        Webhook("http://h", b"whsec_\xff")


def test_what_one_watcher_writes_the_next_reads(redis_client: Redis) -> None:
    alarm, told = Alarm(ALERT, 10.0, 0.0, 20.0, "warning"), message(Change("started", ALERT, 1.0, 2.0), "here", "prod")
    state.save(redis_client, KEYS, "me", [alarm], [told])
    assert state.load(redis_client, KEYS).kinds is None
    state.save_kinds(redis_client, KEYS, {"a": (1.0, 2.0)})
    assert state.load(redis_client, KEYS) == state.State("me", [alarm], [told], {"a": (1.0, 2.0)})
    assert all(redis_client.ttl(key) > 0 for key in (KEYS.alerts, KEYS.alert_kinds))


def test_one_holds_the_lock(redis_client: Redis) -> None:
    assert state.hold(redis_client, KEYS, "a", 60)
    assert not state.hold(redis_client, KEYS, "b", 60)
    state.let_go(redis_client, KEYS, "b")
    assert state.hold(redis_client, KEYS, "a", 60)
    state.let_go(redis_client, KEYS, "a")
    assert state.hold(redis_client, KEYS, "b", 60)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["alerts", "alarms", "outbox", "kinds", "alert", "told", "since", "id", "at", "body", "by"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=50) | _JSON.map(json.dumps))
def test_whatever_stands_there_is_read_as_something_or_nothing(redis_client: Redis, stored: bytes | str) -> None:
    redis_client.set(KEYS.alerts, stored)
    redis_client.set(KEYS.alert_kinds, stored)
    found = state.load(redis_client, KEYS)
    state.save(redis_client, KEYS, "me", found.alarms, found.outbox)
    redis_client.delete(KEYS.alerts)
    redis_client.lpush(KEYS.alerts, "x")
    assert state.load(redis_client, KEYS).alarms == []
