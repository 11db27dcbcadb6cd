"""Sessions are made whole or not at all, opened once, and rebuilt equal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import assert_state_equals_replay
from tests.engine.small_engine import Engine, player_of, running_engine, write
from uproot_aio.engine.execute import perform
from uproot_aio.engine.open_session import COMMITS_PER_SNAPSHOT
from uproot_aio.engine.sessions import SERVER, rebuild
from uproot_aio.errors import LogGap, NotFound, ParticipantError, StorageError
from uproot_aio.experiment.handles import Player, Session
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId, SessionIdentifier
from uproot_aio.storage.memory_log import MemoryLog


class CountingLog(MemoryLog):
    """Counts how often sessions are read; can lose a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[SessionId] = []
        self.lost: tuple[SessionId, int] | None = None

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        self.reads.append(session)
        return (commit for commit in super().read(session, after) if (session, commit.number) != self.lost)


async def create(engine: Engine, name: str | None = None, players: Any = 1, **settings: Any) -> SessionId:
    session = await engine.sessions.create("app", ["app"], players=players, settings=settings, name=name)
    return session.id


async def test_a_new_session_is_on_disk_with_its_players(engine: Engine) -> None:
    session = await create(engine, "s", ["ann", "bob"], rounds=3)

    state = rebuild(engine.log, session)

    assert list(state.members("player")) == ["ann", "bob"]
    handle = Session(session)
    assert (handle.sid, handle.settings.rounds) == (SessionIdentifier("s"), 3)
    assert [player.id for player in handle.players] == [0, 1]
    assert len({player._uproot_key for player in handle.players}) == 2


async def test_names_that_are_not_given_are_drawn_and_differ(engine: Engine) -> None:
    sessions = [await create(engine, players=20) for _ in range(20)]

    players = {player.name for session in sessions for player in Session(session).players}

    assert (len(set(sessions)), len(players)) == (20, 400)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "x" * 129, "ä", "_server", "taken"])
async def test_a_name_that_is_impossible_or_taken_is_refused(engine: Engine, name: str) -> None:
    await create(engine, "taken")

    with pytest.raises(ParticipantError):
        await create(engine, name)


@pytest.mark.parametrize("players", [["a", "a"], ["a", "b c"], ["a", ""]])
async def test_impossible_player_names_make_no_session(engine: Engine, players: list[str]) -> None:
    with pytest.raises(ParticipantError):
        await create(engine, "s", players)

    assert await create(engine, "s", ["a"]) == "s"


async def test_settings_that_cannot_be_stored_make_no_session(engine: Engine) -> None:
    with pytest.raises(TypeError):
        await create(engine, "s", what=object())

    assert engine.log.sessions() == []
    assert await create(engine, "s") == "s"


async def test_a_session_that_cannot_be_written_does_not_exist(engine: Engine) -> None:
    engine.memory.failure = StorageError("full")
    with pytest.raises(StorageError):
        await create(engine, "s")
    engine.memory.failure = None

    with pytest.raises(NotFound):
        await engine.sessions.open(SessionId("s"))

    assert await create(engine, "s") == "s"
    assert await engine.sessions.names() == ["s"]


async def test_an_unknown_session_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound):
        await engine.sessions.open(SessionId("nothing"))


async def test_after_a_restart_all_sessions_are_listed_in_their_order_and_not_read_before_use() -> None:
    log = CountingLog()
    async with running_engine(log) as before:
        names = [await create(before, name) for name in ("zoe", "ann", "mia")]
    log.reads.clear()

    async with running_engine(log) as engine:
        listed = await engine.sessions.names()

    assert listed == names
    assert set(log.reads) == {SERVER}


async def test_a_session_that_a_crash_left_unlisted_is_listed_by_the_next_start() -> None:
    log = MemoryLog()
    async with running_engine(log) as crashing:
        await create(crashing, "first")
        log.failure, log.failing_sessions = StorageError("crash"), {SERVER}
        with pytest.raises(StorageError):
            await create(crashing, "second")
        log.failure = None

    async with running_engine(log) as engine:
        names = await engine.sessions.names()
        opened = await engine.sessions.open(SessionId("second"))

    assert names == ["first", "second"]
    assert list(opened.state.members("player"))


async def test_sessions_are_made_and_listed_again_after_the_servers_own_log_failed(engine: Engine) -> None:
    await create(engine, "first")
    engine.memory.failure, engine.memory.failing_sessions = StorageError("full"), {SERVER}
    with pytest.raises(StorageError):
        await create(engine, "second")
    engine.memory.failure = None

    await create(engine, "third")

    assert "third" in await engine.sessions.names()


async def test_the_list_of_sessions_can_be_asked_for_while_the_servers_own_log_fails(engine: Engine) -> None:
    await create(engine, "first")
    engine.memory.failure, engine.memory.failing_sessions = StorageError("full"), {SERVER}
    with pytest.raises(StorageError):
        await create(engine, "second")

    assert "first" in await engine.sessions.names()
    engine.memory.failure = None


async def test_a_session_is_rebuilt_once_however_many_ask_for_it() -> None:
    log = CountingLog()
    async with running_engine(log) as before:
        session = await create(before, "s")
    log.reads.clear()

    async with running_engine(log) as engine:
        opened = await asyncio.gather(*(engine.sessions.open(session) for _ in range(10)))
        reads = log.reads.count(session)

    assert (len({id(session) for session in opened}), reads) == (1, 1)


async def test_who_stops_waiting_for_a_rebuild_cancels_nobody_else() -> None:
    log = MemoryLog()
    async with running_engine(log) as before:
        session = await create(before, "s")

    async with running_engine(log) as engine:
        leaving, staying = (asyncio.create_task(engine.sessions.open(session)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()

        assert (await staying).id == session


async def test_a_log_with_a_gap_is_not_opened_and_may_be_tried_again() -> None:
    log = CountingLog()
    async with running_engine(log) as before:
        session = await before.session(name="s", x=1)
        await write(session, lambda unit: setattr(Player("s", "p0"), "x", 2))

    async with running_engine(log) as engine:
        log.lost = (session.id, 2)
        with pytest.raises(LogGap):
            await engine.sessions.open(session.id)
        log.lost = None

        assert player_of(await engine.sessions.open(session.id)).x == 2


async def test_a_long_log_gets_a_snapshot_and_opens_equal_from_it(engine: Engine) -> None:
    session = await engine.session(x=0)
    player = Player(session.id, "p0")

    for number in range(COMMITS_PER_SNAPSHOT):
        perform(session, lambda unit, number=number: setattr(player, "x", number), cause="live", who="p0")  # type: ignore[misc]  # binds the loop's number
    await session.saved()
    await engine.sessions.tasks.close(patience_seconds=10)

    snapshot = engine.log.snapshot(session.id)
    assert snapshot is not None
    assert snapshot.number >= COMMITS_PER_SNAPSHOT
    assert_state_equals_replay(session)


async def test_a_handle_of_a_session_that_is_not_open_says_so() -> None:
    log = MemoryLog()
    async with running_engine(log) as before:
        session = await create(before, "s")

    async with running_engine(log):
        with pytest.raises(NotFound, match="is not open"):
            _ = Session(session).config
