"""One thread writes all logs: in order, in batches, and each session fails for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from uproot_aio.engine.group_commit import GroupCommit, Landed
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.storage.memory_log import MemoryLog

A, B = SessionId("a"), SessionId("b")


class TellingLog(MemoryLog):
    """Tells when an append has begun; can fail in a way that no log should."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun = threading.Event()
        self.batches: list[list[int]] = []
        self.bug: Exception | None = None

    def append(self, commits: Sequence[Commit]) -> None:
        self.has_begun.set()
        self.batches.append([commit.number for commit in commits])
        if self.bug is not None:
            raise self.bug
        super().append(commits)


class Desk:
    """A writer, and what was heard of the commits handed to it."""

    def __init__(self, log: TellingLog) -> None:
        self.log = log
        self.writer = GroupCommit(log)
        self.heard: list[tuple[SessionId, int, str | None]] = []
        self._all_heard = asyncio.Event()
        self._expected = 0
        self._listeners: dict[tuple[SessionId, int], Landed] = {}

    def add(self, number: int, session: SessionId = A, *, life: int = 1) -> None:
        """Hand over a commit for a session, which is another listener in each life."""
        self._expected += 1
        self._all_heard.clear()
        listener = self._listeners.setdefault((session, life), partial(self._landed))
        self.writer.add(Commit(session, number, 1.0, "live", "p"), listener)

    def _landed(self, commit: Commit, error: StorageError | None) -> None:
        self.heard.append((commit.session, commit.number, None if error is None else str(error)))
        if len(self.heard) == self._expected:
            self._all_heard.set()

    async def all_heard(self) -> list[tuple[SessionId, int, str | None]]:
        await self._all_heard.wait()
        return self.heard


@asynccontextmanager
async def opened() -> AsyncIterator[Desk]:
    desk = Desk(TellingLog())
    yield desk
    desk.log.may_append.set()
    await desk.writer.close()


async def hold_first_append(desk: Desk) -> None:
    """Hand over a commit and wait until the writer stands in its append."""
    desk.log.may_append.clear()
    desk.add(1)
    await asyncio.to_thread(desk.log.has_begun.wait)


async def test_a_single_commit_is_written_at_once() -> None:
    async with opened() as desk:
        desk.add(1)

        assert await desk.all_heard() == [(A, 1, None)]


async def test_what_arrives_during_one_flush_is_the_next_batch() -> None:
    async with opened() as desk:
        await hold_first_append(desk)
        for number in range(2, 100):
            desk.add(number)
        desk.log.may_append.set()

        heard = await desk.all_heard()

    assert heard == [(A, number, None) for number in range(1, 100)]
    assert desk.log.batches == [[1], list(range(2, 100))]
    assert desk.log.flushes == 2


async def test_nothing_is_heard_while_the_flush_is_under_way() -> None:
    async with opened() as desk:
        await hold_first_append(desk)

        assert desk.heard == []


async def test_a_session_that_cannot_be_written_fails_alone() -> None:
    async with opened() as desk:
        await hold_first_append(desk)
        desk.log.failure, desk.log.failing_sessions = StorageError("full"), {B}
        for number, session in [(1, B), (2, A), (2, B), (3, A)]:
            desk.add(number, session)
        desk.log.may_append.set()

        heard = await desk.all_heard()

    assert heard == [(A, 1, None), (B, 1, "full"), (A, 2, None), (B, 2, "full"), (A, 3, None)]
    assert [commit.number for commit in desk.log.read(A)] == [1, 2, 3]


async def test_what_is_left_of_a_failed_life_does_not_fail_the_next_one() -> None:
    async with opened() as desk:
        await hold_first_append(desk)
        desk.add(3, life=1)
        desk.add(2, life=2)
        desk.log.may_append.set()

        heard = await desk.all_heard()

    assert [(number, error is None) for _, number, error in heard] == [(1, True), (3, False), (2, True)]


async def test_a_commit_that_is_not_the_next_is_a_storage_error() -> None:
    async with opened() as desk:
        desk.add(2)

        ((_, _, error),) = await desk.all_heard()

    assert error is not None


async def test_the_writer_goes_on_after_a_bug_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as desk:
        desk.log.bug = RuntimeError("a bug")
        desk.add(1)
        first = list(await desk.all_heard())
        desk.log.bug = None
        desk.add(1)

        heard = await desk.all_heard()

    assert [error is None for _, _, error in [*first, *heard[1:]]] == [False, True]
    assert "a bug" in caplog.text


async def test_a_listener_that_fails_keeps_nobody_else_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(commit: Commit, error: StorageError | None) -> None:
        raise ZeroDivisionError

    async with opened() as desk:
        await hold_first_append(desk)
        desk.writer.add(Commit(B, 1, 1.0, "live", "p"), fail)
        desk.add(2)
        desk.log.may_append.set()

        heard = await desk.all_heard()

    assert heard == [(A, 1, None), (A, 2, None)]
    assert "Commit 1 of session b was not told of" in caplog.text


async def test_closing_writes_what_was_handed_over() -> None:
    async with opened() as desk:
        for number in range(1, 20):
            desk.add(number)

    assert [commit.number for commit in desk.log.read(A)] == list(range(1, 20))


async def test_a_job_runs_on_the_writers_thread_after_what_was_handed_over_before() -> None:
    async with opened() as desk:
        desk.add(1)

        seen = await desk.writer.run(lambda: (threading.current_thread().name, len(list(desk.log.read(A)))))

    assert seen == ("log writer", 1)


async def test_what_a_job_raises_reaches_who_asked_for_it() -> None:
    async with opened() as desk:
        with pytest.raises(ZeroDivisionError):
            await desk.writer.run(lambda: 1 // 0)

        desk.add(1)
        assert await desk.all_heard() == [(A, 1, None)]


async def test_who_stops_waiting_for_a_job_harms_nobody() -> None:
    async with opened() as desk:
        await hold_first_append(desk)
        waiter = asyncio.create_task(desk.writer.run(lambda: None))
        await asyncio.sleep(0)
        waiter.cancel()
        desk.add(2)
        desk.log.may_append.set()

        assert await desk.all_heard() == [(A, 1, None), (A, 2, None)]
