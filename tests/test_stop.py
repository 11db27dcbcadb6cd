"""A server that is told to stop ends in time, whatever its experiments are doing, and has kept what it answered."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.crash.killed_server import SESSIONS
from tests.server_process import ServerProcess, serving
from uproot_aio.engine.sessions import rebuild
from uproot_aio.state.identifiers import PlayerId, SessionId, player_owner
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.testing import SimulatedPlayer

END_SECONDS: Final = 5.0
KEY: Final = "stop"
APP: Final = """
import asyncio, time
from uproot_aio import *

class First(Page):
    @live
    def count(page, player, number: int):
        player.count = number
        return number

    @live
    async def sleep_in_threads(page, player):
        print("RUNNING", flush=True)
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 20) for _ in range(40)))

    @live
    async def refuse_to_end(page, player):
        print("RUNNING", flush=True)
        while True:
            try:
                await asyncio.sleep(50)
            except asyncio.CancelledError:
                pass

    @live
    async def wait(page, player):
        print("RUNNING", flush=True)
        await asyncio.sleep(50)

    @live
    def stand_still(page, player):
        print("RUNNING", flush=True)
        while True:
            pass

class Second(Page):
    @classmethod
    async def before_once(page, player):
        print("RUNNING", flush=True)
        await asyncio.sleep(50)

page_order = [First, Second]
"""


class Lab:
    """A server process with the app above, and players of one session."""

    def __init__(self, server: ServerProcess, http: aiohttp.ClientSession, stack: AsyncExitStack) -> None:
        self.server = server
        self.http = http
        self.stack = stack
        self.session = SessionId("")
        self.names: list[PlayerId] = []

    async def create_session(self, players: int) -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = self.server.address + SESSIONS
        async with self.http.post(
            url, json={"config": "app", "n_players": players}, headers=headers
        ) as response:
            self.session = (await response.json())["sname"]
        async with self.http.get(f"{url}{self.session}/players/", headers=headers) as response:
            self.names = list(await response.json())

    async def player(self, index: int = 0) -> SimulatedPlayer:
        """Return a player on the first page, who has stored a number."""
        url = f"{self.server.address}p/{self.session}/{self.names[index]}/"
        player = await self.stack.enter_async_context(SimulatedPlayer(url, self.http))
        await player.start()
        await player.connect()
        assert await player.invoke("count", 41 + index) == 41 + index
        return player

    async def printed(self, text: str = "RUNNING") -> None:
        """Return when the server, or its author code, has printed this."""
        assert self.server.process.stdout is not None
        line = ""
        while text not in line:
            line = await asyncio.to_thread(self.server.process.stdout.readline)
            assert line, "the server has ended"

    async def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and how many seconds it took."""
        began = time.monotonic()
        self.server.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.server.process.wait, 15)
        return code, time.monotonic() - began


@asynccontextmanager
async def opened(folder: Path, loop: str = "auto", players: int = 1) -> AsyncIterator[Lab]:
    (folder / "experiments").mkdir(exist_ok=True)
    (folder / "experiments" / "app.py").write_text(APP)
    environment = {"UPROOT_AIO_API_KEYS": KEY}
    with serving("--loop", loop, folder=folder, environment=environment) as server:
        async with aiohttp.ClientSession() as http, AsyncExitStack() as stack:
            lab = Lab(server, http, stack)
            await lab.create_session(players)
            yield lab


def kept(folder: Path, lab: Lab, index: int = 0) -> object:
    """Return the number that a player had stored."""
    log = LmdbLog(folder / "data", "os")
    count = rebuild(log, lab.session).get(player_owner(lab.names[index]), "count")
    log.close()
    return count


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("method", ["sleep_in_threads", "refuse_to_end", "wait", "stand_still"])
async def test_it_ends_in_time_whatever_a_live_method_does(tmp_path: Path, method: str, loop: str) -> None:
    async with opened(tmp_path, loop) as lab:
        player = await lab.player()
        _ = player.send(method)
        await lab.printed()

        code, seconds = await lab.stop()

    assert code == 0
    assert seconds < END_SECONDS
    assert kept(tmp_path, lab) == 41


async def test_it_ends_in_time_with_a_call_a_hook_and_a_socket_that_all_stay(tmp_path: Path) -> None:
    async with opened(tmp_path, players=3) as lab:
        caller, visitor, silent = [await lab.player(index) for index in range(3)]
        origin = {"Origin": lab.server.address.rstrip("/")}
        socket = await lab.http.ws_connect(
            silent.url.replace("/p/", "/ws/"), headers=origin
        )  # it never reads, so it never answers the close
        _ = caller.send("wait")
        await lab.printed()
        visit = asyncio.create_task(visitor.submit())
        await lab.printed()

        code, seconds = await lab.stop()
        message = await socket.receive()
        with pytest.raises(aiohttp.ClientError):
            await visit

    assert code == 0
    assert seconds < END_SECONDS
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
    assert [kept(tmp_path, lab, index) for index in range(3)] == [41, 42, 43]


async def test_a_second_ctrl_c_ends_a_server_that_stands_still_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as lab:
        player = await lab.player()
        _ = player.send("stand_still")
        await lab.printed()

        lab.server.process.send_signal(signal.SIGINT)
        await lab.printed("Stopping")
        lab.server.process.send_signal(signal.SIGINT)
        code = await asyncio.to_thread(lab.server.process.wait, 15)

    assert code == -signal.SIGINT
    assert kept(tmp_path, lab) == 41


async def test_a_session_is_read_from_the_log_while_all_threads_of_authors_are_busy(tmp_path: Path) -> None:
    async with opened(tmp_path) as former:
        url = (await former.player()).url
        await former.stop()
    async with opened(tmp_path) as lab:
        player = await lab.player()
        _ = player.send("sleep_in_threads")
        await lab.printed()

        began = time.monotonic()
        path = url.removeprefix(former.server.address)
        async with lab.http.get(lab.server.address + path) as response:
            status = response.status

    assert status == 200
    assert time.monotonic() - began < END_SECONDS
