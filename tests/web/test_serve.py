"""The console in a browser: a real one sees it and types; whoever has no business here is refused; nothing is left."""

from __future__ import annotations

import asyncio
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from json import dumps
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from rq import Queue

from console.web.browser import NoMessage, understood
from console.web.listening import at_loopback
from console.web.origins import of_loopback, parsed
from console.web.pass_office import LIFETIME, PassOffice
from console.web.server import Offer, WebConsole
from pantry_queue.config import Settings
from pantry_queue.errors import ConfigError
from tests.cli.conftest import Cli
from tests.cli.inside import cli

from .chromium import FOUND, chromium
from .conftest import alive, reason_of, running, screen_of, serving, until

__all__ = ["cli"]

PASSWORD = "canary-of-the-viewer"


@pytest.fixture
def url(redis_client: Redis, settings: Settings) -> Iterator[str]:
    """Address of the private server with seven jobs in it, with a password."""
    for number in range(7):
        Queue("parcels", connection=redis_client).enqueue("operator.add", number, 1)
    redis_client.execute_command("ACL", "SETUSER", "web", "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    yield str(settings.redis_url).replace("unix://", f"unix://web:{PASSWORD}@")
    redis_client.execute_command("ACL", "DELUSER", "web")


@pytest.mark.skipif(FOUND is None, reason="no chromium on this machine, and this needs a real browser")
async def test_a_real_browser_sees_the_console_types_and_copies(url: str, redis_client: Redis, tmp_path: Path) -> None:
    with serving(url) as served:
        async with chromium(tmp_path / "profile") as page:
            used = served.address
            await page.open(used)
            for wanted in ("parcels", "[READ-ONLY]", "7 wait", "live"):
                await page.until(lambda wanted=wanted: wanted in page.screen(), wanted)
            await page.press("2")
            await page.until(lambda: "operator.add" in page.screen(), "the jobs, by a key")
            await page.press("y")
            await page.until(lambda: "BEGINS WITH" in page.screen(), "what can be copied")
            await page.press("Enter", "\r", 13)
            await page.until(lambda: "was sent to the browser's clipboard" in page.screen(), "copied")
            first = Queue("parcels", connection=redis_client).job_ids[0]
            # To write nothing had to be allowed; to read, for the test alone.
            await page.send("Browser.grantPermissions", origin=served.base, permissions=["clipboardReadWrite"])
            assert await page.run("navigator.clipboard.readText()") == first
            assert await page.run("location.href + document.cookie") == f"{served.base}/", "no token, no cookie to read"
            assert {re.match(r"\w+://[^/]+", asked)[0].replace("ws", "http") for asked in page.asked} == {served.base}
            assert page.said == []
            elsewhere = served.base.replace("127.0.0.1", "localhost")
            await page.press("q")
            await page.press("q")
            said = "document.getElementById('why').textContent"
            await page.until(lambda: not served.consoles(), "the process ends with the page")
            assert await _until_said(page, said) == "The console was left."
            await page.open(used)
            assert "was used before" in await _until_said(page, "document.body.textContent")
            await page.open(elsewhere)
            assert "Nobody has signed in" in await _until_said(page, "document.body.textContent")
            address = served.base.replace("http", "ws")
            ask = f"new Promise(end => {{ const made = new WebSocket('{address}/ws'); "
            ask += "made.onopen = () => end('open'); made.onerror = () => end('refused') })"
            assert await page.run(ask) == "refused"


async def _until_said(page: object, script: str) -> str:
    from .chromium import Page

    assert isinstance(page, Page)
    found = ""
    for _ in range(200):
        found = str(await page.run(script) or "").strip()
        if found:
            break
        await asyncio.sleep(0.1)
    return found


async def test_who_has_no_business_here_is_refused(url: str, tmp_path: Path) -> None:
    with serving(url, "--sessions", "1", TMPDIR=str(tmp_path)) as served:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:

            async def refused(path: str = "/", method: str = "GET", **headers: str) -> int:
                async with client.request(method, served.base + path, headers=headers) as answer:
                    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                    body = await answer.text()
                    assert answer.status == 200 or body.count("\n") == (method != "HEAD"), body
                    assert served.token not in body
                    return answer.status

            here = {"Origin": served.base}
            assert await refused() == 403
            assert await refused("/?token=") == 403
            assert await refused("/?token=ä" + "x" * 42) == 403
            assert await refused("/static/js/textual.js") == 403
            assert await refused("/ws", **here) == 403
            assert await refused(f"/?token={served.token}", "HEAD") == 403, "looking does not use it up"
            assert await refused(f"/?token={served.token}", Host="evil.example") == 403
            assert await refused(f"/?token={served.token}", Origin="http://evil.example") == 403
            used = served.token
            async with client.get(served.address) as answer:
                cookie = answer.headers["Set-Cookie"]
                assert answer.status == 200
                assert '<link rel="icon" href="data:,">' in await answer.text(), "else /favicon.ico is asked for"
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
            served.next_address()
            assert await refused(f"/?token={used}") == 403
            assert await refused() == 200
            assert await refused("/", "POST") == 405
            assert await refused("/nowhere") == 404
            assert await refused("/static/..%2f..%2fserver.py") in (403, 404)
            for origin in (
                "http://evil.example",
                "null",
                served.base.replace("127.0.0.1", "localhost"),
                served.base + "/",
            ):
                assert await refused("/ws", Origin=origin) == 403
                assert await refused("/", Origin=origin) == 403
            assert await refused("/ws") == 403, "a websocket without an origin is no browser's"
            assert await refused("/", Host=served.base.removeprefix("http://") + ".evil.example") == 403
            assert not served.consoles()
            socket = await client.ws_connect(f"{served.base}/ws?width=100&height=30", headers=here)
            assert "READ-ONLY" in await screen_of(socket, "parcels")
            (command,) = served.consoles().values()
            assert PASSWORD not in command
            assert "unix:" not in command
            assert await refused() == 503, "one console at a time"
            assert await refused("/ws", **here) == 503
            left = list(served.consoles())
            assert left
            served.end(signal.SIGKILL)
            until(lambda: not alive(left), "a console ends with a server that was killed")
            assert list(tmp_path.iterdir()) == [], "and nothing of it is left"
        assert served.process.stderr
        assert served.process.stderr.read().count("\n") == 1


async def test_a_unix_socket_and_the_end_by_a_signal(url: str, tmp_path: Path) -> None:
    path = tmp_path / "console.socket"
    origin = "https://console.example.org"
    with serving(url, "--socket", str(path), "--origin", origin, "--read-write") as served:
        assert served.base == origin
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(path)), cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as client:
            headers = {"Host": "console.example.org", "Origin": origin}
            async with client.get(f"http://x/?token={served.token}", headers=headers) as answer:
                cookie = answer.headers["Set-Cookie"]
            assert "Secure" in cookie.split("; ")
            headers["Cookie"] = cookie.partition(";")[0]
            socket = await client.ws_connect("http://x/ws?width=100&height=30", headers=headers)
            assert "READ-ONLY" not in await screen_of(socket, "parcels")
            left = list(served.consoles())
            assert served.end(signal.SIGTERM) == 0
            assert await reason_of(socket) == "The server was ended."
            assert left
            assert not alive(left)
            assert not path.exists()


