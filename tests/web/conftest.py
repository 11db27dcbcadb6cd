"""What tests of the WebSocket may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Lab, OpenLab
from tests.web.line import PLAY
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.storage.memory_log import MemoryLog
from uproot_aio.testing import SimulatedPlayer


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def play(lab: OpenLab, log: MemoryLog) -> AsyncIterator[Lab]:
    """Run a server over a log in memory; let what is held go on at the end."""
    yield await lab({"log": log, "calls_in_flight": 3, "frame_bytes": 100_000}, play=PLAY)
    log.failure = None
    log.may_append.set()


@pytest.fixture
async def session(play: Lab) -> OpenSession:
    """Make a session of two players who are on the first page."""
    session = await play.session("play", players=2)
    for index in range(2):
        async with SimulatedPlayer(play.link(session, index), play.http) as player:
            await player.start()
    return session
