"""Calls of one participant take turns, also across awaits, unless a method says that it interleaves."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.engine.counter_page import Counter
from tests.engine.small_engine import CALLS_IN_FLIGHT, Engine, Gate, PageLoad, code_of, player_of, settle
from uproot_aio import Page, live
from uproot_aio.engine.invoke_live import WAITING_BYTES
from uproot_aio.state.commit import Refused, Returned


async def test_calls_of_one_participant_run_in_the_order_in_which_they_were_made(engine: Engine) -> None:
    gate, steps = Gate(), []

    class Ordered(Page):
        @live
        async def slow(page: Any, player: Any, name: str) -> None:
            steps.append(f"begin {name}")
            await gate.wait()
            steps.append(f"end {name}")

        @live
        def quick(page: Any, player: Any, name: str) -> None:
            steps.append(name)

    page = await engine.page_load(Ordered)
    for _ in range(2):
        gate.open()

    calls = [page.send("slow", "a"), page.send("quick", "b"), page.send("slow", "c"), page.send("quick", "d")]
    await asyncio.gather(*calls)

    assert steps == ["begin a", "end a", "b", "begin c", "end c", "d"]
    assert page.settled == [1, 2, 3, 4]


async def test_players_do_not_wait_for_each_others_turns(engine: Engine) -> None:
    gate = Gate()

    class Slow(Counter):
        @live
        async def work(page: Any, player: Any) -> None:
            await gate.wait()

    session = await engine.session(Slow, players=2, counter=0)
    slow = PageLoad(engine, session, "p0").send("work")
    await gate.reached()

    answer = await PageLoad(engine, session, "p1").invoke("increment")

    assert (answer, slow.done()) == (1, False)
    gate.open()
    await slow


async def test_interleaving_calls_overlap_at_awaits(engine: Engine) -> None:
    gate, steps = Gate(), []

    class Interleaving(Page):
        @live(interleave=True)
        async def work(page: Any, player: Any, name: str) -> None:
            steps.append(f"begin {name}")
            await gate.wait()
            steps.append(f"end {name}")

    page = await engine.page_load(Interleaving)
    calls = [page.send("work", "a"), page.send("work", "b")]
    for _ in calls:
        await gate.reached()

    for _ in calls:
        gate.open()
    await asyncio.gather(*calls)

    assert steps == ["begin a", "begin b", "end a", "end b"]


async def test_an_interleaving_call_waits_for_one_that_does_not_interleave(engine: Engine) -> None:
    gate, steps = Gate(), []

    class Mixed(Page):
        @live
        async def alone(page: Any, player: Any) -> None:
            steps.append("alone begins")
            await gate.wait()
            steps.append("alone ends")

        @live(interleave=True)
        async def along(page: Any, player: Any) -> None:
            steps.append("along")

    page = await engine.page_load(Mixed)
    alone, along = page.send("alone"), page.send("along")
    await gate.reached()
    await settle(page.session)

    gate.open()
    await asyncio.gather(alone, along)

    assert steps == ["alone begins", "alone ends", "along"]


def submit_once(gate: Gate, *, interleave: bool, check_first: bool) -> type[Page]:
    """Return the page of the guide's note on concurrency: to be avoided if it checks first, else preferred."""

    class SubmitOnce(Page):
        @live(interleave=interleave)
        async def submit_once(page: Any, player: Any, payload: dict[str, Any]) -> None:
            if check_first and player.submitted:
                raise ValueError("Already submitted")

            await gate.wait(payload["name"])

            if not check_first and player.submitted:
                raise ValueError("Already submitted")
            player.result = payload["name"]
            player.submitted = True

    return SubmitOnce


@pytest.mark.parametrize(
    ("check_first", "interleave", "result"),
    [(True, False, "a"), (False, False, "a"), (False, True, "a"), (True, True, "b")],
    ids=[
        "avoid, by default",
        "prefer, by default",
        "prefer, interleaving",
        "avoid, interleaving: the hazard",
    ],
)
async def test_check_then_act_across_an_await(
    engine: Engine, check_first: bool, interleave: bool, result: str
) -> None:
    gate = Gate()
    page = await engine.page_load(
        submit_once(gate, interleave=interleave, check_first=check_first), submitted=False
    )

    calls = [page.send("submit_once", {"name": "a"}), page.send("submit_once", {"name": "b"})]
    for _ in calls if interleave else calls[:1]:
        await gate.reached()
    for _ in calls:
        gate.open()
    outcomes = [type(outcome) for outcome in await asyncio.gather(*calls)]

    assert outcomes == ([Returned, Refused] if result == "a" else [Returned, Returned])
    assert player_of(page.session).result == result


