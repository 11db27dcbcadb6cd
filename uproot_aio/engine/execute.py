"""The one door: run a step as one unit of work, hand its commit over, and let nothing out before it is on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.state.commit import CallRecord, CauseKind
from uproot_aio.state.identifiers import PlayerId
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit

T = TypeVar("T")


def perform(session: OpenSession, step: Callable[[UnitOfWork], T], *, cause: CauseKind, who: str) -> T:
    """Run a step without await as one unit of work; its commit is handed over, not yet on disk.

    An exception of the step, or of sealing what it wrote, leaves no trace and is raised.
    """
    with unit_of_work(session, cause=cause, who=who) as unit:
        result = step(unit)
    return result


@contextmanager
def unit_of_work(session: OpenSession, *, cause: CauseKind, who: str) -> Iterator[UnitOfWork]:
    """Collect what the block writes and hand its commit over; an exception leaves no trace. No await inside."""
    session.check_usable()
    unit = UnitOfWork(session.state, cause, who)
    token = current_unit.set(unit)
    try:
        yield unit
        commit = unit.seal(session.clock.time())
    except BaseException:
        unit.undo()
        raise
    finally:
        current_unit.reset(token)
    if commit is not None:
        session.add(commit)


async def execute(
    session: OpenSession,
    step: Callable[[UnitOfWork], T],
    *,
    cause: CauseKind,
    who: str,
    turn: PlayerId | None = None,
) -> T:
    """Run a step and return its result once everything that it may depend on is on disk.

    Args:
        session: whose fields the step reads and writes.
        step: must not await.
        cause: what kind of event this is.
        who: the player, experimenter or function that caused it.
        turn: whose own calls this takes its place among; None if nobody's.

    Raises:
        StorageError: the commit, or one before it, could not be written.
        Exception: what the step raised, also only after the gate: the error may tell of what was read.
    """
    try:
        if turn is None:
            return perform(session, step, cause=cause, who=who)
        async with session.turn_of(turn).held(cause):
            return perform(session, step, cause=cause, who=who)
    finally:
        await session.saved()


def record(session: OpenSession, answer: CallRecord, *, cause: CauseKind, who: str) -> None:
    """Commit nothing but what became of a call."""
    unit = UnitOfWork(session.state, cause, who)
    commit = unit.seal(session.clock.time(), answer)
    if commit is not None:
        session.add(commit)