#: Speaks as Textual's web driver does at its start, and then waits.
WAITING = "import sys, time; sys.stdout.write('__GANGLION__\\n'); sys.stdout.flush(); time.sleep(60)"
FAILING = "import sys; sys.exit('pantry-console: This is why.')"


async def test_each_end_is_told_and_leaves_no_process() -> None:
    for program, said, reason in (
        (WAITING, None, "Nothing was typed for 0.5 seconds"),
        (WAITING, '["stdin", 7]', "no page of this console says"),
        (WAITING, "x" * 2_000_000, "The console was left."),
        (FAILING, None, "This is why."),
    ):
        async with opened([sys.executable, "-S", "-c", program], idle=0.5) as socket:
            if said is not None:
                await socket.send_str(said)
            assert reason in await reason_of(socket) or len(said or "") > 1000
        until(lambda program=program: not running(program), "the process ends")


@asynccontextmanager
async def opened(command: list[str], idle: float) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A page's websocket to a server in this process that gives each browser this command."""
    with at_loopback("127.0.0.1", 0) as listening:
        origins = of_loopback("127.0.0.1", listening.getsockname()[1])
        addresses: list[str] = []
        served = WebConsole(Offer(command, {}, origins, "pass", 1, idle), addresses.append)
        runner = web.AppRunner(served.application())
        await runner.setup()
        await web.SockSite(runner, listening).start()
        served.office.issue()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            await browser.get(addresses[0])
            yield await browser.ws_connect(f"{origins[0]}/ws", headers={"Origin": str(origins[0])})
        await runner.cleanup()


def test_what_cannot_be_served_is_told_in_one_sentence(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    for code, arguments in (
        (2, ["serve", "--host", "0.0.0.0"]),
        (2, ["serve", "--host", "example.org"]),
        (2, ["serve", "--host", "192.168.1.1"]),
        (2, ["serve", "--socket", str(tmp_path / "s")]),
        (2, ["serve", "--origin", "ftp://x"]),
        (2, ["serve", "--origin", "http://x/path"]),
        (2, ["--url", "ftp://x", "serve"]),
        (1, ["serve", "--socket", str(tmp_path / "file"), "--origin", "http://localhost:1"]),
        (1, ["serve", "--socket", "/" + "x" * 200, "--origin", "http://localhost:1"]),
        (4, ["--read-only", "serve", "--read-write"]),
    ):
        done = cli(*arguments)
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), (arguments, done)
    assert (tmp_path / "file").read_text() == "mine"
    assert cli("serve", "--idle", "soon").code == 2
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    missing = cli("serve")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert "pantry-console[web]" in missing.err


@hypothesis_settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=40) | st.lists(st.sampled_from(["stdin", "resize", "ping", 1, None, {}]), max_size=3).map(dumps)
)
def test_what_a_browser_says_is_understood_or_refused(text: str) -> None:
    try:
        what, answer = understood(text)
    except NoMessage:
        return
    assert what in ("keys", "other", "ping")
    assert what == "ping" or int.from_bytes(answer[1:5], "big") == len(answer) - 5


@hypothesis_settings(max_examples=80, deadline=None)
@given(st.text(max_size=30) | st.text(max_size=20).map("http://".__add__))
def test_an_origin_is_exact(text: str) -> None:
    try:
        origin = parsed(text)
    except ConfigError:
        return
    assert parsed(str(origin)) == origin
    assert "\n" not in str(origin)


def test_a_token_works_once_and_a_cookie_ages() -> None:
    issued: list[str] = []
    now = [0.0]
    office = PassOffice(issued.append, lambda: now[0])
    assert office.exchange("") is None
    office.issue()
    cookie = office.exchange(issued[0])
    assert cookie
    assert office.exchange(issued[0]) is None
    assert office.knows(cookie)
    assert not office.knows("")
    now[0] = LIFETIME
    assert not office.knows(cookie)
    kept = [office.exchange(issued[-1]) for _ in range(40)]
    assert [office.knows(str(one)) for one in kept] == [False] * 8 + [True] * 32
