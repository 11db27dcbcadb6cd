"""Open sessions: create, rebuild from the log, own, close. The server's own log lists them in order of creation."""

from __future__ import annotations

import asyncio
import logging
import random
import string
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final
from uuid import UUID

from uproot_aio.engine.broadcast import Broadcast, Encode
from uproot_aio.engine.clock import Clock
from uproot_aio.engine.execute import execute, unit_of_work
from uproot_aio.engine.group_commit import GroupCommit
from uproot_aio.engine.log import Log
from uproot_aio.engine.log_readers import LogReaders
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.stretches import session_of
from uproot_aio.engine.tasks import Tasks
from uproot_aio.errors import NotFound, ParticipantError, StorageError
from uproot_aio.experiment import seats
from uproot_aio.experiment.handles import open_unit, state_of
from uproot_aio.state.identifiers import OwnerId, SessionId, check_name
from uproot_aio.state.session_state import SessionState, Snapshot, replay
from uproot_aio.state.unit_of_work import UnitOfWork

logger = logging.getLogger("uproot_aio")
SERVER: Final = SessionId("_server")
SESSION_NAME_LENGTH = 8
PLAYER_NAME_LENGTH = 12
CANCEL_SECONDS = 0.1


class Sessions:
    """All sessions of one log. Make it with `await Sessions.start(...)`, on the event loop.

    Args of `start`:
        log: where the sessions are kept; closed by `close`, and if they cannot start.
        clock, source: time and randomness.
        encode: makes the frame of a notice.
    """

    def __init__(
        self, log: Log, committer: GroupCommit, clock: Clock, source: random.Random, encode: Encode
    ) -> None:
        self.log = log
        self.clock = clock
        self._open: dict[SessionId, OpenSession] = {}
        state_of.set(self.state_of)
        open_unit.set(self.open_unit)
        session_of.set(self._open.get)
        self.tasks = Tasks()
        self.committer = committer
        self.readers = LogReaders()
        self._source = source
        self._encode = encode
        self._opening: dict[SessionId, asyncio.Task[OpenSession]] = {}
        self._known: set[SessionId] = set()

    @classmethod
    async def start(cls, log: Log, *, clock: Clock, source: random.Random, encode: Encode) -> Sessions:
        """Return the sessions of a log; list those that a crash left unlisted."""
        sessions = cls(log, GroupCommit(log), clock, source, encode)
        try:
            await sessions._find()
        except BaseException:
            await sessions.close()
            raise
        return sessions

    async def _find(self) -> None:
        kept = await self.readers.run(self.log.sessions)
        self._known = {session for session in kept if session != SERVER}
        server = await self._open_server(SERVER in kept)
        unlisted = [
            session for session in kept if session != SERVER and not server.state.has(_listing(session))
        ]
        if unlisted:
            await execute(server, lambda unit: _list(unit, unlisted), cause="background", who="start")

    async def _open_server(self, exists: bool) -> OpenSession:
        state = await self.readers.run(rebuild, self.log, SERVER) if exists else SessionState(SERVER)
        return self._opened(state)

    async def names(self) -> list[SessionId]:
        """Return all sessions in the order in which they were made."""
        server = await self.open(SERVER)
        return [SessionId(name) for name in server.state.members("known")]

    def state_of(self, session: SessionId) -> SessionState:
        """Return the state of an open session, for handles outside of its units of work."""
        found = self._open.get(session)
        if found is None:
            raise NotFound(
                f"Session {session} is not open. Await it first, or use a handle of a running session."
            )
        found.check_usable()
        return found.state

    def open_unit(self, session: SessionId) -> AbstractContextManager[object]:
        """Begin a unit of work for `with handle:` in a callback of an author."""
        found = self._open.get(session)
        if found is None:
            raise NotFound(f"Session {session} is not open, so nothing can be written to it here.")
        return unit_of_work(found, cause="background", who="with")

    async def create(
        self,
        config: str,
        apps: Sequence[str],
        *,
        players: int | Sequence[str],
        settings: Mapping[str, Any],
        name: str | None = None,
        packages: Mapping[str, str] | None = None,
    ) -> OpenSession:
        """Make a session with its players, entirely or not at all, and return it once it is on disk.

        Args:
            config: what the session runs; kept with it.
            apps: names of the apps of the config.
            players: how many, or their names.
            settings: what `session.settings` is.
            name: of the session; drawn if not given.
            packages: versions of what is installed, kept with the session.

        Raises:
            ParticipantError: a name is not allowed or taken.
        """
        session = self._free_name(name)
        seats_ = [self._player_name() for _ in range(players)] if isinstance(players, int) else list(players)
        _check_player_names(seats_)
        keys = [UUID(int=self._source.getrandbits(128), version=4) for _ in seats_]

        def make(unit: UnitOfWork) -> None:
            seats.make_session(unit, config, apps, settings, packages or {})
            for index, (seat, key) in enumerate(zip(seats_, keys, strict=True)):
                seats.make_player(unit, seat, index, config, key)

        self._known.add(session)
        opened = self._opened(SessionState(session))
        try:
            await execute(opened, make, cause="experimenter", who="create")
        except BaseException:
            self._known.discard(session)
            self._open.pop(session, None)
            raise
        server = await self.open(SERVER)
        await execute(server, lambda unit: _list(unit, [session]), cause="experimenter", who="create")
        return opened

    def _free_name(self, name: str | None) -> SessionId:
        if name is None:
            while (drawn := SessionId(self._token(SESSION_NAME_LENGTH))) in self._known:
                pass
            return drawn
        try:
            session = SessionId(check_name("session", name))
        except ValueError as error:
            raise ParticipantError(str(error)) from None
        if session in self._known or session == SERVER:
            raise ParticipantError("Session name already exists")
        return session

    def _player_name(self) -> str:
        return self._token(PLAYER_NAME_LENGTH)

    def _token(self, length: int) -> str:
        first = self._source.choice(string.ascii_lowercase)
        return first + "".join(self._source.choices(string.ascii_lowercase + string.digits, k=length - 1))

    async def open(self, session: SessionId) -> OpenSession:
        """Return a session, rebuilt from the log in a worker thread if it is not in memory.

        Raises:
            NotFound: there is no session of this name.
            StorageError: the log cannot be read.
        """
        found = self._open.get(session)
        if found is not None:
            return found
        if session not in self._known and session != SERVER:
            raise NotFound(f"There is no session {session}.")
        opening = self._opening.get(session)
        if opening is None:
            opening = self.tasks.begin(self._rebuild(session), f"opening session {session}")
            self._opening[session] = opening
            opening.add_done_callback(lambda _: self._opening.pop(session, None))
        return await asyncio.shield(opening)

    async def _rebuild(self, session: SessionId) -> OpenSession:
        return self._opened(await self.readers.run(rebuild, self.log, session))

    def _opened(self, state: SessionState) -> OpenSession:
        opened = OpenSession(
            state,
            log=self.log,
            readers=self.readers,
            committer=self.committer,
            broadcast=Broadcast(state.session, self.log, self._encode, state.number, self.readers),
            clock=self.clock,
            tasks=self.tasks,
            on_failure=self._forget_failed,
            on_long_log=self._start_snapshot,
        )
        self._open[state.session] = opened
        return opened

    def _forget_failed(self, failed: OpenSession) -> None:
        if self._open.get(failed.id) is failed:
            del self._open[failed.id]

    def _start_snapshot(self, session: OpenSession) -> None:
        snapshot = session.state.snapshot()
        self.tasks.start(self._save_snapshot(session, snapshot), f"snapshot of session {session.id}")

    async def _save_snapshot(self, session: OpenSession, snapshot: Snapshot) -> None:
        try:
            await session.saved()  # a snapshot must not be ahead of its log
            await self.committer.run(lambda: self.log.save_snapshot(snapshot))
        except StorageError:
            # A snapshot only saves time; the commits are what counts, and they report their own failures.
            return

    def opened(self) -> list[OpenSession]:
        """Return the sessions in memory, without the server's own."""
        return [session for name, session in self._open.items() if name != SERVER]

    async def finish_work(self, patience_seconds: float) -> None:
        """Let running tasks end and what they wrote reach the disk, all in a bounded time."""
        try:
            async with asyncio.timeout(patience_seconds):
                await self.tasks.finish(patience_seconds)
                for session in list(self._open.values()):
                    await session.saved()
        except TimeoutError:
            logger.info("Some calls were still running after %g s.", patience_seconds)
        except StorageError as error:
            logger.error("Not everything could be written before the stop: %s", error)

    async def close(self, patience_seconds: float = 10.0) -> None:
        """Cancel what still runs, write the last batch and close the log; give up after a bounded time."""
        await self.tasks.cancel(CANCEL_SECONDS)
        try:
            async with asyncio.timeout(patience_seconds):
                await self.committer.close(self._release)
        except TimeoutError:
            logger.error("The data could not be closed within %g s.", patience_seconds)

    def _release(self) -> None:
        self.readers.close()  # LMDB must not be closed under a read
        self.log.close()


def rebuild(log: Log, session: SessionId) -> SessionState:
    """Return the state after the last durable commit. Takes some 6 microseconds a commit after the last snapshot.

    Raises:
        LogGap: a commit does not carry the number after its predecessor's.
        StorageError: a record is damaged.
    """
    snapshot = log.snapshot(session)
    return replay(session, snapshot, log.read(session, 0 if snapshot is None else snapshot.number))


def _listing(session: SessionId) -> OwnerId:
    return OwnerId("known/" + session)


def _list(unit: UnitOfWork, sessions: Sequence[SessionId]) -> None:
    for session in sessions:
        unit.create(_listing(session))
        unit.write(_listing(session), "listed", True, seats.LINE)


def _check_player_names(names: Sequence[str]) -> None:
    for name in names:
        try:
            check_name("player", name)
        except ValueError as error:
            raise ParticipantError(str(error)) from None
    if len(set(names)) != len(names):
        raise ParticipantError("Duplicate player names")
