"""One connection may use the event loop for a few frames, one player for a fifth of it, then the others are served."""

from __future__ import annotations

import asyncio

import pytest

from uproot_aio.engine.rests import LONGEST_REST_SECONDS, rest_seconds
from uproot_aio.web.rounds import BYTES_A_ROUND, CALLS_A_ROUND, Rest, Round, Rounds


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


@pytest.mark.parametrize(
    ("busy_seconds", "rest"),
    [(0.0, 0.0), (0.005, 0.0), (0.01, 0.04), (1.0, 4.0), (60.0, LONGEST_REST_SECONDS)],
)
def test_who_kept_the_loop_busy_rests_four_times_as_long_but_not_for_ever(
    busy_seconds: float, rest: float
) -> None:
    assert rest_seconds(busy_seconds) == rest


def test_a_rest_lasts_until_its_end_and_short_frames_do_not_change_it() -> None:
    rest = Rest()

    rest.begin(100.0, 0.5)
    rest.begin(101.0, 0.001)

    assert [rest.remaining(now) for now in (100.0, 101.0, 102.0)] == [2.0, 1.0, 0.0]


def test_who_never_took_long_never_rests() -> None:
    rest = Rest()

    rest.begin(100.0, 0.005)

    assert rest.remaining(100.0) <= 0
