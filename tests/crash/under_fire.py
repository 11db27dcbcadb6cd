"""Players at work while their server is killed again and again, and what must be true in the end."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.server_process import RUN, clean_environment
from uproot_aio.engine.sessions import rebuild
from uproot_aio.state.identifiers import SessionId, player_owner
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.testing import CallRejected, SimulatedPlayer

KEY: Final = "crash-test"
LONGEST_LIFE_SECONDS: Final = 0.8
PATIENCE_SECONDS: Final = 60
APP: Final = """
import asyncio
from uproot_aio import *

def new_player(player):
    player.count = 0

class Work(Page):
    @live
    def add(page, player):
        player.count += 1
        return player.count

    @live
    def tell(page, player):
        player.count += 1
        send_to(player, player.count, event="Counted")
        return player.count

    @live
    async def wait(page, player):
        await asyncio.sleep(0.001)
        player.count += 1
        return player.count

page_order = [Work]
"""


@dataclass
class Deeds:
    """What one player did: every call with its answer, or with the code of its rejection."""

    answered: list[tuple[str, int]] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    noticed: list[int] = field(default_factory=list)
    connections: int = 0


class KilledServer:
    """A server on one port and one data folder, through all its lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}/"

    async def live(self) -> None:
        """Start, and return when the start page is complete."""
        self._process = await asyncio.create_subprocess_exec(
            *RUN,
            *("--port", str(self._port), "--data", str(self._folder / "data")),
            *("--experiments", str(self._folder / "experiments")),
            cwd=self._folder,
            env=clean_environment({"UPROOT_AIO_API_KEYS": KEY}),
            stdout=asyncio.subprocess.PIPE,
            stderr=sys.stderr,
        )
        assert self._process.stdout is not None, "opened as a pipe"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (await self._process.stdout.readline()).startswith(b"Ctrl-C"):
                assert self._process.stdout.at_eof() is False, "the server ended before its start page"

    async def die(self) -> None:
        """Die by kill -9."""
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def players_of(
    server: KilledServer, count: int
) -> AsyncIterator[tuple[SessionId, list[SimulatedPlayer]]]:
    """Make a session, and yield its connected players."""
    headers = {"Authorization": f"Bearer {KEY}"}
    api = f"{server.address}admin/api/v1/sessions/"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        async with http.post(api, json={"config": "work", "n_players": count}, headers=headers) as response:
            name = (await response.json())["sname"]
        async with http.get(f"{api}{name}/players/", headers=headers) as response:
            links = [f"{server.address}p/{name}/{player}/" for player in await response.json()]
        players = [SimulatedPlayer(link, http) for link in links]
        try:
            for player in players:
                await player.start()
                await player.connect()
            yield SessionId(name), players
        finally:
            for player in players:
                await player.disconnect()


async def work(player: SimulatedPlayer, source: random.Random, until: asyncio.Event) -> Deeds:
    """Call until told to stop; wait for each answer, and in the end for all notices."""
    deeds = Deeds()
    while not until.is_set():
        method = source.choice(["add", "add", "tell", "tell", "wait"])
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                deeds.answered.append((method, await player.invoke(method)))
        except CallRejected as rejection:
            deeds.rejected.append((method, rejection.code))
    await player.connect()
    await player.ping()  # all notices of before have come when its answer has
    while not player.notices.empty():
        deeds.noticed.append(player.notices.get_nowait().data)
    deeds.connections = player.connections
    return deeds


async def under_fire(folder: Path, *, players: int, kills: int, seed: int) -> Counter[str]:
    """Let players work while the server is killed, check every promise, and return how often what happened.

    Args:
        folder: empty; gets the app and the data.
        seed: of the moments of death and of the choice of calls.
    """
    source = random.Random(seed)
    (folder / "experiments").mkdir()
    (folder / "experiments" / "work.py").write_text(APP)
    server = KilledServer(folder)
    await server.live()
    until = asyncio.Event()
    async with players_of(server, players) as (session, people), asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(one, random.Random(source.random()), until)) for one in people]
        for _ in range(kills):
            await asyncio.sleep(source.uniform(0.05, LONGEST_LIFE_SECONDS))
            await server.die()
            await server.live()
            await asyncio.gather(*(one.connect() for one in people))
        await asyncio.sleep(LONGEST_LIFE_SECONDS)
        until.set()
    await server.die()
    return check(folder, session, people, [task.result() for task in tasks])


def check(
    folder: Path, session: SessionId, people: list[SimulatedPlayer], all_deeds: list[Deeds]
) -> Counter[str]:
    """Compare what the players were told with what is on disk."""
    log = LmdbLog(folder / "data")
    state = rebuild(log, session)
    log.close()
    happened: Counter[str] = Counter()
    for player, deeds in zip(people, all_deeds, strict=True):
        final: Any = state.get(player_owner(player.url.split("/")[-2]), "count")
        check_player(deeds, final)
        happened.update(f"{method} answered" for method, _ in deeds.answered)
        happened.update(f"{method} {code}" for method, code in deeds.rejected)
        happened["notices"] += len(deeds.noticed)
        happened["connections"] += deeds.connections
    return happened


def check_player(deeds: Deeds, final: int) -> None:
    """Nothing acknowledged is lost, nothing ran twice, and notices came once, in order and without a gap."""
    answers = [value for _, value in deeds.answered]
    assert answers == sorted(set(answers)), "each answer counts on from the one before"
    assert all(rejection == ("wait", "interrupted") for rejection in deeds.rejected), deeds.rejected
    assert len(answers) <= final <= len(answers) + len(deeds.rejected), (final, deeds)
    assert deeds.noticed == [value for method, value in deeds.answered if method == "tell"]
