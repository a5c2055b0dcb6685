"""One browser's console: a process of its own, which ends with the browser, with us, or when nobody types."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from console.web.browser import MOST_CHARACTERS, NoMessage, size, understood
from pantry_queue import children
from pantry_queue.text import safe

if TYPE_CHECKING:
    from pantry_queue.children import Child

#: The line by which Textual's web driver says that it is there, and seconds to wait for it.
_READY, _PATIENCE = b"__GANGLION__\n", 30.0
#: Bytes of one packet of a console, which draws a screen at most.
_MOST_BYTES = 1 << 26
#: Seconds between two looks whether the browser is still there.
_HEARTBEAT = 20.0
#: Seconds a console may take to end before it is killed.
_ENDING = 3.0
#: Bytes a websocket lets us give as a reason.
_REASON = 120
#: Bytes at the end of standard error that are looked at for it.
_LAST_BYTES = 4096


class Session:
    """A console process and the websocket it is seen through.

    Args:
        command: what to run; no secrets, since everybody on the machine can read it.
        environment: of the process.
        idle: seconds without a key after which it ends.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], idle: float) -> None:
        self._command = command
        self._environment = environment
        self._idle = idle
        self._socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=MOST_CHARACTERS * 4)
        self._reason = ""
        #: When a key was pressed last, or the console was there; by the loop's clock.
        self._typed_at = float("inf")
        #: The console was left, and ends by itself.
        self._leaves = False

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Serve this browser until one of the two ends."""
        await self._socket.prepare(request)
        # What it says on standard error: a file without a name, of which nothing is left however we end.
        with tempfile.TemporaryFile() as said:
            await self._run(request, said)
        return self._socket

    async def _run(self, request: web.Request, said: IO[bytes]) -> None:
        columns, rows = size(request.query.get("width"), request.query.get("height"))
        ours, theirs = socket.socketpair()
        environment = {**self._environment, "COLUMNS": str(columns), "ROWS": str(rows)}
        try:
            with theirs:
                child = children.start("console", self._command, env=environment, log=said.fileno(), talk=theirs)
        except OSError as error:
            ours.close()
            await self.close(f"The console cannot be started: {error.strerror}.")
            return
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            await _until_one_ends(self._show(reader), self._listen(writer))
        finally:
            await asyncio.shield(self._end(child, reader, said))
            writer.close()

    async def close(self, reason: str) -> None:
        """Tell the browser why, and end."""
        self._reason = self._reason or reason
        told = safe(self._reason).encode()[:_REASON].decode("utf-8", "ignore")
        with suppress(OSError, TimeoutError, RuntimeError):
            await self._socket.close(code=WSCloseCode.GOING_AWAY, message=told.encode())

    async def _show(self, reader: asyncio.StreamReader) -> None:
        """What the console draws, to the browser; a slow one makes the console wait."""
        async with asyncio.timeout(_PATIENCE):
            while (line := await reader.readline()) != _READY:
                if not line:
                    return
        self._typed_at = asyncio.get_running_loop().time()
        while True:
            head = await reader.readexactly(5)
            length = int.from_bytes(head[1:], "big")
            if length > _MOST_BYTES:
                return
            payload = await reader.readexactly(length)
            if head[:1] == b"D":
                await self._socket.send_bytes(payload)
            elif head[:1] == b"M" and json.loads(payload).get("type") == "exit":
                self._leaves = True
                return

    async def _listen(self, writer: asyncio.StreamWriter) -> None:
        """What the browser says, to the console."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    message = await self._socket.receive()
            except TimeoutError:
                if loop.time() < self._typed_at + self._idle:
                    continue
                self._reason = f"Nothing was typed for {_words(self._idle)}, so the console has ended."
                return
            if message.type != WSMsgType.TEXT:
                return
            try:
                what, answer = understood(message.data)
            except NoMessage:
                self._reason = "The browser said something no page of this console says."
                return
            if what == "ping":
                await self._socket.send_str(answer.decode())
                continue
            if what == "keys":
                self._typed_at = loop.time()
            writer.write(answer)
            await writer.drain()

    async def _end(self, child: Child, reader: asyncio.StreamReader, said: IO[bytes]) -> None:
        """End the process, which may still have to say something, and then the browser's side."""
        if self._leaves:  # a signal now would make an accident of it
            with suppress(TimeoutError):
                async with asyncio.timeout(_ENDING):
                    await _gone(child, reader)
        stopping = asyncio.to_thread(child.stop, _ENDING)
        code, _ = await asyncio.gather(stopping, _drop(reader))
        last = _last_line(said).removeprefix("pantry-console: ")
        await self.close((last or "The console ended by itself.") if code else "The console was left.")


def _last_line(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - _LAST_BYTES))
    return "".join(said.read(_LAST_BYTES).decode("utf-8", "replace").splitlines()[-1:])


def _words(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"


async def _drop(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1 << 16):
            pass


async def _gone(child: Child, reader: asyncio.StreamReader) -> None:
    """Until the process is gone; what it still says is dropped."""
    await _drop(reader)
    while child.exit_code() is None:
        await asyncio.sleep(0.02)


async def _until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run these side by side; what a vanished peer does to them is no error."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, (OSError, EOFError, TimeoutError)):
            raise end
