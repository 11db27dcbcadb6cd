"""What every test may ask for. After every test, each open session must equal the replay of its log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import aiohttp
import pytest
from blockbuster import blockbuster_ctx

from uproot_aio.app import Server, running_server
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.sessions import Sessions, rebuild
from uproot_aio.settings import Settings
from uproot_aio.testing import SimulatedPlayer

pytest_plugins = ["tests.chromium"]


@contextmanager
def no_blocking_calls() -> Iterator[None]:
    """Fail if our code blocks the event loop while it serves."""
    with blockbuster_ctx("uproot_aio") as watch:
        watch.functions[
            "os.path.abspath"
        ].deactivate()  # asks for the current folder, which never waits for a disk
        yield


def assert_state_equals_replay(session: OpenSession) -> None:
    """Fail unless the session in memory is what its log says."""
    assert session.state.snapshot() == rebuild_of(session).snapshot()


def rebuild_of(session: OpenSession) -> Any:
    """Return the state that the log of an open session gives."""
    return rebuild(session.log, session.id)


async def check_sessions(sessions: Sessions) -> None:
    """Wait until all is on disk, then compare every open session with its log."""
    for session in sessions.opened():
        if session.failure is None:
            await session.saved()
            assert_state_equals_replay(session)


@dataclass
class Lab:
    """A running server with apps written by the test, and players who visit it."""

    server: Server
    stack: AsyncExitStack
    http: aiohttp.ClientSession
    players: list[SimulatedPlayer] = field(default_factory=list)

    async def session(self, app: str, players: int = 1, **settings: Any) -> OpenSession:
        """Make a session of one app."""
        return await self.server.parts.sessions.create(app, [app], players=players, settings=settings)

    def link(self, session: OpenSession, index: int = 0) -> str:
        """Return a player's link."""
        name = session.state.members("player")[index]
        return f"{self.server.address}p/{session.id}/{name}/"

    async def player(self, session: OpenSession, index: int = 0) -> SimulatedPlayer:
        """Return a player on their first page, connected."""
        player = SimulatedPlayer(self.link(session, index), self.http)
        await self.stack.enter_async_context(player)
        await player.start()
        await player.connect()
        return player

    def value(self, session: OpenSession, field_: str, index: int = 0) -> Any:
        """Return a player's field as it is in memory."""
        name = session.state.members("player")[index]
        return session.state.get(f"player/{name}", field_)  # type: ignore[arg-type]  # an owner's name


OpenLab = Callable[..., Awaitable[Lab]]


@asynccontextmanager
async def running_lab(folder: Path, apps: dict[str, str], **options: Any) -> AsyncIterator[Lab]:
    """Run a server over apps given as source text."""
    experiments = folder / "experiments"
    experiments.mkdir(exist_ok=True)
    for name, source in apps.items():
        (experiments / f"{name}.py").write_text(dedent(source))
    server_options = {
        key: options.pop(key) for key in ("log", "clock", "source", "on_reload") if key in options
    }
    settings = Settings(port=0, experiments=experiments, data=folder / "data", durability="os", **options)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server(settings, **server_options))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        players = await stack.enter_async_context(AsyncExitStack())
        with no_blocking_calls():
            yield Lab(server, players, http)
            await players.aclose()
        await check_sessions(server.parts.sessions)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[OpenLab]:
    """Open a lab: `await lab(counter=\"\"\"...\"\"\")`; closed and checked after the test."""
    async with AsyncExitStack() as stack:

        async def open_lab(options: dict[str, Any] | None = None, **apps: str) -> Lab:
            return await stack.enter_async_context(running_lab(tmp_path, apps, **(options or {})))

        yield open_lab
