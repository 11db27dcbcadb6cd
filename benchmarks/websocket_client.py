"""A WebSocket client that costs next to nothing, so that what is measured is the server.

It sends text frames with a mask of zeros (RFC 6455, 5.3 allows any), which leaves the payload as it is.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FINAL = 0x80
MASKED = 0x80
NO_MASK = bytes(4)
CONNECT_SECONDS = 10.0
C = TypeVar("C", bound="Connection")


def client_frame(payload: bytes, kind: int = TEXT) -> bytes:
    """Return the payload as one masked frame."""
    size = len(payload)
    if size < 126:
        head = bytes((FINAL | kind, MASKED | size))
    elif size < 1 << 16:
        head = struct.pack(">BBH", FINAL | kind, MASKED | 126, size)
    else:
        head = struct.pack(">BBQ", FINAL | kind, MASKED | 127, size)
    return head + NO_MASK + payload


def invocation(number: int, method: str = "increment", args: bytes = b"[]") -> bytes:
    """Return the frame of a live call; all earlier ones count as answered."""
    payload = b'{"type":"invoke","number":%d,"oldest":%d,"method":"%b","args":%b}'
    return client_frame(payload % (number, number, method.encode(), args))


class Connection(asyncio.Protocol):
    """One open page. A subclass says in `answered` what follows an answer, or the refusal, of a call."""

    def __init__(self, request: bytes, hello: bytes) -> None:
        self.transport: asyncio.Transport | None = None
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._hello = hello
        self._rest = b""
        self._is_open = False

    def answered(self, payload: bytes) -> None:
        """Hear of an answer."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(
            asyncio.Transport, transport
        )  # that of a socket, uvloop's too, only not by inheritance
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        for waiting in (self.lost, self.greeted):
            if not waiting.done():
                waiting.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take frames apart and pass them on."""
        if self._rest:
            data = self._rest + data
        if not self._is_open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._upgraded(head)
        at, size = 0, len(data)
        while size - at >= 2:
            begin, length = at + 2, data[at + 1]
            if length == 126:
                begin, length = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
            elif length == 127:
                begin, length = at + 10, int.from_bytes(data[at + 2 : at + 10], "big")
            if size < begin + length:
                break
            self._received(data[at] & 0xF, data[begin : begin + length])
            at = begin + length
        self._rest = data[at:]

    def _upgraded(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.partition(b"\r\n")[0].decode())
        self._is_open = True
        self.write(client_frame(self._hello))

    def _received(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self.write(client_frame(payload, PONG))
        elif kind == CLOSE:
            self.close()
        elif payload.startswith((b'{"type":"answer"', b'{"type":"refusal"')):
            self.answered(payload)
        elif payload.startswith(b'{"type":"welcome"'):
            self.greeted.set_result(None)
        else:
            raise ConnectionError(f"unexpected frame {payload!r}")

    def write(self, frame: bytes) -> None:
        """Send a frame, unless the connection is gone."""
        assert self.transport is not None
        self.transport.write(frame)

    def close(self) -> None:
        """Hang up."""
        assert self.transport is not None
        self.transport.close()


async def connect(make: Callable[[bytes, bytes], C], url: str, position: int) -> C:
    """Return a connection of a new page load that was welcomed. No notices of the past are asked for."""
    parts = urlsplit(url)
    request = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: http://{parts.netloc}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    hello = b'{"type":"hello","load":"%b","position":%d,"after":[999999999,-1]}'
    hello %= (secrets.token_hex(16).encode(), position)
    async with asyncio.timeout(CONNECT_SECONDS):
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: make(request.encode(), hello), parts.hostname or "", parts.port or 80
        )
        await connection.greeted
    if connection.lost.done():
        raise ConnectionError(f"{url} closed the connection at once")
    return connection
