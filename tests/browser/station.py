"""A server in a thread of its own, so that a test can drive a browser and look into the session at the same time."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from multidict import MultiDict

from tests.conftest import check_sessions
from uproot_aio.app import Server, running_server
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.visit_page import Submission
from uproot_aio.settings import Settings
from uproot_aio.state.identifiers import PlayerId, SessionId, player_owner

T = TypeVar("T")
PATIENCE_SECONDS = 20


class ShiftedClock:
    """The machine's clock, which a test can put forward, so that it need not wait for a deadline."""

    def __init__(self) -> None:
        self._ahead_seconds = 0.0

    def time(self) -> float:
        """Return Unix seconds."""
        return time.time() + self._ahead_seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead_seconds += seconds


class Station:
    """A server that can be stopped, started again on the same port, and lose its connections.

    Args:
        folder: where the data are kept.
        experiments: the apps.
    """

    def __init__(self, folder: Path, experiments: Path, **settings: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.settings = Settings(
            port=port, experiments=experiments, data=folder / "data", durability="os", **settings
        )
        self.address = f"http://127.0.0.1:{port}/"
        self.clock = ShiftedClock()
        self.reloads: queue.Queue[list[str]] = queue.Queue()

    def start(self) -> None:
        """Start the server and return when it listens."""
        self._started: Future[Server] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="station")
        self._thread.start()
        self.server = self._started.result(PATIENCE_SECONDS)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            async with running_server(self.settings, clock=self.clock, on_reload=self.reloads.put) as server:
                self._started.set_result(server)
                await self._stopping.wait()
                await check_sessions(server.parts.sessions)
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    def stop(self) -> None:
        """Stop the server as a signal does; the sessions must equal the replay of their logs."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def wait_for_reload(self) -> None:
        """Return when changed files have been taken up."""
        self.reloads.get(timeout=PATIENCE_SECONDS)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be stopped inside the block, and serve on the same port again afterwards."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    def cut(self) -> None:
        """Break every WebSocket without a good-bye, as a lost network does; the server itself goes on."""

        async def abort() -> None:
            for live in list(self.server.parts.sockets._open):
                live._socket._req.transport.abort()  # type: ignore[union-attr]  # it is connected

        self.do(abort())

    def session(self, app: str, players: int = 1, **settings: Any) -> StationSession:
        """Make a session of one app."""
        opened = self.do(self.server.parts.sessions.create(app, [app], players=players, settings=settings))
        return StationSession(self, opened.id)


class StationSession:
    """One session of the station, which may be restarted meanwhile."""

    def __init__(self, station: Station, name: SessionId) -> None:
        self._station = station
        self.name = name
        self.players = [PlayerId(player) for player in self._open().state.members("player")]

    def _open(self) -> OpenSession:
        return self._station.do(self._station.server.parts.sessions.open(self.name))

    def link(self, index: int = 0) -> str:
        """Return a player's link."""
        return f"{self._station.address}p/{self.name}/{self.players[index]}/"

    def begin(self, index: int = 0) -> None:
        """Bring a player to their first page, as the form of the page before it does, without loading that one."""

        async def submit() -> None:
            session = await self._station.server.parts.sessions.open(self.name)
            player = self.players[index]
            key = session.state.get(player_owner(player), "_uproot_key")
            form = Submission("-1", f"{self.name}+{player}+{key}", MultiDict())
            await self._station.server.parts.visits.visit(session, player, form)

        self._station.do(submit())

    def value(self, field: str, index: int = 0) -> Any:
        """Return a player's field once it is on disk."""

        async def read() -> Any:
            session = await self._station.server.parts.sessions.open(self.name)
            await session.saved()
            return session.state.get(player_owner(self.players[index]), field)

        return self._station.do(read())
