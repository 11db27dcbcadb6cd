"""A player's turn is taken first come, first served."""

from __future__ import annotations

import asyncio

import pytest

from uproot_aio.engine.turns import Turn


async def hold(turn: Turn, name: str, order: list[str], until: asyncio.Event | None = None) -> None:
    async with turn.held(name):
        order.append(name)
        if until is not None:
            await until.wait()


async def test_turns_are_taken_in_the_order_in_which_they_were_asked_for() -> None:
    turn, order, done = Turn(), list[str](), asyncio.Event()

    async with asyncio.TaskGroup() as group:
        for name in "abcd":
            group.create_task(hold(turn, name, order, done))
        await asyncio.sleep(0)
        done.set()

    assert order == ["a", "b", "c", "d"]


async def test_a_turn_is_free_when_nobody_has_it_or_waits_for_it() -> None:
    turn, done = Turn(), asyncio.Event()
    before = turn.is_free
    holding = asyncio.create_task(hold(turn, "a", [], done))
    await asyncio.sleep(0)
    during = turn.is_free

    done.set()
    await holding

    assert (before, during, turn.is_free) == (True, False, True)


async def test_a_turn_that_is_lined_up_for_is_not_free() -> None:
    turn = Turn()

    turn.line_up()
    lined_up = turn.is_free
    turn.leave()

    assert (lined_up, turn.is_free) == (False, True)


async def test_who_gives_up_waiting_blocks_nobody() -> None:
    turn, order, done = Turn(), list[str](), asyncio.Event()
    tasks = [asyncio.create_task(hold(turn, name, order, done)) for name in "abc"]
    await asyncio.sleep(0)

    tasks[1].cancel()
    done.set()
    await asyncio.wait(tasks)

    assert order == ["a", "c"]
    assert turn.is_free


async def test_a_holder_that_fails_gives_the_turn_back() -> None:
    turn = Turn()

    with pytest.raises(ZeroDivisionError):
        async with turn.held("a"):
            raise ZeroDivisionError

    assert turn.is_free
