"""One door: nothing leaves it before it is on disk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.small_engine import Engine, logged, player_of, settle, write
from uproot_aio.engine.execute import execute
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import StorageError
from uproot_aio.experiment.handles import Player
from uproot_aio.state.identifiers import PlayerId
from uproot_aio.state.unit_of_work import UnitOfWork


def add_one(session: OpenSession) -> Any:
    def step(unit: UnitOfWork) -> int:
        player = Player(session.id, "p0")
        count: int = player.get("x", 0) + 1
        player.x = count
        return count

    return step


async def test_the_result_comes_when_the_commit_is_on_disk(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.may_append.clear()

    result = asyncio.create_task(write(session, add_one(session)))
    for _ in range(10):
        await asyncio.sleep(0)
    done_before = result.done()
    engine.memory.may_append.set()

    assert (done_before, await result) == (False, 1)
    assert session.durable == session.state.number


async def test_a_read_waits_for_what_it_has_read_to_be_on_disk(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.may_append.clear()
    writing = asyncio.create_task(write(session, add_one(session)))
    await asyncio.sleep(0)

    reading = asyncio.create_task(write(session, lambda unit: player_of(session).x))
    for _ in range(10):
        await asyncio.sleep(0)
    done_before = reading.done()
    engine.memory.may_append.set()

    assert (done_before, await reading, await writing) == (False, 1, 1)


async def test_an_error_waits_for_what_it_may_tell_of_to_be_on_disk(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.may_append.clear()
    writing = asyncio.create_task(write(session, add_one(session)))
    await asyncio.sleep(0)

    failing = asyncio.create_task(write(session, lambda unit: 1 // 0))
    for _ in range(10):
        await asyncio.sleep(0)
    done_before = failing.done()
    engine.memory.may_append.set()

    assert not done_before
    with pytest.raises(ZeroDivisionError):
        await failing
    await writing


async def test_an_exception_leaves_no_trace(engine: Engine) -> None:
    session = await engine.session()
    before = session.state.snapshot()

    def fail(unit: UnitOfWork) -> None:
        add_one(session)(unit)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write(session, fail)

    assert session.state.snapshot() == before


async def test_a_step_that_only_reads_makes_no_commit(engine: Engine) -> None:
    session = await engine.session()
    commits = len(logged(engine, session.id))

    await write(session, lambda unit: player_of(session).id)

    assert len(logged(engine, session.id)) == commits


async def test_who_stops_waiting_undoes_nothing_and_cancels_nobody_else(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.may_append.clear()
    leaving, staying = (asyncio.create_task(write(session, add_one(session))) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.wait([leaving])
    engine.memory.may_append.set()

    assert await staying == 2
    assert player_of(session).x == 2


async def test_a_step_in_a_turn_waits_for_it(engine: Engine) -> None:
    session = await engine.session()
    turn = session.turn_of(PlayerId("p0"))

    async with turn.held("test"):
        step = asyncio.create_task(
            execute(session, add_one(session), cause="page", who="p0", turn=PlayerId("p0"))
        )
        await settle(session)
        ran_before = step.done() or player_of(session).get("x") is not None

    assert (ran_before, await step) == (False, 1)


async def test_all_who_wait_for_a_failing_disk_get_a_storage_error(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.may_append.clear()
    engine.memory.failure = StorageError("No space left on device")
    steps = [asyncio.create_task(write(session, add_one(session))) for _ in range(3)]
    steps.append(asyncio.create_task(write(session, lambda unit: 7)))
    await asyncio.sleep(0)
    engine.memory.may_append.set()

    outcomes = await asyncio.gather(*steps, return_exceptions=True)

    assert [str(outcome) for outcome in outcomes] == ["No space left on device"] * 4


async def test_a_session_that_failed_takes_no_more_steps(engine: Engine) -> None:
    session = await engine.session()
    engine.memory.failure = StorageError("No space left on device")
    with pytest.raises(StorageError):
        await write(session, add_one(session))
    engine.memory.failure = None

    with pytest.raises(StorageError):
        await write(session, add_one(session))

    rebuilt = await engine.sessions.open(session.id)
    assert await write(rebuilt, add_one(rebuilt)) == 1


async def test_commits_of_one_session_are_numbered_without_a_gap(engine: Engine) -> None:
    session = await engine.session()

    await asyncio.gather(*(write(session, add_one(session)) for _ in range(50)))

    assert [commit.number for commit in logged(engine, session.id)] == list(
        range(1, session.state.number + 1)
    )
    assert player_of(session).x == 50
