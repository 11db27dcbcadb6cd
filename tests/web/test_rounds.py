"""One connection may use the event loop for a few frames, then the others are served."""

from __future__ import annotations

import asyncio

from uproot_aio.web.rounds import BYTES_A_ROUND, CALLS_A_ROUND, Round, Rounds


async def test_after_its_calls_a_connection_lets_others_have_theirs() -> None:
    round_ = Round(Rounds())

    spent = [round_.spend(1) for _ in range(CALLS_A_ROUND + 1)]

    assert spent == [False] * (CALLS_A_ROUND - 1) + [True, True]


async def test_a_large_frame_uses_up_the_bytes_at_once() -> None:
    assert Round(Rounds()).spend(BYTES_A_ROUND)


async def test_the_budget_is_new_in_each_turn_of_the_loop() -> None:
    round_ = Round(Rounds())
    for _ in range(CALLS_A_ROUND):
        round_.spend(1)

    await asyncio.sleep(0)

    assert not round_.spend(1)


async def test_connections_have_budgets_of_their_own() -> None:
    rounds = Rounds()
    greedy, modest = Round(rounds), Round(rounds)

    greedy.spend(BYTES_A_ROUND)

    assert not modest.spend(1)
