"""Whatever goes wrong in a call is an answer: to the browser what it may know, to the log everything."""

from __future__ import annotations

import asyncio
import logging
import sys
from enum import Enum
from typing import Any, NoReturn

import pytest

from tests.engine.counter_page import Counter
from tests.engine.small_engine import Engine, code_of, player_of, running_engine
from uproot_aio import LiveError, live
from uproot_aio.engine.invoke_live import FAILED
from uproot_aio.state.commit import Refused
from uproot_aio.testing.simulated_player import CallRejected


class Unsayable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Fussy(Enum):
    """A type of the author's that fails in its own way at being made from JSON."""

    ONLY = "only"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise KeyError(value)


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


@pytest.mark.parametrize("error", [KeyboardInterrupt, type("Panic", (BaseException,), {})])
@pytest.mark.parametrize("method", ["now", "later", "at_once"])
async def test_an_error_beyond_exception_fails_the_call_and_not_the_server(
    engine: Engine, error: type[BaseException], method: str
) -> None:
    class Panicking(Counter):
        @live
        def now(page: Any, player: Any) -> None:
            raise error("beyond")

        @live
        async def at_once(page: Any, player: Any) -> None:
            raise error("beyond")

        @live
        async def later(page: Any, player: Any) -> None:
            await asyncio.sleep(0)
            raise error("beyond")

    page = await engine.page_load(Panicking, counter=0)

    outcome = await page.outcome(method)

    assert code_of(outcome) == "failed"
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
