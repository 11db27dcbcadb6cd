"""Run a coroutine of an author stretch by stretch: one unit of work between two awaits that really suspend.

The driver is a generator inside the real task: it sends into the coroutine and passes the futures on, so gather,
timeout, TaskGroup and cancellation behave. Tasks that author code creates are driven the same way through a task
factory; a context variable tells them from the server's own.
"""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.turns import Turn
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import AuthorError, StorageError
from uproot_aio.experiment.saved import wait_until_saved
from uproot_aio.state.commit import CallRecord, CauseKind
from uproot_aio.state.identifiers import SessionId
from uproot_aio.state.unit_of_work import Copies, UnitOfWork, current_unit

T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """What all stretches of one coroutine share. `name` is what the log calls it.

    `turn`, if given, is taken for each stretch and given back between two. `started` is recorded with the first stretch
    that ends in an await. `finish` runs inside the last unit, gets the result, and may return a record to commit.
    """

    session: OpenSession
    cause: CauseKind
    who: str
    name: str = ""
    turn: Turn | None = None
    watchdog: Watchdog | None = None
    started: CallRecord | None = None
    finish: Callable[[UnitOfWork, Any], CallRecord | None] | None = None
    copies: Copies = field(default_factory=Copies)
    has_suspended: bool = False

    def open(self) -> UnitOfWork:
        """Begin a stretch."""
        self.session.check_usable()
        if self.watchdog is not None:
            self.watchdog.running = self.name
        return UnitOfWork(self.session.state, self.cause, self.who, self.copies)

    def seal(self, unit: UnitOfWork, record: CallRecord | None, *, alone: bool = True) -> None:
        """End a stretch and hand over what it wrote; see `UnitOfWork.seal`."""
        commit = unit.seal(self.session.clock.time(), record, alone=alone)
        if commit is not None:
            self.session.add(commit)


session_of: ContextVar[Callable[[SessionId], OpenSession | None]] = ContextVar("session_of")
"""How the task factory finds the open session of a unit of work; the engine sets it."""


@types.coroutine
def drive(work: Work, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Run the coroutine to its end and return its result.

    What it wrote before an await that suspends is committed there; if it raises, what it wrote since is undone.
    Cancelling it raises CancelledError at its await, as in any task.
    """
    value: object = None
    error: BaseException | None = None
    while True:
        turn = work.turn
        if turn is not None:
            try:
                yield from turn.acquire(work.name).__await__()
            except (
                BaseException
            ) as thrown:  # no turn any more, but the coroutine must hear of it and clean up
                value, error, turn = None, thrown, None
        try:
            finished, result = _run_stretch(work, _open(work, coroutine), coroutine, value, error)
        finally:
            if turn is not None:
                turn.release()
        if finished:
            return result  # type: ignore[return-value]  # a finished coroutine's result is its T
        try:
            value, error = (yield result), None
        except BaseException as thrown:  # goes into the coroutine, which decides
            value, error = None, thrown


def _open(work: Work, coroutine: Coroutine[Any, Any, T]) -> UnitOfWork:
    try:
        return work.open()
    except StorageError:
        coroutine.close()
        raise


def _run_stretch(
    work: Work,
    unit: UnitOfWork,
    coroutine: Coroutine[Any, Any, T],
    value: object,
    error: BaseException | None,
) -> tuple[bool, object]:
    """Resume the coroutine; return (True, its result) or (False, the future it awaits)."""
    unit_token = current_unit.set(unit)
    save_token = wait_until_saved.set(work.session.saved)
    try:
        while True:
            try:
                awaited = coroutine.send(value) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                record = work.finish(unit, stop.value) if work.finish is not None else None
                work.seal(unit, record, alone=work.has_suspended)
                return True, stop.value
            try:
                work.seal(unit, None if work.has_suspended else work.started)
            except AuthorError as conflict:
                # The coroutine learns of it at its await; what it wrote since the last one is undone.
                unit.undo()
                unit = work.open()
                current_unit.set(unit)
                value, error = None, conflict
                continue
            work.has_suspended = True
            return False, awaited
    except BaseException as error:
        unit.undo()
        if not isinstance(error, Exception | asyncio.CancelledError | GeneratorExit):
            # asyncio ends the whole server when sys.exit() or the like leaves a task.
            raise AuthorError(f"{work.name} raised {type(error).__name__}: {error}") from error
        raise
    finally:
        wait_until_saved.reset(save_token)
        current_unit.reset(unit_token)


def task_factory(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T],
    **options: Any,
) -> asyncio.Task[T]:
    """Make a task; one that author code creates is driven stretch by stretch, on behalf of the same player."""
    context = options.get("context")
    unit = current_unit.get() if context is None else context.get(current_unit)
    if unit is None or not unit.is_open or not inspect.iscoroutine(coroutine):
        return asyncio.Task(coroutine, loop=loop, **options)
    session = session_of.get()(unit.state.session)
    if session is not None:
        child = Work(session, "background", unit.who, name=coroutine.__qualname__)
        task: asyncio.Task[T] = asyncio.Task(_as_coroutine(drive(child, coroutine)), loop=loop, **options)
        task.add_done_callback(lambda _: coroutine.close())  # it may have been cancelled before it began
        return task
    return asyncio.Task(coroutine, loop=loop, **options)


async def _as_coroutine(driven: Any) -> Any:
    return await driven
