"""Tasks that author code makes are driven stretch by stretch, and the server's own are left alone."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tests.engine.acting_page import act
from tests.engine.small_engine import Engine, Gate, code_of, player_of
from uproot_aio import Page, live
from uproot_aio.errors import NoOpenUnit
from uproot_aio.experiment.handles import Player


async def own_task(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.create_task(work)


async def gathered(work: Coroutine[Any, Any, Any]) -> Any:
    return (await asyncio.gather(work))[0]


async def task_group(work: Coroutine[Any, Any, Any]) -> Any:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
    return task.result()


async def waited_for(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.wait_for(work, 10)


async def under_timeout(work: Coroutine[Any, Any, Any]) -> Any:
    async with asyncio.timeout(10):
        return await work


async def shielded(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.shield(work)


async def as_completed(work: Coroutine[Any, Any, Any]) -> Any:
    for first in asyncio.as_completed([work]):
        return await first


async def in_own_context(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.create_task(work, context=contextvars.copy_context())


async def task_of_a_task(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.create_task(own_task(work))


WAYS = [
    own_task,
    gathered,
    task_group,
    waited_for,
    under_timeout,
    shielded,
    as_completed,
    in_own_context,
    task_of_a_task,
]


@pytest.mark.parametrize("way", WAYS)
async def test_what_tasks_of_author_code_write_is_committed(
    engine: Engine, way: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]
) -> None:
    async def work(player: Any) -> int:
        player.before = 1
        await asyncio.sleep(0)
        player.items.append(2)
        return 7

    async def body(player: Any) -> Any:
        answer = await way(work(player))
        player.after = answer
        return [player.before, player.items, answer]

    page = await act(engine, body, items=[1])

    answer = await page.invoke("act")

    assert answer == [1, [1, 2], 7]
    assert (player_of(page.session).items, player_of(page.session).after) == ([1, 2], 7)


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way not in {under_timeout, waited_for}]
)  # no task of its own
async def test_an_exception_in_a_task_of_author_code_undoes_its_stretch_and_reaches_the_method(
    engine: Engine, way: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]
) -> None:
    async def work(player: Any) -> None:
        player.kept = 1
        await asyncio.sleep(0)
        player.lost = 2
        raise ValueError("in the task")

    async def body(player: Any) -> str:
        try:
            await way(work(player))
        except (ValueError, ExceptionGroup):
            return "caught"
        return "missed"

    page = await act(engine, body)

    answer = await page.invoke("act")

    assert answer == "caught"
    assert (player_of(page.session).kept, player_of(page.session).get("lost")) == (1, None)


async def test_tasks_of_one_method_see_each_others_stretches_whole(engine: Engine) -> None:
    async def add(player: Any) -> None:
        for _ in range(5):
            count = player.count
            player.count = count + 1
            await asyncio.sleep(0)

    async def body(player: Any) -> None:
        await asyncio.gather(*(add(player) for _ in range(10)))

    page = await act(engine, body, count=0)

    await page.invoke("act")

    assert player_of(page.session).count == 50


async def test_a_task_may_outlive_the_method_that_made_it(engine: Engine) -> None:
    gate, tasks = Gate(), []

    async def later(player: Any) -> None:
        await gate.wait()
        player.later = True

    async def body(player: Any) -> None:
        tasks.append(asyncio.create_task(later(player)))

    page = await act(engine, body)
    await page.invoke("act")
    await gate.reached()

    gate.open()
    await tasks[0]

    assert player_of(page.session).later is True


async def test_cancelling_a_task_raises_at_its_await_and_its_cleaning_up_is_committed(engine: Engine) -> None:
    gate = Gate()

    async def work(player: Any) -> None:
        try:
            await gate.wait()
        finally:
            player.cleaned_up = True

    async def body(player: Any) -> bool:
        task = asyncio.create_task(work(player))
        await gate.reached()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    page = await act(engine, body)

    assert await page.invoke("act") is True
    assert player_of(page.session).get("cleaned_up") is None, (
        "cancelling is an exception: the stretch is undone"
    )


async def test_a_task_that_was_cancelled_before_it_began_leaves_nothing_behind(engine: Engine) -> None:
    async def work(player: Any) -> None:
        player.x = 2

    async def body(player: Any) -> bool:
        task = asyncio.create_task(work(player))
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    page = await act(engine, body, x=1)

    assert await page.invoke("act") is True
    assert player_of(page.session).x == 1


async def test_awaiting_a_cancelled_task_fails_the_call_and_not_the_server(engine: Engine) -> None:
    async def body(player: Any) -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        task.cancel()
        await task

    page = await act(engine, body)

    assert code_of(await page.outcome("act")) == "failed"


async def test_the_servers_own_tasks_collect_nothing(engine: Engine) -> None:
    found: asyncio.Queue[object] = asyncio.Queue()

    async def probe() -> None:
        try:
            Player("s", "p0").x = 2
        except NoOpenUnit as error:
            found.put_nowait(error)

    page = await act(engine, asyncio.sleep, x=1)
    engine.sessions.tasks.start(probe(), "probe")

    assert isinstance(await found.get(), NoOpenUnit)
    assert player_of(page.session).x == 1


async def test_a_task_made_by_a_sync_method_writes_in_stretches_of_its_own(engine: Engine) -> None:
    gate = Gate()

    class Starting(Page):
        @live
        def start(page: Any, player: Any) -> None:
            tasks.append(asyncio.create_task(work(player)))

    async def work(player: Any) -> None:
        player.begun = True
        await gate.wait()
        player.ended = True

    tasks: list[asyncio.Task[None]] = []
    page = await engine.page_load(Starting)
    await page.invoke("start")
    await gate.reached()
    begun = player_of(page.session).get("ended")
    gate.open()
    await tasks[0]

    assert (begun, player_of(page.session).begun, player_of(page.session).ended) == (None, True, True)
