"""A raw connection of a player, for tests of the WebSocket, and the app that they play."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.conftest import Lab
from tests.engine.small_engine import Gate
from uproot_aio.engine.open_session import OpenSession

PLAY = """
from uproot_aio import *

def new_player(player):
    player.count = 0

class First(Page):
    @live
    def increment(page, player):
        player.count += 1
        return player.count

    @live
    def tell(page, player, data, times: int = 1):
        for number in range(times):
            send_to(player.session.players, [data, number] if times > 1 else data)
        return "told"

    @live
    async def wait(page, player):
        await gate.wait()
        return "waited"

    @live
    def take(page, player, number: int):
        player.count = number

    @live
    def take_anything(page, player, thing):
        return str(type(thing).__name__)

    @live
    def take_dict(page, player, thing: dict):
        player.thing = thing
        return thing

class Second(Page):
    pass

page_order = [First, Second]
"""


LOAD = "c" * 32


class Line:
    """A connection that says and hears single frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, *frames: dict[str, Any] | str) -> None:
        """Send frames, or texts that are none."""
        for frame in frames:
            await self.socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        """Return the next frame."""
        message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: dict[str, Any] = json.loads(message.data)
        return frame

    async def close_code(self) -> int | None:
        """Read on until the server closes, and return its code."""
        async for _ in self.socket:
            pass
        return self.socket.close_code


def invoke(number: int, method: str, *args: Any, oldest: int = 1) -> dict[str, Any]:
    return {"type": "invoke", "number": number, "oldest": oldest, "method": method, "args": list(args)}


PING = {"type": "ping"}


def socket_url(lab: Lab, session: OpenSession, index: int = 0) -> str:
    return lab.link(session, index).replace("http", "ws", 1).replace("/p/", "/ws/", 1)


def origin_of(lab: Lab) -> str:
    parts = urlsplit(lab.server.address)
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def line_to(
    lab: Lab, session: OpenSession, index: int = 0, *, load: str = LOAD, greet: bool = True, after: Any = None
) -> AsyncIterator[Line]:
    """Open a raw connection of a player who is on the first page."""
    name = session.state.members("player")[index]
    position = session.state.get(f"player/{name}", "show_page")  # type: ignore[arg-type]  # an owner's name
    headers = {"Origin": origin_of(lab)}
    async with lab.http.ws_connect(
        socket_url(lab, session, index), headers=headers, max_msg_size=0
    ) as socket:
        line = Line(socket)
        if greet:
            await line.say({"type": "hello", "load": load, "position": position, "after": after or [0, -1]})
            assert (await line.hear())["type"] == "welcome"
        yield line


def module_of(lab: Lab) -> Any:
    """Return the app's module, with a new gate in it."""
    module: Any = lab.server.parts.library.apps["play"].module
    module.gate = Gate()
    return module
