"""Kill a server at random moments while players call it, and find every promise that was broken."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from tests.crash.busy_player import BusyPlayer
from tests.crash.killed_server import KilledServer
from uproot_aio.testing import SimulatedPlayer

FIELDS: Final = ["increments", "shouts", "begun", "ended"]
LIFE_SECONDS: Final = (0.1, 1.5)
PONG_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed: no mistakes is what was promised."""

    seed: int
    kills: int
    answers: int
    interrupted: int
    connections: int
    seconds: float
    mistakes: list[str]


async def kill_under_load(folder: Path, *, players: int, kills: int, seed: int) -> Outcome:
    """Run one session, kill its server so many times, and compare what was answered with what is on disk."""
    began = time.monotonic()
    source = random.Random(seed)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        server = KilledServer(folder, http)
        stack.push_async_callback(server.kill)
        await server.start()
        session = await server.create_session("tally", players)
        busy = await _players(stack, http, server, session, source)
        stopped = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for player in busy:
                group.create_task(player.work(stopped))
            for _ in range(kills):
                await asyncio.sleep(source.uniform(*LIFE_SECONDS))
                await server.kill()
                await server.start()
            stopped.set()
        await asyncio.gather(*(asyncio.wait_for(it.player.ping(), PONG_SECONDS) for it in busy))
        mistakes = [*_check_notices(busy)]
        await server.kill()  # once more: what was answered last must be there too
        await server.start()
        stored = await server.values(session, FIELDS)
    mistakes += [f"{player.name}: {it}" for player in busy for it in player.check(stored[player.name])]
    return Outcome(
        seed,
        kills,
        sum(player.answers for player in busy),
        sum(player.interrupted.total() for player in busy),
        sum(player.player.connections for player in busy),
        time.monotonic() - began,
        mistakes,
    )


async def _players(
    stack: AsyncExitStack,
    http: aiohttp.ClientSession,
    server: KilledServer,
    session: str,
    source: random.Random,
) -> list[BusyPlayer]:
    """Return the session's players in the order of their seats, on the page and connected."""
    found = []
    for name in await server.values(session, ["id"]):
        player = SimulatedPlayer(f"{server.address}p/{session}/{name}/", http)
        await stack.enter_async_context(player)
        await player.start()
        await player.connect()
        found.append(BusyPlayer(name, player, random.Random(source.getrandbits(64))))
    return found


def _check_notices(busy: Sequence[BusyPlayer]) -> Iterator[str]:
    """Yield what is wrong: each player hears themselves and the one who sits before them."""
    for index, player in enumerate(busy):
        senders = {sender.name: len(sender.values["shout"]) for sender in (player, busy[index - 1])}
        for mistake in player.check_notices(senders):
            yield f"{player.name}: {mistake}"
