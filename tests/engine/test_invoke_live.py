"""A live call runs exactly once, on the page that it was made on, and is heard of when it is on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OpenLab
from tests.engine.counter_page import Counter
from tests.engine.small_engine import (
    Engine,
    Gate,
    PageLoad,
    code_of,
    logged,
    player_of,
    running_engine,
    value_of,
)
from uproot_aio import Page, live
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Refused
from uproot_aio.storage.lmdb_log import LmdbLog

COUNTER = """
from uproot_aio import *

def new_player(player):
    player.counter = 0

class Counter(Page):
    @live
    def increment(page, player):
        player.counter += 1
        return player.counter

page_order = [Counter]
"""


async def test_a_call_returns_what_the_method_returns(lab: OpenLab) -> None:
    server = await lab(counter=COUNTER)
    session = await server.session("counter")
    player = await server.player(session)

    answers = [await player.invoke("increment") for _ in range(3)]

    assert answers == [1, 2, 3]
    assert server.value(session, "counter") == 3


async def test_a_repeated_call_is_answered_without_running_again(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)
    first = await page.invoke("increment", number=1)

    again = await page.invoke("increment", number=1)

    assert again == first == player_of(page.session).counter


async def test_a_repeated_call_of_a_running_one_gets_the_same_answer(engine: Engine) -> None:
    gate, runs = Gate(), []

    class Slow(Page):
        @live
        async def work(page: Any, player: Any) -> int:
            runs.append(1)
            await gate.wait()
            return 7

    page = await engine.page_load(Slow)
    first = page.send("work", number=1)
    await gate.reached()

    again = page.send("work", number=1)
    gate.open()

    assert [value_of(await first), value_of(await again)] == [7, 7]
    assert runs == [1]


@pytest.mark.parametrize("method", ["fail", "refuse", "return_unsayable"])
async def test_an_error_is_asked_for_again_without_running_again(engine: Engine, method: str) -> None:
    page = await engine.page_load(Counter, counter=0)
    first = await page.outcome(method, number=1)

    again = await page.outcome(method, number=1)

    assert again == first
    assert code_of(first)


@pytest.mark.parametrize("method", ["fail", "refuse", "return_unsayable"])
async def test_an_exception_leaves_no_change_and_no_notice(engine: Engine, method: str) -> None:
    page = await engine.page_load(Counter, counter=0)

    await page.outcome(method)

    last = logged(engine, page.session.id)[-1]
    assert (last.changes, last.notices) == ((), ())
    assert player_of(page.session).counter == 0


async def test_an_answer_outlives_the_process(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)
    outcome = await page.outcome("increment")

    async with running_engine(engine.log) as restarted:
        restarted.pages.update(engine.pages)
        session = await restarted.sessions.open(page.session.id)
        again = await PageLoad(restarted, session).outcome("increment")

    assert again == outcome


async def test_an_async_call_cut_off_by_a_crash_is_interrupted_and_never_runs_twice(tmp_path: Path) -> None:
    gate, runs = Gate(), []

    class Slow(Page):
        @live
        async def pay(page: Any, player: Any) -> None:
            runs.append(1)
            await gate.wait()

    async with running_engine(LmdbLog(tmp_path, "os")) as crashing:
        page = await crashing.page_load(Slow)
        _lost = page.send("pay", number=1)
        await gate.reached()
        await page.session.saved()
        await crashing.sessions.tasks.close(0)  # cancels it where it stands: nothing more is written

    async with running_engine(LmdbLog(tmp_path, "os")) as restarted:
        restarted.pages.update(crashing.pages)
        session = await restarted.sessions.open(page.session.id)
        outcome = await PageLoad(restarted, session).outcome("pay", number=1)

    assert code_of(outcome) == "interrupted"
    assert runs == [1]


async def test_an_async_call_is_recorded_as_started_even_if_it_wrote_nothing(engine: Engine) -> None:
    gate = Gate()

    class Slow(Page):
        @live
        async def work(page: Any, player: Any) -> None:
            await gate.wait()

    page = await engine.page_load(Slow)
    call = page.send("work")
    await gate.reached()
    await page.session.saved()

    records = [commit.answer for commit in logged(engine, page.session.id) if commit.answer is not None]

    assert [type(record.outcome).__name__ for record in records] == ["Started"]
    gate.open()
    await call


async def test_a_call_that_was_never_on_disk_runs_for_the_first_time_after_a_crash(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)
    engine.memory.failure = StorageError("The power went.")
    lost = await page.outcome("increment", number=1)
    engine.memory.failure = None

    session = await engine.sessions.open(page.session.id)
    answer = await PageLoad(engine, session).invoke("increment", number=1)

    assert (code_of(lost), answer) == ("failed", 1)


async def test_a_pure_read_makes_no_commit(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=5)
    flushes = engine.memory.flushes

    answers = [await page.invoke("read") for _ in range(3)]

    assert answers == [5, 5, 5]
    assert engine.memory.flushes == flushes


async def test_a_change_in_place_is_recorded_without_ceremony(engine: Engine) -> None:
    page = await engine.page_load(Counter, items=[1])

    answer = await page.invoke("add_in_place", 2)

    assert answer == player_of(page.session).items == [1, 2]


async def test_nobody_hears_of_a_change_before_it_is_on_disk(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)
    engine.memory.may_append.clear()

    write_, read, error = page.send("increment"), page.send("read"), page.send("fail")
    for _ in range(10):
        await asyncio.sleep(0)
    heard_before = [write_.done(), read.done(), error.done()]
    engine.memory.may_append.set()

    assert heard_before == [False, False, False]
    assert value_of(await write_) == value_of(await read) == 1
    assert isinstance(await error, Refused)


@pytest.mark.parametrize(
    "method", ["helper", "validate", "before_once", "__init_subclass__", "show", "_private", "", "Increment"]
)
async def test_what_is_not_marked_live_cannot_be_called(engine: Engine, method: str) -> None:
    page = await engine.page_load(Counter, counter=0)

    outcome = await page.outcome(method)

    assert code_of(outcome) == "unknown-method"
    assert player_of(page.session).counter == 0


async def test_a_call_of_a_page_that_the_player_has_left_is_stale(engine: Engine) -> None:
    page = await engine.page_load(Counter, Page, counter=0)
    await page.invoke("leave")

    outcome = await page.outcome("increment")

    assert code_of(outcome) == "stale-page"
    assert player_of(page.session).counter == 0


@pytest.mark.parametrize("interleave", [False, True])
async def test_a_call_that_waited_while_the_player_moved_on_is_stale(
    engine: Engine, interleave: bool
) -> None:
    gate, runs = Gate(), []

    class First(Page):
        @live
        async def leave(page: Any, player: Any) -> None:
            await gate.wait()
            player.show_page = 1

        @live(interleave=interleave)
        async def work(page: Any, player: Any) -> None:
            runs.append(1)

    page = await engine.page_load(First, Page)
    leaving = page.send("leave")
    await gate.reached()

    waiting = page.send("work")
    gate.open()
    outcome = await waiting

    assert code_of(outcome) == "stale-page"
    assert runs == []
    await leaving
