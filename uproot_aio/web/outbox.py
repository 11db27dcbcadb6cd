"""Frames on their way to one browser.

A frame usually goes to the transport at once: to wake a task for each would cost a tenth of a call. The server's frames
have no mask and ours no compression, so only their length stands before them (RFC 6455, section 5.2).
"""

from __future__ import annotations

import asyncio
from collections import deque
from struct import pack
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

QUEUED_BYTES: Final = 8 << 20
UNSENT_BYTES: Final = 1 << 16
CLOSE_SECONDS: Final = 10.0
TEXT: Final = 0x81
PING: Final = b"\x89\0"
SHORT_LENGTHS: Final = [bytes((TEXT, size)) for size in range(126)]


class Outbox:
    """Sends in the order of `put`. What the browser is too slow to take is queued, up to `QUEUED_BYTES`."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.WriteTransport) -> None:
        self._socket = socket
        self._transport = transport
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._close_code: int | None = None

    def put(self, frame: bytes) -> None:
        """Send or queue a frame; if the browser reads too slowly, close: it will come back and catch up."""
        if self._close_code is not None or self._socket.closed or self._transport.is_closing():
            return
        if not self._frames and self._transport.get_write_buffer_size() < UNSENT_BYTES:
            self._transport.write(_head(frame) + frame)
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes > QUEUED_BYTES:
            self._frames.clear()
            self.close(WSCloseCode.TRY_AGAIN_LATER)
        self._filled.set()

    def ping(self) -> None:
        """Ask the browser for a sign of life."""
        if not (self._socket.closed or self._transport.is_closing()):
            self._transport.write(PING)

    def close(self, code: int) -> None:
        """Close the socket once what is queued was sent; cut the connection if the browser does not take it."""
        if self._close_code is None:
            self._close_code = code
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
        self._filled.set()

    def abort(self) -> None:
        """Cut the connection without a good-bye."""
        self._transport.abort()

    async def write(self) -> None:
        """Send what was queued until closed."""
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    self._bytes -= len(frame)
                    await self._socket.send_frame(frame, WSMsgType.TEXT)  # writes at once, then may wait
                if self._close_code is not None:
                    await self._socket.close(code=self._close_code)
                    return
        except ConnectionError:
            # The browser has gone: it will connect again and ask for what it lacks.
            return


def _head(frame: bytes) -> bytes:
    size = len(frame)
    if size < 126:
        return SHORT_LENGTHS[size]
    return pack(">BBH", TEXT, 126, size) if size < 1 << 16 else pack(">BBQ", TEXT, 127, size)
