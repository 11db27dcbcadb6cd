"""Our server with one session, all of whose players are on their first page.

`python -m benchmarks.uproot_server APPS CONFIG fsync|os FOLDER LOOP CLIENTS`
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from multidict import MultiDict

from benchmarks.server_process import Durability, Loop, announce, until_terminated
from uproot_aio.app import running_server
from uproot_aio.engine.visit_page import Submission
from uproot_aio.event_loop import loop_factory
from uproot_aio.experiment import seats
from uproot_aio.settings import Settings
from uproot_aio.state.identifiers import PlayerId


async def serve(settings: Settings, config: str, clients: int) -> None:
    """Run it until it is terminated."""
    async with running_server(settings) as server:
        parts = server.parts
        session = await parts.sessions.create(config, [config], players=clients, settings={})
        players = [PlayerId(name) for name in session.state.members("player")]
        for player in players:
            token = seats.token_of(session.state, session.id, player)
            await parts.visits.visit(session, player, None)
            await parts.visits.visit(session, player, Submission("-1", token, MultiDict()))
        urls = [f"{server.address}ws/{session.id}/{player}/" for player in players]
        announce(urls, seats.position_of(session.state, players[0]))
        await until_terminated()


def main(apps: str, config: str, durability: Durability, folder: str, loop: Loop, clients: str) -> None:
    """Serve on the event loop that was asked for."""
    logging.basicConfig(level=logging.WARNING)
    settings = Settings(port=0, experiments=Path(apps), data=Path(folder), durability=durability)
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(serve(settings, config, int(clients)))


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]  # given by the commands of this package
