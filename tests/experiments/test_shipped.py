"""The shipped experiments do what their pages say, played over the real protocol."""

from __future__ import annotations

import asyncio
from itertools import combinations
from typing import Any

import pytest

from tests.conftest import Lab
from uproot_aio.testing import CallRejected

NAMES = [
    "async_processing",
    "bids",
    "calling",
    "counter",
    "counter_alpine",
    "dashboard",
    "quiz",
    "registration",
    "submit_once",
    "sumhunt",
    "typed_calls",
]


async def test_every_shipped_experiment_loads_and_describes_itself(shipped: Lab) -> None:
    library = shipped.server.parts.library

    assert sorted(library.apps) == NAMES
    assert not library.mistakes
    assert all(app.description and app.module.__doc__ for app in library.apps.values())


@pytest.mark.parametrize("app", NAMES)
async def test_every_shipped_experiment_can_be_played_to_its_end(shipped: Lab, app: str) -> None:
    session = await shipped.session(app)
    player = await shipped.player(session)
    pages = len(shipped.server.parts.library.apps[app].pages)

    titles: list[str] = []
    while player.status == 200 and 'id="uproot-end"' not in player.html and len(titles) <= pages:
        titles.append(player.html.partition("<title>")[2].partition("</title>")[0])
        await player.submit(username="ada")

    assert player.status == 200
    assert 'id="uproot-end"' in player.html
    assert "" not in titles


async def test_the_quiz_ignores_case_and_counts_correct_answers(shipped: Lab) -> None:
    session = await shipped.session("quiz")
    player = await shipped.player(session)

    wrong = await player.invoke("check_answer", "Lyon")
    right = await player.invoke("check_answer", "PARIS")

    assert wrong == {"correct": False, "score": 0}
    assert right == {"correct": True, "score": 1}


async def test_a_bid_is_read_as_a_number_or_refused(shipped: Lab) -> None:
    session = await shipped.session("bids")
    player = await shipped.player(session)

    placed = await player.invoke("place_bid", "2.50", "1")
    with pytest.raises(CallRejected, match="invalid-arguments") as refused:
        await player.invoke("place_bid", "a lot", 1)

    assert placed == {"placed": 2.5}
    assert (refused.value.path, refused.value.expected) == ("$.amount", "float")
    assert shipped.value(session, "bid") == 2.5


async def test_a_taken_username_is_found_while_typing_and_on_submitting(shipped: Lab) -> None:
    session = await shipped.session("registration")
    player = await shipped.player(session)

    while_typing = await player.invoke("check_username", "Admin")
    await player.submit(username="Admin")
    refused = player.html
    await player.submit(username="ada")

    assert while_typing == {"available": False}
    assert "This username is taken." in refused
    assert "Welcome, ada!" in player.html


async def test_the_dashboard_shows_what_everybody_answers_once_per_person(shipped: Lab) -> None:
    session = await shipped.session("dashboard", players=2)
    one, other = await shipped.player(session, 0), await shipped.player(session, 1)

    await one.invoke("rate", 2)
    await one.invoke("rate", 5)
    await other.invoke("rate", 4)

    assert await one.invoke("get_stats") == {"total_responses": 2, "average_score": 4.5}
    with pytest.raises(CallRejected, match="Please choose"):
        await other.invoke("rate", 6)


async def test_slow_processing_stores_its_result(shipped: Lab) -> None:
    session = await shipped.session("async_processing")
    player = await shipped.player(session)

    answer = await player.invoke("process_data", {"text": "one three"})

    assert answer == {"status": "complete"}
    assert shipped.value(session, "processed") == {"words": 2, "longest": "three"}


@pytest.mark.parametrize(("place", "accepted"), [(0, 1), (1, 2), (2, 1), (3, 1)])
async def test_only_the_careless_and_overlapping_way_submits_twice(
    shipped: Lab, place: int, accepted: int
) -> None:
    session = await shipped.session("submit_once")
    player = await shipped.player(session)
    for _ in range(place):
        await player.submit()

    answers = await asyncio.gather(
        player.invoke("submit_once", {"answer": 1}),
        player.invoke("submit_once", {"answer": 2}),
        return_exceptions=True,
    )

    assert [isinstance(answer, CallRejected) for answer in answers].count(False) == accepted


async def test_every_puzzle_has_exactly_one_pair_that_adds_up(shipped: Lab) -> None:
    module: Any = shipped.server.parts.library.apps["sumhunt"].module

    puzzles = [module.generate_matrix(...) for _ in range(500)]

    for puzzle in puzzles:
        assert len(set(puzzle)) == 9
        assert [sum(pair) for pair in combinations(puzzle, 2)].count(module.TARGET) == 1


async def test_a_solved_puzzle_is_counted_and_replaced(shipped: Lab) -> None:
    session = await shipped.session("sumhunt")
    player = await shipped.player(session)
    await player.submit()
    puzzle = await player.invoke("get_matrix")
    pair = next(pair for pair in combinations(puzzle, 2) if sum(pair) == 100)

    wrong = await player.invoke("propose_solution", [puzzle[0]])
    kept = await player.invoke("get_matrix")
    right = await player.invoke("propose_solution", pair)

    assert (wrong, kept, right) == (False, puzzle, True)
    assert await player.invoke("get_matrix") != puzzle
    assert await player.invoke("get_solutions") == 1
    assert 0 < player.vars["_uproot_internal"]["remaining_seconds"] <= 120


async def test_each_type_takes_the_right_value_and_refuses_the_wrong_one(shipped: Lab) -> None:
    session = await shipped.session("typed_calls")
    player = await shipped.player(session)
    module: Any = shipped.server.parts.library.apps["typed_calls"].module

    for method, annotation, right, wrong in module.EXAMPLES:
        answer = await player.invoke(method, value=right)
        assert answer["value"], annotation
        if wrong is not None:
            with pytest.raises(CallRejected, match="invalid-arguments"):
                await player.invoke(method, value=wrong)
