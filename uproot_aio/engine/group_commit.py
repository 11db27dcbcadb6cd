"""One thread writes all logs; what arrives during one flush is the next batch.

It needs no timer: a single commit is written at once, and under load batches grow by themselves (bbolt, `db.go`,
Batch).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from uproot_aio.engine.log import Log
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Commit

logger = logging.getLogger("uproot_aio")
T = TypeVar("T")


Landed = Callable[[Commit, StorageError | None], None]
"""Hears on the event loop, commit by commit in order, that one is on disk or could not be written."""


class Job:
    """Something else to do on the writer's thread; `done` is called there with its result or error."""

    def __init__(self, run: Callable[[], object], done: Callable[[object, Exception | None], None]) -> None:
        self.run = run
        self.done = done


Batch = list[tuple[Commit, Landed]]


class GroupCommit:
    """The writer thread of one log. Use it from the event loop's thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._gathered: Batch = []
        self._queue: SimpleQueue[Batch | Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_until_closed, name="log writer", daemon=True)
        self._thread.start()

    def add(self, commit: Commit, landed: Landed) -> None:
        """Hand over a commit; does not wait. Those of one turn of the event loop are handed over together."""
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((commit, landed))

    def _hand_over(self) -> None:
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []

    async def run(self, job: Callable[[], T]) -> T:
        """Run something between two batches on the writer's thread and return its result."""
        future: asyncio.Future[T] = self._loop.create_future()

        def settle(result: object, error: Exception | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # it is what `job` returned

        def done(result: object, error: Exception | None) -> None:
            self._loop.call_soon_threadsafe(settle, result, error)

        self._hand_over()
        self._queue.put(Job(job, done))
        return await future

    async def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Write what was handed over, do one last thing on the writer's thread, and end the thread.

        Needs no other thread: those of `asyncio.to_thread` may all be busy with what authors gave them.
        """
        try:
            await self.run(last)
        finally:
            self._queue.put(None)

    def _write_until_closed(self) -> None:
        while True:
            batch: Batch = []
            item = self._queue.get()
            while isinstance(item, list):
                batch += item
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            if batch:
                failed = self._write(batch)
                self._loop.call_soon_threadsafe(self._report, batch, failed)
            if isinstance(item, Job):
                self._do(item)
            elif item is None:
                return

    @staticmethod
    def _do(job: Job) -> None:
        try:
            result = job.run()
        except Exception as error:  # outermost frame of the writer's thread: the waiter gets it
            job.done(None, error)
        else:
            job.done(result, None)

    def _write(self, batch: Batch) -> dict[Landed, StorageError]:
        """Append all, or, if that is refused, each listener's commits by themselves; return who failed.

        A session that failed and was opened again is another listener, so that what is left of the former life does
        not fail the new one.
        """
        error = self._append([commit for commit, _ in batch])
        if error is None:
            return {}
        listeners = list(dict.fromkeys(landed for _, landed in batch))
        if len(listeners) == 1:
            return {listeners[0]: error}
        failed = {}
        for listener in listeners:
            error = self._append([commit for commit, landed in batch if landed == listener])
            if error is not None:
                failed[listener] = error
        return failed

    def _append(self, commits: Sequence[Commit]) -> StorageError | None:
        try:
            self._log.append(commits)
        except StorageError as error:
            return error
        except Exception as error:  # outermost frame of the writer's thread: it must go on for other sessions
            logger.exception("The log could not be written")
            return StorageError(f"The log could not be written: {error}")
        return None

    @staticmethod
    def _report(batch: Batch, failed: dict[Landed, StorageError]) -> None:
        for commit, landed in batch:
            try:
                landed(commit, failed.get(landed))
            except Exception:  # outermost frame of a callback: the others of the batch must hear of theirs
                logger.exception("Commit %d of session %s was not told of", commit.number, commit.session)
