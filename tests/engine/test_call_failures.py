"""What becomes of calls when the server stops, or the disk is full."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.engine.counter_page import Counter
from tests.engine.small_engine import Engine, Gate, PageLoad, code_of, player_of, settle
from uproot_aio import Page, live
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Returned


async def test_a_stop_interrupts_what_awaits_too_long_and_keeps_what_it_wrote(engine: Engine) -> None:
    gate = Gate()

    class Slow(Page):
        @live
        async def work(page: Any, player: Any) -> None:
            player.first = 1
            await gate.wait()
            player.second = 2

    page = await engine.page_load(Slow)
    _lost = page.send("work", number=1)
    await gate.reached()

    await engine.sessions.tasks.close(0)

    outcome = await page.outcome("work", number=1)
    assert code_of(outcome) == "interrupted"
    assert (player_of(page.session).first, player_of(page.session).get("second")) == (1, None)


async def test_a_stopping_server_begins_no_call(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)

    engine.calls.stop()
    call = page.send("increment")
    await settle(page.session)

    assert (call.done(), player_of(page.session).counter) == (False, 0)


async def test_those_waiting_for_a_full_disk_get_a_storage_error_and_others_go_on(engine: Engine) -> None:
    unlucky = await engine.page_load(Counter, counter=0, name="unlucky")
    lucky = PageLoad(engine, await engine.session(Counter, counter=0, name="lucky"))
    engine.memory.failing_sessions = {unlucky.session.id}
    engine.memory.failure = StorageError("No space left on device")

    outcomes = await asyncio.gather(unlucky.outcome("increment"), lucky.outcome("increment"))

    assert code_of(outcomes[0]) == "failed"
    assert outcomes[1] == Returned(b"1")


async def test_a_session_that_failed_is_rebuilt_from_disk_on_its_next_use(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)
    await page.invoke("increment")
    engine.memory.failure = StorageError("No space left on device")
    await page.outcome("increment")
    engine.memory.failure = None

    rebuilt = await engine.sessions.open(page.session.id)

    assert rebuilt is not page.session
    assert player_of(rebuilt).counter == 1
    assert await PageLoad(engine, rebuilt, load="b" * 32).invoke("increment") == 2


async def test_a_stretch_of_before_the_failure_ends_with_a_storage_error(engine: Engine) -> None:
    gate, reached_the_end = Gate(), []

    class Slow(Counter):
        @live(interleave=True)
        async def work(page: Any, player: Any) -> None:
            await gate.wait()
            reached_the_end.append(True)
            player.counter = 99

    page = await engine.page_load(Slow, counter=0)
    slow = page.send("work")
    await gate.reached()
    await page.session.saved()
    engine.memory.failure = StorageError("No space left on device")
    await page.outcome("increment")
    engine.memory.failure = None

    gate.open()
    outcome = await slow

    rebuilt = await engine.sessions.open(page.session.id)
    assert (code_of(outcome), reached_the_end) == ("failed", [])
    assert player_of(rebuilt).counter == 0
