"""What an experimenter sees, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conftest import Lab, OpenLab
from uproot_aio.engine import watch
from uproot_aio.engine.execute import execute
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.watch import Cell, Watch, cell_text, changed_cells, whereabouts
from uproot_aio.errors import StorageError
from uproot_aio.state import values
from uproot_aio.state.commit import Change, Commit
from uproot_aio.state.identifiers import SESSION, OwnerId, PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import SessionState
from uproot_aio.storage.memory_log import MemoryLog

APP = """
from uproot_aio import *
class First(Page):
    @live
    def set(page, player, x: int):
        player.x = x
class Hidden(Page):
    show = False
class Last(Page): pass
page_order = [First, Hidden, Last]
"""


def commit(*changes: tuple[str, str, object]) -> Commit:
    made = tuple(Change(OwnerId(owner), field, values.encode(value), "") for owner, field, value in changes)
    return Commit(SessionId("s"), 1, 5.0, "live", "p", made)


def state_of(**fields: object) -> SessionState:
    state = SessionState(SessionId("s"))
    state.apply(commit(*(("player/p", field, value) for field, value in fields.items())))
    return state


def test_changed_cells_are_those_of_players_in_order() -> None:
    made = commit(("player/a", "x", 1), ("session", "y", 2), ("group/g", "z", 3), ("player/b", "x", 4))

    assert changed_cells(made) == [Cell(PlayerId("a"), "x"), Cell(PlayerId("b"), "x")]


@pytest.mark.parametrize(
    ("position", "stage", "page", "step"),
    [(-1, "waiting", "", 0), (1, "playing", "One", 1), (3, "playing", "Two", 2), (4, "finished", "", 2)],
)
def test_the_position_counts_only_pages_that_can_be_seen(
    position: int, stage: str, page: str, step: int
) -> None:
    state = state_of(page_order=["a/#StartApp", "a/One", "b/#StartApp", "b/Two"], show_page=position)

    where = whereabouts(state, PlayerId("p"))

    assert (where.stage, where.page, where.step, where.steps) == (stage, page, step, 2)


def test_a_player_whose_fields_were_overwritten_with_nonsense_can_still_be_looked_at() -> None:
    state = state_of(page_order="nonsense", show_page="x")

    assert whereabouts(state, PlayerId("p")).stage == "waiting"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        ("a", "a"),
        ([1], "[1]"),
        ("\ud800", "\\ud800"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_cell_is_a_short_text(value: object, text: str) -> None:
    assert cell_text(state_of(x=value).field(player_owner("p"), "x")) == text


def test_a_field_without_a_value_has_no_text() -> None:
    assert cell_text(state_of(x=1).field(player_owner("p"), "y")) is None


async def test_the_overview_shows_all_players_and_none_of_the_frameworks_fields(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app", 2)
    player = await server.player(session)
    await player.invoke("set", 5)

    seen = await watch.overview(session)

    [first, second] = seen.rows
    assert (first.id, first.where.page, first.where.step, first.cells["x"]) == (0, "First", 1, "5")
    assert (second.where.stage, "x" in second.cells) == ("waiting", False)
    assert not [name for name in first.cells if name.startswith("_uproot_")]
    assert seen.online == {first.player}
    assert seen.number == session.state.number
    assert first.changed == session.state.time


async def opened(server: Lab, session: OpenSession, after: int | None = None) -> Watch:
    view = await Watch.open(session, session.state.number if after is None else after)
    assert view is not None
    await view.next()  # who is online
    return view


async def test_a_change_is_told_with_the_numbers_before_and_after(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app")
    player = await server.player(session)
    before = session.state.number
    view = await opened(server, session)

    await player.invoke("set", 5)
    update = await view.next()
    view.close()

    assert (update.after, update.number) == (before, session.state.number)
    assert [row.cells for row in update.rows] == [{"x": "5"}]


async def test_a_burst_is_one_update_with_the_newest_values(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app", 3)
    players = [await server.player(session, index) for index in range(3)]
    view = await opened(server, session)

    for number in range(20):
        await asyncio.gather(*(player.invoke("set", number) for player in players))
    updates = [await view.next()]
    while updates[-1].number < session.state.number:
        updates.append(await view.next())
    view.close()

    assert len(updates) < 20
    assert {row.player: row.cells["x"] for update in updates for row in update.rows} == dict.fromkeys(
        session.state.members("player"), "19"
    )


async def test_a_view_that_begins_late_catches_up_from_the_log(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app")
    player = await server.player(session)
    before = session.state.number
    await player.invoke("set", 1)
    await player.invoke("set", 2)

    view = await Watch.open(session, before)
    assert view is not None
    update = await view.next()
    view.close()

    assert (update.after, update.number) == (before, session.state.number)
    assert [row.cells for row in update.rows] == [{"x": "2"}]


@pytest.mark.parametrize("after", [-1, 10_000])
async def test_a_number_that_cannot_be_is_a_gap(lab: OpenLab, after: int) -> None:
    server = await lab(app=APP)
    session = await server.session("app")

    assert await Watch.open(session, after) is None
    assert session.broadcast.watchers == []


async def test_too_many_missed_commits_are_a_gap(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app")

    def write(unit: Any) -> None:
        unit.write(SESSION, "x", 1, "")

    for _ in range(watch.MOST_MISSED + 1):
        last = execute(session, write, cause="background", who="test")
        await last

    assert await Watch.open(session, 0) is None


async def test_coming_and_going_is_told(lab: OpenLab) -> None:
    server = await lab(app=APP)
    session = await server.session("app")
    name = PlayerId(session.state.members("player")[0])
    view = await opened(server, session)

    player = await server.player(session)
    seen = []
    while True not in seen:
        seen.append((await view.next()).presence.get(name))
    await player.disconnect()
    while seen[-1] is not False:
        seen.append((await view.next()).presence.get(name))
    view.close()

    assert session.broadcast.watchers == []


async def test_nothing_is_told_before_it_is_on_disk(lab: OpenLab) -> None:
    log = MemoryLog()
    server = await lab({"log": log}, app=APP)
    session = await server.session("app")
    player = await server.player(session)
    view = await opened(server, session)
    log.may_append.clear()
    call = player.send("set", 5)
    while server.value(session, "x") != 5:
        await player.ping()

    looking = asyncio.ensure_future(watch.overview(session))
    next_update = asyncio.ensure_future(view.next())
    for _ in range(20):
        await player.ping()
    was_silent = not looking.done() and not next_update.done()
    log.may_append.set()
    seen, update = await looking, await next_update
    await call
    view.close()

    assert was_silent
    assert seen.rows[0].cells["x"] == update.rows[0].cells["x"] == "5"


async def test_a_session_that_leaves_memory_ends_the_view(lab: OpenLab) -> None:
    log = MemoryLog()
    server = await lab({"log": log}, app=APP)
    session = await server.session("app")
    view = await opened(server, session)
    log.failure = StorageError("The disk is full.")

    with pytest.raises(StorageError):
        await execute(session, lambda unit: unit.write(SESSION, "x", 1, ""), cause="background", who="test")
    with pytest.raises(watch.Ended):
        await view.next()

    log.failure = None