@pytest.mark.parametrize("interleave", [False, True])
async def test_a_call_over_its_time_is_cancelled_undone_and_answered_timeout(
    engine: Engine, interleave: bool
) -> None:
    cancelled: list[bool] = []

    class Slow(Page):
        @live(timeout=0.01, interleave=interleave)
        async def work(page: Any, player: Any) -> None:
            player.first = 1
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(True)
                player.second = 2
                raise

    page = await engine.page_load(Slow)

    outcome = await page.outcome("work")

    assert code_of(outcome) == "timeout"
    assert cancelled == [True]
    assert (player_of(page.session).get("first"), player_of(page.session).get("second")) == (1, None)
    assert await page.outcome("work", number=1) == outcome


async def test_a_time_out_of_the_authors_own_is_a_failure(engine: Engine) -> None:
    class Slow(Page):
        @live
        async def work(page: Any, player: Any) -> None:
            async with asyncio.timeout(0):
                await asyncio.get_running_loop().create_future()

    page = await engine.page_load(Slow)

    outcome = await page.outcome("work")

    assert code_of(outcome) == "failed"


async def test_the_turn_is_free_again_after_a_time_out(engine: Engine) -> None:
    class Slow(Counter):
        @live(timeout=0.01)
        async def work(page: Any, player: Any) -> None:
            await asyncio.get_running_loop().create_future()

    page = await engine.page_load(Slow, counter=0)

    calls = [page.send("work"), page.send("increment")]
    await asyncio.gather(*calls)

    assert player_of(page.session).counter == 1


async def test_more_unanswered_calls_than_allowed_are_too_many(engine: Engine) -> None:
    gate = Gate()

    class Slow(Page):
        @live
        async def work(page: Any, player: Any) -> None:
            await gate.wait()

    page = await engine.page_load(Slow)
    waiting = [page.send("work") for _ in range(CALLS_IN_FLIGHT)]

    outcome = await page.outcome("work")
    for _ in waiting:
        gate.open()
    await asyncio.gather(*waiting)
    gate.open()

    assert code_of(outcome) == "too-many"
    assert await page.outcome("work", number=99) == Returned(b"null")


async def test_calls_whose_waiting_arguments_are_too_large_are_too_many(engine: Engine) -> None:
    gate = Gate()

    class Slow(Page):
        @live
        async def work(page: Any, player: Any, text: str) -> None:
            await gate.wait()

    page = await engine.page_load(Slow)
    waiting = page.send("work", "x" * WAITING_BYTES)

    outcome = await page.outcome("work", "")
    for _ in range(2):
        gate.open()
    await waiting

    assert code_of(outcome) == "too-many"
    assert await page.outcome("work", "", number=99) == Returned(b"null")
    assert not page.session.running_bytes


async def test_one_page_load_does_not_use_up_anothers_calls(engine: Engine) -> None:
    gate = Gate()

    class Slow(Page):
        @live(interleave=True)
        async def work(page: Any, player: Any) -> None:
            await gate.wait()

    page = await engine.page_load(Slow)
    other = PageLoad(engine, page.session, load="b" * 32)
    waiting = [page.send("work") for _ in range(CALLS_IN_FLIGHT)]

    call = other.send("work")
    for _ in range(CALLS_IN_FLIGHT + 1):
        gate.open()

    assert await call == Returned(b"null")
    await asyncio.gather(*waiting)


async def test_a_call_that_held_the_turn_for_over_a_second_is_named_in_the_log(
    engine: Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uproot_aio.engine.turns.SLOW_SECONDS", 0.01)
    gate, warned = Gate(), asyncio.Event()

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warned.set()

    class Slow(Counter):
        @live
        async def work(page: Any, player: Any) -> None:
            await gate.wait()

    page = await engine.page_load(Slow, counter=0)
    handler = Telling(logging.WARNING)
    logging.getLogger("uproot_aio").addHandler(handler)
    calls = [page.send("work"), page.send("increment")]

    await warned.wait()
    logging.getLogger("uproot_aio").removeHandler(handler)
    gate.open()
    await asyncio.gather(*calls)

    assert "work has held its player's turn" in caplog.text
    assert "interleave=True" in caplog.text
