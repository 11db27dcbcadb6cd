"""An engine without a web server: sessions over a log in memory, and page loads that call it directly."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import check_sessions
from uproot_aio.engine.execute import execute
from uproot_aio.engine.invoke_live import LiveCall, LiveCalls
from uproot_aio.engine.log import Log
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.sessions import Sessions
from uproot_aio.engine.stretches import task_factory
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.experiment.handles import Player, Session
from uproot_aio.experiment.pages import Page
from uproot_aio.state.commit import CallId, Commit, Outcome, Refused, Returned
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.state.unit_of_work import UnitOfWork
from uproot_aio.storage.memory_log import MemoryLog
from uproot_aio.testing.simulated_player import CallRejected
from uproot_aio.web.live_socket import encode_notice

CALLS_IN_FLIGHT = 4


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@dataclass
class PageLoad:
    """One page load of one player: numbers its calls from 1 and keeps how they ended."""

    engine: Engine
    session: OpenSession
    name: str = "p0"
    load: str = "a" * 32
    position: int = 0
    number: int = 0
    settled: list[int] = field(default_factory=list)

    def send(
        self, method: str, *args: Any, number: int | None = None, oldest: int = 1, **kwargs: Any
    ) -> asyncio.Future[Outcome]:
        """Begin a call, by default with the next number; the future gets its outcome."""
        if number is None:
            number = self.number = self.number + 1
        settled = number
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def reply(outcome: Outcome) -> None:
            self.settled.append(settled)
            future.set_result(outcome)

        call_id = CallId(PlayerId(self.name), self.load, number)
        given = json.dumps(kwargs).encode() if kwargs else None
        call = LiveCall(call_id, oldest, method, json.dumps(args).encode(), given, self.position)
        self.engine.calls.begin(self.session, call, reply)
        return future

    async def outcome(self, method: str, *args: Any, **kwargs: Any) -> Outcome:
        """Make a call and return how it ended."""
        return await self.send(method, *args, **kwargs)

    async def invoke(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Make a call and return its value.

        Raises:
            CallRejected: it was refused or failed.
        """
        return value_of(await self.send(method, *args, **kwargs))


def value_of(outcome: Outcome) -> Any:
    """Return what the method returned; raise as a browser's Promise rejects."""
    if isinstance(outcome, Returned):
        return json.loads(outcome.value)
    assert isinstance(outcome, Refused)
    data = json.loads(outcome.data) if outcome.data else None
    raise CallRejected(outcome.code, outcome.message, outcome.path, outcome.expected, data)


def code_of(outcome: Outcome) -> str:
    """Return why a call was refused; empty if it returned."""
    return outcome.code if isinstance(outcome, Refused) else ""


@dataclass
class Engine:
    """Sessions of one log, and the pages that they run."""

    log: Log
    sessions: Sessions
    calls: LiveCalls
    clock: SetClock
    pages: dict[str, type[Page]]

    @property
    def memory(self) -> MemoryLog:
        """The log, for tests that hold it back or let it fail."""
        assert isinstance(self.log, MemoryLog)
        return self.log

    async def session(
        self, *pages: type[Page], players: int = 1, name: str = "s", **fields: Any
    ) -> OpenSession:
        """Make a session of players "p0", "p1", ... who stand on the first page and have these fields."""
        paths = [f"app/{page.__name__}" for page in pages]
        self.pages.update(zip(paths, pages, strict=True))
        names = [f"p{index}" for index in range(players)]
        opened = await self.sessions.create("app", ["app"], players=names, settings={}, name=name)

        def place(unit: UnitOfWork) -> None:
            for player in Session(opened.id).players:
                player.page_order, player.show_page = paths, 0
                for field_, value in fields.items():
                    setattr(player, field_, value)

        await write(opened, place)
        return opened

    async def page_load(self, *pages: type[Page], **fields: Any) -> PageLoad:
        """Make a session of one player and return their page."""
        return PageLoad(self, await self.session(*pages, **fields))


async def write(session: OpenSession, step: Callable[[UnitOfWork], Any]) -> Any:
    """Run a step as the experimenter."""
    return await execute(session, step, cause="experimenter", who="test")


def player_of(session: OpenSession, name: str = "p0") -> Player:
    """Return a handle for use outside of any unit of work."""
    return Player(session.id, name)


def logged(engine: Engine, session: SessionId) -> list[Commit]:
    """Return what is on disk."""
    return list(engine.log.read(session))


@asynccontextmanager
async def running_engine(log: Log | None = None, **options: Any) -> AsyncIterator[Engine]:
    """Run an engine; afterwards, each open session must equal the replay of its log."""
    asyncio.get_running_loop().set_task_factory(task_factory)
    clock = SetClock()
    kept = MemoryLog() if log is None else log
    sessions = await Sessions.start(kept, clock=clock, source=random.Random(1), encode=encode_notice)
    watchdog = Watchdog()
    pages: dict[str, type[Page]] = {}
    limits = {"show_errors": True, "calls_in_flight": CALLS_IN_FLIGHT, "timeout_seconds": 60.0, **options}
    engine = Engine(kept, sessions, LiveCalls(pages.get, watchdog=watchdog, **limits), clock, pages)
    try:
        yield engine
        if isinstance(kept, MemoryLog):
            kept.may_append.set()
        await check_sessions(sessions)
    finally:
        if isinstance(kept, MemoryLog):
            kept.may_append.set()
        await sessions.finish_work(patience_seconds=0.2)
        await sessions.close()
        watchdog.close()


class Gate:
    """Holds author code at an await: `reached` tells that it stands there, `open` lets one through."""

    def __init__(self) -> None:
        self._arrivals: asyncio.Queue[object] = asyncio.Queue()
        self._permits = asyncio.Semaphore(0)

    async def wait(self, what: object = None) -> None:
        """What author code awaits."""
        self._arrivals.put_nowait(what)
        await self._permits.acquire()

    async def reached(self) -> object:
        """Return what the next one said who stands here."""
        return await self._arrivals.get()

    def open(self) -> None:
        """Let one through, now or when it comes."""
        self._permits.release()


async def settle(session: OpenSession) -> None:
    """Let everything happen that can happen without the outside: a few turns of the loop, then the disk."""
    for _ in range(10):
        await asyncio.sleep(0)
    await session.saved()
