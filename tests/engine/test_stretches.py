"""An async method is one unit of work between two awaits that suspend."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.engine.acting_page import act, page_that
from tests.engine.small_engine import (
    Engine,
    Gate,
    PageLoad,
    code_of,
    logged,
    player_of,
    settle,
    value_of,
    write,
)
from uproot_aio import Page, live, saved, send_to
from uproot_aio.errors import AuthorError, ConflictingChange, NoOpenUnit, StorageError
from uproot_aio.experiment.handles import Player


def changes(engine: Engine, page: PageLoad) -> list[list[str]]:
    """Return the fields changed by each commit of a call."""
    commits = [commit for commit in logged(engine, page.session.id) if commit.cause in {"live", "background"}]
    return [[change.field for change in commit.changes] for commit in commits]


async def test_what_was_written_before_an_await_is_committed_there(engine: Engine) -> None:
    gate = Gate()

    async def body(player: Any) -> None:
        player.first = 1
        await gate.wait()
        player.second = 2

    page = await act(engine, body)
    call = page.send("act")
    await gate.reached()
    await page.session.saved()
    on_disk = changes(engine, page)

    gate.open()
    await call

    assert on_disk == [["first"]]
    assert changes(engine, page) == [["first"], ["second"]]


async def test_an_await_that_does_not_suspend_ends_nothing(engine: Engine) -> None:
    async def nothing() -> None:
        pass

    async def body(player: Any) -> None:
        player.first = 1
        await nothing()
        player.second = 2

    page = await act(engine, body)

    await page.invoke("act")

    assert changes(engine, page) == [["first", "second"]]


async def test_an_exception_undoes_the_last_stretch_only(engine: Engine) -> None:
    async def body(player: Any) -> None:
        player.first = 1
        send_to(player, "first")
        await asyncio.sleep(0)
        player.second = 2
        send_to(player, "second")
        raise ValueError

    page = await act(engine, body)

    outcome = await page.outcome("act")

    assert code_of(outcome) == "failed"
    assert (player_of(page.session).first, player_of(page.session).get("second")) == (1, None)
    notices = [notice.data for commit in logged(engine, page.session.id) for notice in commit.notices]
    assert notices == [b'"first"']


async def test_a_stretch_without_await_is_atomic_among_players(engine: Engine) -> None:
    async def body(player: Any) -> int:
        for _ in range(3):
            await asyncio.sleep(0)
            player.session.count = player.session.get("count", 0) + 1
        return 0

    page = await act(engine, body, players=20)
    pages = [PageLoad(engine, page.session, f"p{number}") for number in range(20)]

    await asyncio.gather(*(each.outcome("act") for each in pages))

    assert player_of(page.session).session.count == 60


async def test_a_time_limit_of_the_authors_cancels_at_the_await_and_the_method_goes_on(
    engine: Engine,
) -> None:
    async def body(player: Any) -> str:
        player.first = 1
        try:
            async with asyncio.timeout(0.001):
                player.meanwhile = 1
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            player.late = 1
            return "late"
        return "in time"

    page = await act(engine, body)

    assert await page.invoke("act") == "late"
    assert player_of(page.session).late == 1


async def test_a_change_in_place_across_awaits_is_recorded(engine: Engine) -> None:
    async def body(player: Any) -> None:
        items = player.items
        items.append(2)
        await asyncio.sleep(0)
        items.append(3)

    page = await act(engine, body, items=[1])

    await page.invoke("act")

    assert player_of(page.session).items == [1, 2, 3]


async def test_a_conflicting_change_is_raised_at_the_await_names_the_field_and_undoes_the_stretch(
    engine: Engine,
) -> None:
    gate = Gate()

    async def body(player: Any) -> str:
        items = player.items
        await gate.wait()
        items.append(2)
        player.other = 1
        try:
            await asyncio.sleep(0)
        except ConflictingChange as conflict:
            player.items.append(8)
            return str(conflict)
        return "missed"

    page = await act(engine, body, items=[1])
    call = page.send("act")
    await gate.reached()
    await write(page.session, lambda unit: setattr(Player("s", "p0"), "items", [7]))

    gate.open()
    answer = value_of(await call)

    assert '"items"' in answer
    assert player_of(page.session).items == [7, 8]
    assert player_of(page.session).get("other") is None


async def test_after_a_caught_conflict_other_copies_are_still_tracked(engine: Engine) -> None:
    gate = Gate()

    async def body(player: Any) -> list[int]:
        items, others = player.items, player.others
        await gate.wait()
        items.append(2)
        with suppress(ConflictingChange):
            await asyncio.sleep(0)
        others.append(1)
        return list(others)

    page = await act(engine, body, items=[1], others=[])
    call = page.send("act")
    await gate.reached()
    await write(page.session, lambda unit: setattr(Player("s", "p0"), "items", [7]))

    gate.open()
    answer = value_of(await call)

    assert answer == player_of(page.session).others == [1]
    assert player_of(page.session).items == [7]


async def test_a_conflicting_change_in_the_last_stretch_fails_the_call(engine: Engine) -> None:
    gate = Gate()

    async def body(player: Any) -> None:
        items = player.items
        await gate.wait()
        items.append(2)

    page = await act(engine, body, items=[1])
    call = page.send("act")
    await gate.reached()
    await write(page.session, lambda unit: setattr(Player("s", "p0"), "items", [7]))

    gate.open()
    outcome = await call

    assert "ConflictingChange" in getattr(outcome, "message", "")
    assert player_of(page.session).items == [7]


async def test_a_copy_kept_after_the_method_is_just_a_copy(engine: Engine) -> None:
    kept: list[list[int]] = []

    async def body(player: Any) -> None:
        kept.append(player.items)
        await asyncio.sleep(0)

    page = await act(engine, body, items=[1])
    await page.invoke("act")

    kept[0].append(2)
    await page.invoke("read", "items")

    assert player_of(page.session).items == [1]


@pytest.mark.parametrize("kind", ["write", "delete", "notify"])
async def test_a_write_from_another_thread_is_refused_and_says_what_to_do(engine: Engine, kind: str) -> None:
    def elsewhere(player: Any) -> None:
        if kind == "write":
            player.x = 2
        elif kind == "delete":
            del player.x
        else:
            send_to(player, 1)

    async def body(player: Any) -> str:
        try:
            await asyncio.to_thread(elsewhere, player)
        except NoOpenUnit as error:
            return str(error)
        return "missed"

    page = await act(engine, body, x=1)

    assert "Return the result from the thread" in await page.invoke("act")
    assert player_of(page.session).x == 1


async def test_a_thread_reads_what_is_now(engine: Engine) -> None:
    async def body(player: Any) -> Any:
        player.x = 2
        await asyncio.sleep(0)
        await write(page.session, lambda unit: None)
        return await asyncio.to_thread(lambda: player.x)

    page = await act(engine, body, x=1)

    assert await page.invoke("act") == 2


async def test_a_write_from_a_callback_after_the_stretch_is_refused(engine: Engine) -> None:
    errors: asyncio.Queue[str] = asyncio.Queue()

    def late(player: Any) -> None:
        with pytest.raises(NoOpenUnit) as refused:
            player.x = 2
        errors.put_nowait(str(refused.value))

    async def body(player: Any) -> None:
        asyncio.get_running_loop().call_soon(late, player)

    page = await act(engine, body, x=1)
    await page.invoke("act")

    assert "had ended" in await errors.get()
    assert player_of(page.session).x == 1


async def test_writing_to_another_session_is_refused(engine: Engine) -> None:
    other = await engine.session(name="other", x=1)

    async def body(player: Any) -> str:
        with pytest.raises(AuthorError, match="another session") as refused:
            Player(other.id, "p0").x = 2
        assert Player(other.id, "p0").x == 1
        return str(refused.value)

    page = await act(engine, body)

    assert "only to its own session" in await page.invoke("act")


async def test_saved_returns_when_what_was_written_is_on_disk(engine: Engine) -> None:
    steps: list[object] = []

    async def body(player: Any) -> None:
        player.paid = "soon"
        await saved()
        steps.append([commit.changes[0].field for commit in logged(engine, page.session.id)][-1])

    page = await act(engine, body)
    engine.memory.may_append.clear()
    call = page.send("act")
    for _ in range(10):
        await asyncio.sleep(0)
    before = list(steps)

    engine.memory.may_append.set()
    await call

    assert (before, steps) == ([], ["paid"])


async def test_saved_in_a_task_of_author_code_waits_too(engine: Engine) -> None:
    async def body(player: Any) -> bool:
        player.paid = "soon"
        await asyncio.gather(saved())
        return page.session.durable == page.session.state.number

    page = await act(engine, body)

    assert await page.invoke("act") is True


async def test_what_cannot_be_saved_ends_the_method_before_its_outside_effect(engine: Engine) -> None:
    paid: list[bool] = []

    async def body(player: Any) -> None:
        player.paid = "soon"
        await saved()
        paid.append(True)

    page = await act(engine, body)
    engine.memory.failure = StorageError("full")

    outcome = await page.outcome("act")
    engine.memory.failure = None

    assert (code_of(outcome), paid) == ("failed", [])


async def test_saved_outside_of_author_code_says_so() -> None:
    with pytest.raises(NoOpenUnit, match="outside of a live method"):
        await saved()


async def test_a_method_that_awaits_in_its_clean_up_after_a_time_out_is_answered_timeout(
    engine: Engine,
) -> None:
    async def body(player: Any) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            player.cleaned_up = True
            await asyncio.sleep(0)

    page = await engine.page_load(page_that(body, timeout=0.01))

    assert code_of(await page.outcome("act")) == "timeout"
    assert player_of(page.session).cleaned_up is True


async def test_an_interleaving_method_cleans_up_when_its_time_is_over_while_it_waits_for_its_turn(
    engine: Engine,
) -> None:
    gate = Gate()
    seen: list[bool] = []

    class Both(Page):
        @live
        async def hold(page: Any, player: Any) -> None:
            await gate.wait()

        @live(interleave=True, timeout=0.05)
        async def work(page: Any, player: Any) -> None:
            try:
                await asyncio.sleep(0)
            finally:
                player.cleaned_up = True
                seen.append(player.cleaned_up)

    page = await engine.page_load(Both)
    working = page.send("work")
    holding = page.send("hold")
    await gate.reached()
    outcome = await working
    gate.open()
    await holding

    assert (code_of(outcome), seen) == ("timeout", [True])


async def test_a_method_that_will_not_be_cancelled_returns_what_it_returns(engine: Engine) -> None:
    async def body(player: Any) -> str:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "anyway"
        return "never"

    page = await engine.page_load(page_that(body, timeout=0.01))

    assert await page.invoke("act") == "anyway"
    await settle(page.session)
