"""A live call runs exactly once, in its player's turn, and every end of it is an answer."""

from __future__ import annotations

import asyncio
import logging
import sys
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.conftest import OpenLab
from tests.engine.small_engine import (
    CALLS_IN_FLIGHT,
    Engine,
    Gate,
    PageLoad,
    code_of,
    logged,
    player_of,
    running_engine,
    settle,
    value_of,
)
from uproot_aio import LiveError, Page, live, send_to
from uproot_aio.engine.invoke_live import FAILED
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Refused, Returned
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.testing.simulated_player import CallRejected

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


class Unsayable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Fussy(Enum):
    """A type of the author's that fails in its own way at being made from JSON."""

    ONLY = "only"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise KeyError(value)


class Counter(Page):
    @live
    def increment(page: Any, player: Any) -> int:
        player.counter += 1
        count: int = player.counter
        return count

    @live
    def read(page: Any, player: Any) -> Any:
        return player.counter

    @live
    def add_in_place(page: Any, player: Any, item: int) -> list[int]:
        player.items.append(item)
        items: list[int] = player.items
        return items

    @live
    def set_to(page: Any, player: Any, value: int) -> None:
        player.counter = value

    @live
    def fail(page: Any, player: Any) -> None:
        player.counter += 100
        send_to(player, "never")
        raise RuntimeError("on purpose")

    @live
    def refuse(page: Any, player: Any) -> None:
        player.counter += 100
        raise LiveError("Not now.", code="too-early", data={"wait": 3})

    @live
    def return_unsayable(page: Any, player: Any) -> object:
        player.counter += 100
        return object()

    @live
    def leave(page: Any, player: Any) -> None:
        player.show_page = 1

    @classmethod
    def helper(page: Any, player: Any) -> None:
        player.counter = -1


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


async def test_wrong_arguments_never_reach_the_method(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)

    outcome = await page.outcome("set_to", "many")

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.path, outcome.expected) == ("invalid-arguments", "$.value", "int")
    assert player_of(page.session).counter == 0


async def test_a_live_error_carries_text_code_and_data_to_the_browser(engine: Engine) -> None:
    page = await engine.page_load(Counter, counter=0)

    with pytest.raises(CallRejected, match=r"Not now\.") as rejected:
        await page.invoke("refuse")

    assert (rejected.value.code, rejected.value.data) == ("too-early", {"wait": 3})


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (LiveError("x", code=404), "404", "x"),  # type: ignore[arg-type]  # what authors write
        (LiveError(5), "refused", "5"),  # type: ignore[arg-type]  # what authors write
        (LiveError("\ud800"), "refused", "?"),
        (LiveError("x", data=object()), "failed", None),
        (ValueError("\ud800"), "failed", "ValueError: ?"),
        (Unsayable(), "failed", None),
        (SystemExit(3), "failed", None),
        (GeneratorExit(), "failed", None),
        (asyncio.CancelledError(), "failed", None),
        (StopIteration(3), "failed", None),
        (BaseExceptionGroup("all", [SystemExit(1)]), "failed", None),
    ],
    ids=repr,
)
async def test_whatever_a_method_raises_is_an_answer_that_can_be_stored(
    engine: Engine, error: BaseException, code: str, message: str | None
) -> None:
    class Failing(Counter):
        @live
        def fail_so(page: Any, player: Any) -> NoReturn:
            raise error

    page = await engine.page_load(Failing, counter=0)

    outcome = await page.outcome("fail_so")

    assert code_of(outcome) == code
    assert message is None or outcome == Refused(code, message)
    assert await page.invoke("increment") == 1


@pytest.mark.parametrize("way", ["itself", "create_task", "TaskGroup", "gather"])
async def test_sys_exit_in_an_async_method_fails_the_call_and_not_the_server(
    engine: Engine, way: str
) -> None:
    async def leave() -> None:
        sys.exit(3)

    class Leaving(Counter):
        @live
        async def go(page: Any, player: Any) -> None:
            await asyncio.sleep(0)
            if way == "itself":
                sys.exit(3)
            elif way == "create_task":
                await asyncio.create_task(leave())
            elif way == "gather":
                await asyncio.gather(leave())
            else:
                async with asyncio.TaskGroup() as group:
                    group.create_task(leave())

    page = await engine.page_load(Leaving, counter=0)

    outcome = await page.outcome("go")

    assert code_of(outcome) == "failed"
    assert await page.invoke("increment") == 1


async def test_a_type_that_fails_in_its_own_way_fails_the_call_only(engine: Engine) -> None:
    class Typed(Counter):
        @live
        def take(page: Any, player: Any, key: Fussy) -> None:
            player.counter = -1

    page = await engine.page_load(Typed, counter=0)

    outcome = await page.outcome("take", "x")

    assert code_of(outcome) == "failed"
    assert await page.invoke("increment") == 1


async def test_exception_texts_are_for_the_log_unless_errors_are_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_engine(show_errors=False) as engine:
        page = await engine.page_load(Counter, counter=0)

        outcome = await page.outcome("fail")

    assert outcome == Refused("failed", FAILED)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert all(part in record.getMessage() for part in ("app/Counter.fail", "session s", "player p0", ":1"))
    assert record.exc_info is not None
    assert "on purpose" in str(record.exc_info[1])


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
