"""A player without a browser, who keeps the promises of static/uproot.js over the real protocol.

Calls are numbered and kept until they are answered; after a lost connection they are sent again under their old
numbers, and missed notices are asked for.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from uproot_aio.errors import UprootError

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
_VARS = re.compile(r"uproot\.vars = (\{.*\});")


class CallRejected(UprootError):
    """The server refused a live call, or it failed there; `code` is that of `uproot.InvokeError`."""

    def __init__(self, code: str, message: str, path: str, expected: str, data: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.path = path
        self.expected = expected
        self.data = data


@dataclass(frozen=True, slots=True)
class ReceivedNotice:
    """A notice as a page gets it."""

    at: tuple[int, int]
    event: str
    where: int | None
    data: Any


@dataclass(slots=True)
class _Waiting:
    frame: dict[str, Any]
    answer: asyncio.Future[Any]


@dataclass
class SimulatedPlayer:
    """One participant with one open page.

    Args:
        url: the player's link.
        http: what requests are made with; made and closed by the player if not given.

    Use it as a context manager, then `open()` a page; `connect()` follows by itself with the first call.
    """

    url: str
    http: aiohttp.ClientSession | None = None
    html: str = ""
    status: int = 0
    vars: dict[str, Any] = field(default_factory=dict)
    notices: asyncio.Queue[ReceivedNotice] = field(default_factory=asyncio.Queue)
    errors: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    gaps: list[int] = field(default_factory=list)
    connections: int = 0
    close_code: int | None = None

    def __post_init__(self) -> None:
        self._owns_http = self.http is None
        self._waiting: dict[int, _Waiting] = {}
        self._reader: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._pongs: asyncio.Queue[int] = asyncio.Queue()
        self._begin_page_load()

    def _begin_page_load(self) -> None:
        self.load = secrets.token_hex(16)
        self._number = 0
        self.after = (self._internal("commit", 0), -1)

    def _internal(self, name: str, default: Any = None) -> Any:
        return self.vars.get("_uproot_internal", {}).get(name, default)

    @property
    def position(self) -> int:
        """The index of the page that is shown."""
        position: int = self._internal("thisis", -1)
        return position

    async def __aenter__(self) -> Self:
        if self.http is None:
            self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()
        if self._owns_http and self.http is not None:
            await self.http.close()

    async def open(self) -> int:
        """Load the page and return its position."""
        assert self.http is not None
        async with self.http.get(self.url) as response:
            return await self._take(response)

    async def submit(self, **values: Any) -> int:
        """Submit the page's form and return the position of the page that comes then."""
        assert self.http is not None
        key = "{sname}+{uname}+{key}".format(**self.vars["_uproot_internal"])
        form = {"_uproot_from": str(self.position), "_uproot_csrf": key, **values}
        async with self.http.post(self.url, data=form) as response:
            return await self._take(response)

    async def start(self) -> int:
        """Open the link and pass the page before the first."""
        await self.open()
        return await self.submit() if self.position < 0 else self.position

    async def _take(self, response: aiohttp.ClientResponse) -> int:
        await self.disconnect()
        self.html = await response.text()
        self.status = response.status
        found = _VARS.search(self.html)
        self.vars = json.loads(found[1]) if found else {}
        self._begin_page_load()
        return self.position

    async def connect(self) -> None:
        """Open the socket and keep it open until `disconnect`; return when the server has welcomed us."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._stay_connected())
        waiting = asyncio.create_task(self._connected.wait())
        await asyncio.wait({waiting, self._reader}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            self._reader.result()

    async def disconnect(self) -> None:
        """Close the socket for good, as a page does that is left."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader})
            self._reader = None
        self._connected.clear()

    async def drop(self) -> None:
        """Lose the connection, as on a bad line; it comes back by itself."""
        if self._socket is not None:
            self._connected.clear()
            await self._socket.close()

    async def invoke(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a live method and return its answer.

        Raises:
            CallRejected: the server says why.
        """
        return await self.send(method, *args, **kwargs)

    def send(self, method: str, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """Begin a live call; the connection must have been made once."""
        self._number += 1
        frame: dict[str, Any] = {
            "type": "invoke",
            "number": self._number,
            "oldest": min(self._waiting, default=self._number),
            "method": method,
            "args": list(args),
        }
        if kwargs:
            frame["kwargs"] = kwargs
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = _Waiting(frame, answer)
        if self._reader is None:
            self._reader = asyncio.create_task(self._stay_connected())
        elif self._connected.is_set():
            self._sending = asyncio.ensure_future(self._send_text(json.dumps(frame)))
        return answer

    async def _send_text(self, text: str) -> None:
        assert self._socket is not None
        try:
            await self._socket.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            return  # sent again when the connection is back

    async def send_raw(self, text: str | bytes) -> None:
        """Send a frame of any kind, to see what the server does with it."""
        assert self._socket is not None
        if isinstance(text, bytes):
            await self._socket.send_bytes(text)
        else:
            await self._socket.send_str(text)

    async def ping(self) -> int:
        """Send a heartbeat and return the number of the last durable commit."""
        await self.send_raw('{"type":"ping"}')
        return await self._pongs.get()

    async def _stay_connected(self) -> None:
        attempt = 0
        while True:
            try:
                await self._connect_once()
                attempt = 0
            except (aiohttp.ClientError, ConnectionError, OSError):
                attempt += 1
            self._connected.clear()
            if self.close_code in {4404, 1008}:
                return
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    async def _connect_once(self) -> None:
        assert self.http is not None
        parts = urlsplit(self.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        address = f"{origin.replace('http', 'ws', 1)}{parts.path.replace('/p/', '/ws/', 1)}"
        async with self.http.ws_connect(address, headers={"Origin": origin}, max_msg_size=0) as socket:
            self._socket = socket
            await socket.send_json(
                {"type": "hello", "load": self.load, "position": self.position, "after": self.after}
            )
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._receive(json.loads(message.data))
            self.close_code = socket.close_code

    async def _receive(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "welcome":
            self.connections += 1
            oldest = min(self._waiting, default=0)
            for waiting in list(self._waiting.values()):
                await self._send_text(json.dumps({**waiting.frame, "oldest": oldest}))
            self._connected.set()
        elif kind in {"answer", "refusal"}:
            waiting_ = self._waiting.pop(frame["number"], None)
            if waiting_ is not None and not waiting_.answer.done():
                _settle(waiting_.answer, frame)
        elif kind == "notice":
            self.after = (frame["at"][0], frame["at"][1])
            await self.notices.put(ReceivedNotice(self.after, frame["event"], frame["where"], frame["data"]))
        elif kind == "pong":
            self.after = max(self.after, (frame["number"], -1))
            await self._pongs.put(frame["number"])
        elif kind == "gap":
            self.gaps.append(frame["number"])
        elif kind == "error":
            await self.errors.put(frame)


def _settle(answer: asyncio.Future[Any], frame: dict[str, Any]) -> None:
    if frame["type"] == "answer":
        answer.set_result(frame["value"])
        return
    answer.set_exception(
        CallRejected(
            frame["code"],
            frame["message"],
            frame.get("path", ""),
            frame.get("expected", ""),
            frame.get("data"),
        )
    )
