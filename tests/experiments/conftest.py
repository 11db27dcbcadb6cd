"""A server with the shipped experiments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import Lab, check_sessions
from uproot_aio.app import running_server
from uproot_aio.settings import Settings

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture
async def shipped(tmp_path: Path) -> AsyncIterator[Lab]:
    """Return a lab with the shipped experiments; closed and checked after the test."""
    settings = Settings(port=0, experiments=EXPERIMENTS, data=tmp_path / "data", durability="os")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server(settings))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        players = await stack.enter_async_context(AsyncExitStack())
        yield Lab(server, players, http)
        await players.aclose()
        await check_sessions(server.parts.sessions)
