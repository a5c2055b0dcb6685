"""A real browser without a window, driven by its own protocol (Chrome DevTools Protocol) over a websocket."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pyte

#: Where a browser is, if there is one.
FOUND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
COLUMNS, ROWS = 120, 40


class Page:
    """One tab.

    Attributes:
        bytes: what its websocket received, as a terminal would draw it, in order.
        asked: addresses it asked for.
        said: what it wrote to its console as an error.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.bytes = b""
        self.asked: list[str] = []
        self.said: list[str] = []

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
                continue
            facts = told["params"]
            match told["method"]:
                case "Network.webSocketFrameReceived" if facts["response"]["opcode"] == 2:
                    self.bytes += base64.b64decode(facts["response"]["payloadData"])
                case "Network.requestWillBeSent":
                    self.asked.append(facts["request"]["url"])
                case "Network.webSocketCreated":
                    self.asked.append(facts["url"])
                case "Log.entryAdded" if facts["entry"]["level"] == "error":
                    self.said.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}")
                case "Runtime.exceptionThrown":
                    self.said.append(str(facts["exceptionDetails"]))

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        found = await asyncio.wait_for(answer, 30)
        assert "error" not in found, found
        result: dict[str, Any] = found["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to an address."""
        self.bytes = b""
        await self.send("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of some JavaScript in the page; promises are waited for."""
        found = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return found["result"].get("value")

    async def press(self, key: str, text: str = "", code: int = 0) -> None:
        """A key that is a character; or another one, with the text and the number it has."""
        for kind, typed in (("keyDown", text or key), ("keyUp", "")):
            await self.send("Input.dispatchKeyEvent", type=kind, key=key, text=typed, windowsVirtualKeyCode=code)

    def screen(self) -> str:
        """What its terminal has been sent, drawn."""
        drawn = pyte.Screen(300, 100)
        pyte.ByteStream(drawn).feed(self.bytes)
        return "\n".join(line.rstrip() for line in drawn.display).rstrip()

    async def until(self, seen: Callable[[], Any], what: str, seconds: float = 30) -> None:
        """Wait for something."""
        end = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < end, f"{what}: not seen; {self.said}\n{self.screen()}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Page]:
    """A browser with one empty tab; it has ended when the block has."""
    assert FOUND
    size = f"--window-size={COLUMNS * 10},{ROWS * 22}"
    options = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions"
    quiet = "--disable-background-networking --disable-component-update --disable-sync --remote-debugging-port=0"
    process = subprocess.Popen(
        [FOUND, *options.split(), *quiet.split(), size, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        written = folder / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (written.exists() and "\n" in written.read_text()):
            assert process.poll() is None, "the browser ended at once"
            assert time.monotonic() < end, "the browser does not start"
            await asyncio.sleep(0.05)
        port = written.read_text().split()[0]
        async with aiohttp.ClientSession() as web:
            tabs: list[dict[str, Any]] = []
            while not tabs:  # its port answers before its first tab is there
                assert time.monotonic() < end, "the browser has no tab"
                async with web.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = [one for one in await answer.json() if one["type"] == "page"]
            (tab,) = tabs
            async with web.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Runtime", "Network", "Log"):
                    await page.send(f"{domain}.enable")
                yield page
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
